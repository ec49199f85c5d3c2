#pragma once
/** What writer and readers of saved snapshots share. */
#include "model/snapshot.h"

enum {
    SNAPSHOT_CHECK_COUNT = 6
};

/** The checks that boards report, as JSON calls them. */
typedef struct snapshot_check {
    const char *name;
    uint32_t bit; /**< enum module_check */
} snapshot_check;

extern const snapshot_check snapshot_checks[SNAPSHOT_CHECK_COUNT];

/** Reads the JSON describe that boards and the cloud give: "p" and "m", one letter a member. */
osb_status snapshot_from_describe(const json_t *document, const char *subject,
                                  const platform_list *platforms, snapshot *state,
                                  osb_error *error) OSB_MUST_CHECK;

/** OSB_ERR_INTEGRITY: `what` of a saved snapshot cannot be understood. */
osb_status snapshot_unreadable(const char *subject, const char *what, osb_error *error);

/** The next free entry of the module list, or NULL when it is full. */
snapshot_module *snapshot_add_entry(snapshot *state);
