#pragma once
/**
 * What a board answers, at once and without fail: control requests, descriptors, DfuSe. Not a
 * simulation of a board, only what the device layer's own logic needs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "transport/transport.h"

enum {
    FAKE_PAGE = 4096,
    FAKE_PAYLOAD_MAX = 8192
};

typedef struct fake_board {
    bool plugged;
    usb_identity usb;
    const char *maker;      /* NULL: the string stalls */
    char serial[40];        /* empty: the string stalls */
    unsigned serial_stalls; /* so many reads of it stall first */
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
    bool reset_wanted; /* it was told to restart; the bus decides what happens then */
} fake_board;

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

static inline size_t fake_check(fake_board *board, uint8_t *data)
{
    uint8_t reply[4096];
    if (!board->payload_ready) {
        board->payload_ready = true;
        return fake_answer(data, 0, NULL, NULL, 0);
    }
    int32_t result = board->results[board->type & 255];
    size_t size = result ? 0 : fake_reply(board, reply);
    board->done = true;
    if (!result &&
        (board->type == 40 || board->type == 50 || board->type == 60 || board->type == 251))
        board->reset_wanted = true;
    board->cancels += board->type == 252;
    return fake_answer(data, 0, NULL, &result, (uint32_t)size);
}

static inline osb_status fake_vendor(fake_board *board, const usb_setup *setup, uint8_t *data,
                                     size_t *moved, osb_error *error)
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
        *moved = fake_check(board, data);
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
        board->reset_wanted = true;
        return osb_fail(error, OSB_ERR_DISCONNECTED, NULL, NULL, "gone");
    }
    if (!board->version || setup->index != 30)
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
    if (index == 1)
        return board->maker;
    if (index == 3)
        return board->serial[0] ? board->serial : NULL;
    if (index == 0xfa)
        return board->mode_string;
    return index >= 5 && index < 8 ? board->layouts[index - 5] : NULL;
}

static inline osb_status fake_standard(fake_board *board, const usb_setup *setup, uint8_t *data,
                                       size_t *moved, osb_error *error)
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
        if ((setup->value & 255) == 3 && board->serial_stalls) {
            board->serial_stalls--;
            text = NULL;
        }
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

static inline osb_status fake_dfu(fake_board *board, const usb_setup *setup, uint8_t *data,
                                  size_t *moved, osb_error *error)
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
            board->reset_wanted = true;
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
