/*
 * The lines of a journal: one JSON object each, sealed with a CRC-32, numbered from 1.
 *
 * Writes no file. Invariant: only a line whose seal and number are right counts; what is not whole
 * at the very end is a crash, anywhere else it is damage, and the two are never mixed up.
 */
#include "store/journal_lines.h"

#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/text.h"

/* A line is the object's text with this in place of its last brace. */
#define SEAL_FORMAT ",\"crc32\":\"%08x\"}"

enum {
    SEAL_SIZE = sizeof ",\"crc32\":\"01234567\"}" - 1
};

osb_status journal_line_write(const json_t *record, buf *line, osb_error *error)
{
    TRY(json_to_line(record, line, error));
    line->size--; /* the brace */
    buf_append_format(line, SEAL_FORMAT, crc32_of(buf_span(line)));
    buf_append_text(line, "\n");
    return buf_check(line, "journal line", error);
}

/** Whether the line (without its line feed) ends with the right seal. */
static bool is_sealed(span line)
{
    char seal[SEAL_SIZE + 1];
    if (line.size <= SEAL_SIZE)
        return false;
    span content = span_slice(line, 0, line.size - SEAL_SIZE);
    text_format(seal, sizeof seal, SEAL_FORMAT, crc32_of(content));
    return memcmp(line.data + content.size, seal, SEAL_SIZE) == 0;
}

/** Splits the next line off. False when none ends with a line feed any more. */
static bool next_line(span *text, span *line)
{
    const uint8_t *end = text->size ? memchr(text->data, '\n', text->size) : NULL;
    if (!end)
        return false;
    *line = span_slice(*text, 0, (size_t)(end - text->data));
    *text = span_slice(*text, line->size + 1, text->size);
    return true;
}

static bool any_sealed(span text)
{
    span line;
    while (next_line(&text, &line))
        if (is_sealed(line))
            return true;
    return false;
}

/** Takes the line in; false when it is not whole, or not the one that should stand here. */
static bool take(journal_lines *lines, span line)
{
    json_t *read = NULL;
    if (!is_sealed(line) || json_parse(line, "journal", &read, NULL) != OSB_OK)
        return false;
    JSON_OWNED *record = read;
    if (json_number(record, "seq", 0) != (int64_t)lines->count + 1)
        return false;
    lines->finished = text_equal(json_text(record, "record", ""), JOURNAL_LAST_RECORD);
    if (!lines->first)
        lines->first = json_incref(record);
    lines->count++;
    lines->whole_bytes += line.size + 1;
    return true;
}

osb_status journal_lines_read(const char *path, journal_lines *lines, osb_error *error)
{
    BUF_OWNED content = buf_make(JOURNAL_FILE_MAX);
    *lines = (journal_lines){0};
    if (!file_exists(path))
        return OSB_OK;
    TRY(file_read(path, &content, error));
    span rest = buf_span(&content), before = rest, line;
    for (; next_line(&rest, &line); before = rest) {
        if (take(lines, line))
            continue;
        if (any_sealed(before))
            lines->damaged_line = lines->count + 1;
        return OSB_OK;
    }
    return OSB_OK;
}

void journal_lines_free(journal_lines *lines)
{
    json_release(&lines->first);
    *lines = (journal_lines){0};
}
