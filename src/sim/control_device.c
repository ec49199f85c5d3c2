/*
 * The request channel: INIT, CHECK, SEND, RECV, RESET on endpoint 0 (device-os
 * system/src/usb_control_request_channel.cpp).
 *
 * Knows no request type; those are control_requests.c. Invariant: an action such as a reset runs
 * only when its request is freed, which is after the host has read the last of its reply.
 */
#include "sim/control_device.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sim/board.h"
#include "sim/control_requests.h"
#include "sim/personality.h"
#include "sim/world.h"

enum service_request {
    SERVICE_INIT = 1,
    SERVICE_CHECK = 2,
    SERVICE_SEND = 3,
    SERVICE_RECV = 4,
    SERVICE_RESET = 5,
    VENDOR_RAW = 0x50
};

enum service_status {
    STATUS_OK = 0,
    STATUS_PENDING = 2,
    STATUS_BUSY = 3,
    STATUS_NO_MEMORY = 4,
    STATUS_NOT_FOUND = 5
};

enum {
    FIELD_STATUS = 0x1,
    FIELD_ID = 0x2,
    FIELD_SIZE = 0x4,
    FIELD_RESULT = 0x8,
    SERVICE_LENGTH = 64, /**< less is refused by the firmware, more by its USB driver */
    POOLED_PAYLOAD = 64, /**< larger ones need memory from the system thread */
    SMALL_SEND = 64,
    REPLY_MAX = 16,
    SYSTEM_2_0_0 = 2000, /**< raw reset */
    RAW_DEVICE_ID = 20,
    RAW_VERSION = 30,
    RAW_RESET = 40,
    RAW_DISCONNECT = 302,
    THREAD_LATENCY_US = 2000, /**< until the system thread takes a request from its queue */
    RESET_DELAY_MS = 1000
};

control_slot *control_find(control_device *device, uint16_t id)
{
    for (size_t i = 0; i < CONTROL_ACTIVE_MAX; i++) {
        control_slot *slot = &device->slots[i];
        if (slot->state != CONTROL_FREE && !slot->orphaned && slot->id == id)
            return slot;
    }
    return NULL;
}

static void clear(control_slot *slot)
{
    free(slot->payload);
    buf_free(&slot->reply);
    *slot = (control_slot){0};
}

void control_forget(control_device *device)
{
    for (size_t i = 0; i < CONTROL_ACTIVE_MAX; i++)
        clear(&device->slots[i]);
    *device = (control_device){0};
}

static void act(sim_board *board, control_action action)
{
    switch (action) {
    case ACTION_NONE:
        return;
    case ACTION_RESET:
        board_reset_later(board, RESET_DELAY_MS, BOOT_NORMALLY);
        return;
    case ACTION_DFU:
        board_reset_later(board, RESET_DELAY_MS, BOOT_INTO_DFU);
        return;
    case ACTION_SAFE_MODE:
        board_reset_later(board, RESET_DELAY_MS, BOOT_INTO_SAFE_MODE);
        return;
    case ACTION_APPLY_UPDATE:
        update_apply(board);
        return;
    }
}

/** The action runs even when the host cancelled: its handler had already said yes. */
static void free_request(sim_board *board, control_slot *slot)
{
    control_action action = slot->state == CONTROL_DONE ? slot->action : ACTION_NONE;
    clear(slot);
    act(board, action);
}

static void cancel(sim_board *board, control_slot *slot)
{
    if (slot->state == CONTROL_RUNNING)
        slot->orphaned = true;
    else
        free_request(board, slot);
}

static void cancel_all(sim_board *board)
{
    for (size_t i = 0; i < CONTROL_ACTIVE_MAX; i++) {
        if (board->control.slots[i].state != CONTROL_FREE)
            cancel(board, &board->control.slots[i]);
    }
}

void control_bus_reset(sim_board *board)
{
    /* RTL872x's driver never tells of a bus reset: there requests outlive it. */
    if (board->family->usb.bus_reset_drops_requests)
        cancel_all(board);
}

/** What a service request answers: fields in fixed order, absent ones take no bytes. */
typedef struct service_reply {
    uint32_t fields;
    uint16_t status;
    uint16_t id;
    uint32_t size;
    int32_t result;
} service_reply;

static usb_answer answer(const service_reply *reply, const usb_setup *setup, uint8_t *data,
                         size_t *moved)
{
    BUF_OWNED bytes = buf_make(REPLY_MAX);
    buf_append_u32le(&bytes, reply->fields | FIELD_STATUS);
    buf_append_u16le(&bytes, reply->status);
    if (reply->fields & FIELD_ID)
        buf_append_u16le(&bytes, reply->id);
    if (reply->fields & FIELD_SIZE)
        buf_append_u32le(&bytes, reply->size);
    if (reply->fields & FIELD_RESULT)
        buf_append_u32le(&bytes, (uint32_t)reply->result);
    return usb_reply(buf_span(&bytes), setup, data, moved);
}

static usb_answer answer_status(uint16_t status, const usb_setup *setup, uint8_t *data,
                                size_t *moved)
{
    return answer(&(service_reply){.status = status}, setup, data, moved);
}

static void enqueue(sim_board *board, control_slot *slot, control_state state)
{
    slot->state = state;
    slot->since_us = board->world->now_us;
    slot->order = ++board->control.last_order;
}

static control_slot *find_free(control_device *device)
{
    for (size_t i = 0; i < CONTROL_ACTIVE_MAX; i++) {
        if (device->slots[i].state == CONTROL_FREE)
            return &device->slots[i];
    }
    return NULL;
}

static usb_answer service_init(sim_board *board, const usb_setup *setup, uint8_t *data,
                               size_t *moved)
{
    control_device *device = &board->control;
    control_slot *slot = find_free(device);
    if (!slot)
        return answer_status(STATUS_BUSY, setup, data, moved);
    if (++device->last_id == 0)
        device->last_id = 1;
    *slot = (control_slot){.id = device->last_id,
                           .type = setup->index,
                           .payload_size = setup->value,
                           .reply = buf_make(CONTROL_REPLY_MAX)};
    uint16_t status = STATUS_OK;
    if (!setup->value) {
        enqueue(board, slot, CONTROL_QUEUED);
    } else if (setup->value > POOLED_PAYLOAD) {
        enqueue(board, slot, CONTROL_ALLOC_PENDING);
        status = STATUS_PENDING;
    } else {
        slot->payload = malloc(setup->value);
        slot->state = CONTROL_RECEIVING;
    }
    return answer(&(service_reply){.fields = FIELD_ID, .status = status, .id = slot->id}, setup,
                  data, moved);
}

static usb_answer check_done(sim_board *board, control_slot *slot, const usb_setup *setup,
                             uint8_t *data, size_t *moved)
{
    service_reply reply = {.fields = FIELD_RESULT, .result = slot->result};
    if (slot->reply.size) {
        reply.fields |= FIELD_SIZE;
        reply.size = (uint32_t)slot->reply.size;
        return answer(&reply, setup, data, moved);
    }
    free_request(board, slot);
    return answer(&reply, setup, data, moved);
}

static usb_answer service_check(sim_board *board, const usb_setup *setup, uint8_t *data,
                                size_t *moved)
{
    control_slot *slot = control_find(&board->control, setup->index);
    if (!slot)
        return answer_status(STATUS_NOT_FOUND, setup, data, moved);
    switch (slot->state) {
    case CONTROL_RECEIVING:
        if (slot->payload)
            return answer_status(STATUS_OK, setup, data, moved);
        clear(slot);
        return answer_status(STATUS_NO_MEMORY, setup, data, moved);
    case CONTROL_ALLOC_PENDING:
    case CONTROL_QUEUED:
    case CONTROL_RUNNING:
        return answer_status(STATUS_PENDING, setup, data, moved);
    case CONTROL_DONE:
        return check_done(board, slot, setup, data, moved);
    case CONTROL_FREE:
        break;
    }
    return USB_STALLED;
}

static bool send_fits(const sim_board *board, const control_slot *slot, uint16_t length)
{
    if (!slot || slot->state != CONTROL_RECEIVING || !slot->payload || !length)
        return false;
    uint16_t rest = (uint16_t)(slot->payload_size - slot->received);
    return personality_splits(board) ? length <= rest : length == rest;
}

static usb_answer service_send(sim_board *board, const usb_setup *setup, const uint8_t *data,
                               size_t *moved)
{
    control_slot *slot = control_find(&board->control, setup->index);
    if (!send_fits(board, slot, setup->length)) {
        /* The driver asks the channel only before large transfers; it ignores a late no. */
        bool unnoticed = board->family->usb.small_send_unchecked && setup->length <= SMALL_SEND;
        *moved = unnoticed ? setup->length : 0;
        return unnoticed ? USB_DONE : USB_STALLED;
    }
    memcpy(slot->payload + slot->received, data, setup->length);
    slot->received = (uint16_t)(slot->received + setup->length);
    *moved = setup->length;
    if (slot->received == slot->payload_size)
        enqueue(board, slot, CONTROL_QUEUED);
    return USB_DONE;
}

static usb_answer service_recv(sim_board *board, const usb_setup *setup, uint8_t *data,
                               size_t *moved)
{
    control_slot *slot = control_find(&board->control, setup->index);
    if (!slot || slot->state != CONTROL_DONE || !setup->length)
        return USB_STALLED;
    size_t rest = slot->reply.size - slot->reply_read;
    bool fits = personality_splits(board) ? setup->length <= rest : setup->length == rest;
    if (!fits)
        return USB_STALLED;
    span piece = span_slice(buf_span(&slot->reply), slot->reply_read, setup->length);
    usb_reply(piece, setup, data, moved);
    slot->reply_read += setup->length;
    if (slot->reply_read == slot->reply.size)
        free_request(board, slot);
    return USB_DONE;
}

static usb_answer service_reset(sim_board *board, const usb_setup *setup, uint8_t *data,
                                size_t *moved)
{
    control_slot *slot = setup->index ? control_find(&board->control, setup->index) : NULL;
    if (setup->index && !slot)
        return answer_status(STATUS_NOT_FOUND, setup, data, moved);
    if (slot)
        cancel(board, slot);
    else
        cancel_all(board);
    return answer_status(STATUS_OK, setup, data, moved);
}

/** Requests that the interrupt handler answers by itself, whatever the system is busy with. */
static usb_answer raw_in(const sim_board *board, const usb_setup *setup, uint8_t *data,
                         size_t *moved)
{
    char text[VERSION_SIZE];
    if (setup->index == RAW_DEVICE_ID)
        text_copy(text, sizeof text, board->device_id);
    else if (setup->index == RAW_VERSION)
        text_copy(text, sizeof text, board->running.os_version);
    else
        return USB_STALLED;
    for (char *at = text; setup->index == RAW_DEVICE_ID && *at; at++)
        *at = *at >= 'a' && *at <= 'f' ? (char)(*at - 'a' + 'A') : *at;
    size_t length = strlen(text);
    if (setup->length < length || setup->length > SERVICE_LENGTH)
        return USB_STALLED;
    return usb_reply((span){(const uint8_t *)text, length}, setup, data, moved);
}

static usb_answer raw_out(sim_board *board, const usb_setup *setup, size_t *moved)
{
    if (board->running.system_version < SYSTEM_2_0_0)
        return USB_STALLED;
    if (setup->index == RAW_DISCONNECT) {
        *moved = setup->length;
        return USB_DONE;
    }
    if (setup->index != RAW_RESET)
        return USB_STALLED;
    board_reset(board, BOOT_NORMALLY);
    return USB_GONE;
}

usb_answer control_request(sim_board *board, const usb_setup *setup, uint8_t *data, size_t *moved)
{
    const bool in = setup->request_type == USB_VENDOR_IN;
    if (!in && setup->request_type != USB_VENDOR_OUT)
        return USB_STALLED;
    if (!in && !setup->length && board->kind->control_out_needs_data)
        return USB_HANGS;
    switch (personality_channel(board)) {
    case CHANNEL_NONE:
        return USB_STALLED;
    case CHANNEL_LEGACY:
        return legacy_request(board, setup, data, moved);
    case CHANNEL_REQUESTS:
        break;
    }
    if (setup->request == VENDOR_RAW)
        return in ? raw_in(board, setup, data, moved) : raw_out(board, setup, moved);
    if (!in)
        return setup->request == SERVICE_SEND ? service_send(board, setup, data, moved)
                                              : USB_STALLED;
    if (setup->request == SERVICE_RECV)
        return service_recv(board, setup, data, moved);
    if (setup->length != SERVICE_LENGTH)
        return USB_STALLED;
    switch (setup->request) {
    case SERVICE_INIT:
        return service_init(board, setup, data, moved);
    case SERVICE_CHECK:
        return service_check(board, setup, data, moved);
    case SERVICE_RESET:
        return service_reset(board, setup, data, moved);
    }
    return USB_STALLED;
}

/** Which request the system thread takes next; CONTROL_ACTIVE_MAX while it is busy or idle. */
static size_t next_request(const control_device *device)
{
    size_t next = CONTROL_ACTIVE_MAX;
    for (size_t i = 0; i < CONTROL_ACTIVE_MAX; i++) {
        const control_slot *slot = &device->slots[i];
        if (slot->state == CONTROL_RUNNING)
            return CONTROL_ACTIVE_MAX;
        bool waits = slot->state == CONTROL_QUEUED || slot->state == CONTROL_ALLOC_PENDING;
        if (waits && (next == CONTROL_ACTIVE_MAX || slot->order < device->slots[next].order))
            next = i;
    }
    return next;
}

uint64_t control_next_due(const sim_board *board)
{
    size_t next = next_request(&board->control);
    return next < CONTROL_ACTIVE_MAX ? board->control.slots[next].since_us + THREAD_LATENCY_US
                                     : NEVER;
}

static void set_result(sim_board *board, control_slot *slot, int32_t result)
{
    slot->state = CONTROL_DONE;
    slot->result = result;
    if (result < 0) {
        slot->reply.size = 0;
        slot->action = ACTION_NONE;
    }
    if (slot->orphaned)
        free_request(board, slot);
}

void control_fire(sim_board *board)
{
    size_t next = next_request(&board->control);
    if (next == CONTROL_ACTIVE_MAX)
        return;
    control_slot *slot = &board->control.slots[next];
    board->keeps.busy_us += THREAD_LATENCY_US;
    if (slot->state == CONTROL_ALLOC_PENDING) {
        slot->payload = malloc(slot->payload_size);
        slot->state = CONTROL_RECEIVING;
        return;
    }
    slot->state = CONTROL_RUNNING;
    int32_t result = control_handle(board, slot);
    if (result != HANDLER_GOES_ON)
        set_result(board, slot, result);
}

void control_finish(sim_board *board, uint16_t id, int32_t result)
{
    for (size_t i = 0; i < CONTROL_ACTIVE_MAX; i++) {
        control_slot *slot = &board->control.slots[i];
        if (slot->state == CONTROL_RUNNING && slot->id == id)
            set_result(board, slot, result);
    }
}
