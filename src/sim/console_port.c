/*
 * Serial ports of simulated boards, for programs in the same process: what usbip_link.c and a
 * kernel's driver are for all others.
 *
 * Says and hears nothing itself (console_device.c). Invariant: a port is gone when its board left
 * the bus, even if it came back since.
 */
#include "sim/console_port.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sim/board.h"
#include "sim/usb_descriptors.h"
#include "sim/usb_device.h"
#include "sim/world.h"

enum {
    CALL_US = 1000, /**< one control transfer, or handing over bytes */
    SET_LINE_CODING = 0x20,
    SET_CONTROL_LINE_STATE = 0x22,
    LINE_TERMINAL_READY = 1,
    LINE_REQUEST_TO_SEND = 2,
    DATA_BITS = 8
};

static const char prefix[] = "sim:";

typedef struct console_port {
    serial_port base; /**< first: ports are these */
    sim_board *board;
    uint32_t arrival;
} console_port;

static bool has_console(const sim_board *board)
{
    return board_on_bus(board) && board->mode != BOARD_DFU;
}

static bool is_live(const console_port *port)
{
    return has_console(port->board) && port->board->arrival == port->arrival;
}

static osb_status gone(const console_port *port, osb_error *error)
{
    return osb_fail(error, OSB_ERR_DISCONNECTED, port->board->port, "wait until it comes back",
                    "the serial port is gone");
}

static osb_status port_list(transport *bus, serial_identity *ports, size_t capacity, size_t *count,
                            osb_error *error)
{
    sim_world *world = world_enter(bus);
    TRY(fault_host_alive(world, error));
    for (size_t i = 0; i < world->board_count && *count < capacity; i++) {
        const sim_board *board = world->boards[i];
        if (!has_console(board))
            continue;
        serial_identity *port = &ports[(*count)++];
        *port = (serial_identity){.vendor_id = board->shown->vendor_id,
                                  .product_id = usb_product_id(board)};
        text_format(port->path, sizeof port->path, "%s%s", prefix, board->port);
        text_copy(port->serial_number, sizeof port->serial_number, board->device_id);
        text_copy(port->product, sizeof port->product, board->shown->product_string);
        text_copy(port->usb_port, sizeof port->usb_port, board->port);
    }
    return OSB_OK;
}

static sim_board *board_at(const sim_world *world, const char *path)
{
    const size_t skipped = sizeof prefix - 1;
    for (size_t i = 0; i < world->board_count; i++) {
        sim_board *board = world->boards[i];
        if (has_console(board) && text_starts_with(path, prefix) &&
            text_equal(path + skipped, board->port))
            return board;
    }
    return NULL;
}

/** Lets the transfer take its time, with the fault that is due. */
static osb_status pass(const console_port *port, osb_error *error)
{
    sim_world *world = world_enter(port->base.bus);
    bool faulted;
    TRY(fault_host_alive(world, error));
    if (!is_live(port))
        return gone(port, error);
    osb_status status = world_meet_fault(port->board, CALL_US, CALL_US, &faulted, error);
    if (faulted)
        return status;
    world_advance(world, world->now_us + CALL_US);
    return is_live(port) ? OSB_OK : gone(port, error);
}

static osb_status to_board(const console_port *port, uint8_t request, uint16_t value, uint8_t *data,
                           uint16_t size, osb_error *error)
{
    sim_board *board = port->board;
    const usb_setup setup = {.request_type = USB_CLASS_INTERFACE_OUT,
                             .request = request,
                             .value = value,
                             .index = board->family->usb.line_interface,
                             .length = size};
    size_t moved;
    TRY(pass(port, error));
    if (usb_device_control(board, &setup, data, &moved) != USB_DONE)
        return osb_fail(error, OSB_ERR_STALL, board->port, NULL, "the board refused the transfer");
    return OSB_OK;
}

static osb_status port_set_rate(serial_port *base, uint32_t baud_rate, osb_error *error)
{
    uint8_t line[CONSOLE_LINE_SIZE] = {(uint8_t)baud_rate,
                                       (uint8_t)(baud_rate >> 8),
                                       (uint8_t)(baud_rate >> 16),
                                       (uint8_t)(baud_rate >> 24),
                                       0,
                                       0,
                                       DATA_BITS};
    return to_board((console_port *)base, SET_LINE_CODING, 0, line, sizeof line, error);
}

static osb_status port_set_lines(serial_port *base, bool terminal_ready, bool request_to_send,
                                 osb_error *error)
{
    const uint16_t lines =
        (terminal_ready ? LINE_TERMINAL_READY : 0) | (request_to_send ? LINE_REQUEST_TO_SEND : 0);
    return to_board((console_port *)base, SET_CONTROL_LINE_STATE, lines, NULL, 0, error);
}

static void port_close(serial_port *base)
{
    console_port *port = (console_port *)base;
    (void)world_enter(base->bus);
    if (is_live(port))
        port->board->console.opened_at = 0;
    free(port);
}

static osb_status port_open(transport *bus, const char *path, uint32_t baud_rate,
                            serial_port **opened, osb_error *error)
{
    sim_world *world = world_enter(bus);
    TRY(fault_host_alive(world, error));
    sim_board *board = board_at(world, path);
    if (!board)
        return osb_fail(error, OSB_ERR_NOT_FOUND, path, "run 'osbundle serial list'",
                        "there is no such serial port");
    if (board->console.opened_at == board->arrival)
        return osb_fail(error, OSB_ERR_BUSY, path, "close the other one",
                        "the serial port is in use by this program already");
    console_port *port = calloc(1, sizeof *port);
    if (!port)
        return osb_fail_memory(error);
    *port = (console_port){.base = {bus}, .board = board, .arrival = board->arrival};
    osb_status status = port_set_lines(&port->base, true, true, error);
    if (status == OSB_OK)
        status = port_set_rate(&port->base, baud_rate, error);
    if (status != OSB_OK) {
        free(port);
        return status;
    }
    board->console.opened_at = port->arrival;
    *opened = &port->base;
    return OSB_OK;
}

/** Lets time pass until the board does something, at most until `end_us`. */
static void await_board(const console_port *port, uint64_t end_us)
{
    const uint64_t due_us = board_next_due(port->board);
    world_advance(port->board->world, due_us < end_us ? due_us : end_us);
}

static osb_status port_read(serial_port *base, uint8_t *data, size_t capacity, uint32_t timeout_ms,
                            size_t *received, osb_error *error)
{
    const console_port *port = (console_port *)base;
    const sim_world *world = world_enter(base->bus);
    const uint64_t end_us = world->now_us + (uint64_t)timeout_ms * 1000;
    TRY(pass(port, error));
    while ((*received = console_fetch(port->board, data, capacity)) == 0) {
        if (world->now_us >= end_us)
            return OSB_OK;
        await_board(port, end_us);
        if (!is_live(port))
            return gone(port, error);
    }
    return OSB_OK;
}

static osb_status port_write(serial_port *base, span bytes, uint32_t timeout_ms, osb_error *error)
{
    const console_port *port = (console_port *)base;
    const sim_world *world = world_enter(base->bus);
    const uint64_t end_us = world->now_us + (uint64_t)timeout_ms * 1000;
    TRY(pass(port, error));
    for (;;) {
        const size_t taken = console_receive(port->board, bytes);
        bytes = span_slice(bytes, taken, bytes.size - taken);
        if (!bytes.size)
            return OSB_OK;
        if (world->now_us >= end_us)
            return osb_fail(error, OSB_ERR_TIMEOUT, port->board->port, "restart the board",
                            "the board takes no bytes from its serial port");
        await_board(port, end_us);
        if (!is_live(port))
            return gone(port, error);
    }
}

/** What was written is with the board. */
static osb_status port_drain(serial_port *base, uint32_t timeout_ms, osb_error *error)
{
    (void)timeout_ms;
    return pass((console_port *)base, error);
}

const serial_operations console_port_operations = {
    .list = port_list,
    .open = port_open,
    .close = port_close,
    .set_rate = port_set_rate,
    .set_lines = port_set_lines,
    .read = port_read,
    .write = port_write,
    .drain = port_drain,
};
