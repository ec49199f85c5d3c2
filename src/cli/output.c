/*
 * Tables, JSON and errors on the terminal.
 *
 * Formats what it is given. Invariant: every error is two lines on stderr, what failed and what to
 * do, whatever the output form.
 */
#include "cli/output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

table table_make(size_t columns)
{
    table lines = {.columns = columns};
    lines.cells = calloc(TABLE_ROWS, sizeof *lines.cells);
    return lines;
}

void table_free(table *lines)
{
    free(lines->cells);
    lines->cells = NULL;
}

void table_add(table *lines, const char *const *texts)
{
    if (!lines->cells || lines->rows == TABLE_ROWS) {
        lines->left_out++;
        return;
    }
    for (size_t i = 0; i < lines->columns; i++)
        text_copy(lines->cells[lines->rows][i], TABLE_TEXT, texts[i]);
    lines->rows++;
}

static size_t column_width(const table *lines, size_t column)
{
    size_t width = 0;
    for (size_t row = 0; row < lines->rows; row++) {
        size_t size = strlen(lines->cells[row][column]);
        width = size > width ? size : width;
    }
    return width;
}

void table_print(const table *lines, const char *indent)
{
    for (size_t row = 0; row < lines->rows; row++) {
        printf("%s", indent);
        for (size_t i = 0; i < lines->columns; i++) {
            bool last = i + 1 == lines->columns;
            int width = last ? 0 : (int)column_width(lines, i);
            printf("%-*s%s", width, lines->cells[row][i], last ? "\n" : "  ");
        }
    }
    if (lines->left_out)
        printf("%s(%zu more)\n", indent, lines->left_out);
}

osb_status output_json(const json_t *value, bool line, osb_error *error)
{
    BUF_OWNED text = buf_make(64 * 1024 * 1024);
    if (line) {
        TRY(json_to_line(value, &text, error));
        buf_append_text(&text, "\n");
    } else {
        TRY(json_to_text(value, &text, error));
    }
    fwrite(text.data, 1, text.size, stdout);
    fflush(stdout);
    return OSB_OK;
}

osb_status output_json_file(const json_t *value, const char *path, osb_error *error)
{
    BUF_OWNED text = buf_make(4 * 1024 * 1024);
    TRY(json_to_text(value, &text, error));
    return output_file(buf_span(&text), path, error);
}

osb_status output_file(span content, const char *path, osb_error *error)
{
    FILE *file = fopen(path, "wb");
    bool written = file && fwrite(content.data, 1, content.size, file) == content.size;
    if (file && fclose(file) != 0)
        written = false;
    if (!written)
        return osb_fail_errno(error, "write", path);
    return OSB_OK;
}

void output_strays(size_t count)
{
    if (count)
        fprintf(stderr, "passed over %zu %s no module, and not named like one\n", count,
                count == 1 ? "file that is" : "files that are");
}

/** Bytes of the UTF-8 character at `text`; 0 where there is none that a terminal may be shown. */
static size_t shown_size(const char *text)
{
    const unsigned char *bytes = (const unsigned char *)text;
    if (bytes[0] < 0x80)
        return bytes[0] >= 0x20 && bytes[0] != 0x7f;
    size_t size = bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2;
    /* U+0080 to U+009F, which terminals take as control codes, begin with C2 too. */
    if (bytes[0] < 0xc2 || bytes[0] > 0xf4 || (bytes[0] == 0xc2 && bytes[1] < 0xa0))
        return 0;
    for (size_t i = 1; i < size; i++)
        if (bytes[i] < 0x80 || bytes[i] >= 0xc0)
            return 0;
    return size;
}

void output_safe(char *target, size_t capacity, const char *source)
{
    size_t used = 0;
    while (*source) {
        size_t size = shown_size(source);
        size_t needed = size ? size : 1;
        if (used + needed >= capacity)
            break;
        if (size)
            memcpy(target + used, source, size);
        else
            target[used] = '?';
        used += needed;
        source += needed;
    }
    target[used] = '\0';
}

/** Subjects are names that people gave: not always UTF-8, and cut to fit. */
static json_t *error_text(const char *text)
{
    char printable[sizeof(osb_error)];
    json_t *value = json_string(text);
    if (value)
        return value;
    text_printable(printable, sizeof printable, text, strlen(text));
    return json_string(printable);
}

json_t *output_error_document(const osb_error *error)
{
    return json_pack("{s:s, s:i, s:s, s:o, s:o, s:o}", "type", "osbundle-error", "schema", 1,
                     "code", osb_status_name(error->status), "subject", error_text(error->subject),
                     "message", error_text(error->message), "hint", error_text(error->hint));
}

bool output_asks(const char *question)
{
    fprintf(stderr, "%s [y/N] ", question);
    const int answer = getchar();
    for (int rest = answer; rest != '\n' && rest != EOF;)
        rest = getchar();
    return answer == 'y' || answer == 'Y';
}

void output_error(const osb_error *error, bool json)
{
    char subject[sizeof error->subject], message[sizeof error->message], hint[sizeof error->hint];
    output_safe(subject, sizeof subject, error->subject);
    output_safe(message, sizeof message, error->message);
    output_safe(hint, sizeof hint, error->hint);
    fprintf(stderr, "osbundle: %s%s%s\n", subject, *subject ? ": " : "", message);
    fprintf(stderr, "  %s\n", *hint ? hint : "see: osbundle help");
    if (!json)
        return;
    JSON_OWNED *object = output_error_document(error);
    osb_error ignored;
    if (object && output_json(object, true, &ignored) != OSB_OK)
        fprintf(stderr, "osbundle: %s\n", ignored.message);
}

const char *output_alarm(char *target, size_t capacity, const char *text, bool color)
{
    text_format(target, capacity, "%s%s%s", color ? "\033[1;31m" : "", text,
                color ? "\033[0m" : "");
    return target;
}

void output_duration(char *target, size_t capacity, uint64_t duration_ms)
{
    if (duration_ms < 60000)
        text_format(target, capacity, "%.1f s", (double)duration_ms / 1000);
    else
        text_format(target, capacity, "%u min %u s", (unsigned)(duration_ms / 60000),
                    (unsigned)(duration_ms / 1000 % 60));
}

void output_number(char *target, size_t capacity, const json_t *object, const char *member)
{
    if (json_is_integer(json_object_get(object, member)))
        text_format(target, capacity, "%lld", (long long)json_number(object, member, 0));
    else
        text_copy(target, capacity, "-");
}

void output_needs(char *target, size_t capacity, const json_t *dependencies)
{
    size_t i;
    json_t *need;
    target[0] = '\0';
    json_array_foreach(dependencies, i, need)
    {
        const char *name = json_text(json_object_get(need, "function"), "name", "function");
        text_append(target, capacity, "%s%s/%u >= %u", i ? ", " : "", name,
                    (unsigned)json_number(need, "index", 0),
                    (unsigned)json_number(need, "version", 0));
    }
    if (!target[0])
        text_copy(target, capacity, "-");
}
