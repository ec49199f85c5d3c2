#pragma once
/** The files of one platform's set, chosen from what a source lists. For fetch.c only. */
#include "base/buf.h"
#include "net/source.h"

typedef struct fetch_item {
    const platform_slot *place;
    const source_file *file;         /**< in the listing */
    const release_module *cataloged; /**< what the catalog says of it; NULL: nothing */
    bool cached;                     /**< the content was in the cache already */
    buf content;                     /**< owned */
    uint8_t sha256[SHA256_SIZE];     /**< of the content, once it is verified */
} fetch_item;

typedef struct fetch_set {
    const platform *board;
    const source_listing *listing;
    size_t count;
    fetch_item items[RELEASE_MODULES_MAX];
} fetch_set;

/**
 * Chooses a file for every slot of `board` that a release fills. Applications and what is never to
 * be written are passed over, as are debug builds and everything that is no module file.
 * @param cataloged what the catalog knows of the release; NULL: nothing
 */
void fetch_set_choose(fetch_set *set, const platform *board, const source_listing *listing,
                      const release *cataloged);

void fetch_set_free(fetch_set *set);
#define FETCH_SET_OWNED __attribute__((cleanup(fetch_set_free))) fetch_set

/** Whether a complete set must fill this slot, and a set may fill it at all. */
bool fetch_slot_is_chosen(const platform_slot *place);

/** The slot that a complete set needs and `has` does not tell of; NULL when there is none. */
const platform_slot *fetch_first_missing(const platform *board,
                                         bool (*has)(const void *context, module_slot slot),
                                         const void *context);

bool fetch_set_has(const void *set, module_slot slot);
