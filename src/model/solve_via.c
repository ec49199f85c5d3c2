/*
 * Which release a board must pass on the way to a goal that it does not reach directly.
 *
 * Takes releases from the catalog and tries them, newest first; the catalog's headers decide, no
 * list of exceptions. Invariant: a way that is found has been planned from end to end.
 */
#include "model/solve.h"

#include <stdlib.h>

#include "base/text.h"

static const module_slot system_part = {MODULE_SYSTEM_PART, 1};

/** Whether a release lies between what the board has and the goal; both are known then. */
static bool lies_between(const snapshot *state, const goal *wanted, const release *candidate)
{
    const snapshot_module *now = snapshot_find(state, system_part);
    const release_module *end = release_find(wanted->set, system_part);
    const release_module *there = release_find(candidate, system_part);
    if (!end || !there)
        return false;
    uint16_t from = now ? now->version : 0;
    return from < end->version ? there->version > from && there->version < end->version
                               : there->version < from && there->version > end->version;
}

/** A release that lacks a module is not mended with another one's. */
static bool is_complete(const release *set)
{
    for (size_t i = 0; i < set->board->slot_count; i++)
        if (set->board->slots[i].required && !release_find(set, set->board->slots[i].slot))
            return false;
    return true;
}

bool solve_via(const snapshot *state, const goal *wanted, const policy *rules, const catalog *known,
               char name[VERSION_SIZE])
{
    bool found = false;
    plan *tried =
        wanted->set && !wanted->heal && is_complete(wanted->set) ? malloc(sizeof *tried) : NULL;
    if (!tried)
        return false;
    solve(state, wanted, rules, tried);
    for (size_t i = tried->refusal_count ? known->count : 0; i-- > 0 && !found;) {
        release candidate;
        const release *via[] = {&candidate};
        goal longer = *wanted;
        longer.via = via;
        longer.via_count = 1;
        if (catalog_release(known, catalog_version(known, i), state->board, &candidate, NULL) !=
                OSB_OK ||
            !release_is_final(&candidate) || !lies_between(state, wanted, &candidate) ||
            text_equal(candidate.version, wanted->set->version))
            continue;
        solve(state, &longer, rules, tried);
        found = !tried->refusal_count;
        if (found)
            text_copy(name, VERSION_SIZE, candidate.version);
    }
    free(tried);
    return found;
}
