/*
 * The planner's entry: walks the rooms that solve.h lists, once for every release on the way and
 * once for the goal itself, and stops at the first refusal.
 *
 * Pure: no input or output, no clock, no allocation. The same snapshot, goal and policy give the
 * same plan, bit for bit. Invariant: a plan with refusals has no steps.
 */
#include "model/solve.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "model/solve_facts.h"

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

const release_module *solve_file(const solver *work, module_slot slot)
{
    for (size_t i = 0; i < work->file_count; i++)
        if (slot_equal(work->files[i]->slot, slot))
            return work->files[i];
    return NULL;
}

static const release_module *named_file(const goal *wanted, module_slot slot)
{
    for (size_t i = 0; i < wanted->file_count; i++)
        if (slot_equal(wanted->files[i].slot, slot))
            return &wanted->files[i];
    return NULL;
}

bool solve_is_named(const solver *work, module_slot slot)
{
    const release_module *named = named_file(work->wanted, slot);
    return named && named == solve_file(work, slot);
}

void solve_origin(const solver *work, module_slot slot, char target[SOLVE_ORIGIN])
{
    if (solve_is_named(work, slot) || !work->set)
        text_copy(target, SOLVE_ORIGIN, "the file you named");
    else
        text_format(target, SOLVE_ORIGIN, "release %s", work->set->version);
}

uint16_t solve_goal_version(const solver *work, module_slot slot)
{
    const release_module *wanted = solve_file(work, slot);
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
    *module = (solve_module){.slot = wanted->slot,
                             .version = wanted->version,
                             .end = wanted->size ? wanted->start + wanted->size : 0};
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
                                 .end = fact_end(state->board, entry->slot, entry->size),
                                 .dependency_count = entry->dependency_count};
        memcpy(module->dependencies, entry->dependencies, sizeof entry->dependencies);
    }
}

static void describe_goal(const snapshot *state, const goal *wanted, plan *result)
{
    result->board = state->board;
    text_copy(result->device_id, sizeof result->device_id, state->device_id);
    if (wanted->set)
        text_copy(result->goal_version, sizeof result->goal_version, wanted->set->version);
    if (wanted->app)
        text_copy(result->goal_app, sizeof result->goal_app, wanted->app->file);
    for (size_t i = 0; i < wanted->via_count; i++)
        text_copy(result->via[result->via_count++], VERSION_SIZE, wanted->via[i]->version);
    for (size_t i = 0; i < wanted->file_count; i++)
        text_copy(result->files[result->file_count++], RELEASE_FILE_NAME, wanted->files[i].file);
    snapshot_fingerprint(state, result->fingerprint);
}

static void describe_after(solver *work)
{
    plan *result = work->result;
    for (size_t i = 0; i < work->module_count && i < SNAPSHOT_MODULES_MAX; i++)
        result->after[result->after_count++] =
            (plan_slot_version){work->modules[i].slot, work->modules[i].version};
}

/**
 * What a stage puts where: the named files, then the release's others. On the way a named file
 * counts where the release itself has none, as a co-processor's image does.
 */
static void collect_files(solver *work, bool last)
{
    const goal *wanted = work->wanted;
    for (size_t i = 0; i < wanted->file_count; i++)
        if (last || !release_find(work->set, wanted->files[i].slot))
            work->files[work->file_count++] = &wanted->files[i];
    for (size_t i = 0; work->set && i < work->set->module_count; i++)
        if (!solve_file(work, work->set->modules[i].slot))
            work->files[work->file_count++] = &work->set->modules[i];
}

static solver begin_stage(const snapshot *state, const goal *wanted, const policy *rules,
                          size_t stage, plan *result)
{
    bool last = stage == wanted->via_count;
    solver work = {.state = state,
                   .wanted = wanted,
                   .rules = rules,
                   .result = result,
                   .set = last ? wanted->set : wanted->via[stage],
                   .app = last ? wanted->app : NULL,
                   .heal = last && wanted->heal,
                   .first_step = result->step_count};
    collect_files(&work, last);
    take_snapshot(&work);
    return work;
}

static void solve_stage(solver *work)
{
    static void (*const rooms[])(solver *) = {solve_goal,  solve_limits, solve_select,
                                              solve_order, solve_check,  solve_accept};
    for (size_t i = 0; i < sizeof rooms / sizeof *rooms && !work->result->refusal_count; i++)
        rooms[i](work);
}

/** The snapshot that the board would give after a stage. */
static void advance(const solver *work, snapshot *state)
{
    if (work->result->step_count == work->first_step)
        return;
    state->mode = MODE_NORMAL;
    state->module_count = 0;
    for (size_t i = 0; i < work->module_count && i < SNAPSHOT_MODULES_MAX; i++) {
        const solve_module *module = &work->modules[i];
        const snapshot_module *before = snapshot_find(work->state, module->slot);
        const release_module *file = solve_file(work, module->slot);
        snapshot_module *entry = &state->modules[state->module_count++];
        *entry = before ? *before : (snapshot_module){.slot = module->slot};
        entry->version = module->version;
        entry->dependency_count = module->dependency_count;
        memcpy(entry->dependencies, module->dependencies, sizeof entry->dependencies);
        if (!file || file->version != module->version)
            continue;
        entry->checked = entry->passed = CHECK_INTEGRITY;
        entry->has_identity = true;
        memcpy(entry->identity, file->identity, SHA256_SIZE);
    }
}

bool solve_stages(const snapshot *state, const goal *wanted, const policy *rules, plan *result)
{
    snapshot now = *state;
    bool sure = true;
    *result = (plan){0};
    describe_goal(state, wanted, result);
    for (size_t stage = 0; stage <= wanted->via_count && !result->refusal_count; stage++) {
        snapshot before = now;
        solver work = begin_stage(&before, wanted, rules, stage, result);
        solve_stage(&work);
        if (stage == wanted->via_count && !result->refusal_count)
            describe_after(&work);
        advance(&work, &now);
        sure = sure && !work.rests_on_unseen;
    }
    if (result->refusal_count)
        result->step_count = 0;
    return sure && !result->refusal_count;
}

void solve(const snapshot *state, const goal *wanted, const policy *rules, plan *result)
{
    if (!solve_stages(state, wanted, rules, result))
        solve_look(state, wanted, rules, result);
}
