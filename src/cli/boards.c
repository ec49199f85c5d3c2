/*
 * What all commands with --all share: their options, and how one board of many is told about.
 *
 * Invariant: wherever a board of many is named, it is named by its label where it has one.
 */
#include "cli/boards.h"

#include "base/text.h"
#include "cli/output.h"
#include "cli/progress_boards.h"

enum {
    BOARDS_MAX = 128,
    SECONDS_MAX = 7 * 24 * 3600
};

static osb_status read_number(const char *option, const char *text, uint64_t maximum,
                              uint64_t *number, osb_error *error)
{
    *number = 0;
    if (!text || (text_to_number(text, maximum, number) && *number > 0))
        return OSB_OK;
    osb_fail(error, OSB_ERR_USAGE, option, NULL, "%s is no number from 1 to %llu", text,
             (unsigned long long)maximum);
    osb_error_set_hint(error, "write: %s %llu", option, 2ull);
    return OSB_ERR_USAGE;
}

osb_status boards_check_device(const options *words, const char *device, osb_error *error)
{
    if (!words->all || !device)
        return OSB_OK;
    return osb_fail(error, OSB_ERR_USAGE, device, "name a board, or give --all",
                    "one board is named, and with --all every board is meant");
}

static osb_status check_together(const cli *self, osb_error *error)
{
    const options *words = self->words;
    TRY(boards_check_device(words, words->device, error));
    if (words->jobs && !words->all)
        return osb_fail(error, OSB_ERR_USAGE, "-j", "give --all too",
                        "is for several boards at once");
    if (words->timeout && !words->wait)
        return osb_fail(error, OSB_ERR_USAGE, "--timeout", "give --wait too",
                        "is for how long to wait for boards");
    return OSB_OK;
}

osb_status boards_await(const cli *self, osb_error *error)
{
    const options *words = self->words;
    uint64_t jobs, count, seconds;
    TRY(read_number("-j", words->jobs, BOARDS_MAX, &jobs, error));
    TRY(read_number("--wait", words->wait, BOARDS_MAX, &count, error));
    TRY(read_number("--timeout", words->timeout, SECONDS_MAX, &seconds, error));
    TRY(check_together(self, error));
    return count ? osb_wait_for_boards(self->context, count, seconds * 1000, error) : OSB_OK;
}

osb_fleet boards_fleet(const options *words, void (*tell)(void *context, const osb_board *board),
                       void *context)
{
    uint64_t jobs;
    osb_error checked;
    bool given = read_number("-j", words->jobs, BOARDS_MAX, &jobs, &checked) == OSB_OK;
    return (osb_fleet){.at_once = given ? (size_t)jobs : 0, .tell = tell, .context = context};
}

json_t *boards_document(const osb_board *board)
{
    if (board->document)
        return json_incref((json_t *)board->document);
    json_t *problem = output_error_document(board->problem);
    json_object_set_new(problem, "device", json_string(board->device));
    json_object_set_new(problem, "label", json_text_or_null(board->label));
    return problem;
}

void boards_print_problem(const osb_board *board)
{
    osb_error named = *board->problem;
    const char *name = board_name(board->device, board->label);
    if (!text_equal(named.subject, name))
        text_format(named.subject, sizeof named.subject, "%s%s%s", name,
                    board->problem->subject[0] ? ": " : "", board->problem->subject);
    output_error(&named, false);
}
