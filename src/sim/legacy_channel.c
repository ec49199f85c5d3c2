/*
 * The raw requests of old systems: an OUT transfer hands one over, an IN transfer with the same
 * type fetches its reply (device-os 0.7.0, system/src/system_control.cpp).
 *
 * Invariant: one request at a time, and its reply is never longer than the 512 bytes that the
 * system keeps for it; a longer one is cut, as describe.c does it.
 */
#include "sim/legacy_channel.h"

#include <string.h>

#include "base/text.h"
#include "sim/board.h"
#include "sim/control_requests.h"
#include "sim/world.h"

enum legacy_type {
    LEGACY_APP = 10,
    LEGACY_DEVICE_ID = 20,
    LEGACY_VERSION = 30,
    LEGACY_RESET = 40,
    LEGACY_DFU_MODE = 50,
    LEGACY_SAFE_MODE = 60,
    LEGACY_LISTENING = 70,
    LEGACY_LOG = 80,
    LEGACY_MODULE_INFO = 90
};

enum {
    LEGACY_REQUEST = 0x50,
    BUFFER_SIZE = 512,
    SMALL_ANSWER = 64, /**< more needs a buffer that only module info has */
    ID_AS_BYTES = 1,
    ID_SIZE = (DEVICE_ID_SIZE - 1) / 2,
    THREAD_LATENCY_US = 2000,
    RESET_AFTER_MS = 10
};

void legacy_forget(legacy_channel *channel)
{
    buf_free(&channel->reply);
    *channel = (legacy_channel){0};
}

/** True when there is a handler; what it does happens without an answer. */
static bool order(sim_board *board, const usb_setup *setup)
{
    switch ((enum legacy_type)setup->index) {
    case LEGACY_RESET:
        board_reset_later(board, RESET_AFTER_MS, BOOT_NORMALLY);
        return true;
    case LEGACY_DFU_MODE:
        board_reset_later(board, RESET_AFTER_MS, BOOT_INTO_DFU);
        return true;
    case LEGACY_SAFE_MODE:
        board_reset_later(board, RESET_AFTER_MS, BOOT_INTO_SAFE_MODE);
        return true;
    case LEGACY_LISTENING:
        board_listen(board, setup->value == 0);
        return true;
    case LEGACY_MODULE_INFO:
        describe_append(board, BUFFER_SIZE, &board->legacy.reply);
        return true;
    case LEGACY_APP:
    case LEGACY_LOG:
    case LEGACY_DEVICE_ID:
    case LEGACY_VERSION:
        break;
    }
    return false;
}

static bool is_order(uint16_t type)
{
    return type == LEGACY_APP || type == LEGACY_RESET || type == LEGACY_DFU_MODE ||
           type == LEGACY_SAFE_MODE || type == LEGACY_LISTENING || type == LEGACY_LOG ||
           type == LEGACY_MODULE_INFO;
}

static usb_answer take(sim_board *board, const usb_setup *setup, size_t *moved)
{
    legacy_channel *channel = &board->legacy;
    const uint64_t now_us = board->world->now_us;
    if (!is_order(setup->index) || setup->length > BUFFER_SIZE ||
        (channel->taken && now_us < channel->ready_us))
        return USB_STALLED;
    legacy_forget(channel);
    channel->taken = true;
    channel->type = setup->index;
    channel->ready_us = now_us + THREAD_LATENCY_US;
    channel->reply = buf_make(BUFFER_SIZE);
    channel->failed = !order(board, setup);
    *moved = setup->length;
    return USB_DONE;
}

static usb_answer fetch(sim_board *board, const usb_setup *setup, uint8_t *data, size_t *moved)
{
    legacy_channel *channel = &board->legacy;
    bool there = channel->taken && board->world->now_us >= channel->ready_us && !channel->failed &&
                 channel->type == setup->index && setup->length >= channel->reply.size;
    if (!there)
        return USB_STALLED;
    usb_reply(buf_span(&channel->reply), setup, data, moved);
    legacy_forget(channel);
    return USB_DONE;
}

static usb_answer tell_id(const sim_board *board, const usb_setup *setup, uint8_t *data,
                          size_t *moved)
{
    uint8_t bytes[ID_SIZE] = {0};
    char text[DEVICE_ID_SIZE];
    text_unhex(bytes, sizeof bytes, board->device_id);
    if (setup->value == ID_AS_BYTES)
        return setup->length >= sizeof bytes
                   ? usb_reply((span){bytes, sizeof bytes}, setup, data, moved)
                   : USB_STALLED;
    for (size_t i = 0; i < sizeof text; i++) {
        char digit = board->device_id[i];
        text[i] = digit >= 'a' && digit <= 'f' ? (char)(digit - 'a' + 'A') : digit;
    }
    return setup->length >= sizeof text
               ? usb_reply((span){(const uint8_t *)text, sizeof text}, setup, data, moved)
               : USB_STALLED;
}

/** With two NULs behind it: the system counts one too many. */
static usb_answer tell_version(const sim_board *board, const usb_setup *setup, uint8_t *data,
                               size_t *moved)
{
    char text[VERSION_SIZE + 1] = "";
    text_copy(text, VERSION_SIZE, board->running.os_version);
    return usb_reply((span){(const uint8_t *)text, strlen(text) + 2}, setup, data, moved);
}

usb_answer legacy_request(sim_board *board, const usb_setup *setup, uint8_t *data, size_t *moved)
{
    if (setup->request != LEGACY_REQUEST)
        return USB_STALLED;
    if (setup->request_type == USB_VENDOR_OUT)
        return take(board, setup, moved);
    if (setup->index != LEGACY_DEVICE_ID && setup->index != LEGACY_VERSION)
        return fetch(board, setup, data, moved);
    if (!setup->length || setup->length > SMALL_ANSWER)
        return USB_STALLED;
    return setup->index == LEGACY_DEVICE_ID ? tell_id(board, setup, data, moved)
                                            : tell_version(board, setup, data, moved);
}
