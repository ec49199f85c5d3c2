/*
 * Status names, exit codes and the one way to fill an error.
 *
 * Does not print and does not allocate. Invariant: every status has a row in `rows`.
 */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const struct {
    const char *name;
    int exit_code;
} rows[OSB_STATUS_COUNT] = {
    [OSB_OK] = {"ok", 0},
    [OSB_ERR_INTERNAL] = {"internal", 1},
    [OSB_ERR_USAGE] = {"usage", 2},
    [OSB_ERR_NOT_FOUND] = {"not_found", 3},
    [OSB_ERR_NOT_A_MODULE] = {"not_a_module", 4},
    [OSB_ERR_INTEGRITY] = {"integrity", 4},
    [OSB_ERR_SIGNATURE] = {"signature", 4},
    [OSB_ERR_REFUSED] = {"refused", 5},
    [OSB_ERR_NO_PLAN] = {"no_plan", 5},
    [OSB_ERR_NETWORK] = {"network", 6},
    [OSB_ERR_OFFLINE] = {"offline", 6},
    [OSB_ERR_IO] = {"io", 1},
    [OSB_ERR_DEVICE] = {"device", 7},
    [OSB_ERR_STALL] = {"stall", 7},
    [OSB_ERR_TIMEOUT] = {"timeout", 7},
    [OSB_ERR_DISCONNECTED] = {"disconnected", 7},
    [OSB_ERR_BUSY] = {"busy", 7},
    [OSB_ERR_PERMISSION] = {"permission", 7},
    [OSB_ERR_PROTOCOL] = {"protocol", 7},
    [OSB_ERR_PROTECTED] = {"protected", 7},
    [OSB_ERR_UNPROVED] = {"unproved", 7},
    [OSB_ERR_INTERRUPTED] = {"interrupted", 8},
    [OSB_ERR_REPLAY] = {"replay", 7},
};

const char *osb_status_name(osb_status status)
{
    return status < OSB_STATUS_COUNT ? rows[status].name : "internal";
}

osb_status osb_status_of_name(const char *name)
{
    osb_status status = OSB_OK;
    while (status < OSB_STATUS_COUNT && !text_equal(rows[status].name, name))
        status++;
    return status;
}

int osb_status_exit_code(osb_status status)
{
    return status < OSB_STATUS_COUNT ? rows[status].exit_code : 1;
}

osb_status osb_fail(osb_error *error, osb_status status, const char *subject, const char *hint,
                    const char *format, ...)
{
    if (!error)
        return status;
    error->status = status;
    error->device_code = 0;
    text_copy(error->subject, sizeof error->subject, subject ? subject : "");
    text_copy(error->hint, sizeof error->hint, hint ? hint : "");
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    return status;
}

osb_status osb_fail_memory(osb_error *error)
{
    return osb_fail(error, OSB_ERR_INTERNAL, NULL, "free some memory and try again",
                    "out of memory");
}

osb_status osb_fail_errno(osb_error *error, const char *operation, const char *path)
{
    int code = errno;
    const char *hint = "check the path and the disk";
    osb_status status = OSB_ERR_IO;
    if (code == ENOENT || code == ENOTDIR) {
        status = OSB_ERR_NOT_FOUND;
        hint = "check the path";
    } else if (code == EACCES || code == EPERM || code == EROFS) {
        hint = "check the permissions of the path";
    } else if (code == ENOSPC || code == EDQUOT || code == EFBIG) {
        hint = "free some disk space and run the same command again";
    }
    return osb_fail(error, status, path, hint, "cannot %s: %s", operation, strerror(code));
}

void osb_error_set_hint(osb_error *error, const char *format, ...)
{
    if (!error)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->hint, sizeof error->hint, format, arguments);
    va_end(arguments);
}
