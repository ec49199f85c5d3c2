/*
 * plan: the steps with their reasons. Writes nothing to any board.
 */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/show_plan.h"

osb_status cmd_plan(cli *self, osb_error *error)
{
    const options *words = self->words;
    JSON_OWNED *plan = NULL;
    osb_goal goal = options_goal(words);
    if (words->graph) {
        TRY(osb_plan_graph(self->context, &goal, &plan, error));
        progress_close(self->shown);
        fputs(json_string_value(plan), stdout);
        return OSB_OK;
    }
    TRY(osb_plan(self->context, &goal, &plan, error));
    progress_close(self->shown);
    const json_t *refusals = json_object_get(plan, "refusals");
    if (words->output)
        TRY(output_json_file(plan, words->output, error));
    if (words->json)
        TRY(output_json(plan, true, error));
    else
        show_plan(plan);
    if (json_array_size(refusals))
        return osb_fail(error, OSB_ERR_NO_PLAN, json_text(plan, "device", NULL),
                        "change the goal, or remove what the refusals name", "%s",
                        json_string_value(json_array_get(refusals, 0)));
    self->something_to_do = words->exit_code && json_array_size(json_object_get(plan, "steps"));
    return OSB_OK;
}
