/*
 * Reasons of a step in words and numbers: why this module, who needs it, why not later.
 *
 * Decides nothing. Every number in a reason comes from a header or from the board.
 */
#include "model/solve.h"

#include "base/text.h"

static void add_reason(plan_step *step, const char *text)
{
    if (step->reason_count < PLAN_REASONS_MAX)
        text_copy(step->reasons[step->reason_count++], PLAN_TEXT, text);
}

static bool is_damaged(const solver *work, const solve_slot *entry)
{
    const snapshot_module *now = snapshot_find(work->state, entry->wanted->slot);
    return now && now->checked & ~now->passed & CHECK_INTEGRITY;
}

static void explain_difference(const solver *work, const solve_slot *entry, plan_step *step)
{
    char text[PLAN_TEXT], origin[SOLVE_ORIGIN];
    solve_origin(work, entry->wanted->slot, origin);
    if (entry->again)
        text_format(text, sizeof text,
                    "it was right, but had to go while the radio stack was replaced");
    else if (!step->from_known)
        text_format(text, sizeof text,
                    "%s has %u; what the board has is unknown, so it is read back first", origin,
                    step->to);
    else if (!step->from)
        text_format(text, sizeof text, "%s has %u, the board has none", origin, step->to);
    else if (is_damaged(work, entry))
        text_format(text, sizeof text, "the board's %u fails its own check; %s has %u", step->from,
                    origin, step->to);
    else if (step->from == step->to && step->compare_first)
        text_format(text, sizeof text,
                    "the board's header says %u too; an interrupted write looks like that, so it "
                    "is read back first",
                    step->from);
    else if (step->from == step->to)
        text_format(text, sizeof text, "%s has this build of %u, the board another%s", origin,
                    step->to, work->rules->full_rewrite ? " or the same" : "");
    else
        text_format(text, sizeof text, "%s has %u, the board has %u", origin, step->to, step->from);
    add_reason(step, text);
}

static void explain_application(const solve_slot *entry, plan_step *step)
{
    char text[PLAN_TEXT], slot[MODULE_SLOT_TEXT];
    module_dependency need = entry->wanted->dependencies[0];
    slot_text(need.slot, slot);
    if (need.slot.function != MODULE_NONE)
        text_format(text, sizeof text, "the application you named; it needs %s >= %u", slot,
                    need.version);
    else
        text_format(text, sizeof text, "the application you named");
    add_reason(step, text);
    if (step->compare_first)
        add_reason(step, "the board does not tell its hash: read back first, written if different");
}

/** Everything installed or wanted that needs a newer module in this slot than there is. */
static void explain_needs(const solver *work, const solve_slot *entry, plan_step *step)
{
    char text[PLAN_TEXT], needy[MODULE_SLOT_TEXT], slot[MODULE_SLOT_TEXT];
    slot_text(entry->wanted->slot, slot);
    for (size_t i = 0; i < work->module_count; i++) {
        const solve_module *module = &work->modules[i];
        for (size_t d = 0; d < module->dependency_count; d++) {
            module_dependency need = module->dependencies[d];
            if (!slot_equal(need.slot, entry->wanted->slot) || solve_meets(work, need, false))
                continue;
            slot_text(module->slot, needy);
            text_format(text, sizeof text, "%s %u on the board needs %s >= %u: unmet now", needy,
                        module->version, slot, need.version);
            add_reason(step, text);
        }
    }
    for (size_t i = 0; i < work->slot_count; i++) {
        const solve_slot *later = &work->slots[i];
        for (size_t d = 0; d < 2 && later->write && !later->placed; d++) {
            module_dependency need = later->wanted->dependencies[d];
            if (!slot_equal(need.slot, entry->wanted->slot) || solve_meets(work, need, false))
                continue;
            slot_text(later->wanted->slot, needy);
            text_format(text, sizeof text, "before %s %u, which needs %s >= %u", needy,
                        later->wanted->version, slot, need.version);
            add_reason(step, text);
        }
    }
}

void solve_explain(const solver *work, const solve_slot *entry, plan_step *step)
{
    if (entry->wanted->slot.function == MODULE_USER_PART) {
        explain_application(entry, step);
        return;
    }
    explain_difference(work, entry, step);
    if (work->state->guard == PROTECTION_SERVICE && !entry->named &&
        slot_equal(entry->wanted->slot, (module_slot){MODULE_BOOTLOADER, 0}))
        add_reason(step, "made to protect the board as the one that it replaces does: its bytes "
                         "are not the release's own");
    if (!entry->again)
        explain_needs(work, entry, step);
}
