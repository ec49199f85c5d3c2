/*
 * The road for a bootloader around control requests: handed over in DFU mode.
 *
 * The image goes into the staging region, then the update flag is set, and the system that starts
 * next puts it in place. Where that system looks is known by its version alone, so it is always
 * the one that the board has by then. Invariant: the flag is set behind the image, and nothing
 * else starts in between.
 */
#include "model/solve.h"

#include "base/text.h"
#include "model/solve_facts.h"

static const module_slot system_part = {MODULE_SYSTEM_PART, 1};

/** The last resort, unless it was asked for: what the system takes by itself is safer sent to it.
 */
static bool is_pending_staged(const solver *work, const solve_slot *entry)
{
    if (!entry->write || entry->placed || entry->wanted->slot.function != MODULE_BOOTLOADER ||
        work->state->guard == PROTECTION_SERVICE) /* there DFU does not reach the staging region */
        return false;
    switch (work->rules->road) {
    case ROAD_AUTO:
        return !fact_takes_bootloader(work->state->board, solve_system_version(work));
    case ROAD_CONTROL:
        return false;
    case ROAD_DFU:
        return true;
    }
    return false;
}

static bool staging_for(const solver *work, const solve_slot *entry, uint32_t *address)
{
    const solve_module *system = solve_installed(work, system_part);
    return system && platform_staging(work->state->board, system->version, system->end,
                                      entry->wanted->size, address);
}

solve_slot *solve_next_staged(solver *work)
{
    uint32_t address;
    for (size_t i = 0; i < work->slot_count; i++) {
        solve_slot *entry = &work->slots[i];
        if (is_pending_staged(work, entry) && staging_for(work, entry, &address) &&
            solve_needs_met(work, entry->wanted) && !solve_is_still_needed(work, entry->wanted))
            return entry;
    }
    return NULL;
}

void solve_clear_flag(solver *work)
{
    if (work->state->settings[SETTING_UPDATE_FLAG] == SETTING_STATE_SET)
        solve_add_setting(work, SETTING_UPDATE_FLAG, SETTING_CLEAR,
                          "it was left set: the next system to start would take whatever is "
                          "staged where it looks");
}

/** Why there, in the system's own number. */
static void explain_address(const solver *work, plan_step *step)
{
    if (step->reason_count == PLAN_REASONS_MAX)
        step->reason_count--;
    text_format(step->reasons[step->reason_count++], PLAN_TEXT,
                "staged at 0x%08x, where system_part/1 %u looks when it starts with the update "
                "flag set",
                step->address, solve_system_version(work));
}

void solve_hand_over(solver *work, solve_slot *entry)
{
    char reason[PLAN_TEXT], slot[MODULE_SLOT_TEXT];
    uint32_t address = 0;
    slot_text(entry->wanted->slot, slot);
    staging_for(work, entry, &address);
    bool critical = solve_warn_if_critical(work, entry->place, ROUTE_STAGED);
    plan_step *step = solve_add_write(work, entry, ROUTE_STAGED);
    step->address = address;
    explain_address(work, step);
    text_format(reason, sizeof reason, "the last thing before the start, behind the whole %s %u",
                slot, entry->wanted->version);
    solve_add_setting(work, SETTING_UPDATE_FLAG, UPDATE_FLAG_SET, reason);
    text_format(reason, sizeof reason, "the system starts, puts %s %u in place and starts again",
                slot, entry->wanted->version);
    solve_add_plain_step(work, STEP_BOOT, reason)->critical = critical;
}
