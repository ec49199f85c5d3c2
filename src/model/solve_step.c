/*
 * Puts steps into the plan and keeps the picture of the board up to date with them.
 *
 * Chooses nothing. Invariant: what solve_installed() tells is what the board has after the last
 * step of the plan.
 */
#include "model/solve.h"

#include <string.h>

#include "base/text.h"
#include "model/solve_facts.h"

plan_step *solve_add_step(solver *work, step_operation operation)
{
    plan *result = work->result;
    if (result->step_count == PLAN_STEPS_MAX) {
        solve_refuse(work, "the plan would need more than %d steps", PLAN_STEPS_MAX);
        return &result->steps[0];
    }
    plan_step *step = &result->steps[result->step_count++];
    *step = (plan_step){.operation = operation};
    return step;
}

plan_step *solve_add_plain_step(solver *work, step_operation operation, const char *reason)
{
    plan_step *step = solve_add_step(work, operation);
    text_copy(step->reasons[step->reason_count++], PLAN_TEXT, reason);
    step->cost_ms = solve_cost_ms(work->state->board, step);
    return step;
}

plan_step *solve_add_setting(solver *work, board_setting setting, uint8_t value, const char *reason)
{
    plan_step *step = solve_add_plain_step(work, STEP_SETTINGS, reason);
    step->setting = setting;
    step->value = value;
    step->via = ROUTE_DFU;
    step->bytes = 1;
    return step;
}

bool solve_is_pending(const solver *work, module_slot slot)
{
    for (size_t i = 0; i < work->slot_count; i++)
        if (work->slots[i].write && !work->slots[i].placed &&
            slot_equal(work->slots[i].wanted->slot, slot))
            return true;
    return false;
}

/**
 * The moments in which a power cut may be fatal: some bootloaders while they are replaced, and the
 * radio stack under a system that would start with half of it.
 */
static bool is_critical(const solver *work, const platform_slot *place, route via)
{
    const solve_module *now = solve_installed(work, place->slot);
    if (place->slot.function == MODULE_RADIO_STACK)
        return via == ROUTE_DFU && solve_installed(work, (module_slot){MODULE_SYSTEM_PART, 1});
    return place->slot.function == MODULE_BOOTLOADER &&
           !fact_power_safe(work->state->board, now ? now->version : 0);
}

static void warn_of_power_cut(solver *work, module_slot slot)
{
    if (slot.function == MODULE_RADIO_STACK)
        solve_warn(work, "do not unplug the board while radio_stack/0 is written: the system would "
                         "crash with half of it, and only the button leads to DFU mode then");
    else if (work->state->board->mcu == MCU_STM32F2)
        solve_warn(work, "do not unplug the board while bootloader/0 is written: this board "
                         "overwrites it in place");
    else
        solve_warn(work, "do not unplug the board while bootloader/0 is written: bootloaders "
                         "before 1001 are not safe against a power cut");
}

/** What is staged for the bootloader may reach into the place of assets. */
static void warn_of_lost_assets(solver *work, const plan_step *step)
{
    char slot[MODULE_SLOT_TEXT];
    slot_text(step->slot->slot, slot);
    if (step->via == ROUTE_CONTROL &&
        !fact_spares_assets(work->state->board, solve_system_version(work), step->bytes))
        solve_warn(
            work,
            "%s with its %u bytes goes over the place of the application's assets: send them "
            "again afterwards",
            slot, step->bytes);
}

bool solve_warn_if_critical(solver *work, const platform_slot *place, route via)
{
    if (!is_critical(work, place, via))
        return false;
    warn_of_power_cut(work, place->slot);
    return true;
}

plan_step *solve_add_write(solver *work, solve_slot *entry, route via)
{
    const release_module *wanted = entry->wanted;
    const snapshot_module *now = snapshot_find(work->state, wanted->slot);
    plan_step *step = solve_add_step(work, STEP_WRITE);
    step->slot = entry->place;
    text_copy(step->file, sizeof step->file, wanted->file);
    if (work->set && !entry->named)
        text_copy(step->release, sizeof step->release, work->set->version);
    step->from_known = now || work->state->modules_known;
    step->from = now ? now->version : 0;
    step->to = wanted->version;
    memcpy(step->sha256, wanted->sha256, SHA256_SIZE);
    memcpy(step->identity, wanted->identity, SHA256_SIZE);
    step->via = via;
    step->bytes = wanted->size;
    if (step->via == ROUTE_DFU) {
        step->address = wanted->start;
        step->bytes -= step->bytes > entry->place->flash_offset ? entry->place->flash_offset : 0;
    }
    step->compare_first = entry->compare_first;
    /* What is staged is put in place by the start behind it. */
    if (via != ROUTE_STAGED)
        step->critical = solve_warn_if_critical(work, entry->place, via);
    step->cost_ms = solve_cost_ms(work->state->board, step);
    solve_explain(work, entry, step);
    warn_of_lost_assets(work, step);
    solve_install(work, wanted);
    entry->placed = true;
    return step;
}
