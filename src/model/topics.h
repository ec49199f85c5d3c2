#pragma once
/** What boards show and say, with cause and cure: LED patterns, SOS codes, error codes. */
#include <stddef.h>

#include "base/json.h"

typedef struct topic {
    const char *name;  /**< "breathing magenta", "sos 1", "-1340" */
    const char *group; /**< "led", "sos", "error" */
    const char *title; /**< what it is, in a line */
    const char *cause;
    const char *cure;
} topic;

extern const topic topics[];
extern const size_t topic_count;

/**
 * The topic that words name, however they are written: "Breathing-Magenta", "led breathing
 * magenta", "SOS10", "1340". NULL for none.
 */
const topic *topic_find(const char *words);

/** Up to three topics that the words may have meant, nearest first; returns how many. */
size_t topics_near(const char *words, const topic *near[3]);

/** {"topic", "group", "title", "cause", "cure"} */
json_t *topic_to_json(const topic *about);
