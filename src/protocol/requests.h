#pragma once
/**
 * The control requests that osbundle asks, typed. An empty reply is an all-default message (nanopb
 * leaves default values out). Every string that comes back is bounded and printable.
 *
 * All of them return what control_run returns; a reply that is no valid message is
 * OSB_ERR_PROTOCOL.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "protocol/control.h"

enum {
    REQUEST_TEXT_SIZE = 40 /**< device id, OS version; with NUL */
};

typedef enum request_mode {
    REQUEST_MODE_NORMAL,
    REQUEST_MODE_LISTENING
} request_mode;

typedef enum request_protection {
    REQUEST_PROTECTION_OPEN,
    REQUEST_PROTECTION_PROTECTED,
    REQUEST_PROTECTION_SERVICE /**< protected, but overridden for a while */
} request_protection;

/** The device id, lower-case hexadecimal. `text`: REQUEST_TEXT_SIZE bytes. */
osb_status request_device_id(const control_channel *channel, char *text,
                             osb_error *error) OSB_MUST_CHECK;

/** The Device OS version ("6.2.0") by a control request. `text`: REQUEST_TEXT_SIZE bytes. */
osb_status request_system_version(const control_channel *channel, char *text,
                                  osb_error *error) OSB_MUST_CHECK;

/**
 * The Device OS version by the raw vendor request, which protection does not block and which needs
 * no control channel. `text`: REQUEST_TEXT_SIZE bytes. OSB_ERR_STALL before 0.6.0 and in DFU mode.
 */
osb_status request_raw_version(const usb_link *link, char *text, osb_error *error) OSB_MUST_CHECK;

/** Resets at once by the raw vendor request (2.0.0 and newer). The board goes away in it. */
osb_status request_raw_reset(const usb_link *link, osb_error *error) OSB_MUST_CHECK;

osb_status request_device_mode(const control_channel *channel, request_mode *mode,
                               osb_error *error) OSB_MUST_CHECK;

/** Leaves listening mode; fine when the board is not in it. */
osb_status request_stop_listening(const control_channel *channel, osb_error *error) OSB_MUST_CHECK;

/**
 * Whether the board keeps an asset of that name and content.
 * @param hash SHA-256 of the content, 32 bytes
 * @return OSB_ERR_DEVICE with -120 before Device OS 5.6.0, which cannot tell
 */
osb_status request_asset_available(const control_channel *channel, const char *name,
                                   const uint8_t *hash, bool *available,
                                   osb_error *error) OSB_MUST_CHECK;

/** Whether the set-up is marked as done; nRF52840 before Device OS 4.0.0. */
osb_status request_is_setup_done(const control_channel *channel, bool *done,
                                 osb_error *error) OSB_MUST_CHECK;
osb_status request_set_setup_done(const control_channel *channel, bool done,
                                  osb_error *error) OSB_MUST_CHECK;

/** Boards that do not know the request (before 6.0.0) are open. */
osb_status request_protected_state(const control_channel *channel, request_protection *state,
                                   osb_error *error) OSB_MUST_CHECK;

/**
 * Requests that make the board reset, about a second after its answer was read. A board that
 * leaves the bus while it answers has done what was asked: OSB_OK.
 */
osb_status request_reset(const control_channel *channel, osb_error *error) OSB_MUST_CHECK;
osb_status request_enter_dfu(const control_channel *channel, osb_error *error) OSB_MUST_CHECK;
osb_status request_enter_safe_mode(const control_channel *channel, osb_error *error) OSB_MUST_CHECK;

/**
 * A firmware update: start, data in order, finish. The board erases its staging region in `start`
 * and checks the module in `finish`; after a good finish it resets by itself.
 * @param chunk_size largest `data` the board takes at once, bytes, at least 1
 */
osb_status request_update_start(const control_channel *channel, uint32_t size, uint32_t *chunk_size,
                                osb_error *error) OSB_MUST_CHECK;
osb_status request_update_data(const control_channel *channel, span chunk,
                               osb_error *error) OSB_MUST_CHECK;
osb_status request_update_finish(const control_channel *channel, osb_error *error) OSB_MUST_CHECK;
osb_status request_update_cancel(const control_channel *channel, osb_error *error) OSB_MUST_CHECK;
