/*
 * Whether a goal may be had at all: platform, protection, direction, completeness.
 *
 * Looks at no order and makes no step. Every refusal names the facts in the way and what would
 * remove them.
 */
#include "model/solve.h"

#include "base/text.h"
#include "model/solve_facts.h"

static const module_slot system_part = {MODULE_SYSTEM_PART, 1};

static void check_protection(solver *work)
{
    if (work->state->guard == PROTECTION_PROTECTED)
        solve_refuse(work, "the board is protected and refuses updates; open service mode first");
}

/** Synthetic modules carry no firmware: on a real board they would be a brick. */
static void check_synthetic(solver *work, const release_module *module)
{
    if (module->synthetic && !work->rules->simulated)
        solve_refuse(work, "%s is synthetic: it holds no firmware and is for simulated boards only",
                     module->file);
}

static void check_complete(solver *work)
{
    const release *set = work->wanted->set;
    const platform *board = work->state->board;
    for (size_t i = 0; i < board->slot_count; i++) {
        const platform_slot *place = &board->slots[i];
        if (!place->required || release_find(set, place->slot))
            continue;
        if (!work->rules->allow_incomplete)
            solve_refuse(work, "release %s for %s lacks %s; allow it with --allow-incomplete",
                         set->version, board->name, place->name);
        else
            solve_warn(work, "release %s for %s lacks %s: what the board has stays", set->version,
                       board->name, place->name);
    }
}

static void check_direction(solver *work)
{
    const release_module *wanted = release_find(work->wanted->set, system_part);
    const solve_module *now = solve_installed(work, system_part);
    if (!wanted || !now || now->version <= wanted->version || work->rules->allow_downgrade)
        return;
    solve_refuse(work,
                 "the board has system_part/1 %u and release %s has %u: a downgrade; allow it with "
                 "--allow-downgrade",
                 now->version, work->wanted->set->version, wanted->version);
}

static void check_application(solver *work)
{
    const release_module *app = work->wanted->app;
    char slot[MODULE_SLOT_TEXT];
    if (app->slot.function != MODULE_USER_PART) {
        slot_text(app->slot, slot);
        solve_refuse(work, "%s is no application: its header says %s", app->file, slot);
        return;
    }
    for (size_t i = 0; i < 2; i++) {
        module_dependency need = app->dependencies[i];
        uint16_t version = solve_goal_version(work, need.slot);
        if (need.slot.function == MODULE_NONE || version >= need.version)
            continue;
        slot_text(need.slot, slot);
        if (!version && !work->state->modules_known) {
            solve_warn(work, "%s needs %s >= %u, and what the board has cannot be seen now",
                       app->file, slot, need.version);
            continue;
        }
        solve_refuse(work, "%s needs %s >= %u, and the board would have %u; name a newer release",
                     app->file, slot, need.version, version);
    }
    uint16_t system = solve_goal_version(work, system_part);
    if (app->slot.index == 2 && (system || work->state->modules_known) &&
        !fact_finds_256k(work->state->board, system))
        solve_refuse(work,
                     "%s is a 256K application, which Device OS before 3.1.0 does not look for; "
                     "name a newer release",
                     app->file);
}

void solve_goal(solver *work)
{
    const release *set = work->wanted->set;
    check_protection(work);
    if (set && set->board->id != work->state->board->id) {
        solve_refuse(work, "release %s is for %s, the board is a %s", set->version,
                     set->board->name, work->state->board->name);
        return;
    }
    for (size_t i = 0; set && i < set->module_count; i++)
        check_synthetic(work, &set->modules[i]);
    if (set) {
        check_complete(work);
        check_direction(work);
    }
    if (work->wanted->app) {
        check_synthetic(work, work->wanted->app);
        check_application(work);
    }
}
