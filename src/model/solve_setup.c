/*
 * The set-up of nRF52840 boards: Device OS before 4.0.0 waits in listening mode, blinking blue,
 * until it is marked as done among the board's settings.
 *
 * Marked only where the board is known to lack it, or where nobody can tell because the system that
 * runs now does not look at it any more; it is read before it is written. Invariant: a board that
 * would start its application is not left waiting for a set-up.
 */
#include "model/solve.h"

#include "model/solve_facts.h"

static bool is_known_missing(const solver *work)
{
    return work->state->settings[SETTING_SETUP_DONE] == SETTING_STATE_CLEAR;
}

/** A newer system does not tell, and may never have had to be set up. */
static bool may_be_missing(const solver *work)
{
    const snapshot_module *now = snapshot_find(work->state, (module_slot){MODULE_SYSTEM_PART, 1});
    return work->state->settings[SETTING_SETUP_DONE] == SETTING_STATE_UNKNOWN &&
           work->state->mode != MODE_DFU && now &&
           !fact_waits_for_setup(work->state->board, now->version);
}

bool solve_lacks_setup(const solver *work)
{
    return is_known_missing(work) &&
           fact_waits_for_setup(work->state->board, solve_system_version(work));
}

void solve_mark_setup(solver *work, bool in_dfu)
{
    const char *reason = "the system waits in listening mode (blinking blue) until it is marked as "
                         "set up; Device OS 4.0.0 and newer do not ask";
    bool waits = fact_waits_for_setup(work->state->board, solve_system_version(work));
    if (!waits || work->setup_marked ||
        !(is_known_missing(work) || (in_dfu && may_be_missing(work))))
        return;
    plan_step *step = solve_add_setting(work, SETTING_SETUP_DONE, SETUP_DONE_SET, reason);
    step->via = in_dfu ? ROUTE_DFU : ROUTE_CONTROL;
    work->setup_marked = true;
}
