/*
 * Healing: of all that differs from the release, only what the board cannot do without.
 *
 * Required is what is damaged, what is missing from a slot that no board goes without, and what
 * somebody needs in a newer version; then what those need in turn. Everything else stays as it is,
 * however old.
 */
#include "model/solve.h"
#include "model/solve_facts.h"

static bool is_damaged(const snapshot *state, module_slot slot)
{
    const snapshot_module *now = snapshot_find(state, slot);
    return now && now->checked & ~now->passed & CHECK_INTEGRITY;
}

static bool is_missing(const solver *work, const solve_slot *entry)
{
    return entry->place->required && work->state->modules_known &&
           !solve_installed(work, entry->wanted->slot);
}

/** Whether one of those needs asks for more than the slot has. Unknown is not enough. */
static bool asks_for(const solver *work, const module_dependency *needs, size_t count,
                     module_slot slot)
{
    for (size_t i = 0; i < count; i++)
        if (slot_equal(needs[i].slot, slot) && !solve_meets(work, needs[i], false))
            return true;
    return false;
}

/** A 256K application asks for a system that looks for it, whatever its header says. */
static bool hides_application(const solver *work, module_slot slot)
{
    return slot_equal(slot, (module_slot){MODULE_SYSTEM_PART, 1}) && work->app &&
           work->app->slot.index == 2 &&
           !fact_finds_256k(work->state->board, solve_system_version(work));
}

/** What is about to be replaced asks for nothing any more. */
static bool is_asked_for(const solver *work, module_slot slot)
{
    if (hides_application(work, slot))
        return true;
    for (size_t i = 0; i < work->module_count; i++) {
        const solve_module *needy = &work->modules[i];
        if (!solve_is_pending(work, needy->slot) &&
            asks_for(work, needy->dependencies, needy->dependency_count, slot))
            return true;
    }
    for (size_t i = 0; i < work->slot_count; i++)
        if (work->slots[i].write && asks_for(work, work->slots[i].wanted->dependencies, 2, slot))
            return true;
    return false;
}

void solve_heal(solver *work)
{
    bool candidate[RELEASE_MODULES_MAX + PLAN_FILES_MAX + 1] = {false};
    for (size_t i = 0; i < work->slot_count; i++) {
        solve_slot *entry = &work->slots[i];
        if (entry->named)
            continue; /* the user wants it */
        candidate[i] = entry->write;
        entry->write = entry->write &&
                       (is_damaged(work->state, entry->wanted->slot) || is_missing(work, entry));
    }
    for (bool progress = true; progress;) {
        progress = false;
        for (size_t i = 0; i < work->slot_count; i++) {
            solve_slot *entry = &work->slots[i];
            if (!candidate[i] || entry->write || !is_asked_for(work, entry->wanted->slot))
                continue;
            entry->write = true;
            progress = true;
        }
    }
}
