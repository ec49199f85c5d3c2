#pragma once
/**
 * Boards that answer at once and do as a test tells them: leave, come back elsewhere, as something
 * else, or not at all. Not a simulation of a board, only what the device layer's own logic needs.
 * Time passes by waits only, and each transfer is counted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "device/device.h"

enum {
    FAKE_BOARDS = 3,
    FAKE_EVENTS = 16,
    FAKE_PAGE = 4096,
    FAKE_PAYLOAD_MAX = 8192
};

typedef struct fake_board {
    bool plugged;
    usb_identity usb;
    char serial[40]; /* empty: the string stalls */
    const char *version;
    osb_status open_status; /* anything but OSB_OK: opening fails so */
    /* control channel */
    uint16_t type, payload_size, payload_used;
    uint8_t payload[FAKE_PAYLOAD_MAX];
    bool payload_ready, done;
    int32_t results[256];
    const char *mode_reply, *guard_reply, *chunk_reply; /* hexadecimal */
    uint8_t module_reply[4096];
    size_t module_reply_size;
    uint16_t stall_type; /* INIT of this type stalls */
    uint64_t received;   /* bytes of firmware data */
    unsigned cancels, raw_resets;
    /* DFU */
    const char *layouts[3];
    const char *mode_string; /* of string 0xfa; NULL stalls */
    uint8_t *flash;
    uint32_t flash_start, flash_size;
    uint32_t pointer;
    uint8_t state, status, alternate;
    bool pending;
    uint16_t pending_block;
    uint8_t block[FAKE_PAGE];
    size_t block_size;
    unsigned erased, written;
} fake_board;

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

static inline size_t fake_hex(const char *hex, uint8_t *bytes)
{
    size_t count = 0;
    for (; hex && *hex; hex += 2 + (hex[2] == ' ')) {
        unsigned value;
        assert_int_equal(sscanf(hex, "%2x", &value), 1);
        bytes[count++] = (uint8_t)value;
    }
    return count;
}

/* A reply structure: flags, status, then the fields that the flags name. */
static inline size_t fake_answer(uint8_t *data, uint16_t status, const uint16_t *id,
                                 const int32_t *result, uint32_t size)
{
    BUF_OWNED answer = buf_make(16);
    buf_append_u32le(&answer, 1u | (id ? 2u : 0) | (size ? 4u : 0) | (result ? 8u : 0));
    buf_append_u16le(&answer, status);
    if (id)
        buf_append_u16le(&answer, *id);
    if (size)
        buf_append_u32le(&answer, size);
    if (result)
        buf_append_u32le(&answer, (uint32_t)*result);
    memcpy(data, answer.data, answer.size);
    return answer.size;
}

static inline size_t fake_reply(const fake_board *board, uint8_t *bytes)
{
    switch (board->type) {
    case 72:
        return fake_hex(board->mode_reply, bytes);
    case 76:
        return fake_hex(board->guard_reply, bytes);
    case 90:
        memcpy(bytes, board->module_reply, board->module_reply_size);
        return board->module_reply_size;
    case 250:
        return fake_hex(board->chunk_reply ? board->chunk_reply : "08 80 08", bytes);
    }
    return 0;
}

static inline size_t fake_check(fake_bus *bus, fake_board *board, uint8_t *data)
{
    uint8_t reply[4096];
    if (!board->payload_ready) {
        board->payload_ready = true;
        return fake_answer(data, 0, NULL, NULL, 0);
    }
    int32_t result = board->results[board->type & 255];
    size_t size = result ? 0 : fake_reply(board, reply);
    board->done = true;
    if (!result && (board->type == 40 || board->type == 50 || board->type == 251))
        fake_reset(bus);
    board->cancels += board->type == 252;
    return fake_answer(data, 0, NULL, &result, (uint32_t)size);
}

static inline osb_status fake_vendor(fake_bus *bus, fake_board *board, const usb_setup *setup,
                                     uint8_t *data, size_t *moved, osb_error *error)
{
    static const uint16_t id = 9;
    switch (setup->request) {
    case 1:
        if (setup->index == board->stall_type)
            return osb_fail(error, OSB_ERR_STALL, NULL, NULL, "stall");
        board->type = setup->index;
        board->payload_size = setup->value;
        board->payload_used = 0;
        board->payload_ready = setup->value <= 64;
        *moved = fake_answer(data, board->payload_ready ? 0 : 2, &id, NULL, 0);
        return OSB_OK;
    case 2:
        *moved = fake_check(bus, board, data);
        return OSB_OK;
    case 3:
        memcpy(board->payload + board->payload_used, data, setup->length);
        board->payload_used = (uint16_t)(board->payload_used + setup->length);
        if (board->type == 253)
            board->received += setup->length - 3u;
        *moved = setup->length;
        return OSB_OK;
    case 4:
        *moved = fake_reply(board, data);
        assert_int_equal(*moved, setup->length);
        return OSB_OK;
    case 5:
        *moved = fake_answer(data, 0, NULL, NULL, 0);
        return OSB_OK;
    }
    if (setup->index == 40) {
        board->raw_resets++;
        fake_reset(bus);
        return osb_fail(error, OSB_ERR_DISCONNECTED, NULL, NULL, "gone");
    }
    if (!board->version)
        return osb_fail(error, OSB_ERR_STALL, NULL, NULL, "stall");
    *moved = strlen(board->version);
    memcpy(data, board->version, *moved);
    return OSB_OK;
}

static inline bool fake_in_dfu(const fake_board *board)
{
    return board->usb.product_id >> 12 == 0xd;
}

static inline const char *fake_string(const fake_board *board, uint8_t index)
{
    if (index == 3)
        return board->serial[0] ? board->serial : NULL;
    if (index == 0xfa)
        return board->mode_string;
    return index >= 5 && index < 8 ? board->layouts[index - 5] : NULL;
}

static inline osb_status fake_standard(const fake_board *board, const usb_setup *setup,
                                       uint8_t *data, size_t *moved, osb_error *error)
{
    uint8_t bytes[256] = {0};
    size_t size;
    if (setup->value >> 8 == 1) {
        size = fake_hex("12 01 00 02 00 00 00 40 04 2b 00 c0 50 02 01 02 03 01", bytes);
    } else if (setup->value >> 8 == 2) {
        size = fake_hex("09 02 24 00 01 01 04 c0 32 09 04 00 00 00 fe 01 02 05 09 04 00 01 00 fe "
                        "01 02 06 09 21 0b ff 00 00 10 1a 01",
                        bytes);
    } else {
        const char *text = fake_string(board, (uint8_t)setup->value);
        if (!text)
            return osb_fail(error, OSB_ERR_STALL, NULL, NULL, "stall");
        size = 2 + 2 * strlen(text);
        bytes[0] = (uint8_t)size;
        bytes[1] = 3;
        for (size_t i = 0; text[i]; i++)
            bytes[2 + 2 * i] = (uint8_t)text[i];
    }
    *moved = size < setup->length ? size : setup->length;
    memcpy(data, bytes, *moved);
    return OSB_OK;
}

static inline uint8_t *fake_memory(const fake_board *board, uint32_t address, size_t size)
{
    if (address < board->flash_start || address - board->flash_start + size > board->flash_size)
        return NULL;
    return board->flash + (address - board->flash_start);
}

static inline uint32_t fake_u32(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* What a DNLOAD asked for; done when its status is asked for. */
static inline void fake_work(fake_board *board)
{
    uint32_t address = board->pending_block == 0
                           ? fake_u32(board->block + 1)
                           : board->pointer + (board->pending_block - 2u) * FAKE_PAGE;
    bool erase = board->pending_block == 0 && board->block[0] == 0x41;
    bool write = board->pending_block > 1;
    uint32_t at = erase ? address & ~(uint32_t)(FAKE_PAGE - 1) : address;
    uint8_t *memory = fake_memory(board, at, erase ? FAKE_PAGE : board->block_size);
    board->pending = false;
    board->state = 5;
    if (!erase && !write) {
        board->pointer = address;
    } else if (!memory) {
        board->state = 10;
        board->status = 8;
    } else if (erase) {
        memset(memory, 0xff, FAKE_PAGE);
        board->erased++;
    } else {
        for (size_t i = 0; i < board->block_size; i++)
            memory[i] &= board->block[i];
        board->written++;
    }
}

static inline osb_status fake_dfu(fake_bus *bus, fake_board *board, const usb_setup *setup,
                                  uint8_t *data, size_t *moved, osb_error *error)
{
    *moved = setup->length;
    switch (setup->request) {
    case 1:
        assert_true(board->state == 2 || board->state == 5);
        board->pending = setup->length > 0;
        board->state = setup->length ? 3 : 6;
        board->pending_block = setup->value;
        board->block_size = setup->length;
        memcpy(board->block, data, setup->length);
        return OSB_OK;
    case 2: {
        uint8_t *memory =
            fake_memory(board, board->pointer + (setup->value - 2u) * FAKE_PAGE, setup->length);
        assert_true(board->state == 2 || board->state == 9);
        if (!memory) {
            board->state = 10;
            board->status = 14;
            return osb_fail(error, OSB_ERR_STALL, NULL, NULL, "stall");
        }
        memcpy(data, memory, setup->length);
        board->state = 9;
        return OSB_OK;
    }
    case 3: {
        uint8_t state = board->pending ? 4 : board->state == 6 ? 7 : board->state;
        memcpy(data, (uint8_t[]){board->status, 0, 0, 0, state, 0}, 6);
        if (board->pending)
            fake_work(board);
        else if (board->state == 6)
            fake_reset(bus);
        return OSB_OK;
    }
    case 4:
    case 6:
        board->state = 2;
        board->status = 0;
        board->pending = false;
        return OSB_OK;
    }
    return osb_fail(error, OSB_ERR_STALL, NULL, NULL, "stall");
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
    if (setup->request_type == USB_STANDARD_IN)
        return fake_standard(board, setup, data, moved, error);
    if (setup->request_type == USB_VENDOR_IN || setup->request_type == USB_VENDOR_OUT)
        return fake_vendor(bus, board, setup, data, moved, error);
    assert_true(fake_in_dfu(board));
    return fake_dfu(bus, board, setup, data, moved, error);
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
