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
    progress_close(context);
    if (shown->json)
        return output_json(plan, true, &ignored) == OSB_OK;
    show_plan(plan);
    return true;
}

osb_status cmd_restore(cli *self, osb_error *error)
{
    JSON_OWNED *report = NULL;
    osb_goal goal = options_goal(self->words);
    goal.dry_run = self->words->dry_run;
    if (!goal.dry_run)
        TRY(apply_require_answer(self, "restore", error));
    apply_confirm confirm = goal.dry_run ? show_only : apply_choose_confirm(self);
    osb_status status = osb_restore(self->context, &goal, confirm, &report, error);
    return apply_finish(self, report, status, error);
}
