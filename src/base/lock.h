#pragma once
/** Advisory file locks (flock): one writer a board, none that removes where others publish. */
#include <stdbool.h>

#include "base/error.h"

/** Takes the lock file at `path` (made when missing), waiting for whoever holds it. */
osb_status lock_take(const char *path, int *descriptor, osb_error *error) OSB_MUST_CHECK;
/** As lock_take, but OSB_ERR_BUSY at once, naming the process, when somebody holds it. */
osb_status lock_try(const char *path, int *descriptor, osb_error *error) OSB_MUST_CHECK;
/** As lock_take, but together with others that share it: waits only for who holds it alone. */
osb_status lock_share(const char *path, int *descriptor, osb_error *error) OSB_MUST_CHECK;

/** Locks a file that is open already and stays as it is; false when somebody holds it. */
bool lock_opened(int descriptor);

/* Released by closing the descriptor: hold it in an FD_OWNED. */
