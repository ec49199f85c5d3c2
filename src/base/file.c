/*
 * Whole-file input and output.
 *
 * Knows nothing of what the files hold. Invariant: a failed write leaves the old file as it was
 * and no temporary file behind.
 */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/path.h"
#include "base/text.h"

void file_close(const int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
}

bool file_exists(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

bool folder_exists(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/** Reads into the room that the buffer has, and what is more than that by way of a block. */
static ssize_t read_more(int descriptor, buf *content)
{
    uint8_t block[16 * 1024];
    size_t room = content->capacity - content->size;
    struct iovec parts[] = {{.iov_base = block, .iov_len = 0},
                            {.iov_base = block, .iov_len = sizeof block}};
    if (room)
        parts[0] = (struct iovec){.iov_base = content->data + content->size, .iov_len = room};
    ssize_t size = readv(descriptor, parts, 2);
    size_t taken = size <= 0 ? 0 : (size_t)size < room ? (size_t)size : room;
    content->size += taken;
    if (size > 0)
        buf_append(content, (span){block, (size_t)size - taken});
    return size;
}

osb_status file_read(const char *path, buf *content, osb_error *error)
{
    FD_OWNED descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (descriptor < 0)
        return osb_fail_errno(error, "open", path);
    struct stat status;
    if (fstat(descriptor, &status) != 0)
        return osb_fail_errno(error, "read", path);
    if (S_ISDIR(status.st_mode))
        return osb_fail(error, OSB_ERR_USAGE, path, "name a file", "is a folder, not a file");
    if (status.st_size > 0 && (uint64_t)status.st_size > content->maximum - content->size)
        return osb_fail(error, OSB_ERR_REFUSED, path, "check that this is the file you mean",
                        "is larger than the %zu bytes such a file may have", content->maximum);
    buf_reserve(content, status.st_size > 0 ? (size_t)status.st_size : 0);
    for (;;) {
        ssize_t size = read_more(descriptor, content);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return osb_fail_errno(error, "read", path);
        if (size == 0)
            return buf_check(content, path, error);
        if (content->overflow)
            return osb_fail(error, OSB_ERR_REFUSED, path, "check that this is the file you mean",
                            "is larger than the %zu bytes such a file may have", content->maximum);
    }
}

osb_status file_write_all(int descriptor, span content, const char *path, osb_error *error)
{
    while (content.size) {
        ssize_t size = write(descriptor, content.data, content.size);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return osb_fail_errno(error, "write", path);
        content = span_slice(content, (size_t)size, content.size);
    }
    return OSB_OK;
}

static osb_status fill_and_sync(int descriptor, const char *path, span content, mode_t mode,
                                osb_error *error)
{
    TRY(file_write_all(descriptor, content, path, error));
    if (fchmod(descriptor, mode) != 0 || fsync(descriptor) != 0)
        return osb_fail_errno(error, "write", path);
    return OSB_OK;
}

static osb_status write_and_sync(const char *path, span content, mode_t mode, osb_error *error)
{
    FD_OWNED descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return osb_fail_errno(error, "create", path);
    return fill_and_sync(descriptor, path, content, mode, error);
}

osb_status file_write_atomic(const char *path, span content, mode_t mode, osb_error *error)
{
    char temporary[PATH_SIZE], folder[PATH_SIZE];
    if (!text_format(temporary, sizeof temporary, "%s.%ld.tmp", path, (long)getpid()))
        return osb_fail(error, OSB_ERR_USAGE, path, "use a shorter path", "path is too long");
    path_folder(path, folder);
    unlink(temporary);
    osb_status status = write_and_sync(temporary, content, mode, error);
    if (status == OSB_OK && rename(temporary, path) != 0)
        status = osb_fail_errno(error, "rename", path);
    if (status != OSB_OK) {
        unlink(temporary);
        return status;
    }
    return folder_sync(folder, error);
}

osb_status file_write_new(const char *path, span content, mode_t mode, osb_error *error)
{
    char folder[PATH_SIZE];
    FD_OWNED descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0 && errno == EEXIST)
        return osb_fail(error, OSB_ERR_REFUSED, path, "choose another name, or move it away first",
                        "is there already, and is never overwritten");
    if (descriptor < 0)
        return osb_fail_errno(error, "create", path);
    osb_status status = fill_and_sync(descriptor, path, content, mode, error);
    if (status != OSB_OK) {
        unlink(path);
        return status;
    }
    path_folder(path, folder);
    return folder_sync(folder, error);
}

/** A new folder is made to last before anything is put into it. */
static osb_status make_one(const char *path, osb_error *error)
{
    char above[PATH_SIZE];
    if (mkdir(path, 0777) != 0)
        return errno == EEXIST ? OSB_OK : osb_fail_errno(error, "create folder", path);
    path_folder(path, above);
    return folder_sync(above, error);
}

osb_status folder_make(const char *path, osb_error *error)
{
    char partial[PATH_SIZE];
    if (folder_exists(path))
        return OSB_OK;
    if (!text_format(partial, sizeof partial, "%s", path))
        return osb_fail(error, OSB_ERR_USAGE, path, "use a shorter path", "path is too long");
    for (char *slash = strchr(partial + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (!folder_exists(partial))
            TRY(make_one(partial, error));
        *slash = '/';
    }
    TRY(make_one(partial, error));
    if (!folder_exists(path)) {
        errno = ENOTDIR;
        return osb_fail_errno(error, "create folder", path);
    }
    return OSB_OK;
}

osb_status folder_sync(const char *path, osb_error *error)
{
    FD_OWNED descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0 || (fsync(descriptor) != 0 && errno != EINVAL))
        return osb_fail_errno(error, "sync folder", path);
    return OSB_OK;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void close_folder(DIR **folder)
{
    if (*folder)
        closedir(*folder);
}

osb_status folder_list(const char *path, arena *memory, const char *const **names, size_t *count,
                       osb_error *error)
{
    __attribute__((cleanup(close_folder))) DIR *folder = opendir(path);
    if (!folder)
        return osb_fail_errno(error, "open folder", path);
    BUF_OWNED pointers = buf_make(64 * 1024 * sizeof(char *));
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (entry->d_name[0] == '.')
            continue;
        const char *name = arena_text(memory, entry->d_name);
        if (!name)
            return osb_fail_memory(error);
        buf_append(&pointers, (span){(const uint8_t *)&name, sizeof name});
    }
    TRY(buf_check(&pointers, path, error));
    const char **sorted = arena_copy(memory, pointers.data, pointers.size);
    if (!sorted)
        return osb_fail_memory(error);
    *count = pointers.size / sizeof *sorted;
    qsort(sorted, *count, sizeof *sorted, by_bytes);
    *names = (const char *const *)sorted;
    return OSB_OK;
}
