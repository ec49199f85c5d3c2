/*
 * The simulated world as a transport back end: bus and transfers.
 *
 * Time is schedule.c, faults fault.c, boards board.c. Invariant: an operation looks at the world
 * only when it is its caller's turn, and looks again at what may have changed while time passed.
 */
#include "sim/world.h"

#include <stdlib.h>

#include "base/text.h"
#include "sim/board.h"
#include "sim/console_port.h"
#include "sim/usb_descriptors.h"

enum {
    TRANSFER_US = 1000,          /**< one control transfer, at least */
    TRANSFER_NS_PER_BYTE = 1200, /**< full speed, 64-byte packets */
    OPEN_US = 1000
};

typedef struct sim_handle {
    usb_handle base; /**< first: handles are these */
    sim_board *board;
    uint32_t arrival;
    uint32_t claimed; /**< a bit an interface */
} sim_handle;

sim_world *world_enter(transport *bus)
{
    sim_seat *seat = (sim_seat *)bus;
    seat_enter(seat);
    return seat->world;
}

osb_status world_take_in(sim_world *world, sim_board *board, osb_error *error)
{
    if (world->board_count == USB_DEVICES_MAX)
        return osb_fail(error, OSB_ERR_REFUSED, board->device_id, "use fewer boards",
                        "the simulated bus is full");
    board->world = world;
    world->boards[world->board_count++] = board;
    text_format(board->port, sizeof board->port, "1-%zu", world->board_count);
    return OSB_OK;
}

static osb_status sim_list(transport *bus, usb_identity *devices, size_t capacity, size_t *count,
                           osb_error *error)
{
    sim_world *world = world_enter(bus);
    TRY(fault_host_alive(world, error));
    for (size_t i = 0; i < world->board_count && *count < capacity; i++) {
        const sim_board *board = world->boards[i];
        if (!board_on_bus(board))
            continue;
        usb_identity *device = &devices[(*count)++];
        *device = (usb_identity){.vendor_id = board->shown->vendor_id,
                                 .product_id = usb_product_id(board),
                                 .arrival = board->arrival};
        text_copy(device->port, sizeof device->port, board->port);
    }
    return OSB_OK;
}

/* Cures as the real back end names them. */
static const char hint_cable[] =
    "check cable and hub, plug the board in again and run the same command";
static const char hint_restart[] = "restart the board and try again";

static osb_status gone(const char *subject, osb_error *error)
{
    return osb_fail(error, OSB_ERR_DISCONNECTED, subject, hint_cable, "the board left the bus");
}

static osb_status refused(const char *subject, osb_error *error)
{
    return osb_fail(error, OSB_ERR_STALL, subject, hint_restart, "the board refused the transfer");
}

static osb_status late(const char *subject, osb_error *error)
{
    return osb_fail(error, OSB_ERR_TIMEOUT, subject, hint_cable,
                    "the board did not answer in time");
}

static bool is_live(const sim_handle *handle)
{
    return board_on_bus(handle->board) && handle->board->arrival == handle->arrival;
}

osb_status world_meet_fault(sim_board *board, uint64_t cost_us, uint64_t timeout_us, bool *faulted,
                            osb_error *error)
{
    sim_world *world = board->world;
    sim_fault kind;
    *faulted = true;
    TRY(fault_next(world, &kind, error));
    switch (kind) {
    case FAULT_POWER_CUT:
        fault_cut_power(world, board, world->now_us + cost_us);
        return gone(board->port, error);
    case FAULT_UNPLUG:
    case FAULT_VANISH:
        fault_unplug(world, board, kind, world->now_us + cost_us);
        return gone(board->port, error);
    case FAULT_STALL:
        world_advance(world, world->now_us + cost_us);
        return refused(board->port, error);
    case FAULT_TIMEOUT:
        world_advance(world, world->now_us + timeout_us);
        return late(board->port, error);
    case FAULT_SHORT:
    case FAULT_GARBAGE:
        world->spoils = kind;
        break;
    case FAULT_HOST_GONE:
    case FAULT_NONE:
        break;
    }
    *faulted = false;
    return OSB_OK;
}

static sim_board *board_at(sim_world *world, const usb_identity *device)
{
    for (size_t i = 0; i < world->board_count; i++) {
        sim_board *board = world->boards[i];
        if (board_on_bus(board) && board->arrival == device->arrival &&
            text_equal(board->port, device->port))
            return board;
    }
    return NULL;
}

static osb_status sim_open(transport *bus, const usb_identity *device, usb_handle **handle,
                           osb_error *error)
{
    sim_world *world = world_enter(bus);
    TRY(fault_host_alive(world, error));
    sim_board *board = board_at(world, device);
    if (!board)
        return gone(device->port, error);
    bool faulted;
    osb_status status = world_meet_fault(board, OPEN_US, OPEN_US, &faulted, error);
    if (faulted)
        return status;
    world_advance(world, world->now_us + OPEN_US);
    if (!board_at(world, device))
        return gone(device->port, error);
    sim_handle *made = calloc(1, sizeof *made);
    if (!made)
        return osb_fail_memory(error);
    *made = (sim_handle){.base = {bus}, .board = board, .arrival = board->arrival};
    *handle = &made->base;
    return OSB_OK;
}

static void sim_close(usb_handle *handle)
{
    free(handle);
}

/** While a bootloader works on flash it answers nothing. */
static uint64_t blocked_us(const sim_board *board)
{
    return board->mode == BOARD_DFU ? work_rest_us(board) : 0;
}

static bool is_claimed(const sim_handle *handle, uint16_t interface_number)
{
    return interface_number < 32 && handle->claimed & (1u << interface_number);
}

static osb_status not_claimed(const sim_handle *handle, uint16_t interface_number, osb_error *error)
{
    return osb_fail(error, OSB_ERR_DEVICE, handle->board->port, "claim the interface first",
                    "interface %u is not claimed", interface_number);
}

static osb_status finish_transfer(sim_handle *handle, usb_answer answer, uint64_t timeout_us,
                                  osb_error *error)
{
    sim_world *world = handle->board->world;
    const char *port = handle->board->port;
    switch (answer) {
    case USB_DONE:
        return OSB_OK;
    case USB_STALLED:
        return refused(port, error);
    case USB_HANGS:
        world_advance(world, world->now_us + timeout_us);
        return late(port, error);
    case USB_GONE:
        break;
    }
    return gone(port, error);
}

/** One transfer behind its fault: waits for the board, lets the wire take its time, asks it. */
static osb_status transfer(sim_handle *handle, const usb_setup *setup, uint8_t *data,
                           uint64_t timeout_us, size_t *transferred, osb_error *error)
{
    sim_board *board = handle->board;
    sim_world *world = board->world;
    const uint64_t cost = TRANSFER_US + (uint64_t)setup->length * TRANSFER_NS_PER_BYTE / 1000;
    const uint64_t blocked = blocked_us(board);
    bool faulted;
    if (!is_live(handle))
        return gone(board->port, error);
    osb_status status = world_meet_fault(board, blocked + cost, timeout_us, &faulted, error);
    if (faulted)
        return status;
    if (blocked > timeout_us)
        return finish_transfer(handle, USB_HANGS, timeout_us, error);
    world_advance(world, world->now_us + blocked + cost);
    if (!is_live(handle))
        return gone(board->port, error);
    usb_answer answer = usb_device_control(board, setup, data, transferred);
    fault_spoil(world, setup, data, transferred);
    return finish_transfer(handle, answer, timeout_us, error);
}

static osb_status sim_control(usb_handle *base, const usb_setup *setup, uint8_t *data,
                              uint32_t timeout_ms, size_t *transferred, osb_error *error)
{
    sim_handle *handle = (sim_handle *)base;
    const bool to_interface = (setup->request_type & 0x1f) == 1;
    TRY(fault_host_alive(world_enter(base->bus), error));
    if (to_interface && (setup->request_type & 0x60) && is_live(handle) &&
        !is_claimed(handle, setup->index & 0xff))
        return not_claimed(handle, setup->index & 0xff, error);
    return transfer(handle, setup, data, (uint64_t)timeout_ms * 1000, transferred, error);
}

static osb_status sim_claim(usb_handle *base, uint8_t interface_number, osb_error *error)
{
    sim_handle *handle = (sim_handle *)base;
    sim_board *board = handle->board;
    bool faulted;
    TRY(fault_host_alive(world_enter(base->bus), error));
    if (!is_live(handle))
        return gone(board->port, error);
    osb_status status = world_meet_fault(board, OPEN_US, OPEN_US, &faulted, error);
    if (faulted)
        return status;
    if (!usb_alternates(board, interface_number))
        return osb_fail(error, OSB_ERR_NOT_FOUND, board->port, "read the board's descriptors",
                        "there is no interface %u", interface_number);
    handle->claimed |= 1u << interface_number;
    return OSB_OK;
}

static osb_status sim_set_alternate(usb_handle *base, uint8_t interface_number, uint8_t alternate,
                                    osb_error *error)
{
    sim_handle *handle = (sim_handle *)base;
    const usb_setup setup = {.request_type = 0x01,
                             .request = STANDARD_SET_INTERFACE,
                             .value = alternate,
                             .index = interface_number};
    size_t moved = 0;
    TRY(fault_host_alive(world_enter(base->bus), error));
    if (is_live(handle) && !is_claimed(handle, interface_number))
        return not_claimed(handle, interface_number, error);
    return transfer(handle, &setup, NULL, 5000000, &moved, error);
}

static uint64_t sim_now_ms(transport *bus)
{
    return world_enter(bus)->now_us / 1000;
}

static osb_status sim_wait(transport *bus, uint32_t duration_ms, osb_error *error)
{
    sim_world *world = world_enter(bus);
    const uint64_t end = world->now_us + (uint64_t)duration_ms * 1000;
    sim_fault kind;
    TRY(fault_next(world, &kind, error));
    fault_during_wait(world, kind, end - world->now_us);
    world_advance(world, end);
    return OSB_OK;
}

static osb_status sim_wait_change(transport *bus, uint32_t timeout_ms, osb_error *error)
{
    sim_world *world = world_enter(bus);
    const uint64_t end = world->now_us + (uint64_t)timeout_ms * 1000;
    const uint32_t changes = world->changes;
    sim_fault kind;
    TRY(fault_next(world, &kind, error));
    fault_during_wait(world, kind, end - world->now_us);
    world_advance_to_change(world, changes, end);
    return OSB_OK;
}

static osb_status sim_share(transport *bus, transport **own, osb_error *error)
{
    sim_seat *seat;
    TRY(seat_take(((sim_seat *)bus)->world, &seat, error));
    *own = &seat->base;
    return OSB_OK;
}

/** The world's own way onto the bus ends with it, in sim_world_free. */
static void sim_destroy(transport *bus)
{
    sim_seat *seat = (sim_seat *)bus;
    if (seat != &seat->world->own)
        seat_leave(seat);
}

static const transport_operations operations = {
    .list = sim_list,
    .open = sim_open,
    .close = sim_close,
    .control = sim_control,
    .claim = sim_claim,
    .set_alternate = sim_set_alternate,
    .now_ms = sim_now_ms,
    .wait = sim_wait,
    .wait_change = sim_wait_change,
    .share = sim_share,
    .destroy = sim_destroy,
};

osb_status sim_world_make(const catalog *known, const platform_list *platforms, sim_world **made,
                          osb_error *error)
{
    *made = calloc(1, sizeof **made);
    if (!*made)
        return osb_fail_memory(error);
    **made =
        (sim_world){.own = {.base = {&operations, true, &console_port_operations}, .world = *made},
                    .turns = {.lock = PTHREAD_MUTEX_INITIALIZER},
                    .known = known,
                    .platforms = platforms};
    return OSB_OK;
}

void sim_world_free(sim_world *world)
{
    if (!world)
        return;
    for (size_t i = 0; i < world->board_count; i++)
        board_free(world->boards[i]);
    pthread_mutex_destroy(&world->turns.lock);
    free(world);
}

transport *sim_world_transport(sim_world *world)
{
    return &world->own.base;
}
