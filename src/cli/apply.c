/*
 * What restore and resume have in common: they show a plan, ask, write to a board, and report.
 *
 * Asks on a terminal and needs --yes otherwise. Invariant: from the yes until the report, signals
 * wait for a safe point.
 */
#include "cli/apply.h"

#include <stdio.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/boards.h"
#include "cli/interrupts.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/show_plan.h"

/** Boards for which there is something to do, by a plan or an array of them. */
static size_t boards_to_write(const json_t *plan)
{
    size_t i, count = 0;
    json_t *one;
    json_array_foreach(plan, i, one)
    {
        count += boards_to_write(one);
    }
    return json_array_size(json_object_get(plan, "steps")) ? 1 : count;
}

static void show(progress *shown, const json_t *plan)
{
    progress_close(shown);
    if (!shown->json && json_is_array(plan))
        show_plans(plan);
    else if (!shown->json)
        show_plan(plan);
    fflush(stdout);
}

/** Shows the plan as text; with --json the events tell. `context` is the progress. */
static bool show_and_go(void *context, const json_t *plan)
{
    show(context, plan);
    interrupts_guard(true);
    return true;
}

static bool show_and_ask(void *context, const json_t *plan)
{
    show(context, plan);
    size_t count = boards_to_write(plan);
    char question[64] = "Write this to the board?";
    if (count > 1)
        text_format(question, sizeof question, "Write this to %zu boards?", count);
    if (count && !output_asks(question))
        return false;
    interrupts_guard(true);
    return true;
}

static bool show_and_refuse(void *context, const json_t *plan)
{
    show(context, plan);
    return !boards_to_write(plan);
}

apply_confirm apply_choose_confirm(const cli *self)
{
    if (self->words->yes)
        return show_and_go;
    return !self->words->json && isatty(STDIN_FILENO) ? show_and_ask : show_and_refuse;
}

osb_status apply_require_answer(const cli *self, const char *command, osb_error *error)
{
    if (apply_choose_confirm(self) != show_and_refuse)
        return OSB_OK;
    return osb_fail(error, OSB_ERR_USAGE, command,
                    "give --yes to write without being asked, or see the plan with: osbundle plan",
                    "there is no terminal to ask on");
}

/** A board of many is through. `context` is the cli. */
static void tell_board(void *context, const osb_board *board)
{
    cli *self = context;
    osb_error ignored;
    if (self->words->json) {
        (void)!(output_json(board->document, true, &ignored) == OSB_OK);
        return;
    }
    progress_close(self->shown);
    if (board->problem)
        boards_print_problem(board);
    else
        show_board_report(board->document);
    board_lines_done(self->shown->boards, board_name(board->device, board->label),
                     board->problem != NULL);
}

osb_fleet apply_fleet(cli *self)
{
    progress_open_boards(self->shown);
    return boards_fleet(self->words, tell_board, self);
}

osb_status apply_finish_all(cli *self, const json_t *summary, osb_status status, osb_error *error)
{
    interrupts_guard(false);
    progress_close(self->shown);
    if (summary && self->words->json) {
        osb_error ignored;
        self->json_is_whole = output_json(summary, true, &ignored) == OSB_OK;
    } else if (summary) {
        show_summary(summary);
    }
    if (status == OSB_ERR_INTERRUPTED && !interrupts_asked(NULL))
        TRY(apply_require_answer(self, error->subject, error));
    return status;
}

osb_status apply_finish(cli *self, const json_t *report, osb_status status, osb_error *error)
{
    interrupts_guard(false);
    progress_close(self->shown);
    if (!report && status == OSB_ERR_INTERRUPTED && !interrupts_asked(NULL))
        TRY(apply_require_answer(self, error->subject, error));
    if (report && !self->words->json)
        show_report(report);
    else if (report && output_json(report, true, status == OSB_OK ? error : NULL) != OSB_OK)
        return status == OSB_OK ? OSB_ERR_INTERNAL : status;
    return status;
}
