#pragma once
/**
 * The journal of one board: what a restore set out to do and what of it was begun and proved.
 *
 * Lives in the state folder, never in the cache: journal/NAME.jsonl, one JSON object a line. Each
 * line is numbered ("seq") and ends with the CRC-32 of all that stands before it in the line, and
 * is on the disk (fsync) before journal_add returns. It records intent; what is on the board is
 * for the board to say.
 *
 * A board has one writer at a time: whoever holds its open journal.
 */
#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"

typedef struct journal journal;

/**
 * Takes the board's lock and reads what is there. A torn last line (a crash while it was written)
 * is dropped; a journal that is damaged further up can still be opened, see journal_goal.
 * @param name the device id, or another plain name for a board that has none
 * @return OSB_ERR_BUSY naming the process that works on the board
 */
osb_status journal_open(const char *state_folder, const char *name, journal **opened,
                        osb_error *error) OSB_MUST_CHECK;
/** Lets go of the board. NULL is fine. */
void journal_close(journal *opened);

/** OSB_ERR_BUSY when somebody works on the board now. Leaves nothing behind on the disk. */
osb_status journal_check_free(const char *state_folder, const char *name,
                              osb_error *error) OSB_MUST_CHECK;

/**
 * What the unfinished restore wants; NULL when there is none. Belongs to the journal.
 * @return OSB_ERR_INTEGRITY naming the line when the journal is damaged other than at its end
 */
osb_status journal_goal(const journal *opened, const json_t **goal,
                        osb_error *error) OSB_MUST_CHECK;

/**
 * The goal of a board's unfinished restore, without its lock: another process may be at work.
 * @param goal NULL when there is none, or the journal is damaged; to be released
 */
osb_status journal_peek(const char *state_folder, const char *name, json_t **goal,
                        osb_error *error) OSB_MUST_CHECK;

/**
 * Begins anew with a goal, in place of what was there (atomically: until it is written whole, the
 * old journal stays). A damaged one is kept beside it as NAME.damaged.
 */
osb_status journal_begin(journal *opened, const json_t *goal, osb_error *error) OSB_MUST_CHECK;

/**
 * Appends a record: an object with the member "record". "seq", "when" and "crc32" are added. After
 * a failure (a full disk) the journal is as before.
 */
osb_status journal_add(journal *opened, json_t *record, osb_error *error) OSB_MUST_CHECK;

/** Appends the last record, which says that the goal is reached: nothing is left to resume. */
osb_status journal_finish(journal *opened, osb_error *error) OSB_MUST_CHECK;

/** Names of the boards whose journals are unfinished or damaged, sorted. */
osb_status journal_list(const char *state_folder, arena *memory, const char *const **names,
                        size_t *count, osb_error *error) OSB_MUST_CHECK;
