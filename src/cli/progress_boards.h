#pragma once
/** Progress of many boards: on a terminal a line each with a total below, elsewhere a line a step.
 */
#include "cli/cli.h"

typedef struct board_lines board_lines;

/** NULL when memory ran out: nothing is shown then. */
board_lines *board_lines_make(bool terminal);
void board_lines_free(board_lines *boards);

/** What a board is doing: an event with a device. */
void board_lines_event(board_lines *boards, const osb_event *event);
/** A board is through; `name` as board_name() gives it. */
void board_lines_done(board_lines *boards, const char *name, bool failed);
/** Takes the lines off the terminal; the next event puts them back. */
void board_lines_clear(board_lines *boards);

/** What a board is called: its label, else its id, else the port it hangs on. */
const char *board_name(const char *device, const char *label);
