/*
 * What a release lacks, from the newest older release that has it.
 *
 * Some releases were published without a radio stack or a co-processor's image, because it had not
 * changed since an older one. Invariant: a module from an older release is marked as such wherever
 * it goes, and never is a system part.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "model/version.h"
#include "net/fetch_private.h"

enum {
    OLDER_TRIED_MAX = 20,        /**< releases that are looked into */
    OLDER_CANDIDATES_MAX = 65536 /**< versions that sources and catalog name together */
};

/** Whether a module of the release, as the catalog knows it, needs something in this slot. */
static bool is_needed(const release *cataloged, module_slot slot)
{
    for (size_t i = 0; cataloged && i < cataloged->module_count; i++)
        for (size_t k = 0; k < 2; k++)
            if (cataloged->modules[i].dependencies[k].slot.function != MODULE_NONE &&
                slot_equal(cataloged->modules[i].dependencies[k].slot, slot))
                return true;
    return false;
}

/** Required, or else wanted only where it costs no server's patience to look for it. */
static bool is_wanted(const fetch_job *job, const fetch_set *set, const platform_slot *place,
                      const source *from)
{
    if (!fetch_slot_is_chosen(place) || place->slot.function == MODULE_SYSTEM_PART ||
        fetch_set_has(set, place->slot))
        return false;
    return fetch_slot_is_required(place, job->cataloged) ||
           ((!from || source_is_here(from)) && is_needed(job->cataloged, place->slot));
}

static bool wants_anything(const fetch_job *job, const fetch_set *set, const source *from)
{
    for (size_t i = 0; i < job->board->slot_count; i++)
        if (is_wanted(job, set, &job->board->slots[i], from))
            return true;
    return false;
}

static void add_candidate(const fetch_job *job, const char *name, buf *candidates)
{
    version wanted, parsed;
    source_listing candidate = {0};
    if (!version_parse(name, &parsed) || !version_parse(job->version, &wanted) ||
        (parsed.prerelease[0] && !wanted.prerelease[0]) ||
        version_compare_text(name, job->version) >= 0)
        return;
    text_copy(candidate.version, sizeof candidate.version, name);
    buf_append(candidates, (span){(const uint8_t *)&candidate, sizeof candidate});
}

/** All releases before the wanted one that the sources or the catalog name, newest first. */
static osb_status list_candidates(const fetch_job *job, const fetch_set *set, buf *candidates,
                                  osb_error *error)
{
    osb_error problem;
    for (size_t i = 0; i < job->sources->count; i++) {
        const source_listing *listings;
        source *asked;
        size_t count;
        TRY(source_order_at(job->sources, i, &asked, error));
        if (!wants_anything(job, set, asked) ||
            source_list(asked, job->memory, &listings, &count, &problem) != OSB_OK)
            continue; /* the catalog's may still be there */
        for (size_t k = 0; k < count; k++)
            add_candidate(job, listings[k].version, candidates);
    }
    for (size_t i = 0; job->known && i < job->known->count; i++)
        add_candidate(job, catalog_version(job->known, i), candidates);
    TRY(buf_check(candidates, job->version, error));
    source_listings_sort((source_listing *)(void *)candidates->data,
                         candidates->size / sizeof(source_listing));
    return OSB_OK;
}

/** Whether both releases are known to have another module in the slot. */
static bool is_known_to_differ(const release_module *wanted, const release_module *older)
{
    return wanted && older &&
           (wanted->version != older->version ||
            (wanted->pinned && older->pinned &&
             memcmp(wanted->sha256, older->sha256, SHA256_SIZE) != 0));
}

static osb_status take_from(const fetch_job *job, fetch_set *set, source *from,
                            const source_listing *listing, osb_error *error)
{
    release *known = arena_take(job->memory, 1, sizeof *known);
    if (!known)
        return osb_fail_memory(error);
    bool is_known = job->known && catalog_release(job->known, listing->version, job->board, known,
                                                  NULL) == OSB_OK;
    for (size_t i = 0; i < job->board->slot_count; i++) {
        const platform_slot *place = &job->board->slots[i];
        const release_module *older = is_known ? release_find(known, place->slot) : NULL;
        const release_module *wanted =
            job->cataloged ? release_find(job->cataloged, place->slot) : NULL;
        if (!is_wanted(job, set, place, from) || is_known_to_differ(wanted, older))
            continue;
        fetch_item *item =
            fetch_set_add_slot(set, job->board, place, from, listing, is_known ? known : NULL);
        if (!item)
            continue;
        item->older = listing->version;
        item->cataloged = wanted ? wanted : older;
    }
    return OSB_OK;
}

/** Looks at what each source has of one older release. */
static osb_status look_into(const fetch_job *job, fetch_set *set, const char *older,
                            osb_error *error)
{
    for (size_t i = 0; i < job->sources->count; i++) {
        osb_error problem;
        source *asked;
        source_listing *listing = arena_take(job->memory, 1, sizeof *listing);
        if (!listing)
            return osb_fail_memory(error);
        TRY(source_order_at(job->sources, i, &asked, error));
        if (!wants_anything(job, set, asked))
            continue;
        osb_status status =
            source_find_for(asked, job->board, older, job->memory, listing, &problem);
        if (status == OSB_OK) {
            TRY(fetch_leave_out_absent(job, listing, error));
            TRY(take_from(job, set, asked, listing, error));
        } else if (!fetch_goes_on_after(status)) {
            if (error)
                *error = problem;
            return status;
        }
    }
    return OSB_OK;
}

osb_status fetch_from_older(const fetch_job *job, fetch_set *set, osb_error *error)
{
    BUF_OWNED candidates = buf_make(OLDER_CANDIDATES_MAX * sizeof(source_listing));
    if (!set->count || !wants_anything(job, set, NULL))
        return OSB_OK;
    TRY(list_candidates(job, set, &candidates, error));
    const source_listing *names = (const source_listing *)(const void *)candidates.data;
    const size_t count = candidates.size / sizeof *names;
    size_t tried = 0;
    for (size_t i = 0; i < count && tried < OLDER_TRIED_MAX; i++) {
        if (i && text_equal(names[i].version, names[i - 1].version))
            continue;
        tried++;
        TRY(look_into(job, set, names[i].version, error));
        if (!wants_anything(job, set, NULL))
            break;
    }
    return OSB_OK;
}

/** The first need of the release's own modules that the item does not meet; NULL for none. */
static const module_dependency *unmet_need(const fetch_set *set, const fetch_item *item)
{
    for (size_t i = 0; i < set->count; i++)
        for (size_t k = 0; k < 2; k++) {
            const module_dependency *need = &set->items[i].loaded.dependencies[k];
            if (need->slot.function != MODULE_NONE && slot_equal(need->slot, item->place->slot) &&
                need->version > item->loaded.version)
                return need;
        }
    return NULL;
}

osb_status fetch_check_older(const fetch_job *job, fetch_set *set, osb_error *error)
{
    for (size_t i = set->count; i-- > 0;) {
        const fetch_item *item = &set->items[i];
        const module_dependency *need = item->older ? unmet_need(set, item) : NULL;
        char slot[MODULE_SLOT_TEXT];
        if (!need)
            continue;
        slot_text(item->place->slot, slot);
        if (fetch_slot_is_required(item->place, job->cataloged) && !job->allow_incomplete)
            return osb_fail(
                error, OSB_ERR_REFUSED, job->version,
                "use another source, or take what there is with --allow-incomplete",
                "%s for %s is missing, and that of %s is too old: %u where %u is needed", slot,
                job->board->name, item->older, item->loaded.version, need->version);
        fetch_set_remove(set, i);
    }
    return OSB_OK;
}
