/*
 * Whether what the board ends up with is coherent: every need of every module met.
 *
 * Looks at the final set only; the order has been made by then. An application that stays
 * although it no longer fits is a warning, because the user did not ask to replace it.
 */
#include "model/solve.h"
#include "model/solve_facts.h"

/**
 * Needs of what cannot be seen count as met where the user waits at the end; on the way nobody
 * would look again.
 */
static bool is_last_stage(const solver *work)
{
    return work->set == work->wanted->set;
}

/** Files alone promise no whole set: what was unmet before, between others, may stay so. */
static bool was_unmet_before(const solver *work, const solve_module *module, module_dependency need)
{
    bool touched = solve_file(work, module->slot) || solve_file(work, need.slot);
    return !work->set && !touched && !snapshot_meets(work->state, need);
}

static void judge(solver *work, const solve_module *module, module_dependency need)
{
    char slot[MODULE_SLOT_TEXT], needed[MODULE_SLOT_TEXT];
    const solve_module *there = solve_installed(work, need.slot);
    slot_text(module->slot, slot);
    slot_text(need.slot, needed);
    unsigned has = there ? there->version : 0;
    if (module->slot.function == MODULE_USER_PART)
        solve_warn(work,
                   "the application needs %s >= %u and the board will have %u: it will wait "
                   "in safe mode; give a fitting one with --app",
                   needed, need.version, has);
    else if (was_unmet_before(work, module, need))
        solve_warn(work, "%s %u still needs %s >= %u, and has %u: the board waits in safe mode",
                   slot, module->version, needed, need.version, has);
    else
        solve_refuse(work,
                     "the final set would not work: %s %u needs %s >= %u, and it would be %u; the "
                     "release must bring a newer one",
                     slot, module->version, needed, need.version, has);
}

/** Met only if what cannot be seen now is new enough. */
static void tell_unseen(solver *work, const solve_module *module, module_dependency need)
{
    char slot[MODULE_SLOT_TEXT], needed[MODULE_SLOT_TEXT];
    slot_text(module->slot, slot);
    slot_text(need.slot, needed);
    work->rests_on_unseen = true;
    solve_warn(work, "%s %u needs %s >= %u, and what the board has there cannot be seen now", slot,
               module->version, needed, need.version);
}

/** Systems before 3.1.0 do not find a 256K application: then it is as if it were not there. */
static void forget_lost_application(solver *work)
{
    uint16_t system = solve_system_version(work);
    if (system && !fact_finds_256k(work->state->board, system))
        solve_forget(work, (module_slot){MODULE_USER_PART, 2});
}

static void check_needs(solver *work, const solve_module *module, const module_dependency *needs,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (needs[i].slot.function == MODULE_NONE || solve_meets(work, needs[i], false))
            continue;
        if (!solve_meets(work, needs[i], is_last_stage(work)))
            judge(work, module, needs[i]);
        else if (solve_file(work, module->slot))
            tell_unseen(work, module, needs[i]);
    }
}

/**
 * What is left alone because its version is right may be another build with other needs: then a
 * system that tells hashes would ask for the release's own, so that has to fit as well.
 */
static void check_unwritten(solver *work, const solve_module *module)
{
    for (size_t i = 0; i < work->slot_count && !work->heal; i++) {
        const solve_slot *entry = &work->slots[i];
        if (!entry->write && !work->result->refusal_count &&
            slot_equal(entry->wanted->slot, module->slot) &&
            entry->wanted->version == module->version)
            check_needs(work, module, entry->wanted->dependencies, 2);
    }
}

void solve_check(solver *work)
{
    forget_lost_application(work);
    for (size_t i = 0; i < work->module_count; i++) {
        const solve_module *module = &work->modules[i];
        check_needs(work, module, module->dependencies, module->dependency_count);
        check_unwritten(work, module);
    }
}
