#pragma once
/** Showing results: tables, JSON, errors in two lines. stdout is the answer, stderr the rest. */
#include "base/json.h"
#include "cli/cli.h"

enum {
    TABLE_COLUMNS = 8,
    TABLE_ROWS = 256,
    TABLE_TEXT = 96
};

/** A table that is printed with aligned columns. Too much is left out, with a line saying so. */
typedef struct table {
    size_t columns, rows, left_out;
    char (*cells)[TABLE_COLUMNS][TABLE_TEXT];
} table;

table table_make(size_t columns);
void table_free(table *lines);
#define TABLE_OWNED __attribute__((cleanup(table_free))) table
/** `columns` texts. */
void table_add(table *lines, const char *const *texts);
/** With the first row as heading, each line behind `indent`. */
void table_print(const table *lines, const char *indent);

/** One object as indented JSON, or with `line` as one line. */
osb_status output_json(const json_t *value, bool line, osb_error *error) OSB_MUST_CHECK;
/** Saves it as a file; an old one is overwritten. */
osb_status output_json_file(const json_t *value, const char *path, osb_error *error) OSB_MUST_CHECK;

/** Writes a file whole. */
osb_status output_file(span content, const char *path, osb_error *error) OSB_MUST_CHECK;

/** Two lines on stderr; with --json also the error object on stdout. */
void output_error(const osb_error *error, bool json);

/** The "osbundle-error" object of an error. */
json_t *output_error_document(const osb_error *error);

/** Says on stderr how many files of folders were passed over. */
void output_strays(size_t count);

/** Asks on the terminal; only an answer that begins with "y" is a yes. */
bool output_asks(const char *question);

/** Copies text of unknown origin with control characters replaced by '?': safe on a terminal. */
void output_safe(char *target, size_t capacity, const char *source);

/** A word of warning: the text itself, red where `color` says so. Lives in `target`. */
const char *output_alarm(char *target, size_t capacity, const char *text, bool color);

/** "12.3 s", "2 min 5 s". */
void output_duration(char *target, size_t capacity, uint64_t duration_ms);

/** A number member as text, "-" when it is null. */
void output_number(char *target, size_t capacity, const json_t *object, const char *member);

/** "needs" of a module: "bootloader/0 >= 2101, ...", or "-". */
void output_needs(char *target, size_t capacity, const json_t *dependencies);
