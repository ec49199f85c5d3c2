#pragma once
/** Plans and reports for people; shared by plan and restore. */
#include "base/json.h"

void show_plan(const json_t *plan);
/** An array of plans; boards that get the same are shown together. */
void show_plans(const json_t *plans);

/** Step by step, with the evidence. */
void show_report(const json_t *report);
/** One line, for one board of many. */
void show_board_report(const json_t *report);
/** What became of many boards. */
void show_summary(const json_t *summary);
