/*
 * In which order and on which roads the selected slots are written.
 *
 * Works in phases: control updates while the system runs, each once the board itself would accept
 * it; then everything DFU can write, needs before the needy and the application last; then the
 * system boots and what was refused before gets its turn. A board found in DFU mode starts with
 * the second phase, because its system may not run. Invariant: after every step the board boots,
 * or its bootloader falls back to DFU mode.
 */
#include "model/solve.h"

#include "base/text.h"

enum {
    NRF_BOOTLOADER_POWER_SAFE = 1001 /**< Device OS pull request 2151: copied by the MBR since */
};

static plan_step *add_step(solver *work, step_operation operation)
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

static void add_plain_step(solver *work, step_operation operation, const char *reason)
{
    plan_step *step = add_step(work, operation);
    text_copy(step->reasons[step->reason_count++], PLAN_TEXT, reason);
    step->cost_ms = solve_cost_ms(work->state->board, step);
}

/** Only nRF bootloaders before 1001 are copied without a net. */
static bool is_critical(const solver *work, const platform_slot *place)
{
    const solve_module *now = solve_installed(work, place->slot);
    return work->state->board->mcu == MCU_NRF52840 && place->slot.function == MODULE_BOOTLOADER &&
           now && now->version < NRF_BOOTLOADER_POWER_SAFE;
}

static void add_write(solver *work, solve_slot *entry)
{
    const release_module *wanted = entry->wanted;
    const solve_module *now = solve_installed(work, wanted->slot);
    plan_step *step = add_step(work, STEP_WRITE);
    step->slot = entry->place;
    text_copy(step->file, sizeof step->file, wanted->file);
    step->from_known = now || work->state->modules_known;
    step->from = now ? now->version : 0;
    step->to = wanted->version;
    for (size_t i = 0; i < SHA256_SIZE; i++) {
        step->sha256[i] = wanted->sha256[i];
        step->identity[i] = wanted->identity[i];
    }
    step->via = entry->place->route;
    if (step->via == ROUTE_DFU) {
        step->address = wanted->start;
        step->bytes = wanted->size - entry->place->flash_offset;
    } else {
        step->bytes = wanted->size;
    }
    step->compare_first = entry->compare_first;
    step->critical = is_critical(work, entry->place);
    step->cost_ms = solve_cost_ms(work->state->board, step);
    solve_explain(work, entry, step);
    solve_install(work, wanted);
    entry->placed = true;
    if (step->critical)
        solve_warn(work, "do not unplug the board while bootloader/0 is written: bootloaders "
                         "before 1001 are not safe against a power cut");
}

static bool is_pending(const solver *work, module_slot slot)
{
    for (size_t i = 0; i < work->slot_count; i++)
        if (work->slots[i].write && !work->slots[i].placed &&
            slot_equal(work->slots[i].wanted->slot, slot))
            return true;
    return false;
}

/**
 * What the board itself will ask of a control update: both needs met by what is installed. A
 * bootloader's second need is not looked at (module-format 12, quirk 5). What is unknown may be
 * there, unless a pending step is about to bring it.
 */
static bool board_accepts(const solver *work, const release_module *wanted)
{
    size_t looked_at = wanted->slot.function == MODULE_BOOTLOADER ? 1 : 2;
    for (size_t i = 0; i < looked_at; i++) {
        module_dependency need = wanted->dependencies[i];
        if (need.slot.function == MODULE_NONE)
            return true; /* the board stops looking at the first empty one */
        if (!solve_meets(work, need, !is_pending(work, need.slot)))
            return false;
    }
    return true;
}

/** An older module waits while one that needs the newer is itself about to be replaced. */
static bool is_still_needed(const solver *work, const release_module *wanted)
{
    for (size_t i = 0; i < work->module_count; i++) {
        const solve_module *needy = &work->modules[i];
        for (size_t d = 0; d < needy->dependency_count; d++) {
            module_dependency need = needy->dependencies[d];
            if (slot_equal(need.slot, wanted->slot) && need.version > wanted->version &&
                solve_meets(work, need, false) && is_pending(work, needy->slot))
                return true;
        }
    }
    return false;
}

/** Places every control update that the board accepts by then. Returns how many. */
static size_t place_control(solver *work)
{
    size_t placed = 0;
    for (bool progress = true; progress;) {
        progress = false;
        for (size_t i = 0; i < work->slot_count; i++) {
            solve_slot *entry = &work->slots[i];
            if (!entry->write || entry->placed || entry->place->route != ROUTE_CONTROL ||
                !board_accepts(work, entry->wanted) || is_still_needed(work, entry->wanted))
                continue;
            add_write(work, entry);
            placed++;
            progress = true;
            break; /* start over: the list's order is the order of preference */
        }
    }
    return placed;
}

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

/**
 * A valid 128K application wins over a 256K one, so its first page is blanked before; not after,
 * because it lies inside the range of a large 256K application.
 */
static void add_invalidation(solver *work, const solve_slot *entry)
{
    const platform *board = work->state->board;
    module_slot former = {MODULE_USER_PART, 1};
    bool may_be_there = snapshot_find(work->state, former) || !work->state->modules_known;
    if (!board->former_user_part || entry->wanted->slot.function != MODULE_USER_PART ||
        entry->wanted->slot.index != 2 || !may_be_there)
        return;
    plan_step *step = add_step(work, STEP_INVALIDATE);
    step->slot = platform_find_slot(board, former);
    step->address = board->former_user_part;
    step->bytes = 4096;
    step->via = ROUTE_DFU;
    step->compare_first = true;
    step->cost_ms = solve_cost_ms(board, step);
    text_copy(step->reasons[step->reason_count++], PLAN_TEXT,
              "an older 128K application there would win over the new one");
    for (size_t i = 0; i < work->module_count; i++)
        if (slot_equal(work->modules[i].slot, former))
            work->modules[i] = work->modules[--work->module_count];
}

static size_t place_dfu(solver *work)
{
    size_t placed = 0;
    for (solve_slot *entry; (entry = next_dfu(work)) && !work->result->refusal_count; placed++) {
        add_invalidation(work, entry);
        add_write(work, entry);
    }
    return placed;
}

static bool any_dfu(const solver *work)
{
    for (size_t i = 0; i < work->slot_count; i++)
        if (is_pending_dfu(&work->slots[i]))
            return true;
    return false;
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
        if (entry->place->route == ROUTE_STAGED)
            solve_refuse(work, "no road is known to write %s on this board", entry->wanted->file);
    }
}

void solve_order(solver *work)
{
    bool in_dfu = work->state->mode == MODE_DFU;
    if (!in_dfu)
        place_control(work);
    if (any_dfu(work) && !in_dfu) {
        add_plain_step(work, STEP_MODE, "these modules are written in DFU mode");
        in_dfu = true;
    }
    place_dfu(work);
    if (in_dfu) {
        add_plain_step(work, STEP_BOOT, "the system starts with what was written");
        place_control(work);
    }
    refuse_unplaced(work);
}
