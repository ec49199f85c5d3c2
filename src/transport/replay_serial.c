/*
 * Answers what is asked of serial ports from a trace, as replay.c does for the rest.
 *
 * Invariant: as there, the first difference is the end of all answers.
 */
#include <stdlib.h>

#include "base/text.h"
#include "transport/replay_private.h"
#include "transport/trace_line.h"
#include "transport/trace_serial.h"

typedef struct replay_port {
    serial_port base;
    char path[SERIAL_PATH_SIZE];
} replay_port;

static osb_status ask(const serial_port *port, json_t *asked, const json_t **line, osb_error *error)
{
    return replay_ask((replay *)port->bus, asked, line, error);
}

static const char *path_of(const serial_port *port)
{
    return ((const replay_port *)port)->path;
}

static osb_status replay_serial_list(transport *bus, serial_identity *ports, size_t capacity,
                                     size_t *count, osb_error *error)
{
    replay *self = (replay *)bus;
    const json_t *line;
    TRY(replay_ask(self, line_of_serial_list(), &line, error));
    if (!line_ports(line, ports, capacity, count))
        return replay_damaged(self, "lists a serial port that is none", error);
    return OSB_OK;
}

static osb_status replay_serial_open(transport *bus, const char *path, uint32_t baud_rate,
                                     serial_port **port, osb_error *error)
{
    const json_t *line;
    TRY(replay_ask((replay *)bus, line_of_serial_open(path, baud_rate), &line, error));
    replay_port *opened = calloc(1, sizeof *opened);
    if (!opened)
        return osb_fail_memory(error);
    opened->base.bus = bus;
    text_copy(opened->path, sizeof opened->path, path);
    *port = &opened->base;
    return OSB_OK;
}

static void replay_serial_close(serial_port *port)
{
    const json_t *line;
    /* Nobody hears of it here; the next operation and the verdict tell. */
    osb_status status = ask(port, line_of_serial("serial_close", path_of(port)), &line, NULL);
    (void)status;
    free(port);
}

static osb_status replay_serial_set_rate(serial_port *port, uint32_t baud_rate, osb_error *error)
{
    const json_t *line;
    return ask(port, line_of_serial_rate(path_of(port), baud_rate), &line, error);
}

static osb_status replay_serial_set_lines(serial_port *port, bool terminal_ready,
                                          bool request_to_send, osb_error *error)
{
    const json_t *line;
    return ask(port, line_of_serial_lines(path_of(port), terminal_ready, request_to_send), &line,
               error);
}

static osb_status replay_serial_read(serial_port *port, uint8_t *data, size_t capacity,
                                     uint32_t timeout_ms, size_t *received, osb_error *error)
{
    const json_t *line;
    TRY(ask(port, line_of_serial_read(path_of(port), capacity, timeout_ms), &line, error));
    if (!line_bytes(line, data, capacity, received))
        return replay_damaged((replay *)port->bus, "reads other data than was asked for", error);
    return OSB_OK;
}

static osb_status replay_serial_write(serial_port *port, span bytes, uint32_t timeout_ms,
                                      osb_error *error)
{
    const json_t *line;
    return ask(port, line_of_serial_write(path_of(port), bytes, timeout_ms), &line, error);
}

static osb_status replay_serial_drain(serial_port *port, uint32_t timeout_ms, osb_error *error)
{
    const json_t *line;
    return ask(port, line_of_serial_drain(path_of(port), timeout_ms), &line, error);
}

const serial_operations replay_serial_operations = {
    .list = replay_serial_list,
    .open = replay_serial_open,
    .close = replay_serial_close,
    .set_rate = replay_serial_set_rate,
    .set_lines = replay_serial_set_lines,
    .read = replay_serial_read,
    .write = replay_serial_write,
    .drain = replay_serial_drain,
};
