/*
 * Which of the hundreds of files of a release make up one platform's set.
 *
 * Goes by names, because nothing is downloaded yet; that the headers agree is found out later
 * (trust/verify.c). Invariant: at most one file a slot, and never a prebootloader-mbr: it holds
 * what belongs to one single board, and lies among the release files of every RTL872x platform.
 */
#include "net/fetch_set.h"

#include "base/text.h"
#include "trust/release_name.h"

bool fetch_slot_is_chosen(const platform_slot *place)
{
    return place->slot.function != MODULE_USER_PART && place->route != ROUTE_NEVER;
}

/** How well a file suits a slot; 0: not at all. */
static int rank_of(const fetch_set *set, const platform_slot *place, const source_file *file,
                   const release_module *cataloged)
{
    release_name name;
    if (!release_name_parse(file->name, &name) || !release_name_is_for_boards(&name) ||
        !text_equal(name.platform, set->board->name) || !text_equal(name.part, place->name))
        return 0;
    if (cataloged && text_equal(cataloged->file, file->name))
        return 3;
    /* Radio stacks of some releases are named after the release that brought them first. */
    return text_equal(name.version, set->listing->version) ? 2 : 1;
}

static const source_file *best_file(const fetch_set *set, const platform_slot *place,
                                    const release_module *cataloged)
{
    const source_file *best = NULL;
    int best_rank = 0;
    for (size_t i = 0; i < set->listing->count; i++) {
        int rank = rank_of(set, place, &set->listing->files[i], cataloged);
        if (rank > best_rank) {
            best = &set->listing->files[i];
            best_rank = rank;
        }
    }
    return best;
}

void fetch_set_choose(fetch_set *set, const platform *board, const source_listing *listing,
                      const release *cataloged)
{
    *set = (fetch_set){.board = board, .listing = listing};
    for (size_t i = 0; i < board->slot_count && set->count < RELEASE_MODULES_MAX; i++) {
        const platform_slot *place = &board->slots[i];
        if (!fetch_slot_is_chosen(place))
            continue;
        const release_module *entry = cataloged ? release_find(cataloged, place->slot) : NULL;
        const source_file *file = best_file(set, place, entry);
        if (!file)
            continue;
        uint64_t limit = file->size && file->size < MODULE_FILE_MAX ? file->size : MODULE_FILE_MAX;
        set->items[set->count++] = (fetch_item){
            .place = place, .file = file, .cataloged = entry, .content = buf_make((size_t)limit)};
    }
}

void fetch_set_free(fetch_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        buf_free(&set->items[i].content);
}

bool fetch_set_has(const void *set, module_slot slot)
{
    const fetch_set *chosen = set;
    for (size_t i = 0; i < chosen->count; i++)
        if (slot_equal(chosen->items[i].place->slot, slot))
            return true;
    return false;
}

const platform_slot *fetch_first_missing(const platform *board,
                                         bool (*has)(const void *context, module_slot slot),
                                         const void *context)
{
    for (size_t i = 0; i < board->slot_count; i++)
        if (board->slots[i].required && !has(context, board->slots[i].slot))
            return &board->slots[i];
    return NULL;
}
