/*
 * Which of the hundreds of files of a release make up one platform's set.
 *
 * Goes by names, because nothing is downloaded yet; that the headers agree is found out later
 * (trust/verify.c). Invariant: at most one file a slot, and never a prebootloader-mbr: it holds
 * what belongs to one single board, and lies among the release files of every RTL872x platform.
 */
#include "net/fetch_set.h"

#include "base/text.h"
#include "net/fetch.h"
#include "trust/release_name.h"

bool fetch_slot_is_chosen(const platform_slot *place)
{
    return place->slot.function != MODULE_USER_PART && place->route != ROUTE_NEVER;
}

/** Whether the catalog says what a file is, whatever its name would mean: parts moved once. */
static bool is_cataloged(const release *cataloged, const platform_slot *place,
                         const source_file *file, bool *is_here)
{
    for (size_t i = 0; cataloged && i < cataloged->module_count; i++)
        if (text_equal(cataloged->modules[i].file, file->name)) {
            *is_here = slot_equal(cataloged->modules[i].slot, place->slot);
            return true;
        }
    return false;
}

/** How well a file suits a slot; 0: not at all. */
static int rank_of(const platform *board, const platform_slot *place, const source_file *file,
                   const char *os_version, const release *cataloged)
{
    release_name name;
    bool is_here;
    if (is_cataloged(cataloged, place, file, &is_here))
        return is_here ? 3 : 0;
    if (!release_name_parse(file->name, &name) || !release_name_is_for_boards(&name) ||
        !text_equal(name.platform, board->name) || !text_equal(name.part, place->name))
        return 0;
    /* Radio stacks of some releases are named after the release that brought them first. */
    return text_equal(name.version, os_version) ? 2 : 1;
}

const source_file *fetch_best_file(const platform *board, const platform_slot *place,
                                   const source_listing *listing, const release *cataloged)
{
    const source_file *best = NULL;
    int best_rank = 0;
    for (size_t i = 0; i < listing->count; i++) {
        int rank = rank_of(board, place, &listing->files[i], listing->version, cataloged);
        if (rank > best_rank) {
            best = &listing->files[i];
            best_rank = rank;
        }
    }
    return best;
}

fetch_item *fetch_set_add_slot(fetch_set *set, const platform *board, const platform_slot *place,
                               source *from, const source_listing *listing,
                               const release *cataloged)
{
    const source_file *file = fetch_best_file(board, place, listing, cataloged);
    if (!file || set->count == RELEASE_MODULES_MAX)
        return NULL;
    uint64_t limit = file->size && file->size < MODULE_FILE_MAX ? file->size : MODULE_FILE_MAX;
    fetch_item *item = &set->items[set->count++];
    *item = (fetch_item){.place = place,
                         .from = from,
                         .file = file,
                         .older = *file->older ? file->older : NULL,
                         .cataloged = cataloged ? release_find(cataloged, place->slot) : NULL,
                         .content = buf_make((size_t)limit)};
    return item;
}

void fetch_set_add(fetch_set *set, const platform *board, source *from,
                   const source_listing *listing, const release *cataloged)
{
    for (size_t i = 0; i < board->slot_count; i++) {
        const platform_slot *place = &board->slots[i];
        if (fetch_slot_is_chosen(place) && !fetch_set_has(set, place->slot))
            fetch_set_add_slot(set, board, place, from, listing, cataloged);
    }
}

bool fetch_lists_any(const source_listing *listing, const platform *board, const catalog *known)
{
    release entry;
    const bool is_known =
        known && catalog_release(known, listing->version, board, &entry, NULL) == OSB_OK;
    for (size_t i = 0; i < board->slot_count; i++)
        if (fetch_slot_is_chosen(&board->slots[i]) &&
            fetch_best_file(board, &board->slots[i], listing, is_known ? &entry : NULL))
            return true;
    return false;
}

void fetch_set_remove(fetch_set *set, size_t index)
{
    buf_free(&set->items[index].content);
    set->count--;
    for (size_t i = index; i < set->count; i++)
        set->items[i] = set->items[i + 1];
}

void fetch_set_free(fetch_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        buf_free(&set->items[i].content);
    set->count = 0;
}

bool fetch_set_has(const void *set, module_slot slot)
{
    const fetch_set *chosen = set;
    for (size_t i = 0; i < chosen->count; i++)
        if (slot_equal(chosen->items[i].place->slot, slot))
            return true;
    return false;
}

bool fetch_slot_is_required(const platform_slot *place, const release *cataloged)
{
    return place->required && (!cataloged || release_find(cataloged, place->slot));
}

const platform_slot *fetch_first_missing(const platform *board, const release *cataloged,
                                         bool (*has)(const void *context, module_slot slot),
                                         const void *context)
{
    for (size_t i = 0; i < board->slot_count; i++)
        if (fetch_slot_is_required(&board->slots[i], cataloged) &&
            !has(context, board->slots[i].slot))
            return &board->slots[i];
    return NULL;
}
