/*
 * A plan that only finds out: what a board in DFU mode cannot show may be what stands in the way.
 *
 * Tried where there is no other plan, because a system that is started might not come back.
 * Invariant: the board is started only when some answer of it would make the goal possible, and
 * nothing is written but an update flag cleared that would make the start do so.
 */
#include "model/solve.h"

#include <stdlib.h>

#include "base/text.h"
#include "model/solve_facts.h"

static bool is_sound(const snapshot *state)
{
    for (size_t i = 0; i < state->board->slot_count; i++) {
        const platform_slot *place = &state->board->slots[i];
        const snapshot_module *part = snapshot_find(state, place->slot);
        if (place->slot.function == MODULE_SYSTEM_PART && place->required &&
            (!part || part->checked & ~part->passed & CHECK_INTEGRITY))
            return false;
    }
    return true;
}

/** The board as the goal would like it: running, and all that cannot be seen new enough. */
static snapshot best_case(const snapshot *state)
{
    snapshot best = *state;
    best.mode = MODE_NORMAL;
    best.modules_known = true;
    best.settings[SETTING_UPDATE_FLAG] = SETTING_STATE_CLEAR;
    for (size_t i = 0; i < state->board->slot_count; i++) {
        module_slot slot = state->board->slots[i].slot;
        if (!snapshot_find(state, slot) && slot.function != MODULE_USER_PART &&
            best.module_count < SNAPSHOT_MODULES_MAX)
            best.modules[best.module_count++] =
                (snapshot_module){.slot = slot, .version = UINT16_MAX};
    }
    return best;
}

static void describe_unseen(const snapshot *state, char *target, size_t capacity)
{
    char slot[MODULE_SLOT_TEXT];
    target[0] = '\0';
    for (size_t i = 0; i < state->board->slot_count; i++) {
        const platform_slot *place = &state->board->slots[i];
        if (snapshot_find(state, place->slot) || place->slot.function == MODULE_USER_PART ||
            place->route == ROUTE_NEVER)
            continue;
        slot_text(place->slot, slot);
        text_append(target, capacity, "%s%s", target[0] ? ", " : "", slot);
    }
}

void solve_look(const snapshot *state, const goal *wanted, const policy *rules, plan *result)
{
    char unseen[PLAN_TEXT / 2], why[PLAN_TEXT];
    const snapshot_module *system = snapshot_find(state, (module_slot){MODULE_SYSTEM_PART, 1});
    if (state->mode != MODE_DFU || state->modules_known || !is_sound(state) || !system ||
        !fact_takes_control(state->board, system->version))
        return;
    plan *tried = malloc(sizeof *tried);
    if (!tried)
        return;
    snapshot best = best_case(state);
    bool possible = solve_stages(&best, wanted, rules, tried);
    free(tried);
    if (!possible)
        return;
    describe_unseen(state, unseen, sizeof unseen);
    text_copy(why, sizeof why,
              result->refusal_count ? result->refusals[0]
                                    : result->warnings[result->warning_count - 1]);
    result->step_count = result->after_count = result->warning_count = 0;
    solver work = {.state = state, .wanted = wanted, .rules = rules, .result = result};
    solve_clear_flag(&work);
    plan_step *step = &result->steps[result->step_count++];
    *step = (plan_step){.operation = STEP_BOOT, .reason_count = 2};
    text_format(step->reasons[0], PLAN_TEXT,
                "DFU mode does not show %s, and what to do depends on it", unseen);
    text_format(step->reasons[1], PLAN_TEXT, "otherwise: %.200s", why);
    step->cost_ms = solve_cost_ms(state->board, step);
    result->refusal_count = 0;
    result->looks_again = true;
}
