/*
 * Updates by control request: which of them the running system takes, and when.
 *
 * Writes nothing in DFU mode. Invariant: an update is placed only when the board as it then is
 * accepts it, and a module that something else still needs in its newer version stays till then.
 */
#include "base/text.h"
#include "model/solve.h"
#include "model/solve_facts.h"

static const module_slot system_part = {MODULE_SYSTEM_PART, 1};

static bool system_takes(const solver *work, const solve_slot *entry, uint16_t system)
{
    return fact_takes_module(work->state->board, entry->wanted->slot, system);
}

static bool is_pending_control(const solver *work, const solve_slot *entry)
{
    if (!entry->write || entry->placed)
        return false;
    switch (work->rules->road) {
    case ROAD_AUTO:
        return entry->place->route == ROUTE_CONTROL;
    case ROAD_CONTROL:
        return true;
    case ROAD_DFU:
        return false;
    }
    return false;
}

/** Whether the system of the goal will refuse what today's system takes. */
static bool is_early(const solver *work, const solve_slot *entry)
{
    return system_takes(work, entry, solve_system_version(work)) &&
           !system_takes(work, entry, solve_goal_version(work, system_part));
}

/**
 * Both needs are met by what is installed, as far as the board looks: it stops at the first empty
 * one (module-format 12, quirk 4). What is unknown may be there, unless a pending step is about to
 * bring it.
 */
bool solve_needs_met(const solver *work, const release_module *wanted)
{
    for (size_t i = 0; i < 2; i++) {
        module_dependency need = wanted->dependencies[i];
        if (need.slot.function == MODULE_NONE)
            return true;
        if (!solve_meets(work, need, !solve_is_pending(work, need.slot)))
            return false;
    }
    return true;
}

/** An older module waits while one that needs the newer is itself about to be replaced. */
bool solve_is_still_needed(const solver *work, const release_module *wanted)
{
    for (size_t i = 0; i < work->module_count; i++) {
        const solve_module *needy = &work->modules[i];
        for (size_t d = 0; d < needy->dependency_count; d++) {
            module_dependency need = needy->dependencies[d];
            if (slot_equal(need.slot, wanted->slot) && need.version > wanted->version &&
                solve_meets(work, need, false) && solve_is_pending(work, needy->slot))
                return true;
        }
    }
    return false;
}

/**
 * The board's full check (module-format 12.6): no other system part may be left with a need of a
 * newer one than comes in, whether it was met before or not.
 */
const solve_module *solve_who_objects(const solver *work, const release_module *wanted)
{
    for (size_t i = 0; i < work->module_count; i++) {
        const solve_module *other = &work->modules[i];
        if (wanted->slot.function != MODULE_SYSTEM_PART ||
            other->slot.function != MODULE_SYSTEM_PART || slot_equal(other->slot, wanted->slot))
            continue;
        for (size_t d = 0; d < other->dependency_count; d++)
            if (slot_equal(other->dependencies[d].slot, wanted->slot) &&
                other->dependencies[d].version > wanted->version)
                return other;
    }
    return NULL;
}

/** The co-processor comes last, when everything that talks to it is new. */
static bool waits_as_last(const solver *work, const solve_slot *entry)
{
    if (entry->wanted->slot.function != MODULE_NCP_FIRMWARE)
        return false;
    for (size_t i = 0; i < work->slot_count; i++)
        if (&work->slots[i] != entry && work->slots[i].write && !work->slots[i].placed)
            return true;
    return false;
}

static bool can_be_placed(const solver *work, const solve_slot *entry)
{
    if (!is_pending_control(work, entry) || !solve_needs_met(work, entry->wanted) ||
        !system_takes(work, entry, solve_system_version(work)) ||
        solve_who_objects(work, entry->wanted))
        return false;
    return is_early(work, entry) ||
           (!solve_is_still_needed(work, entry->wanted) && !waits_as_last(work, entry));
}

/** The first of the list that the board accepts now: the list's order is that of preference. */
static solve_slot *next_control(solver *work)
{
    for (size_t i = 0; i < work->slot_count; i++)
        if (can_be_placed(work, &work->slots[i]))
            return &work->slots[i];
    return NULL;
}

void solve_place_control(solver *work)
{
    for (solve_slot *entry; (entry = next_control(work)) && !work->result->refusal_count;)
        solve_add_write(work, entry, ROUTE_CONTROL);
}

bool solve_only_now(const solver *work)
{
    for (size_t i = 0; i < work->slot_count; i++) {
        const solve_slot *entry = &work->slots[i];
        if (is_pending_control(work, entry) && is_early(work, entry) &&
            solve_needs_met(work, entry->wanted))
            return true;
    }
    return false;
}

/** Whether everything that the board will have is content with the version it has now. */
static bool can_stay(const solver *work, const solve_slot *entry)
{
    const solve_module *now = solve_installed(work, entry->wanted->slot);
    for (size_t i = 0; now && i < work->module_count; i++) {
        const solve_module *needy = &work->modules[i];
        for (size_t d = 0; d < needy->dependency_count; d++)
            if (slot_equal(needy->dependencies[d].slot, now->slot) &&
                needy->dependencies[d].version > now->version)
                return false;
    }
    return now;
}

void solve_leave_out(solver *work)
{
    for (size_t i = 0; i < work->slot_count; i++) {
        solve_slot *entry = &work->slots[i];
        char slot[MODULE_SLOT_TEXT];
        uint16_t system = solve_system_version(work);
        if (!is_pending_control(work, entry) || system_takes(work, entry, system) || entry->named ||
            !can_stay(work, entry))
            continue;
        slot_text(entry->wanted->slot, slot);
        solve_warn(work,
                   "%s stays at %u, which is enough: system_part/1 %u does not replace it on a "
                   "control request",
                   slot, solve_installed(work, entry->wanted->slot)->version, system);
        entry->write = false;
    }
}
