#pragma once
/** The options that are about many boards: --all, -j, --wait, --timeout. */
#include "base/json.h"
#include "cli/cli.h"

/** Checks that they fit together, and waits for the boards that --wait asks for. */
osb_status boards_await(const cli *self, osb_error *error) OSB_MUST_CHECK;

/** OSB_ERR_USAGE when a board is named and --all is given too. `device` may be NULL. */
osb_status boards_check_device(const options *words, const char *device,
                               osb_error *error) OSB_MUST_CHECK;

/** What --all hands to the library; `tell` gets `context`. The words have been checked. */
osb_fleet boards_fleet(const options *words, void (*tell)(void *context, const osb_board *board),
                       void *context);

/** A board's document for an array of them, or its problem as an "osbundle-error". */
json_t *boards_document(const osb_board *board);
/** A board's problem on stderr, in two lines that begin with what the board is called. */
void boards_print_problem(const osb_board *board);
