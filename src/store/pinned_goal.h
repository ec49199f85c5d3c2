#pragma once
/**
 * The first record of a journal: the goal of a restore with everything pinned by hash, so that it
 * can be planned again to the very same bytes.
 */
#include "model/plan.h"
#include "store/cache.h"

enum {
    JOURNAL_NAME_SIZE = 64,
    PINNED_ASSETS_MAX = 64
};

/** A file that the user named; the cache keeps it as an object. */
typedef struct pinned_file {
    char name[RELEASE_FILE_NAME]; /**< empty: there is none */
    uint8_t sha256[SHA256_SIZE];
} pinned_file;

typedef struct pinned_goal {
    char device_id[DEVICE_ID_SIZE]; /**< empty: the board has none */
    char platform[32];
    cached_release set; /**< no modules: only files were named */
    cached_release via; /**< no modules: no release is passed on the way */
    size_t file_count;
    pinned_file files[PLAN_FILES_MAX]; /**< modules besides or instead of those of `set` */
    pinned_file app;                   /**< none: the application is left alone */
    size_t asset_count;
    pinned_file assets[PINNED_ASSETS_MAX]; /**< asset modules that the application wants */
    road_choice road;
    bool heal, full; /**< as in osb_goal, and what the user has agreed to: */
    bool allow_downgrade, allow_incomplete;
} pinned_goal;

json_t *pinned_goal_to_json(const pinned_goal *goal);

/** OSB_ERR_INTEGRITY naming `subject` (the journal) for anything that is no goal. */
osb_status pinned_goal_from_json(const json_t *record, const char *subject, pinned_goal *goal,
                                 osb_error *error) OSB_MUST_CHECK;

/** The journal's name for a board: its device id, or where it has none its port. */
void journal_name(const char *device_id, const char *port, char target[JOURNAL_NAME_SIZE]);
