/*
 * The control-request channel, host side: INIT, SEND, CHECK until done, RECV; RESET when given up.
 *
 * Knows nothing of what requests mean. Invariant: after control_run the board holds no request of
 * ours, unless it has left the bus.
 */
#include "protocol/control.h"

#include <string.h>

#include "base/cursor.h"
#include "protocol/result.h"

enum control_service {
    SERVICE_INIT = 1,
    SERVICE_CHECK = 2,
    SERVICE_SEND = 3,
    SERVICE_RECEIVE = 4,
    SERVICE_RESET = 5
};

enum reply_flag {
    REPLY_STATUS = 0x1,
    REPLY_ID = 0x2,
    REPLY_SIZE = 0x4,
    REPLY_RESULT = 0x8
};

enum {
    /* Less is rejected by the firmware, more by its USB driver: exactly one packet. */
    REPLY_LENGTH = 64
};

static const char hint_again[] = "unplug the board, plug it in and try again";

/* One request in flight. */
typedef struct control_exchange {
    const control_channel *channel;
    const control_call *call;
    uint64_t deadline_ms;
    uint16_t id;
    bool live; /* the board still holds the request */
} control_exchange;

bool control_reply_parse(span bytes, control_reply *reply)
{
    cursor reader = cursor_make(bytes);
    uint32_t flags = cursor_u32le(&reader);
    *reply = (control_reply){.has_id = flags & REPLY_ID,
                             .has_size = flags & REPLY_SIZE,
                             .has_result = flags & REPLY_RESULT};
    if (!(flags & REPLY_STATUS))
        return false;
    reply->status = cursor_u16le(&reader);
    if (reply->has_id)
        reply->id = cursor_u16le(&reader);
    if (reply->has_size)
        reply->size = cursor_u32le(&reader);
    if (reply->has_result)
        reply->result = (int32_t)cursor_u32le(&reader);
    return !reader.failed;
}

static osb_status service_ask(const usb_link *link, usb_setup setup, const char *purpose,
                              control_reply *reply, osb_error *error)
{
    uint8_t bytes[REPLY_LENGTH];
    setup.request_type = USB_VENDOR_IN;
    setup.length = REPLY_LENGTH;
    link_transfer transfer = {
        .setup = setup, .data = bytes, .timeout_ms = LINK_TIMEOUT_MS, .purpose = purpose};
    TRY(link_run(link, &transfer, error));
    if (!control_reply_parse((span){bytes, transfer.moved}, reply))
        return osb_fail(error, OSB_ERR_PROTOCOL, link->subject, hint_again,
                        "cannot %s: the board's answer of %zu bytes is no control reply", purpose,
                        transfer.moved);
    return OSB_OK;
}

static osb_status service_reset(const control_channel *channel, uint16_t id, osb_error *error)
{
    control_reply reply;
    usb_setup setup = {.request = SERVICE_RESET, .index = id};
    return service_ask(channel->link, setup, "drop control requests", &reply, error);
}

osb_status control_reset_all(const control_channel *channel, osb_error *error)
{
    if (channel->legacy)
        return OSB_OK; /* such a system forgets an old request when it gets a new one */
    return service_reset(channel, 0, error);
}

/* Best effort: the request has failed already, and that error is the one to show. */
static void exchange_abandon(const control_exchange *exchange)
{
    (void)service_reset(exchange->channel, exchange->id, NULL);
}

static osb_status status_fail(const control_exchange *exchange, uint16_t status, osb_error *error)
{
    const char *subject = exchange->channel->link->subject;
    const char *purpose = exchange->call->purpose;
    switch ((enum control_status)status) {
    case CONTROL_BUSY:
        return osb_fail(error, OSB_ERR_BUSY, subject,
                        "close other programs that talk to the board, or restart it",
                        "cannot %s: the board is busy with other requests", purpose);
    case CONTROL_NO_MEMORY:
        return osb_fail(error, OSB_ERR_DEVICE, subject,
                        "restart the board in safe mode, so that the application leaves it memory",
                        "cannot %s: the board has no memory for the request", purpose);
    case CONTROL_NOT_FOUND:
        return osb_fail(error, OSB_ERR_DEVICE, subject,
                        "close other programs that talk to the board and try again",
                        "cannot %s: the request was cancelled on the board", purpose);
    case CONTROL_ERROR:
        return osb_fail(error, OSB_ERR_DEVICE, subject, hint_again,
                        "cannot %s: the board failed to handle the request", purpose);
    case CONTROL_OK:
    case CONTROL_PENDING:
        break;
    }
    return osb_fail(error, OSB_ERR_PROTOCOL, subject, hint_again,
                    "cannot %s: status %u does not belong here", purpose, status);
}

static osb_status exchange_begin(control_exchange *exchange, control_reply *reply, osb_error *error)
{
    const control_call *call = exchange->call;
    const usb_link *link = exchange->channel->link;
    usb_setup setup = {
        .request = SERVICE_INIT, .value = (uint16_t)call->payload.size, .index = call->type};
    TRY(service_ask(link, setup, call->purpose, reply, error));
    if (reply->status != CONTROL_OK && reply->status != CONTROL_PENDING)
        return status_fail(exchange, reply->status, error);
    if (!reply->has_id || reply->id == 0)
        return osb_fail(error, OSB_ERR_PROTOCOL, link->subject, hint_again,
                        "cannot %s: the board gave the request no id", call->purpose);
    exchange->id = reply->id;
    exchange->live = true;
    return OSB_OK;
}

static osb_status exchange_check(control_exchange *exchange, control_reply *reply, osb_error *error)
{
    usb_setup setup = {.request = SERVICE_CHECK, .index = exchange->id};
    osb_status status =
        service_ask(exchange->channel->link, setup, exchange->call->purpose, reply, error);
    /* A board that copies flash may answer late; asking again changes nothing. */
    if (status == OSB_ERR_TIMEOUT) {
        *reply = (control_reply){.status = CONTROL_PENDING};
        return OSB_OK;
    }
    TRY(status);
    if (reply->status == CONTROL_OK || reply->status == CONTROL_PENDING)
        return OSB_OK;
    if (reply->status == CONTROL_NOT_FOUND || reply->status == CONTROL_NO_MEMORY)
        exchange->live = false; /* the board has dropped it by itself */
    return status_fail(exchange, reply->status, error);
}

/* CHECKs until the status is no longer PENDING. */
static osb_status exchange_poll(control_exchange *exchange, control_reply *reply, osb_error *error)
{
    const usb_link *link = exchange->channel->link;
    const uint64_t began_ms = link_now_ms(link);
    for (;;) {
        TRY(exchange_check(exchange, reply, error));
        if (reply->status == CONTROL_OK)
            return OSB_OK;
        uint64_t now = link_now_ms(link);
        if (now >= exchange->deadline_ms)
            return osb_fail(error, OSB_ERR_TIMEOUT, link->subject,
                            "restart the board and try again",
                            "cannot %s: the board did not finish within %u s",
                            exchange->call->purpose, exchange->call->timeout_ms / 1000);
        const uint32_t pause_ms = poll_pause(now - began_ms);
        uint64_t left = exchange->deadline_ms - now;
        TRY(link_wait(link, left < pause_ms ? (uint32_t)left : pause_ms, error));
    }
}

/* Bytes of the next transfer of a payload or reply. */
static osb_status chunk_size(const control_exchange *exchange, size_t rest, uint16_t *size,
                             osb_error *error)
{
    if (rest > USB_CONTROL_MAX && exchange->channel->single_transfer)
        return osb_fail(error, OSB_ERR_PROTOCOL, exchange->channel->link->subject,
                        "update Device OS in DFU mode first",
                        "cannot %s: Device OS before 1.5.0 cannot split %zu bytes",
                        exchange->call->purpose, rest);
    *size = (uint16_t)(rest < USB_CONTROL_MAX ? rest : USB_CONTROL_MAX);
    return OSB_OK;
}

static osb_status exchange_send(const control_exchange *exchange, osb_error *error)
{
    span payload = exchange->call->payload;
    for (size_t offset = 0; offset < payload.size;) {
        uint8_t bytes[USB_CONTROL_MAX];
        uint16_t size = 0;
        TRY(chunk_size(exchange, payload.size - offset, &size, error));
        memcpy(bytes, payload.data + offset, size);
        link_transfer transfer = {.setup = {USB_VENDOR_OUT, SERVICE_SEND, 0, exchange->id, size},
                                  .data = bytes,
                                  .timeout_ms = LINK_TIMEOUT_MS,
                                  .purpose = exchange->call->purpose};
        TRY(link_run(exchange->channel->link, &transfer, error));
        if (transfer.moved != size)
            return osb_fail(error, OSB_ERR_PROTOCOL, exchange->channel->link->subject, hint_again,
                            "cannot %s: the board took %zu of %u bytes", exchange->call->purpose,
                            transfer.moved, size);
        offset += size;
    }
    return OSB_OK;
}

static osb_status exchange_receive(control_exchange *exchange, uint32_t total, osb_error *error)
{
    const usb_link *link = exchange->channel->link;
    for (uint32_t offset = 0; offset < total;) {
        uint8_t bytes[USB_CONTROL_MAX];
        uint16_t size = 0;
        TRY(chunk_size(exchange, total - offset, &size, error));
        link_transfer transfer = {.setup = {USB_VENDOR_IN, SERVICE_RECEIVE, 0, exchange->id, size},
                                  .data = bytes,
                                  .timeout_ms = LINK_TIMEOUT_MS,
                                  .purpose = exchange->call->purpose};
        TRY(link_run(link, &transfer, error));
        if (transfer.moved != size)
            return osb_fail(error, OSB_ERR_PROTOCOL, link->subject, hint_again,
                            "cannot %s: the board sent %zu of %u bytes", exchange->call->purpose,
                            transfer.moved, size);
        buf_append(exchange->call->reply, (span){bytes, size});
        offset += size;
    }
    exchange->live = false; /* the board frees a request with its last byte */
    return buf_check(exchange->call->reply, link->subject, error);
}

/* The last CHECK has said that the request is done: result first, then the reply's data. */
static osb_status exchange_conclude(control_exchange *exchange, const control_reply *reply,
                                    osb_error *error)
{
    const control_call *call = exchange->call;
    const char *subject = exchange->channel->link->subject;
    if (!reply->has_result)
        return osb_fail(error, OSB_ERR_PROTOCOL, subject, hint_again,
                        "cannot %s: the board ended the request without a result", call->purpose);
    bool has_data = reply->has_size && reply->size > 0;
    exchange->live = has_data;
    if (reply->result != RESULT_NONE)
        return result_fail(error, subject, call->purpose, reply->result);
    if (!has_data)
        return OSB_OK;
    size_t room = call->reply ? call->reply->maximum - call->reply->size : 0;
    if (reply->size > room)
        return osb_fail(error, OSB_ERR_PROTOCOL, subject, hint_again,
                        "cannot %s: the board's reply of %u bytes is larger than %zu",
                        call->purpose, reply->size, room);
    return exchange_receive(exchange, reply->size, error);
}

static osb_status exchange_carry(control_exchange *exchange, control_reply *reply, osb_error *error)
{
    size_t payload_size = exchange->call->payload.size;
    if (reply->status == CONTROL_PENDING && payload_size == 0)
        return status_fail(exchange, reply->status, error);
    if (reply->status == CONTROL_PENDING) {
        TRY(exchange_poll(exchange, reply, error));
        if (reply->has_result) /* ended before it had its payload */
            return exchange_conclude(exchange, reply, error);
    }
    TRY(exchange_send(exchange, error));
    TRY(exchange_poll(exchange, reply, error));
    return exchange_conclude(exchange, reply, error);
}

osb_status control_run(const control_channel *channel, const control_call *call, osb_error *error)
{
    if (call->payload.size > CONTROL_PAYLOAD_MAX)
        return osb_fail(error, OSB_ERR_INTERNAL, channel->link->subject, NULL,
                        "payload of %zu bytes is larger than a control request takes",
                        call->payload.size);
    if (channel->legacy)
        return result_fail(error, channel->link->subject, call->purpose, RESULT_NOT_SUPPORTED);
    control_exchange exchange = {.channel = channel,
                                 .call = call,
                                 .deadline_ms = link_now_ms(channel->link) + call->timeout_ms};
    control_reply reply;
    osb_status begun = exchange_begin(&exchange, &reply, error);
    if (begun == OSB_ERR_TIMEOUT || begun == OSB_ERR_PROTOCOL)
        exchange_abandon(&exchange); /* id 0: it may have been taken, but we never saw its id */
    TRY(begun);
    osb_status status = exchange_carry(&exchange, &reply, error);
    if (status != OSB_OK && status != OSB_ERR_DISCONNECTED && exchange.live)
        exchange_abandon(&exchange);
    return status;
}
