#pragma once
/** Plans and reports for people; shared by plan and restore. */
#include "base/json.h"

void show_plan(const json_t *plan);
void show_report(const json_t *report);
