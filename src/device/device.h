#pragma once
/**
 * A board that is held through mode switches and re-enumerations, and what can be done with it.
 *
 * Boards are recognised by their serial number (the device id), which stays the same in every
 * mode; port and product id do not.
 */
#include "base/buf.h"
#include "base/error.h"
#include "base/log.h"
#include "device/census.h"
#include "model/platform.h"
#include "model/setting.h"
#include "model/snapshot.h"
#include "transport/transport.h"

/** A board found on the bus. */
typedef struct device_entry {
    usb_identity usb;
    const platform *board;
    bool in_dfu;
    char device_id[DEVICE_ID_SIZE]; /**< empty when it could not be read */
    osb_status trouble; /**< why the board could not be looked at (OSB_ERR_PERMISSION...); OSB_OK */
} device_entry;

/** Bytes moved of the current operation. `advance` is called first with 0, then as bytes move. */
typedef struct device_progress {
    void (*advance)(void *context, uint64_t done, uint64_t total);
    void *context;
} device_progress;

typedef struct device device;

/**
 * Every Particle board on the bus, in any USB mode, ordered by port; at most `capacity`. Each is
 * opened for a moment to read its id; one that cannot be opened is listed with its `trouble`.
 */
osb_status device_discover(transport *bus, const platform_list *platforms, device_entry *found,
                           size_t capacity, size_t *count, osb_error *error) OSB_MUST_CHECK;

/**
 * The one board that `selector` names: a device id or its beginning, "usb:BUS-PORT", or
 * "serial:PATH" of its serial port.
 * NULL: the only board there is. OSB_ERR_NOT_FOUND for none, OSB_ERR_USAGE for several, and for
 * two boards that report the same id.
 */
osb_status device_select(transport *bus, const platform_list *platforms, const char *selector,
                         device_entry *chosen, osb_error *error) OSB_MUST_CHECK;

/**
 * Opens a board as device_discover showed it. `bus`, `platforms` and `log` (may be NULL) stay the
 * caller's and must outlive it. In normal mode, requests left over by others are dropped.
 * OSB_ERR_DISCONNECTED when it left or another board took its port; OSB_ERR_PERMISSION,
 * OSB_ERR_BUSY with their cure as hint.
 */
osb_status device_open(transport *bus, const platform_list *platforms, const device_entry *entry,
                       const log_sink *log, device **held, osb_error *error) OSB_MUST_CHECK;
/** NULL is fine. */
void device_close(device *held);

/** From now on it looks for its board with the help of others on the bus. Must outlive it. */
void device_join_census(device *held, census *known);

/**
 * Finds the board again after it left the bus by itself (cable, power), in whatever mode.
 * OSB_ERR_TIMEOUT when it is not back within `timeout_ms`.
 */
osb_status device_reconnect(device *held, uint32_t timeout_ms, osb_error *error) OSB_MUST_CHECK;

const char *device_id(const device *held);
/** Where the board is now, and in which mode: it may have restarted since it was found. */
void device_locate(const device *held, device_entry *entry);
bool device_in_dfu(const device *held);
transport *device_transport(const device *held);
/** Whether it is made of memory: on a simulated bus, or on a real one by its manufacturer string.
 */
bool device_is_simulated(const device *held);

/**
 * What the board is and holds, in the mode it is in.
 *
 * Normal mode: `mode` is NORMAL or LISTENING as the board says. Safe mode cannot be told over USB:
 * a board that reports a failed dependency check or integrity check of its system or user part is
 * in it, but `mode` stays what it reports. UNKNOWN where the board cannot or must not tell.
 *
 * DFU mode: the slots that can be read are read back. modules_known stays false, because the others
 * are unknown, not absent. Of the validity checks only RANGE and PLATFORM are made (and INTEGRITY
 * only when it has failed: no valid suffix); `identity` is the suffix's.
 *
 * A protected board tells its id, version and protection, and nothing else.
 */
osb_status device_inspect(device *held, snapshot *state, osb_error *error) OSB_MUST_CHECK;

/**
 * Says that somebody is there to press the board's buttons, for so long. Where device_enter_dfu
 * knows no other way it then asks for it by a warning in the log and waits; else it fails at once.
 */
void device_set_button_wait(device *held, uint32_t wait_ms);

/**
 * Brings the board into DFU mode and holds it there again. Fine when it is there already.
 *
 * Asks by control request; a board that cannot be asked, or refuses, is restarted by a baud rate of
 * its serial port; one that does not heed that either needs a button.
 * @return OSB_ERR_PROTECTED: in DFU mode it would refuse as well; OSB_ERR_PERMISSION, OSB_ERR_BUSY
 *         of the serial port; OSB_ERR_TIMEOUT when nobody pressed the button; what the request
 *         failed with otherwise
 */
osb_status device_enter_dfu(device *held, osb_error *error) OSB_MUST_CHECK;

/** Asks a board in listening mode to leave it; what it is in then is for device_inspect to tell. */
osb_status device_leave_listening(device *held, osb_error *error) OSB_MUST_CHECK;

/**
 * Whether a board in normal mode keeps an asset, by name and SHA-256 of its content.
 * OSB_ERR_REFUSED before Device OS 5.6.0, which cannot tell.
 */
osb_status device_has_asset(device *held, const char *name, const uint8_t sha256[SHA256_SIZE],
                            bool *has, osb_error *error) OSB_MUST_CHECK;

/**
 * Leaves DFU mode, or resets from normal mode; waits until it answers in normal mode again.
 * OSB_ERR_DEVICE when it comes back in DFU mode: its bootloader found no system to start. The board
 * is held there then.
 */
osb_status device_restart(device *held, osb_error *error) OSB_MUST_CHECK;

/**
 * Sends one module by control requests, in normal mode, and waits until the board has restarted and
 * answers again (60 s dark are allowed; NCP firmware may take 4 minutes before it). The board's own
 * refusal comes as OSB_ERR_DEVICE with `device_code`. A board that comes back in DFU mode is no
 * error: see device_in_dfu. Where the application forbids updates, the board is restarted in safe
 * mode first, in which no application runs. That the module is now installed is NOT shown by this:
 * inspect again.
 */
osb_status device_update(device *held, span module_file, const device_progress *progress,
                         osb_error *error) OSB_MUST_CHECK;

/** Takes what is read from flash, a block after another; false: it has seen enough. */
typedef struct device_sink {
    bool (*take)(void *context, uint32_t offset, span block);
    void *context;
} device_sink;

/** Reads flash in DFU mode, up to its end or until the sink has seen enough. */
osb_status device_scan_flash(device *held, uint8_t alternate, uint32_t address, uint32_t size,
                             const device_progress *progress, const device_sink *sink,
                             osb_error *error) OSB_MUST_CHECK;

/** Reads flash in DFU mode. Appends `size` bytes to `content`. */
osb_status device_read_flash(device *held, uint8_t alternate, uint32_t address, uint32_t size,
                             const device_progress *progress, buf *content,
                             osb_error *error) OSB_MUST_CHECK;

/**
 * Erases the pages that [address, address + size) touches and writes `content` there, in DFU mode.
 * Bytes of the first and last page outside the range are lost (they become 0xff): callers write
 * whole images. Not verified here: read back with device_read_flash.
 * OSB_ERR_REFUSED for flash that is neither in a slot written in DFU mode nor in a staging region
 * (bootloader, MBR, file system, settings), whatever the board's own map allows.
 */
osb_status device_write_flash(device *held, uint8_t alternate, uint32_t address, span content,
                              const device_progress *progress, osb_error *error) OSB_MUST_CHECK;

/**
 * Reads one byte of the settings area, in DFU mode. SETTING_SETUP_DONE in normal mode too: nRF52840
 * boards before Device OS 4.0.0 are asked; newer systems call it done whatever the byte says.
 */
osb_status device_read_setting(device *held, board_setting which, uint8_t *value,
                               osb_error *error) OSB_MUST_CHECK;
/**
 * Sets a setting, or clears it with SETTING_CLEAR, where device_read_setting can read it; all bytes
 * beside it stay.
 * OSB_ERR_UNPROVED when it reads back as something else; OSB_ERR_REFUSED for any other value.
 */
osb_status device_write_setting(device *held, board_setting which, uint8_t value,
                                osb_error *error) OSB_MUST_CHECK;

/** Asks a listening or normal board for its mode again without a full inspection. */
osb_status device_mode_now(device *held, device_mode *mode, osb_error *error) OSB_MUST_CHECK;
