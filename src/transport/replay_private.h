#pragma once
/** A replay as its own files see it. */
#include "transport/replay.h"
#include "transport/replay_lines.h"

typedef struct replay {
    transport base;
    replay_lines lines;
    bool used; /**< the line that is next has been answered from */
    uint64_t now_ms;
    uint32_t asked;       /**< how often somebody asked the clock since the last line */
    osb_error verdict;    /**< what differed; OSB_OK: nothing yet */
    struct replay *first; /**< for workers: the transport that they share */
    uint64_t rest;        /**< a line that a worker left unasked; 0 */
    replay_file file;     /**< of the first transport and its workers */
} replay;

/** Holds one operation (released here) against the recording: its status, its error, its time. */
osb_status replay_ask(replay *self, json_t *asked, const json_t **line,
                      osb_error *error) OSB_MUST_CHECK;
/** From here on nothing is answered any more: a recorded answer cannot be. */
osb_status replay_damaged(replay *self, const char *what, osb_error *error) OSB_MUST_CHECK;
