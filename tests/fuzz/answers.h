#pragma once
/**
 * A board whose answers are the fuzzer's bytes, one IN transfer after the other.
 *
 * Each begins with a byte: up to 0xef the length of the answer that follows, 0xf0 a length of two
 * more bytes; 0xf1 to 0xf4 the transfer stalls, times out, fails, or the board is gone. What the
 * host sends is always taken. Behind the last byte the board is gone, so every talk ends.
 */
#include <string.h>

#include "base/cursor.h"
#include "fuzz/fuzz.h"
#include "protocol/link.h"

enum {
    ANSWER_LONG = 0xf0,
    ANSWER_STALL,
    ANSWER_TIMEOUT,
    ANSWER_FAILURE,
    ANSWER_GONE,
    ANSWER_TIME_MAX_MS = 60 * 60 * 1000 /**< of the board's own clock, for one talk */
};

typedef struct answers {
    transport bus;
    usb_handle handle;
    usb_link link;
    cursor rest;
    uint64_t now_ms;
} answers;

static inline osb_status answer_fails(uint8_t head, osb_error *error)
{
    static const osb_status failures[] = {OSB_ERR_STALL, OSB_ERR_TIMEOUT, OSB_ERR_DEVICE};
    osb_status status = head < ANSWER_STALL || head >= ANSWER_GONE ? OSB_ERR_DISCONNECTED
                                                                   : failures[head - ANSWER_STALL];
    return osb_fail(error, status, "1-1", "plug it in again", "the transfer failed");
}

static inline osb_status answers_control(usb_handle *handle, const usb_setup *setup, uint8_t *data,
                                         uint32_t timeout_ms, size_t *moved, osb_error *error)
{
    answers *board = (answers *)handle->bus;
    *moved = setup->length;
    if (!(setup->request_type & 0x80))
        return OSB_OK;
    *moved = 0;
    const uint8_t head = cursor_u8(&board->rest);
    board->now_ms += head == ANSWER_TIMEOUT ? timeout_ms : 1;
    size_t size = head == ANSWER_LONG ? cursor_u16le(&board->rest) : head;
    if (board->rest.failed || head > ANSWER_LONG)
        return answer_fails(board->rest.failed ? ANSWER_GONE : head, error);
    const size_t left = cursor_rest(&board->rest);
    size = size < setup->length ? size : setup->length;
    size = size < left ? size : left;
    if (size)
        memcpy(data, cursor_take(&board->rest, size).data, size);
    *moved = size;
    return OSB_OK;
}

static inline osb_status answers_claim(usb_handle *handle, uint8_t number, osb_error *error)
{
    (void)handle;
    (void)number;
    (void)error;
    return OSB_OK;
}

static inline osb_status answers_select(usb_handle *handle, uint8_t number, uint8_t alternate,
                                        osb_error *error)
{
    (void)alternate;
    return answers_claim(handle, number, error);
}

static inline uint64_t answers_now_ms(transport *bus)
{
    return ((answers *)bus)->now_ms;
}

static inline osb_status answers_wait(transport *bus, uint32_t duration_ms, osb_error *error)
{
    (void)error;
    ((answers *)bus)->now_ms += duration_ms;
    return OSB_OK;
}

static inline void answers_begin(answers *board, span bytes)
{
    static const transport_operations operations = {.control = answers_control,
                                                    .claim = answers_claim,
                                                    .set_alternate = answers_select,
                                                    .now_ms = answers_now_ms,
                                                    .wait = answers_wait};
    *board = (answers){.bus = {.operations = &operations}, .rest = cursor_make(bytes)};
    board->handle.bus = &board->bus;
    board->link = (usb_link){.handle = &board->handle, .subject = "1-1"};
}

/** However a talk ended: an error explains itself, and it took no time without end. */
static inline void answers_end(const answers *board, osb_status status, const osb_error *error)
{
    PROMISE(status == OSB_OK ||
            (error->status == status && *error->message && *error->hint && *error->subject));
    PROMISE(board->now_ms < ANSWER_TIME_MAX_MS);
}

/** Text that a board told: it ends, and a terminal may see it. */
static inline void promise_text(const char *text, size_t room)
{
    const size_t length = strnlen(text, room);
    PROMISE(length < room);
    for (size_t i = 0; i < length; i++)
        PROMISE(text[i] >= 0x20 && text[i] < 0x7f);
}
