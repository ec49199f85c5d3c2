/*
 * Identity, mode and protection of a board, and the requests that change its mode.
 *
 * Firmware updates are in request_update.c, the module table in module_report.c.
 * Invariant: nothing a board says leaves here unbounded or unprintable.
 */
#include "protocol/requests.h"

#include <string.h>

#include "base/text.h"
#include "protocol/legacy.h"
#include "protocol/request_types.h"
#include "protocol/result.h"
#include "wire/control.pb-c.h"

enum {
    ASK_TIMEOUT_MS = 10000,
    SMALL_REPLY_MAX = 512,
    ASSETS_REPLY_MAX =
        128 * 1024, /* a board keeps at most 512 assets, with names up to 200 bytes */
    ASSET_HASH_SIZE = 32,
    RAW_REQUEST = 0x50,
    RAW_VERSION = 30,
    RAW_RESET = 40,
    RAW_ANSWER_MAX = 64
};

static osb_status no_message(const control_channel *channel, const char *purpose, osb_error *error)
{
    return osb_fail(error, OSB_ERR_PROTOCOL, channel->link->subject,
                    "restart the board and try again",
                    "cannot %s: the board's reply is no valid message", purpose);
}

/* Asks a request without payload; its reply lands in `reply`. */
static osb_status ask(const control_channel *channel, uint16_t type, const char *purpose,
                      buf *reply, osb_error *error)
{
    control_call call = {
        .type = type, .purpose = purpose, .timeout_ms = ASK_TIMEOUT_MS, .reply = reply};
    return control_run(channel, &call, error);
}

osb_status request_device_id(const control_channel *channel, char *text, osb_error *error)
{
    static const char purpose[] = "read the device id";
    BUF_OWNED reply = buf_make(SMALL_REPLY_MAX);
    TRY(ask(channel, REQUEST_TYPE_DEVICE_ID, purpose, &reply, error));
    Wire__GetDeviceIdReply *message =
        wire__get_device_id_reply__unpack(NULL, reply.size, reply.data);
    if (!message)
        return no_message(channel, purpose, error);
    text_printable(text, REQUEST_TEXT_SIZE, message->id, REQUEST_TEXT_SIZE - 1);
    wire__get_device_id_reply__free_unpacked(message, NULL);
    return OSB_OK;
}

osb_status request_system_version(const control_channel *channel, char *text, osb_error *error)
{
    static const char purpose[] = "read the Device OS version";
    BUF_OWNED reply = buf_make(SMALL_REPLY_MAX);
    TRY(ask(channel, REQUEST_TYPE_SYSTEM_VERSION, purpose, &reply, error));
    Wire__GetSystemVersionReply *message =
        wire__get_system_version_reply__unpack(NULL, reply.size, reply.data);
    if (!message)
        return no_message(channel, purpose, error);
    text_printable(text, REQUEST_TEXT_SIZE, message->version, REQUEST_TEXT_SIZE - 1);
    wire__get_system_version_reply__free_unpacked(message, NULL);
    return OSB_OK;
}

osb_status request_raw_version(const usb_link *link, char *text, osb_error *error)
{
    uint8_t bytes[RAW_ANSWER_MAX];
    text[0] = '\0';
    link_transfer transfer = {.setup = {USB_VENDOR_IN, RAW_REQUEST, 0, RAW_VERSION, sizeof bytes},
                              .data = bytes,
                              .timeout_ms = LINK_TIMEOUT_MS,
                              .purpose = "read the Device OS version"};
    TRY(link_run(link, &transfer, error));
    /* 0.6.0 to 0.8.0-rc.1 sent a NUL behind it: text_printable ends there. */
    text_printable(text, REQUEST_TEXT_SIZE, (const char *)bytes, transfer.moved);
    return OSB_OK;
}

/* The board may leave in the middle of answering what makes it leave. */
static osb_status gone_is_fine(osb_status status)
{
    return status == OSB_ERR_DISCONNECTED ? OSB_OK : status;
}

osb_status request_raw_reset(const usb_link *link, osb_error *error)
{
    link_transfer transfer = {.setup = {USB_VENDOR_OUT, RAW_REQUEST, 0, RAW_RESET, 0},
                              .timeout_ms = LINK_TIMEOUT_MS,
                              .purpose = "reset the board"};
    return gone_is_fine(link_run(link, &transfer, error));
}

osb_status request_device_mode(const control_channel *channel, request_mode *mode, osb_error *error)
{
    static const char purpose[] = "read the mode";
    BUF_OWNED reply = buf_make(SMALL_REPLY_MAX);
    TRY(ask(channel, REQUEST_TYPE_DEVICE_MODE, purpose, &reply, error));
    Wire__GetDeviceModeReply *message =
        wire__get_device_mode_reply__unpack(NULL, reply.size, reply.data);
    if (!message)
        return no_message(channel, purpose, error);
    uint32_t number = message->mode;
    wire__get_device_mode_reply__free_unpacked(message, NULL);
    if (number > REQUEST_MODE_LISTENING)
        return no_message(channel, purpose, error);
    *mode = (request_mode)number;
    return OSB_OK;
}

osb_status request_stop_listening(const control_channel *channel, osb_error *error)
{
    return ask(channel, REQUEST_TYPE_STOP_LISTENING, "leave listening mode", NULL, error);
}

osb_status request_asset_available(const control_channel *channel, const char *name,
                                   const uint8_t *hash, bool *available, osb_error *error)
{
    static const char purpose[] = "read which assets there are";
    BUF_OWNED reply = buf_make(ASSETS_REPLY_MAX);
    *available = false;
    TRY(ask(channel, REQUEST_TYPE_ASSET_INFO, purpose, &reply, error));
    Wire__GetAssetInfoReply *message =
        wire__get_asset_info_reply__unpack(NULL, reply.size, reply.data);
    if (!message)
        return no_message(channel, purpose, error);
    for (size_t i = 0; i < message->n_available; i++) {
        const Wire__AssetDependency *asset = message->available[i];
        *available |= asset->hash.len == ASSET_HASH_SIZE && text_equal(asset->name, name) &&
                      memcmp(asset->hash.data, hash, ASSET_HASH_SIZE) == 0;
    }
    wire__get_asset_info_reply__free_unpacked(message, NULL);
    return OSB_OK;
}

osb_status request_protected_state(const control_channel *channel, request_protection *state,
                                   osb_error *error)
{
    static const char purpose[] = "read the protection state";
    BUF_OWNED reply = buf_make(SMALL_REPLY_MAX);
    osb_error refusal = {0};
    osb_status status = ask(channel, REQUEST_TYPE_PROTECTED_STATE, purpose, &reply, &refusal);
    *state = REQUEST_PROTECTION_OPEN;
    if (status == OSB_ERR_DEVICE && refusal.device_code == RESULT_NOT_SUPPORTED)
        return OSB_OK; /* protection came with 6.0.0 */
    if (status != OSB_OK && error)
        *error = refusal;
    TRY(status);
    Wire__GetProtectedStateReply *message =
        wire__get_protected_state_reply__unpack(NULL, reply.size, reply.data);
    if (!message)
        return no_message(channel, purpose, error);
    if (message->state)
        *state = REQUEST_PROTECTION_PROTECTED;
    else if (message->overridden)
        *state = REQUEST_PROTECTION_SERVICE;
    wire__get_protected_state_reply__free_unpacked(message, NULL);
    return OSB_OK;
}

osb_status request_is_setup_done(const control_channel *channel, bool *done, osb_error *error)
{
    static const char purpose[] = "ask for the set-up";
    BUF_OWNED reply = buf_make(SMALL_REPLY_MAX);
    TRY(ask(channel, REQUEST_TYPE_IS_SETUP_DONE, purpose, &reply, error));
    Wire__IsDeviceSetupDoneReply *message =
        wire__is_device_setup_done_reply__unpack(NULL, reply.size, reply.data);
    if (!message)
        return no_message(channel, purpose, error);
    *done = message->done;
    wire__is_device_setup_done_reply__free_unpacked(message, NULL);
    return OSB_OK;
}

osb_status request_set_setup_done(const control_channel *channel, bool done, osb_error *error)
{
    Wire__SetDeviceSetupDoneRequest message = WIRE__SET_DEVICE_SETUP_DONE_REQUEST__INIT;
    uint8_t bytes[8];
    message.done = done;
    control_call call = {.type = REQUEST_TYPE_SET_SETUP_DONE,
                         .purpose = "mark the set-up",
                         .timeout_ms = ASK_TIMEOUT_MS};
    call.payload = (span){bytes, wire__set_device_setup_done_request__pack(&message, bytes)};
    return control_run(channel, &call, error);
}

/* Asks for what makes the board restart. */
static osb_status ask_to_leave(const control_channel *channel, uint16_t type, const char *purpose,
                               osb_error *error)
{
    return gone_is_fine(channel->legacy ? legacy_order(channel->link, type, purpose, error)
                                        : ask(channel, type, purpose, NULL, error));
}

osb_status request_reset(const control_channel *channel, osb_error *error)
{
    return ask_to_leave(channel, REQUEST_TYPE_RESET, "reset the board", error);
}

osb_status request_enter_dfu(const control_channel *channel, osb_error *error)
{
    return ask_to_leave(channel, REQUEST_TYPE_DFU_MODE, "enter DFU mode", error);
}

osb_status request_enter_safe_mode(const control_channel *channel, osb_error *error)
{
    return ask_to_leave(channel, REQUEST_TYPE_SAFE_MODE, "enter safe mode", error);
}
