#pragma once
/** The files of one platform's set, chosen from what sources list. For fetch*.c only. */
#include "base/buf.h"
#include "net/source.h"

typedef struct fetch_item {
    const platform_slot *place;
    source *from;
    const source_file *file;         /**< in the listing */
    const char *older;               /**< the release that it is taken from; NULL: the wanted one */
    const release_module *cataloged; /**< what the catalog says of it; NULL: nothing */
    bool absent;                     /**< it turned out not to be there */
    bool cached;                     /**< the content was in the cache already */
    bool resumed;                    /**< it began with what was kept of an earlier download */
    buf content;                     /**< owned */
    /* Once it is verified: */
    release_module loaded; /**< with the SHA-256 of the content */
    uint32_t crc32;
} fetch_item;

typedef struct fetch_set {
    size_t count;
    fetch_item items[RELEASE_MODULES_MAX];
} fetch_set;

/**
 * Adds a file for every slot of `board` that a release fills and that the set does not have yet.
 * Applications and what is never to be written are passed over, as are debug builds and everything
 * that is no module file.
 * @param cataloged what the catalog knows of the release; NULL: nothing
 */
void fetch_set_add(fetch_set *set, const platform *board, source *from,
                   const source_listing *listing, const release *cataloged);

/** Adds a file for one slot; NULL where the listing has none, else the new item. */
fetch_item *fetch_set_add_slot(fetch_set *set, const platform *board, const platform_slot *place,
                               source *from, const source_listing *listing,
                               const release *cataloged);

/** The file that a listing has for a slot; NULL for none. */
const source_file *fetch_best_file(const platform *board, const platform_slot *place,
                                   const source_listing *listing, const release *cataloged);

void fetch_set_remove(fetch_set *set, size_t index);
void fetch_set_free(fetch_set *set);
#define FETCH_SET_OWNED __attribute__((cleanup(fetch_set_free))) fetch_set

/** Whether a set may fill this slot at all. */
bool fetch_slot_is_chosen(const platform_slot *place);

/** Whether a complete set fills this slot. Where the catalog knows a release, it knows what that
 *  never had: the first radio stacks were no modules. */
bool fetch_slot_is_required(const platform_slot *place, const release *cataloged);

/** The slot that a complete set needs and `has` does not tell of; NULL when there is none. */
const platform_slot *fetch_first_missing(const platform *board, const release *cataloged,
                                         bool (*has)(const void *context, module_slot slot),
                                         const void *context);

bool fetch_set_has(const void *set, module_slot slot);
