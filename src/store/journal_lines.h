#pragma once
/** The lines of a journal as text: sealing them, and reading a file of them. Private to store/. */
#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"

enum {
    JOURNAL_LINE_MAX = 256 * 1024,
    JOURNAL_FILE_MAX = 16 * 1024 * 1024
};

#define JOURNAL_LAST_RECORD "finished"

/** What a journal file holds. */
typedef struct journal_lines {
    json_t *first;       /**< the goal; NULL: there is no whole line */
    bool finished;       /**< the last line says that the goal is reached */
    size_t count;        /**< of whole lines */
    size_t whole_bytes;  /**< where the last whole line ends */
    size_t damaged_line; /**< 1-based: a line with whole ones behind it that is not whole; 0 none */
} journal_lines;

/** Reads a journal; a file that is not there is an empty one. Damage is told, and no error. */
osb_status journal_lines_read(const char *path, journal_lines *lines,
                              osb_error *error) OSB_MUST_CHECK;
void journal_lines_free(journal_lines *lines);

/** Appends an object as one line with its seal. */
osb_status journal_line_write(const json_t *record, buf *line, osb_error *error) OSB_MUST_CHECK;
