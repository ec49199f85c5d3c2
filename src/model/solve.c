/*
 * The planner's entry: walks the rooms that solve.h lists and stops at the first refusal.
 *
 * Pure: no input or output, no clock, no allocation. The same snapshot, goal and policy give the
 * same plan, bit for bit. Invariant: a plan with refusals has no steps.
 */
#include "model/solve.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

void solve_refuse(solver *work, const char *format, ...)
{
    plan *result = work->result;
    if (result->refusal_count == PLAN_NOTES_MAX)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(result->refusals[result->refusal_count++], PLAN_TEXT, format, arguments);
    va_end(arguments);
}

void solve_warn(solver *work, const char *format, ...)
{
    plan *result = work->result;
    if (result->warning_count == PLAN_NOTES_MAX)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(result->warnings[result->warning_count++], PLAN_TEXT, format, arguments);
    va_end(arguments);
}

const solve_module *solve_installed(const solver *work, module_slot slot)
{
    for (size_t i = 0; i < work->module_count; i++)
        if (slot_equal(work->modules[i].slot, slot))
            return &work->modules[i];
    return NULL;
}

bool solve_meets(const solver *work, module_dependency need, bool optimistic)
{
    const solve_module *module = solve_installed(work, need.slot);
    if (!module)
        return optimistic && !work->state->modules_known;
    return module->version >= need.version;
}

uint16_t solve_system_version(const solver *work)
{
    const solve_module *system = solve_installed(work, (module_slot){MODULE_SYSTEM_PART, 1});
    return system ? system->version : 0;
}

uint16_t solve_goal_version(const solver *work, module_slot slot)
{
    const release_module *wanted = work->wanted->set ? release_find(work->wanted->set, slot) : NULL;
    const solve_module *now = solve_installed(work, slot);
    return wanted ? wanted->version : now ? now->version : 0;
}

/** Where two places for an application overlap, only the one that is written is left. */
static void forget_other_application(solver *work, module_slot written)
{
    if (written.function != MODULE_USER_PART || !work->state->board->former_user_part)
        return;
    for (size_t i = 0; i < work->module_count; i++)
        if (work->modules[i].slot.function == MODULE_USER_PART &&
            !slot_equal(work->modules[i].slot, written))
            work->modules[i--] = work->modules[--work->module_count];
}

void solve_forget(solver *work, module_slot slot)
{
    for (size_t i = 0; i < work->module_count; i++)
        if (slot_equal(work->modules[i].slot, slot))
            work->modules[i--] = work->modules[--work->module_count];
}

void solve_install(solver *work, const release_module *wanted)
{
    forget_other_application(work, wanted->slot);
    solve_module *module = NULL;
    for (size_t i = 0; i < work->module_count && !module; i++)
        if (slot_equal(work->modules[i].slot, wanted->slot))
            module = &work->modules[i];
    if (!module)
        module = &work->modules[work->module_count++];
    *module = (solve_module){.slot = wanted->slot, .version = wanted->version};
    for (size_t i = 0; i < 2; i++)
        if (wanted->dependencies[i].slot.function != MODULE_NONE)
            module->dependencies[module->dependency_count++] = wanted->dependencies[i];
}

/** The board's own list is where the planner's picture of it starts. */
static void take_snapshot(solver *work)
{
    const snapshot *state = work->state;
    for (size_t i = 0; i < state->module_count; i++) {
        const snapshot_module *entry = &state->modules[i];
        if (entry->store != STORE_MAIN)
            continue;
        solve_module *module = &work->modules[work->module_count++];
        *module = (solve_module){.slot = entry->slot,
                                 .version = entry->version,
                                 .dependency_count = entry->dependency_count};
        memcpy(module->dependencies, entry->dependencies, sizeof entry->dependencies);
    }
}

static void describe_goal(solver *work)
{
    plan *result = work->result;
    const goal *wanted = work->wanted;
    result->board = work->state->board;
    text_copy(result->device_id, sizeof result->device_id, work->state->device_id);
    if (wanted->set)
        text_copy(result->goal_version, sizeof result->goal_version, wanted->set->version);
    if (wanted->app)
        text_copy(result->goal_app, sizeof result->goal_app, wanted->app->file);
    snapshot_fingerprint(work->state, result->fingerprint);
}

static void describe_after(solver *work)
{
    plan *result = work->result;
    for (size_t i = 0; i < work->module_count && i < SNAPSHOT_MODULES_MAX; i++)
        result->after[result->after_count++] =
            (plan_slot_version){work->modules[i].slot, work->modules[i].version};
}

void solve(const snapshot *state, const goal *wanted, const policy *rules, plan *result)
{
    static void (*const rooms[])(solver *) = {solve_goal,  solve_limits, solve_select,
                                              solve_order, solve_check,  solve_accept};
    solver work = {.state = state, .wanted = wanted, .rules = rules, .result = result};
    *result = (plan){0};
    describe_goal(&work);
    take_snapshot(&work);
    for (size_t i = 0; i < sizeof rooms / sizeof *rooms && !result->refusal_count; i++)
        rooms[i](&work);
    if (result->refusal_count)
        result->step_count = 0;
    else
        describe_after(&work);
}
