#pragma once
/** An "osbundle-module" for people: everything about one, or a line in a table of many. */
#include "base/json.h"
#include "cli/output.h"

/** A block of lines, headed by `name`. */
void show_module(const char *name, const json_t *parsed);

/** A table for show_module_row, with its heading. */
table show_module_table(void);
void show_module_row(table *lines, const char *name, const json_t *parsed);
