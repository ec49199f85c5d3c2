#pragma once
/** A trace as its own files see it. */
#include "base/json.h"
#include "transport/trace.h"

typedef struct trace {
    transport base;
    transport *inner;
    trace_sink sink;
    uint32_t worker; /**< which one's lines these are; 0: of the first transport */
    uint32_t shared; /**< how many workers the first transport has got */
    uint64_t count;
    uint64_t known_ms; /**< what the clock said last, as the lines tell */
    uint32_t asked;    /**< how often somebody asked the clock since the last line */
} trace;

/** One operation: its line in the making, and what came of it. */
typedef struct trace_entry {
    trace *self;
    json_t *line;
    uint64_t began_ms;
    osb_error error;
} trace_entry;

/** Takes over `asked`. */
trace_entry trace_begin(trace *self, json_t *asked);
/** Hands the operation's status and error on to who asked for it. */
osb_status trace_end(trace_entry *entry, osb_status status, osb_error *error);
