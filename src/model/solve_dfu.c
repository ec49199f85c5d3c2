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

static bool is_pending_dfu(const solve_slot *entry)
{
    return entry->write && !entry->placed && entry->place->route == ROUTE_DFU;
}

/**
 * System parts, then the radio stack (a new one under an old system fails to start, Device OS
 * pull request 2246), then the application.
 */
static int dfu_rank(module_slot slot)
{
    if (slot.function == MODULE_SYSTEM_PART)
        return 0;
    return slot.function == MODULE_USER_PART ? 2 : 1;
}

/** Whether a pending DFU write of another slot should come before this one. */
static bool waits_for_other(const solver *work, const solve_slot *entry)
{
    int rank = dfu_rank(entry->wanted->slot);
    for (size_t i = 0; i < work->slot_count; i++) {
        const solve_slot *other = &work->slots[i];
        if (other == entry || !is_pending_dfu(other) || dfu_rank(other->wanted->slot) > rank)
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
        if (!is_pending_dfu(entry))
            continue;
        if (!waits_for_other(work, entry))
            return entry;
        if (!first)
            first = entry;
    }
    return first;
}

static void add_blanking(solver *work, module_slot slot, uint32_t address, const char *reason)
{
    plan_step *step = solve_add_step(work, STEP_INVALIDATE);
    step->slot = platform_find_slot(work->state->board, slot);
    step->address = address;
    step->bytes = BLANKED;
    step->via = ROUTE_DFU;
    step->compare_first = true;
    step->cost_ms = solve_cost_ms(work->state->board, step);
    text_copy(step->reasons[step->reason_count++], PLAN_TEXT, reason);
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

/**
 * Since 6.1.2 the system part starts lower (Device OS pull request 2831). Its header would outlive
 * the write of an older system behind it, and bootloaders look there first. The other way round
 * the new image covers the old header.
 */
static void blank_former_system(solver *work, const solve_slot *entry)
{
    const solve_module *now = solve_installed(work, entry->wanted->slot);
    const platform_slot *place = entry->place;
    bool unknown = !now && !work->state->modules_known;
    if (place->slot.function != MODULE_SYSTEM_PART)
        return;
    for (size_t i = 0; i < place->image_start_count; i++) {
        uint32_t start = place->image_starts[i];
        bool may_be_there = unknown || (now && fact_system_start(place, now->version) == start);
        if (start < entry->wanted->start && may_be_there)
            add_blanking(work, place->slot, start,
                         "the newer system that starts there would win over the older one");
    }
}

void solve_place_dfu(solver *work)
{
    for (solve_slot *entry; (entry = next_dfu(work)) && !work->result->refusal_count;) {
        blank_former_application(work, entry);
        blank_former_system(work, entry);
        solve_add_write(work, entry);
    }
}

bool solve_any_dfu(const solver *work)
{
    for (size_t i = 0; i < work->slot_count; i++)
        if (is_pending_dfu(&work->slots[i]))
            return true;
    return false;
}
