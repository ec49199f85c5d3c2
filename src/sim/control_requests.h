#pragma once
/** What the system does for each request type. Inside sim/ only. */
#include "base/buf.h"
#include "sim/control_device.h"

/** Result codes (device-os services/inc/system_error.h). */
enum system_error {
    SYSTEM_NONE = 0,
    SYSTEM_NOT_SUPPORTED = -120,
    SYSTEM_CANCELLED = -140,
    SYSTEM_TIMEOUT = -160,
    SYSTEM_INVALID_STATE = -210,
    SYSTEM_FLASH_IO = -219,
    SYSTEM_NO_MEMORY = -260,
    SYSTEM_INVALID_ARGUMENT = -270,
    SYSTEM_BAD_DATA = -280,
    SYSTEM_OUT_OF_RANGE = -290,
    SYSTEM_OTA_MODULE_NOT_FOUND = -1300,
    SYSTEM_OTA_UNSUPPORTED_MODULE = -1310,
    SYSTEM_OTA_VALIDATION_FAILED = -1320,
    SYSTEM_OTA_INTEGRITY = -1330,
    SYSTEM_OTA_DEPENDENCY = -1340,
    SYSTEM_OTA_INVALID_ADDRESS = -1350,
    SYSTEM_OTA_INVALID_SIZE = -1351,
    SYSTEM_OTA_INVALID_PLATFORM = -1360,
    SYSTEM_OTA_INVALID_FORMAT = -1370,
    SYSTEM_OTA_UPDATES_DISABLED = -1380,
    SYSTEM_PROTECTED = -1801,
    SYSTEM_KEY_MISMATCH = -1802,
    SYSTEM_INVALID_SIGNATURE = -1803
};

/** The handler goes on by itself and calls control_finish. */
#define HANDLER_GOES_ON 1

/** Runs the handler: a result (0 or negative), or HANDLER_GOES_ON. */
int32_t control_handle(sim_board *board, control_slot *request);

/* module_info.c */
int32_t module_info_reply(const sim_board *board, buf *reply);
int32_t asset_info_reply(const sim_board *board, buf *reply);

/* describe.c */
/** Appends the describe text, without its outer braces, at most `room` bytes of it. */
void describe_append(const sim_board *board, size_t room, buf *text);
