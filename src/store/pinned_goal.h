#pragma once
/**
 * The first record of a journal: the goal of a restore with everything pinned by hash, so that it
 * can be planned again to the very same bytes.
 */
#include "model/snapshot.h"
#include "store/cache.h"

enum {
    JOURNAL_NAME_SIZE = 64
};

typedef struct pinned_goal {
    char device_id[DEVICE_ID_SIZE];   /**< empty: the board has none */
    cached_release set;               /**< with the platform of the board */
    char app_file[RELEASE_FILE_NAME]; /**< empty: the application is left alone */
    uint8_t app_sha256[SHA256_SIZE];  /**< of the file, which the cache keeps as an object */
    bool heal, full;                  /**< as in osb_goal, and what the user has agreed to: */
    bool allow_downgrade, allow_incomplete;
} pinned_goal;

json_t *pinned_goal_to_json(const pinned_goal *goal);

/** OSB_ERR_INTEGRITY naming `subject` (the journal) for anything that is no goal. */
osb_status pinned_goal_from_json(const json_t *record, const char *subject, pinned_goal *goal,
                                 osb_error *error) OSB_MUST_CHECK;

/** The journal's name for a board: its device id, or where it has none its port. */
void journal_name(const char *device_id, const char *port, char target[JOURNAL_NAME_SIZE]);
