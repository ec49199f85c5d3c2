#pragma once
/** What is there of an answer before it is asked for, and whether the answer goes on from it. */
#include "net/http_transfer.h"

/** Takes up what is kept of the request from earlier calls. May find that it is DONE. */
void resume_begin(transfer *item);

/** Whether the content is something to go on from: a beginning, or a list that may still hold. */
bool resume_is_possible(const transfer *item);

/** Appends the conditions of the next hop to its headers. False when memory ran out. */
bool resume_add_headers(transfer *item);

/**
 * Judges the headers of a 200 or 206 before its first byte is taken: what is there already is gone
 * on from, or forgotten. Cheap to call again.
 */
answer_head resume_judge(transfer *item);

/** A server says that the list has not changed since it was kept. */
void resume_confirm(transfer *item);

/** Keeps a whole answer where it is wanted as a list. */
void resume_save_list(transfer *item);

/** Forgets what has arrived: it is not to be gone on from, now or later. */
void resume_forget(transfer *item);
