/*
 * Which slots must be written, and which are right already.
 *
 * Decides slot by slot and makes no order. A slot is right when the board reports the very
 * version, sound, and (where it reports hashes) the very build. What the board cannot tell is
 * read back before it is written.
 */
#include "model/solve.h"

#include <string.h>

#include "base/text.h"

/** Boards make up the hash of these two, so it says nothing (usb-protocol 4.3). */
static bool identity_tells(module_slot slot)
{
    return slot.function != MODULE_RADIO_STACK && slot.function != MODULE_NCP_FIRMWARE;
}

static bool integrity_failed(const snapshot_module *now)
{
    return now->checked & CHECK_INTEGRITY & ~now->passed;
}

static bool identity_known(const release_module *wanted)
{
    static const uint8_t zeros[SHA256_SIZE];
    return memcmp(wanted->identity, zeros, sizeof zeros) != 0;
}

/** Whether hashes tell the builds apart; only then is `*same` filled. */
static bool compare_identity(const snapshot_module *now, const release_module *wanted, bool *same)
{
    if (!now->has_identity || !identity_tells(now->slot) || !identity_known(wanted))
        return false;
    *same = memcmp(now->identity, wanted->identity, SHA256_SIZE) == 0;
    return true;
}

/**
 * In DFU mode only headers can be read: an interrupted write leaves one that looks right, with old
 * or missing pages behind it.
 */
static bool integrity_unknown(const snapshot_module *now)
{
    return !(now->checked & CHECK_INTEGRITY);
}

static bool system_module_is_right(const snapshot_module *now, const release_module *wanted)
{
    bool same;
    if (!now || now->version != wanted->version || integrity_failed(now))
        return false;
    return !compare_identity(now, wanted, &same) || same;
}

static solve_slot *add_slot(solver *work, const release_module *wanted)
{
    const platform_slot *place = platform_find_slot(work->state->board, wanted->slot);
    char slot[MODULE_SLOT_TEXT];
    slot_text(wanted->slot, slot);
    if (!place) {
        solve_refuse(work, "%s is for %s, which a %s does not have", wanted->file, slot,
                     work->state->board->name);
        return NULL;
    }
    if (place->route == ROUTE_NEVER) {
        solve_refuse(work, "%s is for %s, which is never written: %s", wanted->file, slot,
                     place->reason ? place->reason : "no road leads there");
        return NULL;
    }
    solve_slot *entry = &work->slots[work->slot_count++];
    *entry =
        (solve_slot){.place = place, .wanted = wanted, .named = solve_is_named(work, wanted->slot)};
    return entry;
}

/** An older module of the release stays out where a newer one does the same work. */
static bool keep_newer(solver *work, const snapshot_module *now, const release_module *wanted)
{
    if (!now || now->version <= wanted->version || integrity_failed(now) ||
        work->rules->allow_downgrade)
        return false;
    char slot[MODULE_SLOT_TEXT];
    slot_text(wanted->slot, slot);
    solve_warn(work, "%s stays at %u, newer than the release's %u", slot, now->version,
               wanted->version);
    return true;
}

static void select_system_module(solver *work, const release_module *wanted)
{
    const platform_slot *place = platform_find_slot(work->state->board, wanted->slot);
    bool never =
        wanted->slot.function == MODULE_USER_PART || (place && place->route == ROUTE_NEVER);
    if (never && !solve_is_named(work, wanted->slot))
        return; /* listed in releases, never selected */
    solve_slot *entry = add_slot(work, wanted);
    if (!entry)
        return;
    const snapshot_module *now = snapshot_find(work->state, wanted->slot);
    if (keep_newer(work, now, wanted)) {
        work->slot_count--;
        return;
    }
    bool right = system_module_is_right(now, wanted);
    bool unproved = right && place->route == ROUTE_DFU && integrity_unknown(now);
    entry->write = work->rules->full_rewrite || !right || unproved;
    bool unknown = !now && !work->state->modules_known;
    entry->compare_first = !work->rules->full_rewrite && (unknown || unproved);
}

static void select_application(solver *work, const release_module *app)
{
    solve_slot *entry = add_slot(work, app);
    if (!entry)
        return;
    entry->named = true;
    const snapshot_module *now = snapshot_find(work->state, app->slot);
    bool same = false;
    bool told = now && !integrity_failed(now) && !integrity_unknown(now) &&
                compare_identity(now, app, &same);
    entry->write = work->rules->full_rewrite || !told || !same;
    entry->compare_first = !work->rules->full_rewrite && !told;
}

void solve_select(solver *work)
{
    for (size_t i = 0; i < work->file_count; i++)
        select_system_module(work, work->files[i]);
    if (work->app)
        select_application(work, work->app);
    if (work->heal)
        solve_heal(work);
}
