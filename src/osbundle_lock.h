#pragma once
/** The lock that a user holds to. Private to osbundle*.c. */
#include "osbundle_context.h"

/** Errors are those of file_read and lockfile_read. */
osb_status context_read_lock(const osb_context *context, const char *path, release *lock,
                             osb_error *error) OSB_MUST_CHECK;
