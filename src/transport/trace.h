#pragma once
/** A transport around another that writes down every operation, as JSON Lines. */
#include "base/error.h"
#include "transport/transport.h"

/**
 * Takes one line (no line feed), as osbundle-trace(5) describes it. Called from several threads at
 * once when the trace is shared by transport_share.
 */
typedef struct trace_sink {
    void (*line)(void *context, const char *text);
    void *context;
} trace_sink;

/**
 * Wraps `inner`, which stays the caller's and must outlive the trace, and writes the first line.
 * Destroy the trace with transport_destroy; `inner` is not destroyed with it.
 */
osb_status trace_make(transport *inner, const trace_sink *sink, transport **traced,
                      osb_error *error) OSB_MUST_CHECK;
