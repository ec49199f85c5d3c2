/*
 * Records what goes over a transport, one JSON line an operation.
 *
 * Changes nothing on the way: same data, same status, same errors. A line that cannot be made for
 * lack of memory is left out, the operation is not. Invariant: `count` numbers every operation.
 */
#include "transport/trace.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/text.h"

typedef struct trace {
    transport base;
    transport *inner;
    trace_sink sink;
    uint64_t count;
} trace;

typedef struct trace_handle {
    usb_handle base;
    usb_handle *inner;
    char port[USB_PORT_SIZE];
} trace_handle;

enum {
    LINE_MAX_SIZE = 4 * USB_CONTROL_MAX + 1024
};

/* A line in the making: operation, number and time; the caller adds members. */
static json_t *line_begin(trace *self, const char *operation, const char *port)
{
    self->count++;
    json_t *line = json_pack("{s:I, s:I, s:s}", "n", (json_int_t)self->count, "ms",
                             (json_int_t)transport_now_ms(self->inner), "op", operation);
    if (port)
        json_object_set_new(line, "port", json_string(port));
    return line;
}

static osb_status line_end(trace *self, json_t *line, osb_status status)
{
    BUF_OWNED text = buf_make(LINE_MAX_SIZE);
    json_object_set_new(line, "status", json_string(osb_status_name(status)));
    if (json_to_line(line, &text, NULL) == OSB_OK) {
        buf_append_u8(&text, 0);
        if (!text.overflow)
            self->sink.line(self->sink.context, (const char *)text.data);
    }
    json_decref(line);
    return status;
}

static void add_hex(json_t *line, const char *member, const uint8_t *data, size_t size)
{
    char digits[2 * USB_CONTROL_MAX + 1];
    text_hex(digits, (span){data, size});
    json_object_set_new(line, member, json_string(digits));
}

static trace *trace_of(usb_handle *handle)
{
    return (trace *)handle->bus;
}

static osb_status trace_list(transport *bus, usb_identity *devices, size_t capacity, size_t *count,
                             osb_error *error)
{
    trace *self = (trace *)bus;
    json_t *line = line_begin(self, "list", NULL);
    osb_status status = transport_list(self->inner, devices, capacity, count, error);
    json_t *found = json_array();
    for (size_t i = 0; i < *count; i++) {
        char text[USB_PORT_SIZE + 32];
        text_format(text, sizeof text, "%s %04x:%04x #%u", devices[i].port, devices[i].vendor_id,
                    devices[i].product_id, devices[i].arrival);
        json_array_append_new(found, json_string(text));
    }
    json_object_set_new(line, "devices", found);
    return line_end(self, line, status);
}

static osb_status trace_open(transport *bus, const usb_identity *device, usb_handle **handle,
                             osb_error *error)
{
    trace *self = (trace *)bus;
    trace_handle *opened = calloc(1, sizeof *opened);
    if (!opened)
        return osb_fail_memory(error);
    json_t *line = line_begin(self, "open", device->port);
    osb_status status = transport_open(self->inner, device, &opened->inner, error);
    if (status == OSB_OK) {
        opened->base.bus = bus;
        text_copy(opened->port, sizeof opened->port, device->port);
        *handle = &opened->base;
    } else {
        free(opened);
    }
    return line_end(self, line, status);
}

static void trace_close(usb_handle *handle)
{
    trace_handle *opened = (trace_handle *)handle;
    json_t *line = line_begin(trace_of(handle), "close", opened->port);
    transport_close(opened->inner);
    line_end(trace_of(handle), line, OSB_OK);
    free(opened);
}

static osb_status trace_control(usb_handle *handle, const usb_setup *setup, uint8_t *data,
                                uint32_t timeout_ms, size_t *transferred, osb_error *error)
{
    trace_handle *opened = (trace_handle *)handle;
    const uint8_t wire[] = {setup->request_type,    setup->request,
                            (uint8_t)setup->value,  (uint8_t)(setup->value >> 8),
                            (uint8_t)setup->index,  (uint8_t)(setup->index >> 8),
                            (uint8_t)setup->length, (uint8_t)(setup->length >> 8)};
    json_t *line = line_begin(trace_of(handle), "control", opened->port);
    add_hex(line, "setup", wire, sizeof wire);
    bool in = setup->request_type & 0x80;
    if (!in)
        add_hex(line, "out", data, setup->length);
    osb_status status =
        transport_control(opened->inner, setup, data, timeout_ms, transferred, error);
    if (in && status == OSB_OK)
        add_hex(line, "in", data, *transferred);
    return line_end(trace_of(handle), line, status);
}

static osb_status trace_claim(usb_handle *handle, uint8_t interface_number, osb_error *error)
{
    trace_handle *opened = (trace_handle *)handle;
    json_t *line = line_begin(trace_of(handle), "claim", opened->port);
    json_object_set_new(line, "interface", json_integer(interface_number));
    osb_status status = transport_claim(opened->inner, interface_number, error);
    return line_end(trace_of(handle), line, status);
}

static osb_status trace_set_alternate(usb_handle *handle, uint8_t interface_number,
                                      uint8_t alternate, osb_error *error)
{
    trace_handle *opened = (trace_handle *)handle;
    json_t *line = line_begin(trace_of(handle), "set_alternate", opened->port);
    json_object_set_new(line, "interface", json_integer(interface_number));
    json_object_set_new(line, "alternate", json_integer(alternate));
    osb_status status = transport_set_alternate(opened->inner, interface_number, alternate, error);
    return line_end(trace_of(handle), line, status);
}

static uint64_t trace_now_ms(transport *bus)
{
    return transport_now_ms(((trace *)bus)->inner);
}

static osb_status trace_wait(transport *bus, uint32_t duration_ms, osb_error *error)
{
    trace *self = (trace *)bus;
    json_t *line = line_begin(self, "wait", NULL);
    json_object_set_new(line, "duration_ms", json_integer(duration_ms));
    return line_end(self, line, transport_wait(self->inner, duration_ms, error));
}

static osb_status trace_wait_change(transport *bus, uint32_t timeout_ms, osb_error *error)
{
    trace *self = (trace *)bus;
    json_t *line = line_begin(self, "wait_change", NULL);
    json_object_set_new(line, "timeout_ms", json_integer(timeout_ms));
    return line_end(self, line, transport_wait_change(self->inner, timeout_ms, error));
}

static void trace_destroy(transport *bus)
{
    free(bus);
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
    .destroy = trace_destroy,
};

osb_status trace_make(transport *inner, const trace_sink *sink, transport **traced,
                      osb_error *error)
{
    trace *self = calloc(1, sizeof *self);
    if (!self)
        return osb_fail_memory(error);
    self->base = (transport){.operations = &operations, .simulated = inner->simulated};
    self->inner = inner;
    self->sink = *sink;
    *traced = &self->base;
    return OSB_OK;
}
