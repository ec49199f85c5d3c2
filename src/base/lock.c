/*
 * Advisory locks on files. Linux and BSD flock(2): held by the descriptor, gone with the process.
 *
 * The lock file itself is never removed: removing it would let two holders in.
 */
#define _DEFAULT_SOURCE
#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

static osb_status take(const char *path, int operation, int *descriptor, osb_error *error)
{
    int opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (opened < 0)
        return osb_fail_errno(error, "open lock", path);
    int result;
    do
        result = flock(opened, operation);
    while (result != 0 && errno == EINTR);
    if (result == 0) {
        *descriptor = opened;
        return OSB_OK;
    }
    osb_status status =
        errno == EWOULDBLOCK
            ? osb_fail(error, OSB_ERR_BUSY, path, "wait until the other osbundle has finished",
                       "another process holds the lock")
            : osb_fail_errno(error, "lock", path);
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
