/*
 * restore: plan, show, ask, apply, prove. With --dry-run, everything but the writes.
 */
#include "cli/apply.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/show_plan.h"

/** For a dry run, where there is nothing to be asked. */
static bool show_only(void *context, const json_t *plan)
{
    const progress *shown = context;
    osb_error ignored;
    size_t i;
    json_t *one;
    progress_close(context);
    if (shown->json && !json_is_array(plan))
        return output_json(plan, true, &ignored) == OSB_OK;
    json_array_foreach(plan, i, one)
    {
        if (shown->json && output_json(one, true, &ignored) != OSB_OK)
            return false;
    }
    if (shown->json)
        return true;
    if (json_is_array(plan))
        show_plans(plan);
    else
        show_plan(plan);
    return true;
}

/** A saved plan says all that is to be done, and on which board. */
static osb_status check_alone(const cli *self, const osb_goal *goal, osb_error *error)
{
    if (!self->words->all && !goal->version && !goal->app && !goal->module_count &&
        !self->words->approved.count && !goal->full && !goal->heal)
        return OSB_OK;
    return osb_fail(error, OSB_ERR_USAGE, "restore", "name a release, or give --plan alone",
                    "a saved plan has its own goal");
}

osb_status cmd_restore(cli *self, osb_error *error)
{
    JSON_OWNED *report = NULL;
    osb_goal goal = options_goal(self);
    goal.dry_run = self->words->dry_run;
    goal.plan = self->words->plan;
    if (goal.plan)
        TRY(check_alone(self, &goal, error));
    if (!goal.dry_run)
        TRY(apply_require_answer(self, "restore", error));
    apply_confirm confirm = goal.dry_run ? show_only : apply_choose_confirm(self);
    if (self->words->all) {
        const osb_fleet boards = apply_fleet(self);
        osb_status worst = osb_restore_all(self->context, &goal, &boards, confirm, &report, error);
        return apply_finish_all(self, report, worst, error);
    }
    osb_status status = osb_restore(self->context, &goal, confirm, &report, error);
    return apply_finish(self, report, status, error);
}
