/*
 * Serves boards to USB/IP clients: one loop over connections, the clock and the boards.
 *
 * What is said on a connection is usbip_server.c and usbip_link.c. Invariant: a connection lives
 * exactly as long as the board stays on the bus, so that a host sees every re-enumeration.
 */
#include "sim/usbip.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "sim/board.h"
#include "sim/usbip_clock.h"
#include "sim/usbip_link.h"
#include "sim/usbip_server.h"
#include "sim/usbip_vhci.h"
#include "sim/world.h"

enum {
    CALLERS_MAX = 32,
    POLLED_MAX = 1 + CALLERS_MAX + USB_DEVICES_MAX,
    TICK_MS = 100,
    ATTACH_TICK_MS = 20, /**< how often to look whether a port is free again */
    NUMBER_BASE = 0x10000
};

typedef struct usbip_service {
    sim_world *world;
    const usbip_options *options;
    usbip_clock clock;
    int listener; /**< -1 with `attach` */
    usbip_caller callers[CALLERS_MAX];
    usbip_link *links[USB_DEVICES_MAX]; /**< of the board with the same index; NULL: not imported */
    int ports[USB_DEVICES_MAX];         /**< of vhci_hcd, which boards come back to */
    struct pollfd polled[POLLED_MAX];
} usbip_service;

static void service_free(usbip_service *self)
{
    for (size_t i = 0; i < USB_DEVICES_MAX; i++)
        usbip_link_free(self->links[i]);
    for (size_t i = 0; i < CALLERS_MAX; i++)
        usbip_caller_close(&self->callers[i]);
    file_close(&self->listener);
    free(self);
}

static void end_link(usbip_service *self, size_t index)
{
    usbip_link_free(self->links[index]);
    self->links[index] = NULL;
}

static bool is_taken(const void *context, const sim_board *board)
{
    const usbip_service *self = context;
    for (size_t i = 0; i < self->world->board_count; i++) {
        if (self->world->boards[i] == board)
            return self->links[i] != NULL;
    }
    return true;
}

static void begin_link(usbip_service *self, sim_board *board, int socket)
{
    for (size_t i = 0; i < self->world->board_count; i++) {
        if (self->world->boards[i] == board)
            self->links[i] = usbip_link_make(socket, board);
    }
}

static void hear_caller(usbip_service *self, usbip_caller *caller)
{
    sim_board *board = NULL;
    switch (usbip_caller_hear(caller, self->world, is_taken, self, &board)) {
    case WISH_WAITS:
        return;
    case WISH_OVER:
        usbip_caller_close(caller);
        return;
    case WISH_IMPORTS:
        begin_link(self, board, caller->socket);
        caller->socket = -1;
        usbip_caller_close(caller);
        return;
    }
}

static void hear_callers(usbip_service *self)
{
    const uint64_t now_ms = clock_monotonic_ms();
    bool more = self->listener >= 0;
    for (size_t i = 0; i < CALLERS_MAX; i++) {
        usbip_caller *caller = &self->callers[i];
        if (caller->socket < 0 && more)
            more = usbip_accept(self->listener, caller);
        if (caller->socket >= 0)
            hear_caller(self, caller);
        if (caller->socket >= 0 && now_ms > caller->deadline_ms)
            usbip_caller_close(caller);
    }
}

/** Boards answer as far as they can; who left the bus loses the connection behind the answer. */
static void answer_links(usbip_service *self)
{
    usbip_clock_run(&self->clock);
    for (size_t i = 0; i < self->world->board_count; i++) {
        usbip_link *link = self->links[i];
        if (!link)
            continue;
        const bool received = usbip_link_receive(link);
        const bool there = usbip_link_answer(link);
        if (!usbip_link_send(link) || !received || !there)
            end_link(self, i);
    }
}

/** The port that the board had, or the first that is free and no other board's. */
static int choose_port(const usbip_service *self, const vhci_ports *ports, size_t index)
{
    const int own = self->ports[index];
    if (own != VHCI_NO_PORT)
        return ports->free[own] ? own : VHCI_NO_PORT;
    for (int port = 0; port < ports->count; port++) {
        bool used = !ports->free[port];
        for (size_t i = 0; i < self->world->board_count; i++)
            used |= self->ports[i] == port;
        if (!used)
            return port;
    }
    return VHCI_NO_PORT;
}

static osb_status attach_board(usbip_service *self, size_t index, int port, osb_error *error)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return osb_fail_errno(error, "open a socket for", "vhci_hcd");
    osb_status status = vhci_attach(port, ends[1], NUMBER_BASE + (uint32_t)index + 1, error);
    close(ends[1]);
    if (status != OSB_OK) {
        close(ends[0]);
        return status;
    }
    self->ports[index] = port;
    self->links[index] = usbip_link_make(ends[0], self->world->boards[index]);
    return OSB_OK;
}

/** Plugs in the boards that are on their bus but not on the machine's. */
static osb_status attach_boards(usbip_service *self, osb_error *error)
{
    vhci_ports ports;
    bool read = false;
    for (size_t i = 0; self->options->attach && i < self->world->board_count; i++) {
        if (self->links[i] || !board_on_bus(self->world->boards[i]))
            continue;
        if (!read)
            TRY(vhci_read_ports(&ports, error));
        read = true;
        const int port = choose_port(self, &ports, i);
        if (port != VHCI_NO_PORT)
            TRY(attach_board(self, i, port, error));
    }
    return OSB_OK;
}

static bool is_waiting_for_port(const usbip_service *self)
{
    for (size_t i = 0; self->options->attach && i < self->world->board_count; i++) {
        if (!self->links[i] && board_on_bus(self->world->boards[i]))
            return true;
    }
    return false;
}

static void watch(usbip_service *self, nfds_t *count, int descriptor, bool writes)
{
    const short events = writes ? POLLIN | POLLOUT : POLLIN;
    if (descriptor >= 0)
        self->polled[(*count)++] = (struct pollfd){.fd = descriptor, .events = events};
}

static void wait_for_something(usbip_service *self)
{
    nfds_t count = 0;
    bool room = false;
    const uint32_t limit_ms = is_waiting_for_port(self) ? ATTACH_TICK_MS : TICK_MS;
    for (size_t i = 0; i < CALLERS_MAX; i++) {
        watch(self, &count, self->callers[i].socket, false);
        room |= self->callers[i].socket < 0;
    }
    if (room)
        watch(self, &count, self->listener, false);
    for (size_t i = 0; i < self->world->board_count; i++) {
        if (self->links[i])
            watch(self, &count, self->links[i]->socket, self->links[i]->out.size > 0);
    }
    /* A signal ends it early, as does anything that is said. */
    (void)poll(self->polled, count, (int)usbip_clock_rest_ms(&self->clock, limit_ms));
}

static osb_status begin(usbip_service *self, osb_error *error)
{
    char address[USBIP_ADDRESS_SIZE];
    const usbip_options *options = self->options;
    usbip_clock_run(&self->clock);
    if (options->attach)
        TRY(attach_boards(self, error));
    else
        TRY(usbip_listen(options->listen, &self->listener, address, error));
    if (options->ready)
        options->ready(options->context, options->attach ? NULL : address);
    return OSB_OK;
}

static osb_status serve(usbip_service *self, osb_error *error)
{
    const usbip_options *options = self->options;
    TRY(begin(self, error));
    while (!options->cancelled || !options->cancelled(options->context)) {
        wait_for_something(self);
        answer_links(self);
        hear_callers(self);
        TRY(attach_boards(self, error));
    }
    return OSB_OK;
}

osb_status usbip_serve(sim_world *world, const usbip_options *options, osb_error *error)
{
    usbip_service *self = calloc(1, sizeof *self);
    if (!self)
        return osb_fail_memory(error);
    self->world = world;
    self->options = options;
    self->clock = usbip_clock_make(world, options->real_time);
    self->listener = -1;
    for (size_t i = 0; i < CALLERS_MAX; i++)
        self->callers[i].socket = -1;
    for (size_t i = 0; i < USB_DEVICES_MAX; i++)
        self->ports[i] = VHCI_NO_PORT;
    osb_status status = serve(self, error);
    service_free(self);
    return status;
}
