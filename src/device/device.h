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
#include "model/platform.h"
#include "model/snapshot.h"
#include "transport/transport.h"

/** A board found on the bus. */
typedef struct device_entry {
    usb_identity usb;
    const platform *board;
    bool in_dfu;
    char device_id[DEVICE_ID_SIZE]; /**< empty when it could not be read */
} device_entry;

/** Bytes moved of the current operation. */
typedef struct device_progress {
    void (*advance)(void *context, uint64_t done, uint64_t total);
    void *context;
} device_progress;

typedef struct device device;

/** Every Particle board on the bus, in any USB mode, ordered by port. */
osb_status device_discover(transport *bus, const platform_list *platforms, device_entry *found,
                           size_t capacity, size_t *count, osb_error *error) OSB_MUST_CHECK;

/**
 * The one board that `selector` names: a device id or its beginning, or "usb:BUS-PORT".
 * NULL: the only board there is. OSB_ERR_NOT_FOUND for none, OSB_ERR_USAGE for several.
 */
osb_status device_select(transport *bus, const platform_list *platforms, const char *selector,
                         device_entry *chosen, osb_error *error) OSB_MUST_CHECK;

osb_status device_open(transport *bus, const platform_list *platforms, const device_entry *entry,
                       const log_sink *log, device **held, osb_error *error) OSB_MUST_CHECK;
void device_close(device *held);

const platform *device_platform(const device *held);
const char *device_id(const device *held);
bool device_in_dfu(const device *held);
transport *device_transport(const device *held);

/**
 * What the board is and holds, in the mode it is in. In DFU mode the slots that can be read are
 * read back (modules_known stays false, because the others are unknown, not absent).
 */
osb_status device_inspect(device *held, snapshot *state, osb_error *error) OSB_MUST_CHECK;

/** Brings the board into DFU mode and holds it there again. Fine when it is there already. */
osb_status device_enter_dfu(device *held, osb_error *error) OSB_MUST_CHECK;

/** Leaves DFU mode, or resets from normal mode; waits until it answers in normal mode again. */
osb_status device_restart(device *held, osb_error *error) OSB_MUST_CHECK;

/**
 * Sends one module by control requests and waits until the board has restarted and answers again
 * (60 s dark are allowed). The board's own refusal comes as OSB_ERR_DEVICE with `device_code`.
 * That the module is now installed is NOT shown by this: inspect again.
 */
osb_status device_update(device *held, span module_file, const device_progress *progress,
                         osb_error *error) OSB_MUST_CHECK;

/** Reads flash in DFU mode. Appends `size` bytes to `content`. */
osb_status device_read_flash(device *held, uint8_t alternate, uint32_t address, uint32_t size,
                             const device_progress *progress, buf *content,
                             osb_error *error) OSB_MUST_CHECK;

/**
 * Erases the pages that [address, address + size) touches and writes `content` there, in DFU mode.
 * Bytes of the first and last page outside the range are lost (they become 0xff): callers write
 * whole images. Not verified here: read back with device_read_flash.
 */
osb_status device_write_flash(device *held, uint8_t alternate, uint32_t address, span content,
                              const device_progress *progress, osb_error *error) OSB_MUST_CHECK;

/** Asks a listening or normal board for its mode again without a full inspection. */
osb_status device_mode_now(device *held, device_mode *mode, osb_error *error) OSB_MUST_CHECK;
