#pragma once
/**
 * The control-request channel of a board in normal mode: one request, its payload, its result and
 * its reply, moved by small vendor transfers (INIT, SEND, CHECK, RECV, RESET).
 *
 * One request at a time. Facts: Device OS system/src/usb_control_request_channel.cpp.
 */
#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"
#include "protocol/link.h"

enum {
    CONTROL_PAYLOAD_MAX = 0xffff, /**< bytes; the size travels in 16 bits */
    CONTROL_REPLY_STRUCT_MAX = 16
};

typedef struct control_channel {
    usb_link *link;       /**< of the board; the caller keeps it */
    bool single_transfer; /**< Device OS before 1.5.0: payload and reply in one transfer each */
    bool legacy;          /**< Device OS 0.6.0 to 0.8.0-rc.1: raw requests only (legacy.h) */
} control_channel;

typedef struct control_call {
    uint16_t type;       /**< request type */
    const char *purpose; /**< in errors, an infinitive: "read the module table" */
    span payload;        /**< at most CONTROL_PAYLOAD_MAX bytes */
    uint32_t timeout_ms; /**< for all of it */
    buf *reply;          /**< reply data is appended; its maximum bounds it. NULL: none expected */
} control_call;

enum control_status {
    CONTROL_OK = 0,
    CONTROL_ERROR = 1,
    CONTROL_PENDING = 2,
    CONTROL_BUSY = 3,
    CONTROL_NO_MEMORY = 4,
    CONTROL_NOT_FOUND = 5
};

/** What INIT, CHECK and RESET answer. A field counts only when its `has_` is set. */
typedef struct control_reply {
    uint16_t status; /**< enum control_status */
    bool has_id;
    uint16_t id;
    bool has_size;
    uint32_t size; /**< bytes of reply data */
    bool has_result;
    int32_t result;
} control_reply;

/** Reads a reply structure. False when it is cut short or has no status. */
bool control_reply_parse(span bytes, control_reply *reply);

/** RESET of all requests: drops what another program, or a run cut short, left on the board. */
osb_status control_reset_all(const control_channel *channel, osb_error *error) OSB_MUST_CHECK;

/**
 * Runs one request to its end. Polling starts at once and backs off; on any failure after the
 * board gave an id, the request is dropped there (RESET).
 * @return OSB_ERR_DEVICE or OSB_ERR_PROTECTED with `device_code` for the board's own refusal;
 *         OSB_ERR_BUSY when four requests are running already; OSB_ERR_TIMEOUT; OSB_ERR_PROTOCOL
 *         for an answer that breaks the protocol or a reply larger than `reply` may hold; or the
 *         transfer's error. A legacy board has no such requests: OSB_ERR_DEVICE, not supported.
 */
osb_status control_run(const control_channel *channel, const control_call *call,
                       osb_error *error) OSB_MUST_CHECK;
