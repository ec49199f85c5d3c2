#pragma once
/** An "osbundle-module", or a bundle with one, for people: everything about one, or a line in a
 * table of many. */
#include "base/json.h"
#include "cli/output.h"

/** A block of lines, headed by `name`. */
void show_module(const char *name, const json_t *parsed);

/** The lines of a module's block, below the heading. */
void show_module_lines(const json_t *parsed);
/** One line of a block. What is shown may come from a file: control characters are replaced. */
void show_line(const char *label, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** "bootloader/2 >= 7 (5.4.1)" of an array of needs: with the release that first had it;
 *  "-" for none, "?" where they are not known. */
void show_needs_words(char *target, size_t capacity, const json_t *needs);

/** A table for show_module_row, with its heading. */
table show_module_table(void);
void show_module_row(table *lines, const char *name, const json_t *parsed);
