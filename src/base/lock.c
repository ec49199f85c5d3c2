/*
 * Advisory locks on files. Linux and BSD flock(2): held by the descriptor, gone with the process.
 *
 * The lock file itself is never removed: removing it would let two holders in.
 */
#define _DEFAULT_SOURCE
#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/text.h"

enum {
    PID_TEXT = 24
};

/** Leaves this process's number in the file, for the message of others. A lock holds without it. */
static void sign(int descriptor)
{
    char text[PID_TEXT];
    text_format(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(descriptor, 0) == 0)
        (void)!pwrite(descriptor, text, strlen(text), 0);
}

static osb_status busy(int descriptor, const char *path, osb_error *error)
{
    char text[PID_TEXT] = "";
    uint64_t pid;
    ssize_t size = pread(descriptor, text, sizeof text - 1, 0);
    text[size > 0 ? strcspn(text, "\n") : 0] = '\0';
    static const char hint[] = "wait until the other osbundle has finished";
    if (!text_to_number(text, INT32_MAX, &pid) || !pid)
        return osb_fail(error, OSB_ERR_BUSY, path, hint, "another process works with it");
    return osb_fail(error, OSB_ERR_BUSY, path, hint, "process %s works with it", text);
}

static bool lock(int descriptor, int operation)
{
    int result;
    do
        result = flock(descriptor, operation);
    while (result != 0 && errno == EINTR);
    return result == 0;
}

static osb_status take(const char *path, int operation, int *descriptor, osb_error *error)
{
    int opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (opened < 0)
        return osb_fail_errno(error, "open lock", path);
    if (lock(opened, operation)) {
        if (operation & LOCK_EX)
            sign(opened);
        *descriptor = opened;
        return OSB_OK;
    }
    osb_status status =
        errno == EWOULDBLOCK ? busy(opened, path, error) : osb_fail_errno(error, "lock", path);
    close(opened);
    return status;
}

osb_status lock_take(const char *path, int *descriptor, osb_error *error)
{
    return take(path, LOCK_EX, descriptor, error);
}

osb_status lock_try(const char *path, int *descriptor, osb_error *error)
{
    return take(path, LOCK_EX | LOCK_NB, descriptor, error);
}

osb_status lock_share(const char *path, int *descriptor, osb_error *error)
{
    return take(path, LOCK_SH, descriptor, error);
}

bool lock_opened(int descriptor)
{
    return lock(descriptor, LOCK_EX | LOCK_NB);
}
