/*
 * What is written in DFU mode, and in which order.
 *
 * The bootloader stays as it is meanwhile, so the board can always be written again. Invariant: no
 * older image that would win at boot is left beside a new one.
 */
#include "model/solve.h"

#include "base/text.h"
#include "model/solve_facts.h"

enum {
    BLANKED = 4096 /**< one page: a module's header stands in its first */
};

static bool is_pending_dfu(const solver *work, const solve_slot *entry)
{
    return entry->write && !entry->placed && entry->place->route == ROUTE_DFU &&
           work->rules->road != ROAD_CONTROL;
}

/** The radio stack while no system would start with it, then system parts, then the application. */
static int dfu_rank(module_slot slot)
{
    if (slot.function == MODULE_RADIO_STACK)
        return 0;
    return slot.function == MODULE_USER_PART ? 2 : 1;
}

/** Whether a pending DFU write of another slot should come before this one. */
static bool waits_for_other(const solver *work, const solve_slot *entry)
{
    int rank = dfu_rank(entry->wanted->slot);
    for (size_t i = 0; i < work->slot_count; i++) {
        const solve_slot *other = &work->slots[i];
        if (other == entry || !is_pending_dfu(work, other) || dfu_rank(other->wanted->slot) > rank)
            continue;
        if (dfu_rank(other->wanted->slot) < rank)
            return true;
        for (size_t d = 0; d < 2; d++)
            if (slot_equal(entry->wanted->dependencies[d].slot, other->wanted->slot) &&
                !solve_meets(work, entry->wanted->dependencies[d], false))
                return true;
    }
    return false;
}

/** The next DFU write: nobody it waits for; in a circle of needs, the first of the list. */
static solve_slot *next_dfu(solver *work)
{
    solve_slot *first = NULL;
    for (size_t i = 0; i < work->slot_count; i++) {
        solve_slot *entry = &work->slots[i];
        if (!is_pending_dfu(work, entry))
            continue;
        if (!waits_for_other(work, entry))
            return entry;
        if (!first)
            first = entry;
    }
    return first;
}

static plan_step *add_blanking(solver *work, module_slot slot, uint32_t address, const char *reason)
{
    plan_step *step = solve_add_step(work, STEP_INVALIDATE);
    step->slot = platform_find_slot(work->state->board, slot);
    step->address = address;
    step->bytes = BLANKED;
    step->via = ROUTE_DFU;
    step->compare_first = true;
    step->cost_ms = solve_cost_ms(work->state->board, step);
    text_copy(step->reasons[step->reason_count++], PLAN_TEXT, reason);
    return step;
}

/**
 * A valid 128K application wins over a 256K one, so its first page is blanked before; not after,
 * because it lies inside the range of a large 256K application.
 */
static void blank_former_application(solver *work, const solve_slot *entry)
{
    const platform *board = work->state->board;
    module_slot former = {MODULE_USER_PART, 1};
    bool may_be_there = snapshot_find(work->state, former) || !work->state->modules_known;
    if (!board->former_user_part || entry->wanted->slot.function != MODULE_USER_PART ||
        entry->wanted->slot.index != 2 || !may_be_there)
        return;
    add_blanking(work, former, board->former_user_part,
                 "an older 128K application there would win over the new one");
}

/** Whether the header of a system part may stand at `start`, as far as the board tells. */
static bool system_may_be_at(const solver *work, const platform_slot *place, uint32_t start)
{
    const snapshot_module *now = snapshot_find(work->state, place->slot);
    if (!now)
        return !work->state->modules_known;
    return fact_system_start(place, now->version) == start;
}

/**
 * Since 6.1.2 the system part starts lower (Device OS pull request 2831). Its header would outlive
 * the write of an older system behind it, and bootloaders look there first. The other way round
 * the new image covers the old header.
 */
static void blank_former_system(solver *work, const solve_slot *entry)
{
    const platform_slot *place = entry->place;
    if (place->slot.function != MODULE_SYSTEM_PART)
        return;
    for (size_t i = 0; i < place->image_start_count; i++) {
        uint32_t start = place->image_starts[i];
        if (start < entry->wanted->start && system_may_be_at(work, place, start))
            add_blanking(work, place->slot, start,
                         "the newer system that starts there would win over the older one");
    }
}

/**
 * A system that starts with half a radio stack crashes before it answers on USB. So it is taken
 * away first and written again behind it: in between, the bootloader waits in DFU mode. In service
 * mode a protected board does not let it be blanked; then the write is a critical one.
 */
static void take_system_away(solver *work, const solve_slot *entry)
{
    solve_slot *system = NULL;
    for (size_t i = 0; i < work->slot_count; i++)
        if (work->slots[i].wanted->slot.function == MODULE_SYSTEM_PART)
            system = &work->slots[i];
    if (entry->wanted->slot.function != MODULE_RADIO_STACK || !system ||
        work->state->guard == PROTECTION_SERVICE)
        return;
    for (size_t i = 0; i < system->place->image_start_count; i++)
        if (system_may_be_at(work, system->place, system->place->image_starts[i]))
            add_blanking(work, system->place->slot, system->place->image_starts[i],
                         "with half a radio stack it would crash at every start; without its "
                         "header the board waits in DFU mode")
                ->guard = entry->compare_first;
    system->again = !system->write;
    system->compare_first = entry->compare_first && (system->again || system->compare_first);
    system->write = true;
    solve_forget(work, system->place->slot);
}

void solve_place_dfu(solver *work)
{
    for (solve_slot *entry; (entry = next_dfu(work)) && !work->result->refusal_count;) {
        blank_former_application(work, entry);
        take_system_away(work, entry);
        blank_former_system(work, entry);
        solve_add_write(work, entry, ROUTE_DFU);
    }
}

bool solve_any_dfu(const solver *work)
{
    for (size_t i = 0; i < work->slot_count; i++)
        if (is_pending_dfu(work, &work->slots[i]))
            return true;
    return false;
}
