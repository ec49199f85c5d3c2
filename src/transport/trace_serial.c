/*
 * Records what goes over serial ports, as trace.c does for the rest.
 *
 * Invariant: as there, the same data, status and errors pass through.
 */
#include "transport/trace_serial.h"

#include <stdlib.h>

#include "base/text.h"
#include "transport/trace_line.h"
#include "transport/trace_private.h"

typedef struct trace_port {
    serial_port base;
    serial_port *inner;
    char path[SERIAL_PATH_SIZE];
} trace_port;

static trace_entry begin(const serial_port *port, json_t *asked)
{
    return trace_begin((trace *)port->bus, asked);
}

static osb_status trace_serial_list(transport *bus, serial_identity *ports, size_t capacity,
                                    size_t *count, osb_error *error)
{
    trace *self = (trace *)bus;
    trace_entry entry = trace_begin(self, line_of_serial_list());
    osb_status status = serial_list(self->inner, ports, capacity, count, &entry.error);
    if (status == OSB_OK)
        line_add_ports(entry.line, ports, *count);
    return trace_end(&entry, status, error);
}

static osb_status trace_serial_open(transport *bus, const char *path, uint32_t baud_rate,
                                    serial_port **port, osb_error *error)
{
    trace *self = (trace *)bus;
    trace_port *opened = calloc(1, sizeof *opened);
    if (!opened)
        return osb_fail_memory(error);
    trace_entry entry = trace_begin(self, line_of_serial_open(path, baud_rate));
    osb_status status = serial_open(self->inner, path, baud_rate, &opened->inner, &entry.error);
    if (status == OSB_OK) {
        opened->base.bus = bus;
        text_copy(opened->path, sizeof opened->path, path);
        *port = &opened->base;
    } else {
        free(opened);
    }
    return trace_end(&entry, status, error);
}

static void trace_serial_close(serial_port *base)
{
    trace_port *port = (trace_port *)base;
    trace_entry entry = begin(base, line_of_serial("serial_close", port->path));
    serial_close(port->inner);
    (void)trace_end(&entry, OSB_OK, NULL);
    free(port);
}

static osb_status trace_serial_set_rate(serial_port *base, uint32_t baud_rate, osb_error *error)
{
    trace_port *port = (trace_port *)base;
    trace_entry entry = begin(base, line_of_serial_rate(port->path, baud_rate));
    return trace_end(&entry, serial_set_rate(port->inner, baud_rate, &entry.error), error);
}

static osb_status trace_serial_set_lines(serial_port *base, bool terminal_ready,
                                         bool request_to_send, osb_error *error)
{
    trace_port *port = (trace_port *)base;
    trace_entry entry =
        begin(base, line_of_serial_lines(port->path, terminal_ready, request_to_send));
    osb_status status =
        serial_set_lines(port->inner, terminal_ready, request_to_send, &entry.error);
    return trace_end(&entry, status, error);
}

static osb_status trace_serial_read(serial_port *base, uint8_t *data, size_t capacity,
                                    uint32_t timeout_ms, size_t *received, osb_error *error)
{
    trace_port *port = (trace_port *)base;
    trace_entry entry = begin(base, line_of_serial_read(port->path, capacity, timeout_ms));
    osb_status status =
        serial_read(port->inner, data, capacity, timeout_ms, received, &entry.error);
    if (status == OSB_OK)
        line_add_bytes(entry.line, (span){data, *received});
    return trace_end(&entry, status, error);
}

static osb_status trace_serial_write(serial_port *base, span bytes, uint32_t timeout_ms,
                                     osb_error *error)
{
    trace_port *port = (trace_port *)base;
    trace_entry entry = begin(base, line_of_serial_write(port->path, bytes, timeout_ms));
    return trace_end(&entry, serial_write(port->inner, bytes, timeout_ms, &entry.error), error);
}

static osb_status trace_serial_drain(serial_port *base, uint32_t timeout_ms, osb_error *error)
{
    trace_port *port = (trace_port *)base;
    trace_entry entry = begin(base, line_of_serial_drain(port->path, timeout_ms));
    return trace_end(&entry, serial_drain(port->inner, timeout_ms, &entry.error), error);
}

const serial_operations trace_serial_operations = {
    .list = trace_serial_list,
    .open = trace_serial_open,
    .close = trace_serial_close,
    .set_rate = trace_serial_set_rate,
    .set_lines = trace_serial_set_lines,
    .read = trace_serial_read,
    .write = trace_serial_write,
    .drain = trace_serial_drain,
};
