#pragma once
/** Findings about many files on stdout: an array that is printed while it grows. */
#include "base/json.h"
#include "cli/cli.h"

typedef struct json_list {
    bool single; /**< one document without brackets: one file was named */
    size_t count;
} json_list;

/** Whether a file was found in something that was named, and is not named itself. */
bool finding_is_inside(const options *words, const osb_finding *found);
/** Whether the file is all that was asked for. */
bool finding_is_alone(const options *words, const osb_finding *found);

/**
 * Prints a finding's document, or its problem as an "osbundle-error" beside others. Memory is that
 * of one document, however many there are.
 */
void json_list_add(json_list *list, const options *words, const osb_finding *found);
/** Closes the array; an empty one is printed too. */
void json_list_end(json_list *list);
