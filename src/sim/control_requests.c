/*
 * The handlers of the system thread, one a request type (device-os system/src/control/,
 * system_control_internal.cpp).
 *
 * Transport is control_device.c; the firmware update itself is firmware_update.c. Invariant: a
 * message whose fields are all default is no bytes at all, as nanopb encodes it.
 */
#include "sim/control_requests.h"

#include <string.h>

#include "base/text.h"
#include "sim/board.h"
#include "sim/personality.h"
#include "wire/control.pb-c.h"

enum request_type {
    REQUEST_ECHO = 1,
    REQUEST_DEVICE_ID = 20,
    REQUEST_SERIAL_NUMBER = 21,
    REQUEST_SYSTEM_VERSION = 30,
    REQUEST_CAPABILITIES = 32,
    REQUEST_RESET = 40,
    REQUEST_FACTORY_RESET = 41,
    REQUEST_DFU_MODE = 50,
    REQUEST_SAFE_MODE = 60,
    REQUEST_START_LISTENING = 70,
    REQUEST_STOP_LISTENING = 71,
    REQUEST_DEVICE_MODE = 72,
    REQUEST_SET_SETUP_DONE = 73,
    REQUEST_IS_SETUP_DONE = 74,
    REQUEST_PROTECTED_STATE = 76,
    REQUEST_SET_PROTECTED_STATE = 77,
    REQUEST_MODULE_INFO = 90,
    REQUEST_ASSET_INFO = 91,
    REQUEST_UPDATE_START = 250,
    REQUEST_UPDATE_FINISH = 251,
    REQUEST_UPDATE_CANCEL = 252,
    REQUEST_UPDATE_DATA = 253
};

enum {
    SYSTEM_4_0_0_NUMBER = 4000,
    SERIAL_SIZE = 16
};

static int32_t reply_text(char *text, buf *reply)
{
    Wire__GetDeviceIdReply message = WIRE__GET_DEVICE_ID_REPLY__INIT;
    uint8_t bytes[VERSION_SIZE + 8];
    message.id = text;
    if (wire__get_device_id_reply__get_packed_size(&message) > sizeof bytes)
        return SYSTEM_NO_MEMORY;
    buf_append(reply, (span){bytes, wire__get_device_id_reply__pack(&message, bytes)});
    return SYSTEM_NONE;
}

/** 15 characters, as printed on the board; derived from its id. */
static int32_t reply_serial_number(const sim_board *board, buf *reply)
{
    char serial[SERIAL_SIZE];
    text_format(serial, sizeof serial, "SIM%03u%.9s", board->kind->id, board->device_id + 15);
    return reply_text(serial, reply);
}

static int32_t reply_version(const sim_board *board, buf *reply)
{
    char text[VERSION_SIZE];
    text_copy(text, sizeof text, board->running.os_version);
    return reply_text(text, reply);
}

static int32_t reply_mode(const sim_board *board, buf *reply)
{
    Wire__GetDeviceModeReply message = WIRE__GET_DEVICE_MODE_REPLY__INIT;
    uint8_t bytes[8];
    message.mode = board->mode == BOARD_LISTENING;
    buf_append(reply, (span){bytes, wire__get_device_mode_reply__pack(&message, bytes)});
    return SYSTEM_NONE;
}

static int32_t reply_protected_state(const sim_board *board, buf *reply)
{
    Wire__GetProtectedStateReply message = WIRE__GET_PROTECTED_STATE_REPLY__INIT;
    uint8_t bytes[8];
    message.state = protection_of(board) == PROTECTION_PROTECTED;
    message.overridden = protection_of(board) == PROTECTION_SERVICE;
    buf_append(reply, (span){bytes, wire__get_protected_state_reply__pack(&message, bytes)});
    return SYSTEM_NONE;
}

static int32_t echo(const control_slot *request, buf *reply)
{
    buf_append(reply, (span){request->payload, request->received});
    return reply->overflow ? SYSTEM_NO_MEMORY : SYSTEM_NONE;
}

/** The answer first; the action when the host has read it. */
static int32_t later(control_slot *request, control_action action)
{
    request->action = action;
    return SYSTEM_NONE;
}

static int32_t listen(sim_board *board, bool start)
{
    board_listen(board, start);
    return SYSTEM_NONE;
}

static flash *settings_with_setup(const sim_board *board)
{
    flash *settings = board_memory(board, "dct");
    return settings && flash_holds(settings, BOARD_SETUP_DONE, 1) ? settings : NULL;
}

/** From 4.0.0 on the set-up is always done, and cannot be undone. */
static int32_t set_setup_done(sim_board *board, const control_slot *request)
{
    Wire__SetDeviceSetupDoneRequest *message =
        wire__set_device_setup_done_request__unpack(NULL, request->received, request->payload);
    if (!message)
        return SYSTEM_BAD_DATA;
    const bool done = message->done;
    wire__set_device_setup_done_request__free_unpacked(message, NULL);
    if (board->running.system_version >= SYSTEM_4_0_0_NUMBER)
        return done ? SYSTEM_NONE : SYSTEM_NOT_SUPPORTED;
    flash *settings = settings_with_setup(board);
    const uint8_t value = done ? 1 : 0xff;
    if (settings)
        flash_store(settings, BOARD_SETUP_DONE, (span){&value, 1});
    return SYSTEM_NONE;
}

static int32_t reply_setup_done(const sim_board *board, buf *reply)
{
    const flash *settings = settings_with_setup(board);
    Wire__IsDeviceSetupDoneReply message = WIRE__IS_DEVICE_SETUP_DONE_REPLY__INIT;
    uint8_t bytes[8];
    message.done = board->running.system_version >= SYSTEM_4_0_0_NUMBER ||
                   (settings && settings->bytes[BOARD_SETUP_DONE] == 1);
    buf_append(reply, (span){bytes, wire__is_device_setup_done_reply__pack(&message, bytes)});
    return SYSTEM_NONE;
}

/** In protected mode only these pass over USB (system_control_internal.cpp, processRequest). */
static bool passes_protection(uint16_t type)
{
    return type == 10 || type == REQUEST_DEVICE_ID || type == REQUEST_PROTECTED_STATE ||
           type == REQUEST_SET_PROTECTED_STATE;
}

static int32_t handle_update(sim_board *board, control_slot *request)
{
    const span payload = {request->payload, request->received};
    switch (request->type) {
    case REQUEST_UPDATE_START:
        return update_start(board, request->id, payload, &request->reply);
    case REQUEST_UPDATE_DATA:
        return update_data(board, request->id, payload);
    case REQUEST_UPDATE_FINISH:
        return update_finish(board, payload, &request->action);
    }
    update_cancel(board);
    return SYSTEM_NONE;
}

int32_t control_handle(sim_board *board, control_slot *request)
{
    buf *reply = &request->reply;
    if (protection_of(board) == PROTECTION_PROTECTED && !passes_protection(request->type))
        return SYSTEM_PROTECTED;
    if (!personality_knows(board, request->type))
        return SYSTEM_NOT_SUPPORTED;
    switch (request->type) {
    case REQUEST_ECHO:
        return echo(request, reply);
    case REQUEST_DEVICE_ID:
        return reply_text(board->device_id, reply);
    case REQUEST_SERIAL_NUMBER:
        return reply_serial_number(board, reply);
    case REQUEST_SYSTEM_VERSION:
        return reply_version(board, reply);
    case REQUEST_CAPABILITIES:
        return SYSTEM_NONE;
    case REQUEST_RESET:
    case REQUEST_FACTORY_RESET:
        return later(request, ACTION_RESET);
    case REQUEST_DFU_MODE:
        return later(request, ACTION_DFU);
    case REQUEST_SAFE_MODE:
        return later(request, ACTION_SAFE_MODE);
    case REQUEST_START_LISTENING:
        return listen(board, true);
    case REQUEST_STOP_LISTENING:
        return listen(board, false);
    case REQUEST_DEVICE_MODE:
        return reply_mode(board, reply);
    case REQUEST_SET_SETUP_DONE:
        return set_setup_done(board, request);
    case REQUEST_IS_SETUP_DONE:
        return reply_setup_done(board, reply);
    case REQUEST_PROTECTED_STATE:
        return reply_protected_state(board, reply);
    case REQUEST_SET_PROTECTED_STATE:
        return protection_request(board, (span){request->payload, request->received}, reply);
    case REQUEST_MODULE_INFO:
        return module_info_reply(board, reply);
    case REQUEST_ASSET_INFO:
        return asset_info_reply(board, reply);
    case REQUEST_UPDATE_START:
    case REQUEST_UPDATE_DATA:
    case REQUEST_UPDATE_FINISH:
    case REQUEST_UPDATE_CANCEL:
        return handle_update(board, request);
    }
    return SYSTEM_NOT_SUPPORTED;
}
