#pragma once
/** What restore and resume have in common: showing the plan, asking, and the report. */
#include "base/json.h"
#include "cli/cli.h"

typedef bool (*apply_confirm)(void *context, const json_t *plan);

/** How the user is asked before anything is written. Where there is nobody to ask, the answer is
 *  no, and apply_finish says why. */
apply_confirm apply_choose_confirm(const cli *self);

/** OSB_ERR_USAGE when there is nobody to ask: for commands that always have something to ask. */
osb_status apply_require_answer(const cli *self, const char *command,
                                osb_error *error) OSB_MUST_CHECK;

/** What --all hands to the library: tells each board's report as it comes. */
osb_fleet apply_fleet(cli *self);
/** As apply_finish, with the summary of many boards. */
osb_status apply_finish_all(cli *self, const json_t *summary, osb_status status, osb_error *error);

/** Shows the report (NULL: there is none) and ends what the confirmation began. */
osb_status apply_finish(cli *self, const json_t *report, osb_status status, osb_error *error);
