/*
 * restore: plan, show, ask, apply, prove.
 *
 * Asks on a terminal and needs --yes otherwise, because it writes to a board.
 */
#include <stdio.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/show_plan.h"

/** Shows the plan as text; with --json the events tell. `context` is the progress. */
static bool show_and_go(void *context, const json_t *plan)
{
    const progress *shown = context;
    progress_close(context);
    if (!shown->json)
        show_plan(plan);
    return true;
}

static bool show_and_ask(void *context, const json_t *plan)
{
    show_and_go(context, plan);
    if (!json_array_size(json_object_get(plan, "steps")))
        return true;
    fprintf(stderr, "Write this to the board? [y/N] ");
    int answer = getchar();
    for (int rest = answer; rest != '\n' && rest != EOF;)
        rest = getchar();
    return answer == 'y' || answer == 'Y';
}

static osb_status show_only(cli *self, const osb_goal *goal, osb_error *error)
{
    JSON_OWNED *plan = NULL;
    TRY(osb_plan(self->context, goal, &plan, error));
    progress_close(self->shown);
    if (self->words->json)
        return output_json(plan, true, error);
    show_plan(plan);
    printf("dry run: nothing was written\n");
    return OSB_OK;
}

osb_status cmd_restore(cli *self, osb_error *error)
{
    const options *words = self->words;
    JSON_OWNED *report = NULL;
    osb_goal goal = options_goal(words);
    if (words->dry_run)
        return show_only(self, &goal, error);
    if (!words->yes && (words->json || !isatty(STDIN_FILENO)))
        return osb_fail(error, OSB_ERR_USAGE, "restore",
                        "give --yes to write without being asked, or --dry-run to see the plan",
                        "there is no terminal to ask on");
    osb_status status =
        osb_restore(self->context, &goal, words->yes ? show_and_go : show_and_ask, &report, error);
    progress_close(self->shown);
    if (report && words->json) {
        osb_error ignored;
        if (output_json(report, true, &ignored) != OSB_OK)
            return status == OSB_OK ? OSB_ERR_INTERNAL : status;
    } else if (report) {
        show_report(report);
    }
    return status;
}
