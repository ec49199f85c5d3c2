/*
 * plan: the steps with their reasons. Writes nothing to any board.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/boards.h"
#include "cli/cli.h"
#include "cli/dot.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/show_plan.h"

/** What the tell function of plan_all fills. */
typedef struct plan_list {
    cli *self;
    json_t *plans; /**< documents, of failed boards errors */
} plan_list;

static void keep_plan(void *context, const osb_board *board)
{
    plan_list *list = context;
    json_t *plan = boards_document(board);
    if (board->document)
        json_object_set_new(plan, "label", json_text_or_null(board->label));
    json_array_append_new(list->plans, plan);
    if (json_array_size(json_object_get(plan, "steps")))
        list->self->something_to_do = list->self->words->exit_code;
    if (board->document || list->self->words->json)
        return;
    progress_close(list->self->shown);
    boards_print_problem(board);
}

static osb_status plan_all(cli *self, const osb_goal *goal, osb_error *error)
{
    const options *words = self->words;
    JSON_OWNED *plans = json_array();
    plan_list list = {self, plans};
    const osb_fleet boards = boards_fleet(words, keep_plan, &list);
    if (words->graph || words->output)
        return osb_fail(error, OSB_ERR_USAGE, words->graph ? "--graph" : "--output",
                        "name the board with --device", "is for the plan of one board");
    osb_status status = osb_plan_all(self->context, goal, &boards, error);
    progress_close(self->shown);
    if (!words->json) {
        show_plans(plans);
        return status;
    }
    if (!json_array_size(plans))
        return status;
    osb_error ignored;
    self->json_is_whole = true;
    return output_json(plans, false, &ignored) == OSB_OK ? status : OSB_ERR_INTERNAL;
}

/** A picture by its name's ending: drawn where that is .svg, else as the document for dot. */
static osb_status draw(const char *document, const char *path, osb_error *error)
{
    if (path && text_ends_with(path, ".svg"))
        return dot_draw_svg(document, path, error);
    if (path)
        return output_file((span){(const uint8_t *)document, strlen(document)}, path, error);
    fputs(document, stdout);
    return OSB_OK;
}

osb_status cmd_plan(cli *self, osb_error *error)
{
    const options *words = self->words;
    JSON_OWNED *plan = NULL;
    osb_goal goal = options_goal(self);
    if (words->all)
        return plan_all(self, &goal, error);
    if (words->graph) {
        TRY(osb_plan_graph(self->context, &goal, &plan, error));
        progress_close(self->shown);
        return draw(json_string_value(plan), words->output, error);
    }
    TRY(osb_plan(self->context, &goal, &plan, error));
    progress_close(self->shown);
    const json_t *refusals = json_object_get(plan, "refusals");
    const char *remedy = json_string_value(json_array_get(json_object_get(plan, "remedies"), 0));
    if (words->output)
        TRY(output_json_file(plan, words->output, error));
    if (words->json)
        TRY(output_json(plan, true, error));
    else
        show_plan(plan);
    if (json_array_size(refusals))
        return osb_fail(error, OSB_ERR_NO_PLAN, json_text(plan, "device", NULL),
                        remedy ? remedy : "change the goal, or remove what the refusals name", "%s",
                        json_string_value(json_array_get(refusals, 0)));
    self->something_to_do = words->exit_code && json_array_size(json_object_get(plan, "steps"));
    return OSB_OK;
}
