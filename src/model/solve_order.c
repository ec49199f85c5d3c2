/*
 * In which order and on which roads the selected slots are written.
 *
 * Works in phases: control updates while the system runs, each once the board itself would accept
 * it; then everything DFU can write, needs before the needy and the application last, and behind it
 * bootloaders that only the next system to start puts in place; then the system boots and what was
 * refused before gets its turn. A board found in DFU mode starts with
 * the second phase, because its system may not run. Invariant: after every step the board boots,
 * or its bootloader falls back to DFU mode.
 */
#include "model/solve.h"

#include "model/solve_facts.h"

static bool anything_pending(const solver *work)
{
    for (size_t i = 0; i < work->slot_count; i++)
        if (work->slots[i].write && !work->slots[i].placed)
            return true;
    return false;
}

/** A module that no system on the way takes, and that the board cannot do without. */
static void refuse_without_road(solver *work, const solve_slot *entry)
{
    const char *file = entry->wanted->file;
    unsigned system = solve_system_version(work);
    if (entry->wanted->slot.function == MODULE_NCP_FIRMWARE)
        solve_refuse(work,
                     "system_part/1 %u does not hand %s to the co-processor: Tracker takes it from "
                     "releases before 5.6.0; restore 5.5.0 first",
                     system, file);
    else if (work->rules->road != ROAD_AUTO)
        solve_refuse(work, "--via %s leaves no road on which this board takes %s by then",
                     road_choice_name(work->rules->road), file);
    else if (entry->wanted->slot.function == MODULE_BOOTLOADER && system)
        solve_refuse(work,
                     "system_part/1 %u does not replace the bootloader on a control request, nor "
                     "does it look for a staged one, so %s cannot be written; restore 1.2.1 or "
                     "newer first",
                     system, file);
    else
        solve_refuse(work, "no road is known to write %s on this board", file);
}

static void refuse_objection(solver *work, const solve_slot *entry, const solve_module *objects)
{
    char other[MODULE_SLOT_TEXT];
    slot_text(objects->slot, other);
    solve_refuse(work,
                 "the board will not accept %s on a control request: its %s %u needs a newer one; "
                 "DFU mode does not ask",
                 entry->wanted->file, other, objects->version);
}

static void refuse_unplaced(solver *work)
{
    for (size_t i = 0; i < work->slot_count; i++) {
        const solve_slot *entry = &work->slots[i];
        if (!entry->write || entry->placed)
            continue;
        for (size_t d = 0; d < 2; d++) {
            module_dependency need = entry->wanted->dependencies[d];
            if (need.slot.function == MODULE_NONE || solve_meets(work, need, true))
                continue;
            char slot[MODULE_SLOT_TEXT];
            slot_text(need.slot, slot);
            solve_refuse(work,
                         "the board will not accept %s: it needs %s >= %u, and nothing in "
                         "the release brings that",
                         entry->wanted->file, slot, need.version);
        }
        const solve_module *objects = solve_who_objects(work, entry->wanted);
        if (objects)
            refuse_objection(work, entry, objects);
        if (!work->result->refusal_count)
            refuse_without_road(work, entry);
    }
}

/**
 * A system too old to be asked over USB: only a finger gets it into DFU mode. What DFU mode would
 * not help with either is left out first.
 */
static bool must_be_helped(solver *work)
{
    const platform *board = work->state->board;
    unsigned system = solve_system_version(work);
    if (work->state->mode == MODE_DFU || fact_takes_control(board, (uint16_t)system))
        return false;
    if (!solve_any_dfu(work) && !solve_next_staged(work))
        solve_leave_out(work);
    if (!anything_pending(work) && !solve_lacks_setup(work))
        return false;
    solve_refuse(work,
                 "system_part/1 %u, before Device OS %s, takes no orders over USB: put the board "
                 "into DFU mode by hand (hold MODE, tap RESET, let go of MODE at blinking yellow) "
                 "and run the same again",
                 system, board->mcu == MCU_STM32F2 ? "0.8.0" : "0.9.0");
    return true;
}

static bool system_is_sound(const solver *work)
{
    for (size_t i = 0; i < work->state->module_count; i++) {
        const snapshot_module *entry = &work->state->modules[i];
        if (entry->slot.function == MODULE_SYSTEM_PART &&
            entry->checked & ~entry->passed & CHECK_INTEGRITY)
            return false;
    }
    return solve_system_version(work);
}

/** A system that only a new bootloader finds must wait for it, and for that the old one must run.
 */
static bool bootloader_goes_first(const solver *work)
{
    module_slot slot = {MODULE_BOOTLOADER, 0};
    const solve_module *now = solve_installed(work, slot);
    return solve_is_pending(work, slot) &&
           !fact_finds_system(work->state->board, now ? now->version : 0,
                              solve_goal_version(work, (module_slot){MODULE_SYSTEM_PART, 1}));
}

/** Why a board in DFU mode has to start before anything is written; NULL: it need not. */
static const char *reason_to_start(const solver *work)
{
    if (work->state->mode != MODE_DFU || !system_is_sound(work))
        return NULL;
    if (work->rules->road == ROAD_CONTROL && anything_pending(work))
        return "control requests are taken by a running system";
    if (work->rules->road == ROAD_AUTO && bootloader_goes_first(work))
        return "the new system is found by a new bootloader only";
    return solve_only_now(work) ? "the system on the board takes an update that the new one refuses"
                                : NULL;
}

/** Everything that DFU mode is needed for; the system runs again behind it. */
static void place_visit(solver *work, bool in_dfu)
{
    if (!in_dfu)
        solve_add_plain_step(work, STEP_MODE, "these modules are written in DFU mode");
    solve_place_dfu(work);
    solve_mark_setup(work, true);
    solve_slot *staged = solve_next_staged(work);
    if (!staged)
        solve_add_plain_step(work, STEP_BOOT, "the system starts with what was written");
    while (staged && !work->result->refusal_count) {
        solve_hand_over(work, staged);
        staged = solve_next_staged(work);
        if (staged)
            solve_add_plain_step(work, STEP_MODE, "one module is staged at a time");
    }
}

void solve_order(solver *work)
{
    bool in_dfu = work->state->mode == MODE_DFU;
    if (must_be_helped(work))
        return;
    if (in_dfu)
        solve_clear_flag(work);
    const char *reason = reason_to_start(work);
    if (reason) {
        solve_add_plain_step(work, STEP_BOOT, reason);
        in_dfu = false;
    }
    if (!in_dfu)
        solve_place_control(work);
    if (in_dfu && anything_pending(work) && work->rules->road == ROAD_CONTROL) {
        solve_refuse(work, "--via control needs a system that runs, and the board waits in DFU "
                           "mode without a sound one");
        return;
    }
    bool setup_by_dfu = work->rules->road == ROAD_DFU && solve_lacks_setup(work);
    if (in_dfu || solve_any_dfu(work) || solve_next_staged(work) || setup_by_dfu) {
        place_visit(work, in_dfu);
        solve_place_control(work);
    }
    solve_mark_setup(work, false);
    solve_leave_out(work);
    refuse_unplaced(work);
}
