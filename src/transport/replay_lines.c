/*
 * Reads a trace line by line, without ever holding more than one.
 *
 * Knows of an operation only that it has a number, a time and a name. Invariant: what is handed
 * out follows what was handed out before, so that a line that is missing is noticed.
 */
#include "transport/replay_lines.h"

#include <string.h>

#include "base/text.h"

enum {
    LINE_MAX_SIZE = 64 * 1024
};

/** Later than any clock: 8900 years of milliseconds. */
static const int64_t time_max_ms = INT64_C(1) << 48;

static const char hint_damaged[] = "get the file again: it must be kept as it was written";

osb_status replay_lines_fail(const replay_lines *self, const char *what, osb_error *error)
{
    return osb_fail(error, OSB_ERR_INTEGRITY, self->from->name, hint_damaged,
                    "line %llu of the trace %s", (unsigned long long)self->line, what);
}

/* With the file's lock held: the line at `place`, without its line feed. */
static int read_text(replay_lines *self)
{
    replay_file *from = self->from;
    int byte;
    self->text.size = 0;
    if (from->place != self->place)
        (void)fseek(from->file, self->place, SEEK_SET);
    while ((byte = getc(from->file)) != EOF && byte != '\n' && !self->text.overflow)
        buf_append_u8(&self->text, (uint8_t)byte);
    self->place = from->place = ftell(from->file);
    return byte;
}

/* False at the end of the file. A line without a line feed is cut. */
static osb_status read_line(replay_lines *self, bool *read, osb_error *error)
{
    pthread_mutex_lock(&self->from->lock);
    int last = read_text(self);
    bool failed = ferror(self->from->file);
    pthread_mutex_unlock(&self->from->lock);
    *read = last != EOF || self->text.size;
    self->line += *read;
    if (failed)
        return osb_fail(error, OSB_ERR_IO, self->from->name, "check the disk",
                        "the trace cannot be read");
    if (self->text.overflow)
        return replay_lines_fail(self, "is too long", error);
    if (*read && last == EOF)
        return replay_lines_fail(self, "is cut short", error);
    return OSB_OK;
}

/* By how it begins: each worker passes over the lines of all the others. */
static bool is_own(const replay_lines *self)
{
    char beginning[32];
    const span text = buf_span(&self->text);
    text_format(beginning, sizeof beginning, "{\"worker\":%u,", self->worker);
    const size_t size = self->worker ? strlen(beginning) : sizeof "{\"worker\":" - 1;
    const bool same = text.size >= size && memcmp(text.data, beginning, size) == 0;
    return self->worker ? same : !same;
}

static osb_status read_object(replay_lines *self, json_t **object, osb_error *error)
{
    bool read;
    *object = NULL;
    do {
        TRY(read_line(self, &read, error));
    } while (read && !is_own(self));
    if (read && (json_parse(buf_span(&self->text), self->from->name, object, NULL) != OSB_OK ||
                 !json_is_object(*object)))
        return replay_lines_fail(self, "is no JSON object", error);
    return OSB_OK;
}

osb_status replay_lines_begin(replay_lines *self, bool *simulated, osb_error *error)
{
    JSON_OWNED *first = NULL;
    self->text = buf_make(LINE_MAX_SIZE);
    if (read_object(self, &first, NULL) != OSB_OK || !first ||
        !text_equal(json_text(first, "type", ""), "osbundle-trace"))
        return osb_fail(error, OSB_ERR_INTEGRITY, self->from->name,
                        "name a file that --trace has written", "is no trace");
    if (json_number(first, "schema", 0) != 1)
        return osb_fail(error, OSB_ERR_REFUSED, self->from->name, "use a newer osbundle",
                        "this trace is of a kind that is not known here");
    int64_t time_ms = json_number(first, "ms", -1);
    if (time_ms < 0 || time_ms > time_max_ms)
        return replay_lines_fail(self, "has no possible time", error);
    self->time_ms = (uint64_t)time_ms;
    *simulated = json_true_at(first, "simulated");
    return OSB_OK;
}

void replay_lines_end(replay_lines *self)
{
    json_decref(self->next);
    buf_free(&self->text);
}

replay_lines replay_lines_share(const replay_lines *self, uint32_t worker)
{
    return (replay_lines){.from = self->from,
                          .worker = worker,
                          .place = self->place,
                          .text = buf_make(LINE_MAX_SIZE),
                          .line = self->line,
                          .time_ms = self->time_ms};
}

static osb_status check(replay_lines *self, const json_t *line, osb_error *error)
{
    int64_t began_ms = json_number(line, "ms", -1), took_ms = json_number(line, "took_ms", 0);
    if (json_number(line, "n", -1) != (int64_t)self->count + 1)
        return replay_lines_fail(self, "does not follow the one before", error);
    if (!json_text(line, "op", NULL))
        return replay_lines_fail(self, "tells no operation", error);
    if (began_ms < (int64_t)self->time_ms || began_ms > time_max_ms || took_ms < 0 ||
        took_ms > time_max_ms)
        return replay_lines_fail(self, "has no possible time", error);
    self->count++;
    self->time_ms = (uint64_t)(began_ms + took_ms);
    return OSB_OK;
}

osb_status replay_lines_peek(replay_lines *self, const json_t **next, osb_error *error)
{
    JSON_OWNED *line = NULL;
    *next = self->next;
    if (self->next)
        return OSB_OK;
    TRY(read_object(self, &line, error));
    if (!line)
        return OSB_OK;
    TRY(check(self, line, error));
    *next = self->next = json_incref(line);
    return OSB_OK;
}

void replay_lines_take(replay_lines *self)
{
    json_decref(self->next);
    self->next = NULL;
}
