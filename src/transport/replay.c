/*
 * Answers from a trace: each operation that is asked is held against the next recorded one, and
 * gets its answer, its error and its time.
 *
 * Guesses nothing and leaves nothing out. Invariant: once something differs, every operation fails
 * with that, and time runs on, so that nobody who keeps asking waits for ever.
 */
#include "transport/replay.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "transport/replay_private.h"
#include "transport/trace_line.h"
#include "transport/trace_serial.h"

enum {
    PATIENCE_MS = 1000, /* that every failed operation takes */
    EXCERPT = 40
};

static const char hint_same[] =
    "replay the same command with the same modules; with another osbundle than the one that "
    "recorded it, this is where it first does something else";

typedef struct replay_handle {
    usb_handle base;
    char port[USB_PORT_SIZE];
} replay_handle;

static osb_status tell(const osb_error *verdict, osb_error *error)
{
    if (error)
        *error = *verdict;
    return verdict->status;
}

osb_status replay_damaged(replay *self, const char *what, osb_error *error)
{
    osb_status status = replay_lines_fail(&self->lines, what, &self->verdict);
    return status == OSB_OK ? OSB_OK : tell(&self->verdict, error);
}

static osb_status peek(replay *self, const json_t **line, osb_error *error)
{
    if (self->used)
        replay_lines_take(&self->lines);
    self->used = false;
    return replay_lines_peek(&self->lines, line, error);
}

/* The next recorded operation, behind what the clock said before it. NULL when there is none. */
static osb_status next_operation(replay *self, const json_t **line, osb_error *error)
{
    do {
        TRY(peek(self, line, error));
        self->used = *line && text_equal(json_text(*line, "op", ""), "clock");
    } while (self->used);
    return OSB_OK;
}

static osb_status differs(const replay *self, const char *what, const char *values,
                          osb_error *error)
{
    return osb_fail(error, OSB_ERR_REPLAY, self->lines.from->name, hint_same, "line %llu: %s: %s",
                    (unsigned long long)self->lines.line, what, values);
}

/* Some digits around the place where two texts part. */
static void excerpt(const char *whole, size_t place, char text[EXCERPT + 4])
{
    const size_t from = place > EXCERPT / 2 ? place - EXCERPT / 2 : 0;
    char part[EXCERPT + 1];
    text_printable(part, sizeof part, whole + from, strnlen(whole + from, EXCERPT));
    text_format(text, EXCERPT + 4, "%s%s", from ? "..." : "", part);
}

/* A text or a number as text. */
static const char *value_text(const json_t *value, char number[24])
{
    text_format(number, 24, "%lld", json_integer_value(value));
    if (json_is_integer(value))
        return number;
    return json_is_string(value) ? json_string_value(value) : "nothing";
}

static void tell_values(const json_t *recorded, const json_t *asked, char *text, size_t capacity)
{
    char numbers[2][24], was[EXCERPT + 4], is[EXCERPT + 4];
    const char *left = value_text(recorded, numbers[0]), *right = value_text(asked, numbers[1]);
    size_t same = 0;
    while (left[same] && left[same] == right[same])
        same++;
    excerpt(left, same, was);
    excerpt(right, same, is);
    text_format(text, capacity, "recorded %s, now %s", was, is);
    if (same > EXCERPT)
        text_append(text, capacity, " (from digit %zu on)", same + 1);
}

/* Every member of `asked` is in `recorded`, with the same value. */
static osb_status compare(const replay *self, const json_t *recorded, json_t *asked,
                          osb_error *error)
{
    const char *member;
    json_t *value;
    json_object_foreach(asked, member, value)
    {
        char values[200], what[64];
        const json_t *was = json_object_get(recorded, member);
        if (json_equal(was, value))
            continue;
        text_format(what, sizeof what, "%s of %s", member, json_text(asked, "op", ""));
        tell_values(was, value, values, sizeof values);
        return differs(self, text_equal(member, "op") ? "operation" : what, values, error);
    }
    return OSB_OK;
}

static osb_status find(replay *self, json_t *asked, const json_t **line, osb_error *error)
{
    TRY(next_operation(self, line, error));
    if (!*line)
        return differs(self, "the trace ends here, now asked", json_text(asked, "op", ""), error);
    return compare(self, *line, asked, error);
}

osb_status replay_ask(replay *self, json_t *asked, const json_t **line, osb_error *error)
{
    JSON_OWNED *owned = asked;
    osb_error told;
    osb_status status;
    if (self->verdict.status != OSB_OK || find(self, owned, line, &self->verdict) != OSB_OK) {
        self->now_ms += PATIENCE_MS;
        return tell(&self->verdict, error);
    }
    self->now_ms = self->lines.time_ms;
    self->asked = 0;
    self->used = true;
    if (!line_end(*line, &status, &told))
        return replay_damaged(self, "tells no result", error);
    return status == OSB_OK ? OSB_OK : tell(&told, error);
}

static osb_status replay_list(transport *bus, usb_identity *devices, size_t capacity, size_t *count,
                              osb_error *error)
{
    replay *self = (replay *)bus;
    const json_t *line;
    TRY(replay_ask(self, line_of_list(), &line, error));
    if (!line_devices(line, devices, capacity, count))
        return replay_damaged(self, "lists a device that is none", error);
    return OSB_OK;
}

static osb_status replay_open(transport *bus, const usb_identity *device, usb_handle **handle,
                              osb_error *error)
{
    const json_t *line;
    TRY(replay_ask((replay *)bus, line_of_open(device), &line, error));
    replay_handle *opened = calloc(1, sizeof *opened);
    if (!opened)
        return osb_fail_memory(error);
    opened->base.bus = bus;
    text_copy(opened->port, sizeof opened->port, device->port);
    *handle = &opened->base;
    return OSB_OK;
}

static replay *replay_of(usb_handle *handle)
{
    return (replay *)handle->bus;
}

static const char *port_of(const usb_handle *handle)
{
    return ((const replay_handle *)handle)->port;
}

static void replay_close(usb_handle *handle)
{
    const json_t *line;
    /* Nobody hears of it here; the next operation and the verdict tell. */
    osb_status status = replay_ask(replay_of(handle), line_of_close(port_of(handle)), &line, NULL);
    (void)status;
    free(handle);
}

static osb_status replay_control(usb_handle *handle, const usb_setup *setup, uint8_t *data,
                                 uint32_t timeout_ms, size_t *transferred, osb_error *error)
{
    replay *self = replay_of(handle);
    const json_t *line;
    TRY(replay_ask(self, line_of_control(port_of(handle), setup, data, timeout_ms), &line, error));
    if (!line_moved(line, setup, data, transferred))
        return replay_damaged(self, "moves other data than was asked for", error);
    return OSB_OK;
}

static osb_status replay_claim(usb_handle *handle, uint8_t interface_number, osb_error *error)
{
    const json_t *line;
    return replay_ask(replay_of(handle), line_of_claim(port_of(handle), interface_number), &line,
                      error);
}

static osb_status replay_set_alternate(usb_handle *handle, uint8_t interface_number,
                                       uint8_t alternate, osb_error *error)
{
    const json_t *line;
    return replay_ask(replay_of(handle),
                      line_of_set_alternate(port_of(handle), interface_number, alternate), &line,
                      error);
}

/* The clock has a line of its own where it went on between two operations. */
static uint64_t replay_now_ms(transport *bus)
{
    replay *self = (replay *)bus;
    const json_t *line;
    self->asked++;
    if (self->verdict.status != OSB_OK || peek(self, &line, &self->verdict) != OSB_OK || !line ||
        !text_equal(json_text(line, "op", ""), "clock") ||
        json_number(line, "call", 0) != self->asked)
        return self->now_ms;
    self->now_ms = self->lines.time_ms;
    self->asked = 0;
    self->used = true;
    return self->now_ms;
}

static osb_status replay_wait(transport *bus, uint32_t duration_ms, osb_error *error)
{
    const json_t *line;
    return replay_ask((replay *)bus, line_of_wait(duration_ms), &line, error);
}

static osb_status replay_wait_change(transport *bus, uint32_t timeout_ms, osb_error *error)
{
    const json_t *line;
    return replay_ask((replay *)bus, line_of_wait_change(timeout_ms), &line, error);
}

static osb_status replay_share(transport *bus, transport **own, osb_error *error);

/* What a worker came upon is the first transport's verdict too. */
static void worker_end(replay *self)
{
    replay *first = self->first;
    const uint64_t rest = replay_rest(&self->base);
    pthread_mutex_lock(&first->file.lock);
    if (first->verdict.status == OSB_OK)
        first->verdict = self->verdict;
    if (rest && (!first->rest || rest < first->rest))
        first->rest = rest;
    pthread_mutex_unlock(&first->file.lock);
}

static void replay_destroy(transport *bus)
{
    replay *self = (replay *)bus;
    if (self->first)
        worker_end(self);
    replay_lines_end(&self->lines);
    if (!self->first) {
        fclose(self->file.file);
        pthread_mutex_destroy(&self->file.lock);
    }
    free(self);
}

static const transport_operations operations = {
    .list = replay_list,
    .open = replay_open,
    .close = replay_close,
    .control = replay_control,
    .claim = replay_claim,
    .set_alternate = replay_set_alternate,
    .now_ms = replay_now_ms,
    .wait = replay_wait,
    .wait_change = replay_wait_change,
    .share = replay_share,
    .destroy = replay_destroy,
};

static osb_status replay_share(transport *bus, transport **own, osb_error *error)
{
    replay *self = (replay *)bus;
    const json_t *line;
    TRY(replay_ask(self, line_of_share(), &line, error));
    const uint32_t worker = line_worker(line);
    if (!worker || self->first)
        return replay_damaged(self, "names no worker", error);
    replay *made = calloc(1, sizeof *made);
    if (!made)
        return osb_fail_memory(error);
    made->base = self->base;
    made->first = self;
    made->now_ms = self->now_ms;
    made->lines = replay_lines_share(&self->lines, worker);
    *own = &made->base;
    return OSB_OK;
}

osb_status replay_make(FILE *file, const char *name, transport **bus, osb_error *error)
{
    replay *self = calloc(1, sizeof *self);
    if (!self) {
        fclose(file);
        return osb_fail_memory(error);
    }
    self->base.operations = &operations;
    self->base.serial = &replay_serial_operations;
    self->file = (replay_file){.file = file, .lock = PTHREAD_MUTEX_INITIALIZER};
    text_copy(self->file.name, sizeof self->file.name, name);
    self->lines.from = &self->file;
    osb_status status = replay_lines_begin(&self->lines, &self->base.simulated, error);
    if (status != OSB_OK) {
        replay_destroy(&self->base);
        return status;
    }
    self->now_ms = self->lines.time_ms;
    *bus = &self->base;
    return OSB_OK;
}

osb_status replay_verdict(const transport *bus, osb_error *error)
{
    const replay *self = (const replay *)bus;
    return self->verdict.status == OSB_OK ? OSB_OK : tell(&self->verdict, error);
}

uint64_t replay_rest(transport *bus)
{
    replay *self = (replay *)bus;
    const json_t *line;
    if (self->verdict.status != OSB_OK)
        return 0;
    bool more = next_operation(self, &line, NULL) != OSB_OK || line;
    return more ? self->lines.line : self->rest;
}
