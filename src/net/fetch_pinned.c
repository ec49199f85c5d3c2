/*
 * Releases that the catalog pins as a whole: nobody needs to be asked what they consist of.
 *
 * Saves a question that takes as long as a small file, and that sites ration. Invariant: every file
 * of such an offer has a pinned hash, so that it does not matter who serves it.
 */
#include <string.h>

#include "base/text.h"
#include "net/fetch_private.h"

/** The module for a slot as the catalog pins it; NULL: it does not. */
static const release_module *pinned_module(const fetch_job *job, const platform_slot *place)
{
    const release_module *known = release_find(job->cataloged, place->slot);
    return known && known->pinned && known->size ? known : NULL;
}

/** Whether it pins a module for every slot that a set may fill. */
static bool is_pinned(const fetch_job *job)
{
    for (size_t i = 0; i < job->board->slot_count; i++)
        if (fetch_slot_is_chosen(&job->board->slots[i]) &&
            !pinned_module(job, &job->board->slots[i]))
            return false;
    return true;
}

/** Makes up what the source would list. False where it does not say where its files lie. */
static bool list_pinned(const fetch_job *job, const source *from, source_file *files, size_t *count)
{
    *count = 0;
    for (size_t i = 0; i < job->board->slot_count; i++) {
        const platform_slot *place = &job->board->slots[i];
        if (!fetch_slot_is_chosen(place))
            continue;
        const release_module *known = pinned_module(job, place);
        source_file *file = &files[(*count)++];
        *file = (source_file){.size = known->size, .has_sha256 = true};
        text_copy(file->name, sizeof file->name, known->file);
        memcpy(file->sha256, known->sha256, SHA256_SIZE);
        if (!source_locate(from, job->version, known->file, file->location))
            return false;
    }
    return true;
}

osb_status fetch_offer_pinned(fetch_job *job, bool *offered, osb_error *error)
{
    size_t count;
    source *first;
    *offered = false;
    if (!job->cataloged || !job->sources->count || !is_pinned(job))
        return OSB_OK;
    TRY(source_order_at(job->sources, 0, &first, error));
    fetch_offer *offer = arena_take(job->memory, 1, sizeof *offer);
    source_file *files = arena_take(job->memory, job->board->slot_count, sizeof *files);
    if (!offer || !files)
        return osb_fail_memory(error);
    if (!list_pinned(job, first, files, &count))
        return OSB_OK;
    *offer = (fetch_offer){.from = first, .listing = {.count = count, .files = files}};
    text_copy(offer->listing.version, sizeof offer->listing.version, job->version);
    job->offers = offer;
    job->offer_count = 1;
    *offered = true;
    return OSB_OK;
}
