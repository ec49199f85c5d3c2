#pragma once
/** A transport around another that writes down every operation, as JSON Lines. */
#include "base/error.h"
#include "transport/transport.h"

/**
 * Takes one line (no line feed): {"n":7,"ms":1203,"op":"control","port":"1-2",
 * "setup":"c001000048004000","out":"...","in":"...","status":"ok"}. `n` counts from 1, `ms` is
 * the transport's clock when the operation began; data is hexadecimal.
 */
typedef struct trace_sink {
    void (*line)(void *context, const char *text);
    void *context;
} trace_sink;

/**
 * Wraps `inner`, which stays the caller's and must outlive the trace. Destroy the trace with
 * transport_destroy; `inner` is not destroyed with it.
 */
osb_status trace_make(transport *inner, const trace_sink *sink, transport **traced,
                      osb_error *error) OSB_MUST_CHECK;
