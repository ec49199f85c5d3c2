#pragma once
/**
 * A bus of boards that do as a test tells them: leave, come back elsewhere, as something else, or
 * not at all. Time passes by waits only, and each transfer is counted.
 */
#include "unit/device/fake_board.h"

#include "base/text.h"
#include "device/device.h"

enum {
    FAKE_BOARDS = 3,
    FAKE_EVENTS = 16
};

typedef struct fake_event {
    uint64_t at_ms;
    fake_board *board;
    bool plugged;
    const char *port;    /* NULL: where it was */
    uint16_t product_id; /* 0: as it was */
    bool forbidden;      /* it cannot be opened from then on, for lack of permission */
} fake_event;

typedef struct fake_bus {
    transport base;
    fake_board boards[FAKE_BOARDS];
    fake_event events[FAKE_EVENTS];
    size_t event_count;
    fake_event on_reset[FAKE_EVENTS]; /* what follows a reset-type request; times are relative */
    size_t on_reset_count;
    uint64_t now_ms;
    uint32_t arrivals;
    unsigned transfers, opens, open_handles;
    bool interrupt_waits;
} fake_bus;

typedef struct fake_handle {
    usb_handle base;
    fake_board *board;
    uint32_t arrival;
} fake_handle;

static inline void fake_plug(fake_bus *bus, fake_board *board, bool plugged)
{
    board->plugged = plugged;
    if (plugged)
        board->usb.arrival = ++bus->arrivals;
    board->state = 2;
    board->status = 0;
    board->pointer = 0;
    board->pending = false;
}

static inline void fake_run_events(fake_bus *bus)
{
    for (size_t i = 0; i < bus->event_count;) {
        fake_event event = bus->events[i];
        if (event.at_ms > bus->now_ms) {
            i++;
            continue;
        }
        bus->events[i] = bus->events[--bus->event_count];
        if (event.port)
            text_copy(event.board->usb.port, USB_PORT_SIZE, event.port);
        if (event.product_id)
            event.board->usb.product_id = event.product_id;
        event.board->open_status = event.forbidden ? OSB_ERR_PERMISSION : OSB_OK;
        fake_plug(bus, event.board, event.plugged);
        i = 0;
    }
}

static inline void fake_schedule(fake_bus *bus, fake_event event)
{
    assert_true(bus->event_count < FAKE_EVENTS);
    bus->events[bus->event_count++] = event;
}

static inline void fake_reset(fake_bus *bus)
{
    for (size_t i = 0; i < bus->on_reset_count; i++) {
        fake_event event = bus->on_reset[i];
        event.at_ms += bus->now_ms;
        fake_schedule(bus, event);
    }
}

static inline void fake_on_reset(fake_bus *bus, fake_event event)
{
    assert_true(bus->on_reset_count < FAKE_EVENTS);
    bus->on_reset[bus->on_reset_count++] = event;
}

static inline osb_status fake_list(transport *base, usb_identity *devices, size_t capacity,
                                   size_t *count, osb_error *error)
{
    fake_bus *bus = (fake_bus *)base;
    (void)error;
    fake_run_events(bus);
    for (size_t i = 0; i < FAKE_BOARDS && *count < capacity; i++)
        if (bus->boards[i].plugged)
            devices[(*count)++] = bus->boards[i].usb;
    return OSB_OK;
}

static inline osb_status fake_open(transport *base, const usb_identity *wanted, usb_handle **handle,
                                   osb_error *error)
{
    fake_bus *bus = (fake_bus *)base;
    fake_run_events(bus);
    bus->opens++;
    for (size_t i = 0; i < FAKE_BOARDS; i++) {
        fake_board *board = &bus->boards[i];
        if (!board->plugged || board->usb.arrival != wanted->arrival)
            continue;
        if (board->open_status != OSB_OK)
            return osb_fail(error, board->open_status, wanted->port, "the cure", "cannot open");
        fake_handle *opened = calloc(1, sizeof *opened);
        *opened = (fake_handle){{base}, board, wanted->arrival};
        *handle = &opened->base;
        bus->open_handles++;
        return OSB_OK;
    }
    return osb_fail(error, OSB_ERR_DISCONNECTED, wanted->port, NULL, "gone");
}

static inline void fake_close(usb_handle *handle)
{
    ((fake_bus *)handle->bus)->open_handles--;
    free(handle);
}

static inline osb_status fake_transfer(fake_board *board, const usb_setup *setup, uint8_t *data,
                                       size_t *moved, osb_error *error)
{
    if (setup->request_type == USB_STANDARD_IN)
        return fake_standard(board, setup, data, moved, error);
    if (setup->request_type == USB_VENDOR_IN || setup->request_type == USB_VENDOR_OUT)
        return fake_vendor(board, setup, data, moved, error);
    assert_true(fake_in_dfu(board));
    return fake_dfu(board, setup, data, moved, error);
}

static inline osb_status fake_control(usb_handle *handle, const usb_setup *setup, uint8_t *data,
                                      uint32_t timeout_ms, size_t *moved, osb_error *error)
{
    fake_bus *bus = (fake_bus *)handle->bus;
    fake_board *board = ((fake_handle *)handle)->board;
    (void)timeout_ms;
    bus->transfers++;
    fake_run_events(bus);
    if (!board->plugged || board->usb.arrival != ((fake_handle *)handle)->arrival)
        return osb_fail(error, OSB_ERR_DISCONNECTED, board->usb.port, NULL, "gone");
    osb_status status = fake_transfer(board, setup, data, moved, error);
    if (board->reset_wanted)
        fake_reset(bus);
    board->reset_wanted = false;
    return status;
}

static inline osb_status fake_claim(usb_handle *handle, uint8_t number, osb_error *error)
{
    (void)handle;
    (void)error;
    assert_int_equal(number, 0);
    return OSB_OK;
}

static inline osb_status fake_set_alternate(usb_handle *handle, uint8_t number, uint8_t alternate,
                                            osb_error *error)
{
    (void)number;
    (void)error;
    ((fake_bus *)handle->bus)->transfers++;
    ((fake_handle *)handle)->board->alternate = alternate;
    return OSB_OK;
}

static inline uint64_t fake_now_ms(transport *base)
{
    return ((fake_bus *)base)->now_ms;
}

static inline osb_status fake_wait(transport *base, uint32_t duration_ms, osb_error *error)
{
    fake_bus *bus = (fake_bus *)base;
    if (bus->interrupt_waits)
        return osb_fail(error, OSB_ERR_INTERRUPTED, NULL, NULL, "stopped");
    bus->now_ms += duration_ms;
    fake_run_events(bus);
    return OSB_OK;
}

static inline osb_status fake_wait_change(transport *base, uint32_t timeout_ms, osb_error *error)
{
    fake_bus *bus = (fake_bus *)base;
    uint64_t until = bus->now_ms + timeout_ms;
    for (size_t i = 0; i < bus->event_count; i++)
        if (bus->events[i].at_ms > bus->now_ms && bus->events[i].at_ms < until)
            until = bus->events[i].at_ms;
    return fake_wait(base, (uint32_t)(until - bus->now_ms), error);
}

static inline void fake_make(fake_bus *bus)
{
    static const transport_operations operations = {.list = fake_list,
                                                    .open = fake_open,
                                                    .close = fake_close,
                                                    .control = fake_control,
                                                    .claim = fake_claim,
                                                    .set_alternate = fake_set_alternate,
                                                    .now_ms = fake_now_ms,
                                                    .wait = fake_wait,
                                                    .wait_change = fake_wait_change};
    for (size_t i = 0; i < FAKE_BOARDS; i++)
        free(bus->boards[i].flash);
    memset(bus, 0, sizeof *bus);
    bus->base.operations = &operations;
}

/* Plugs in board `index`: in DFU mode when `product_id` is 0xd0xx. */
static inline fake_board *fake_add(fake_bus *bus, size_t index, const char *port,
                                   uint16_t product_id, const char *serial)
{
    fake_board *board = &bus->boards[index];
    board->usb = (usb_identity){.vendor_id = 0x2b04, .product_id = product_id};
    text_copy(board->usb.port, USB_PORT_SIZE, port);
    text_copy(board->serial, sizeof board->serial, serial);
    board->version = "5.6.0";
    board->layouts[1] = "@DCT Flash   /0x00000000/1*016Ke";
    bool is_rtl = (product_id & 0xff) == 0x20;
    board->layouts[0] = is_rtl ? "@Internal Flash   /0x08000000/2048*004Kg"
                               : "@Internal Flash   "
                                 "/0x00000000/1*004Ka,47*004Kg,192*004Kg,4*004Kg,4*004Kg,8*004Ka";
    board->flash_start = is_rtl ? 0x08000000 : 0;
    board->flash_size = is_rtl ? 0x800000 : 0x100000;
    board->flash = malloc(board->flash_size);
    memset(board->flash, 0xff, board->flash_size);
    fake_plug(bus, board, true);
    return board;
}

#define FAKE_P2        0xc020
#define FAKE_P2_DFU    0xd020
#define FAKE_PHOTON    0xc006
#define FAKE_BORON     0xc00d
#define FAKE_BORON_DFU 0xd00d
#define FAKE_ID        "e00fce68123456789abcdef0"
#define FAKE_OTHER_ID  "e00fce68ffffffffffffffff"

/* The platforms of the manifests; `memory` keeps them. */
static inline platform_list fake_platforms(arena *memory)
{
    platform_list platforms;
    osb_error error;
    assert_int_equal(platform_load_all(memory, &platforms, &error), OSB_OK);
    return platforms;
}

/* Selects and opens the only board that `selector` names. */
static inline device *fake_hold(fake_bus *bus, const platform_list *platforms, const char *selector)
{
    device_entry entry;
    device *held = NULL;
    osb_error error;
    assert_int_equal(device_select(&bus->base, platforms, selector, &entry, &error), OSB_OK);
    assert_int_equal(device_open(&bus->base, platforms, &entry, NULL, &held, &error), OSB_OK);
    return held;
}
