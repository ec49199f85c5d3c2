/*
 * A disk that fails on request, for a program that is run with this library in LD_PRELOAD.
 *
 * Counts the calls that touch files below one folder, and lets the n-th of them fail. Descriptors
 * are followed from where they were opened. What stdio opens inside the C library is not seen.
 *
 *   FAULT_BELOW  the folder
 *   FAULT_CALLS  names of the calls that are counted, each between commas: ",write,fsync,"
 *   FAULT_AT     which of them fails, from 1; 0: none
 *   FAULT_ERROR  errno, or 0 for a call that does only half of what was asked (read and write), or
 *                -1: the process is killed in its place
 *   FAULT_LASTS  when set, all later ones fail too, as on a full disk
 *   FAULT_COUNT  a file that the number of calls is written to at the end
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    DESCRIPTORS = 4096
};

static bool below[DESCRIPTORS]; /* the descriptor is of a file in the folder */
static unsigned long counted;
static pthread_mutex_t counting = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static bool is_below(const char *path)
{
    const char *folder = getenv("FAULT_BELOW");
    return folder && path && !strncmp(path, folder, strlen(folder));
}

static bool is_open_below(int descriptor)
{
    return descriptor >= 0 && descriptor < DESCRIPTORS && below[descriptor];
}

static int follow(int descriptor, const char *path)
{
    if (descriptor >= 0 && descriptor < DESCRIPTORS)
        below[descriptor] = is_below(path);
    return descriptor;
}

static bool is_counted(const char *call)
{
    char wanted[32];
    const char *calls = getenv("FAULT_CALLS");
    snprintf(wanted, sizeof wanted, ",%s,", call);
    return calls && strstr(calls, wanted);
}

static long number(const char *name)
{
    const char *text = getenv(name);
    return text ? strtol(text, NULL, 10) : 0;
}

/** Whether this call fails; then errno is what it fails with, 0 for half of the work. */
static bool fails(const char *call)
{
    if (!is_counted(call))
        return false;
    pthread_mutex_lock(&counting);
    const unsigned long now = ++counted;
    pthread_mutex_unlock(&counting);
    const unsigned long at = (unsigned long)number("FAULT_AT");
    if (!at || now < at || (now > at && !getenv("FAULT_LASTS")))
        return false;
    const long error = number("FAULT_ERROR");
    if (error < 0)
        raise(SIGKILL);
    errno = (int)error;
    return true;
}

__attribute__((destructor)) static void tell(void)
{
    const char *path = getenv("FAULT_COUNT");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file)
        return;
    fprintf(file, "%lu\n", counted);
    fclose(file);
}

#define OPEN(name)                                                                                 \
    int name(const char *path, int flags, ...)                                                     \
    {                                                                                              \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        const mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;                            \
        va_end(rest);                                                                              \
        if (is_below(path) && fails(flags & O_CREAT ? "create" : "open"))                          \
            return -1;                                                                             \
        return follow(REAL(name)(path, flags, mode), path);                                        \
    }
OPEN(open)
OPEN(open64)

#define MKSTEMP(name)                                                                              \
    int name(char *path)                                                                           \
    {                                                                                              \
        if (is_below(path) && fails("create"))                                                     \
            return -1;                                                                             \
        return follow(REAL(name)(path), path);                                                     \
    }
MKSTEMP(mkstemp)
MKSTEMP(mkstemp64)

int close(int descriptor)
{
    if (descriptor >= 0 && descriptor < DESCRIPTORS)
        below[descriptor] = false;
    return REAL(close)(descriptor);
}

DIR *opendir(const char *path)
{
    if (is_below(path) && fails("open"))
        return NULL;
    return REAL(opendir)(path);
}

ssize_t read(int descriptor, void *bytes, size_t size)
{
    if (is_open_below(descriptor) && size && fails("read")) {
        if (errno)
            return -1;
        size = (size + 1) / 2;
    }
    return REAL(read)(descriptor, bytes, size);
}

/** The first half of what the parts would hold. */
static int halve(const struct iovec *parts, int count, struct iovec *half)
{
    *half = parts[0];
    if (!half->iov_len && count > 1)
        *half = parts[1];
    half->iov_len = (half->iov_len + 1) / 2;
    return 1;
}

ssize_t readv(int descriptor, const struct iovec *parts, int count)
{
    struct iovec half;
    if (is_open_below(descriptor) && fails("read")) {
        if (errno)
            return -1;
        return REAL(readv)(descriptor, &half, halve(parts, count, &half));
    }
    return REAL(readv)(descriptor, parts, count);
}

ssize_t write(int descriptor, const void *bytes, size_t size)
{
    if (is_open_below(descriptor) && size && fails("write")) {
        if (errno)
            return -1;
        size = (size + 1) / 2;
    }
    return REAL(write)(descriptor, bytes, size);
}

#define PWRITE(name, offset_type)                                                                  \
    ssize_t name(int descriptor, const void *bytes, size_t size, offset_type offset)               \
    {                                                                                              \
        if (is_open_below(descriptor) && size && fails("write")) {                                 \
            if (errno)                                                                             \
                return -1;                                                                         \
            size = (size + 1) / 2;                                                                 \
        }                                                                                          \
        return REAL(name)(descriptor, bytes, size, offset);                                        \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define ON_DESCRIPTOR(name, call, parameters, arguments)                                           \
    int name parameters                                                                            \
    {                                                                                              \
        if (is_open_below(descriptor) && fails(call))                                              \
            return -1;                                                                             \
        return REAL(name) arguments;                                                               \
    }
ON_DESCRIPTOR(fsync, "fsync", (int descriptor), (descriptor))
ON_DESCRIPTOR(fdatasync, "fsync", (int descriptor), (descriptor))
ON_DESCRIPTOR(fchmod, "fchmod", (int descriptor, mode_t mode), (descriptor, mode))
ON_DESCRIPTOR(ftruncate, "truncate", (int descriptor, off_t size), (descriptor, size))
ON_DESCRIPTOR(ftruncate64, "truncate", (int descriptor, off64_t size), (descriptor, size))

#define ON_PATH(name, call, parameters, arguments)                                                 \
    int name parameters                                                                            \
    {                                                                                              \
        if (is_below(path) && fails(call))                                                         \
            return -1;                                                                             \
        return REAL(name) arguments;                                                               \
    }
ON_PATH(mkdir, "mkdir", (const char *path, mode_t mode), (path, mode))
ON_PATH(rename, "rename", (const char *path, const char *target), (path, target))
ON_PATH(link, "link", (const char *path, const char *target), (path, target))
ON_PATH(unlink, "unlink", (const char *path), (path))
ON_PATH(rmdir, "unlink", (const char *path), (path))
