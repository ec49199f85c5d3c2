#pragma once
/** The lines of a trace, one at a time. For replay.c only. */
#include <pthread.h>
#include <stdio.h>

#include "base/json.h"
#include "transport/transport.h"

/** The file, which workers read at their own pace. */
typedef struct replay_file {
    FILE *file;
    char name[128];
    pthread_mutex_t lock; /**< of all of it */
    long place;           /**< where the file stands */
} replay_file;

typedef struct replay_lines {
    replay_file *from;
    uint32_t worker;  /**< whose lines they are; 0: of the first transport */
    long place;       /**< in the file, of the line behind the current one */
    buf text;         /**< of the line that was read last */
    uint64_t line;    /**< its number in the file, from 1 */
    uint64_t count;   /**< `n` of it */
    uint64_t time_ms; /**< when its operation was over */
    json_t *next;     /**< what is to be taken next; NULL: not read yet */
} replay_lines;

/** The first transport's; reads the first line. `self->from` is set. */
osb_status replay_lines_begin(replay_lines *self, bool *simulated, osb_error *error) OSB_MUST_CHECK;
/** A worker's, which begin where `self` is now. */
replay_lines replay_lines_share(const replay_lines *self, uint32_t worker);
/** Leaves the file open. */
void replay_lines_end(replay_lines *self);

/**
 * What comes next, which stays the lines' own; NULL at the end. Its number, its time and the name
 * of its operation are checked, nothing else. OSB_ERR_INTEGRITY for a line that is none.
 */
osb_status replay_lines_peek(replay_lines *self, const json_t **next,
                             osb_error *error) OSB_MUST_CHECK;
/** Goes on behind what replay_lines_peek has shown. */
void replay_lines_take(replay_lines *self);

/** Fills an error about the current line. */
osb_status replay_lines_fail(const replay_lines *self, const char *what,
                             osb_error *error) OSB_MUST_CHECK;
