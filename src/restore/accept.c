/*
 * The board's own test of a module, made by the host before a byte is sent: one level of needs, as
 * boards look at them (module-format 12), against what the board has at this moment.
 *
 * The planner has replayed this for the whole plan; here the board itself is asked again, because
 * it may have changed since. Invariant: what a board would refuse is not sent to it.
 */
#include "base/text.h"
#include "restore/step.h"

/** Boards look at the first two needs, and pass over a bootloader in the second place. */
static bool board_looks_at(module_dependency need, size_t place)
{
    return need.slot.function != MODULE_NONE &&
           !(place == 1 && need.slot.function == MODULE_BOOTLOADER);
}

/** Whether a need is known to be unmet; what the board does not tell is left to it. */
static bool is_unmet(const snapshot *now, module_dependency need)
{
    const snapshot_module *there = snapshot_find(now, need.slot);
    return there ? there->version < need.version : now->modules_known;
}

osb_status accept_needs(restore_work *work, const plan_step *step, const module *parsed,
                        osb_error *error)
{
    char slot[MODULE_SLOT_TEXT], needed[MODULE_SLOT_TEXT];
    TRY(evidence_inspect(work, error));
    for (size_t i = 0; i < 2 && board_looks_at(parsed->dependencies[i], i); i++) {
        module_dependency need = parsed->dependencies[i];
        if (!is_unmet(&work->now, need))
            continue;
        const snapshot_module *there = snapshot_find(&work->now, need.slot);
        slot_text(step->slot->slot, slot);
        slot_text(need.slot, needed);
        return osb_fail(error, OSB_ERR_REFUSED, slot, "make a new plan: run 'osbundle restore'",
                        "was not sent: it needs %s >= %u and the board has %u now", needed,
                        need.version, there ? there->version : 0);
    }
    return OSB_OK;
}
