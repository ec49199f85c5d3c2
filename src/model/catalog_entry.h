#pragma once
/** What the catalog keeps of one release manifest. Used by catalog*.c only. */
#include "model/release.h"

typedef struct catalog_board {
    const char *platform; /**< name, as in manifests/platforms/ */
    bool latest;          /**< the vendor's "latest" for this platform is pinned to this release */
    size_t module_count;
    const release_module *modules;
} catalog_board;

typedef struct catalog_entry {
    const char *text; /**< "5.3.1" */
    version parsed;
    const char *channel; /**< "" unknown */
    bool prerelease;     /**< by its version, or because the manifest says so */
    bool lts;
    size_t board_count;
    const catalog_board *boards;
} catalog_entry;

/** What the build made of manifests/releases/ (tools/embed_catalog.c): oldest first. */
extern const catalog_entry built_in_releases[];
extern const size_t built_in_release_count;

/** Reads a release manifest into `memory`. `subject` names the file in errors. */
osb_status catalog_entry_read(const json_t *manifest, const char *subject, arena *memory,
                              catalog_entry *entry, osb_error *error) OSB_MUST_CHECK;

/** NULL when the release is not made for that platform. */
const catalog_board *catalog_entry_find(const catalog_entry *entry, const platform *board);
