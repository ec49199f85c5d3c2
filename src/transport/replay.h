#pragma once
/**
 * A transport that answers as a recorded one did (osbundle-trace(5)): no board is needed.
 *
 * Strict: whatever differs from the recording fails, then and ever after. Waits take no time; the
 * clock says what it said. A recording is as untrusted as any file.
 */
#include <stdio.h>

#include "base/error.h"
#include "transport/transport.h"

/**
 * Takes over `file`, which is closed with the transport, and on an error. `name` is the subject of
 * errors. OSB_ERR_INTEGRITY when it does not begin as a trace does.
 */
osb_status replay_make(FILE *file, const char *name, transport **bus,
                       osb_error *error) OSB_MUST_CHECK;

/**
 * The first thing that was asked and not recorded so (OSB_ERR_REPLAY), or where the recording is
 * damaged (OSB_ERR_INTEGRITY); kept because who asked may have taken it for the board's answer.
 */
osb_status replay_verdict(const transport *bus, osb_error *error) OSB_MUST_CHECK;

/** The line of the first operation that was recorded and not asked for; 0 when none is left. */
uint64_t replay_rest(transport *bus);
