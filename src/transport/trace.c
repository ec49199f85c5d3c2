/*
 * Records what goes over a transport, one JSON line an operation, so that replay.c can answer as
 * the boards did.
 *
 * Changes nothing on the way: same data, same status, same errors. A line that cannot be made for
 * lack of memory is left out, the operation is not. Invariant: `count` numbers every line, and
 * whoever reads them knows what the clock said each time it was asked.
 */
#include "transport/trace.h"

#include <stdlib.h>

#include "base/text.h"
#include "transport/trace_line.h"
#include "transport/trace_private.h"
#include "transport/trace_serial.h"

typedef struct trace_handle {
    usb_handle base;
    usb_handle *inner;
    char port[USB_PORT_SIZE];
} trace_handle;

enum {
    LINE_MAX_SIZE = 32 * 1024
};

static void line_write(const trace *self, const json_t *line)
{
    BUF_OWNED text = buf_make(LINE_MAX_SIZE);
    if (!line || json_to_line(line, &text, NULL) != OSB_OK)
        return;
    buf_append_u8(&text, 0);
    if (!text.overflow)
        self->sink.line(self->sink.context, (const char *)text.data);
}

static json_t *line_make(trace *self, uint64_t now_ms)
{
    json_t *line = json_object();
    if (self->worker)
        line_add_worker(line, self->worker);
    json_object_set_new(line, "n", json_integer((json_int_t)++self->count));
    json_object_set_new(line, "ms", json_integer((json_int_t)now_ms));
    return line;
}

trace_entry trace_begin(trace *self, json_t *asked)
{
    trace_entry entry = {.self = self, .began_ms = transport_now_ms(self->inner)};
    entry.line = line_make(self, entry.began_ms);
    json_object_update(entry.line, asked);
    json_decref(asked);
    return entry;
}

osb_status trace_end(trace_entry *entry, osb_status status, osb_error *error)
{
    trace *self = entry->self;
    self->known_ms = transport_now_ms(self->inner);
    self->asked = 0;
    json_object_set_new(entry->line, "took_ms",
                        json_integer((json_int_t)(self->known_ms - entry->began_ms)));
    line_add_end(entry->line, status, &entry->error);
    line_write(self, entry->line);
    json_decref(entry->line);
    if (status != OSB_OK && error)
        *error = entry->error;
    return status;
}

static trace *trace_of(usb_handle *handle)
{
    return (trace *)handle->bus;
}

static osb_status trace_list(transport *bus, usb_identity *devices, size_t capacity, size_t *count,
                             osb_error *error)
{
    trace *self = (trace *)bus;
    trace_entry entry = trace_begin(self, line_of_list());
    osb_status status = transport_list(self->inner, devices, capacity, count, &entry.error);
    if (status == OSB_OK)
        line_add_devices(entry.line, devices, *count);
    return trace_end(&entry, status, error);
}

static osb_status trace_open(transport *bus, const usb_identity *device, usb_handle **handle,
                             osb_error *error)
{
    trace *self = (trace *)bus;
    trace_handle *opened = calloc(1, sizeof *opened);
    if (!opened)
        return osb_fail_memory(error);
    trace_entry entry = trace_begin(self, line_of_open(device));
    osb_status status = transport_open(self->inner, device, &opened->inner, &entry.error);
    if (status == OSB_OK) {
        opened->base.bus = bus;
        text_copy(opened->port, sizeof opened->port, device->port);
        *handle = &opened->base;
    } else {
        free(opened);
    }
    return trace_end(&entry, status, error);
}

static void trace_close(usb_handle *handle)
{
    trace_handle *opened = (trace_handle *)handle;
    trace_entry entry = trace_begin(trace_of(handle), line_of_close(opened->port));
    transport_close(opened->inner);
    (void)trace_end(&entry, OSB_OK, NULL);
    free(opened);
}

static osb_status trace_control(usb_handle *handle, const usb_setup *setup, uint8_t *data,
                                uint32_t timeout_ms, size_t *transferred, osb_error *error)
{
    trace_handle *opened = (trace_handle *)handle;
    trace_entry entry =
        trace_begin(trace_of(handle), line_of_control(opened->port, setup, data, timeout_ms));
    osb_status status =
        transport_control(opened->inner, setup, data, timeout_ms, transferred, &entry.error);
    if (status == OSB_OK)
        line_add_moved(entry.line, setup, data, *transferred);
    return trace_end(&entry, status, error);
}

static osb_status trace_claim(usb_handle *handle, uint8_t interface_number, osb_error *error)
{
    trace_handle *opened = (trace_handle *)handle;
    trace_entry entry =
        trace_begin(trace_of(handle), line_of_claim(opened->port, interface_number));
    osb_status status = transport_claim(opened->inner, interface_number, &entry.error);
    return trace_end(&entry, status, error);
}

static osb_status trace_set_alternate(usb_handle *handle, uint8_t interface_number,
                                      uint8_t alternate, osb_error *error)
{
    trace_handle *opened = (trace_handle *)handle;
    trace_entry entry = trace_begin(
        trace_of(handle), line_of_set_alternate(opened->port, interface_number, alternate));
    osb_status status =
        transport_set_alternate(opened->inner, interface_number, alternate, &entry.error);
    return trace_end(&entry, status, error);
}

/* A line only where time went by between two operations: most of the time it does not. */
static uint64_t trace_now_ms(transport *bus)
{
    trace *self = (trace *)bus;
    uint64_t now_ms = transport_now_ms(self->inner);
    self->asked++;
    if (now_ms == self->known_ms)
        return now_ms;
    JSON_OWNED *line = line_make(self, now_ms);
    json_object_set_new(line, "op", json_string("clock"));
    json_object_set_new(line, "call", json_integer(self->asked));
    line_write(self, line);
    self->known_ms = now_ms;
    self->asked = 0;
    return now_ms;
}

static osb_status trace_wait(transport *bus, uint32_t duration_ms, osb_error *error)
{
    trace *self = (trace *)bus;
    trace_entry entry = trace_begin(self, line_of_wait(duration_ms));
    osb_status status = transport_wait(self->inner, duration_ms, &entry.error);
    return trace_end(&entry, status, error);
}

static osb_status trace_wait_change(transport *bus, uint32_t timeout_ms, osb_error *error)
{
    trace *self = (trace *)bus;
    trace_entry entry = trace_begin(self, line_of_wait_change(timeout_ms));
    osb_status status = transport_wait_change(self->inner, timeout_ms, &entry.error);
    return trace_end(&entry, status, error);
}

static osb_status trace_share(transport *bus, transport **own, osb_error *error);

static void trace_destroy(transport *bus)
{
    trace *self = (trace *)bus;
    if (self->worker)
        transport_destroy(self->inner);
    free(self);
}

static const transport_operations operations = {
    .list = trace_list,
    .open = trace_open,
    .close = trace_close,
    .control = trace_control,
    .claim = trace_claim,
    .set_alternate = trace_set_alternate,
    .now_ms = trace_now_ms,
    .wait = trace_wait,
    .wait_change = trace_wait_change,
    .share = trace_share,
    .destroy = trace_destroy,
};

static trace *make(transport *inner, const trace_sink *sink)
{
    trace *self = calloc(1, sizeof *self);
    if (self)
        *self = (trace){.base = {.operations = &operations,
                                 .simulated = inner->simulated,
                                 .serial = inner->serial ? &trace_serial_operations : NULL},
                        .inner = inner,
                        .sink = *sink};
    return self;
}

/* Gives the worker's transport a trace of its own, to the same sink. */
static osb_status share(trace *self, transport **own, osb_error *error)
{
    transport *inner;
    if (self->worker)
        return osb_fail(error, OSB_ERR_INTERNAL, NULL, NULL, "a worker's transport is not shared");
    TRY(transport_share(self->inner, &inner, error));
    trace *worker = make(inner, &self->sink);
    if (!worker) {
        transport_destroy(inner);
        return osb_fail_memory(error);
    }
    worker->worker = ++self->shared;
    *own = &worker->base;
    return OSB_OK;
}

static osb_status trace_share(transport *bus, transport **own, osb_error *error)
{
    trace *self = (trace *)bus;
    trace_entry entry = trace_begin(self, line_of_share());
    osb_status status = share(self, own, &entry.error);
    if (status == OSB_OK)
        line_add_worker(entry.line, self->shared);
    status = trace_end(&entry, status, error);
    if (status == OSB_OK)
        ((trace *)*own)->known_ms = self->known_ms;
    return status;
}

osb_status trace_make(transport *inner, const trace_sink *sink, transport **traced,
                      osb_error *error)
{
    trace *self = make(inner, sink);
    if (!self)
        return osb_fail_memory(error);
    self->known_ms = transport_now_ms(inner);
    JSON_OWNED *first =
        json_pack("{s:s, s:i, s:s, s:b, s:I}", "type", "osbundle-trace", "schema", 1, "version",
                  OSB_VERSION, "simulated", inner->simulated, "ms", (json_int_t)self->known_ms);
    line_write(self, first);
    *traced = &self->base;
    return OSB_OK;
}
