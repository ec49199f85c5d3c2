#pragma once
/**
 * DfuSe, host side: memory of a board in DFU mode, by control transfers to its DFU interface.
 *
 * Facts: USB DFU 1.1 and ST's DfuSe extension; Device OS bootloader/src/MCU/usbd_dfu.cpp. The board
 * computes a block's address itself: pointer + (block - 2) * transfer size, so the pointer is set
 * once for each contiguous run.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"
#include "protocol/dfuse_map.h"
#include "protocol/link.h"

enum {
    DFU_ALTERNATES_MAX = 8
};

enum dfu_state {
    DFU_IDLE = 2,
    DFU_DOWNLOAD_SYNC = 3,
    DFU_DOWNLOAD_BUSY = 4,
    DFU_DOWNLOAD_IDLE = 5,
    DFU_MANIFEST_SYNC = 6,
    DFU_MANIFEST = 7,
    DFU_MANIFEST_WAIT_RESET = 8,
    DFU_UPLOAD_IDLE = 9,
    DFU_ERROR = 10
};

typedef struct dfu_status {
    uint8_t status;           /**< 0 fine; else see dfu_status_name */
    uint8_t state;            /**< enum dfu_state */
    uint32_t poll_timeout_ms; /**< to wait before asking again */
    uint8_t text_index;       /**< string that explains the status; 0: none */
} dfu_status;

/** What the board is in the middle of, as far as this host knows. */
typedef enum dfu_activity {
    DFU_ACTIVITY_UNKNOWN, /**< just opened, or an operation failed */
    DFU_ACTIVITY_NONE,
    DFU_ACTIVITY_DOWNLOAD,
    DFU_ACTIVITY_UPLOAD
} dfu_activity;

/** The DFU interface of an open board. */
typedef struct dfu_port {
    usb_link *link; /**< the caller keeps it */
    uint8_t interface_number;
    uint16_t transfer_size; /**< bytes of a block */
    uint8_t alternate_count;
    uint8_t alternate_text[DFU_ALTERNATES_MAX]; /**< string index of each setting's layout */
    dfu_activity activity;
    bool run_open;        /**< the pointer is set and blocks may follow */
    uint32_t run_address; /**< that the next block of the run belongs to */
    uint16_t run_block;   /**< number of the next block */
} dfu_port;

/** "errADDRESS" and the like; "unknown status" for what DFU 1.1 does not define. */
const char *dfu_status_name(uint8_t status);

/** Reads the configuration, finds the DFU interface and claims it. */
osb_status dfu_open(dfu_port *port, usb_link *link, osb_error *error) OSB_MUST_CHECK;

/** Reads and parses the layout string of an alternate setting. Does not select it. */
osb_status dfu_read_map(const dfu_port *port, uint8_t alternate, dfuse_map *map,
                        osb_error *error) OSB_MUST_CHECK;

/** Selects an alternate setting (SET_INTERFACE). */
osb_status dfu_select(dfu_port *port, uint8_t alternate, osb_error *error) OSB_MUST_CHECK;

/** The bare class requests. */
osb_status dfu_get_status(const dfu_port *port, dfu_status *status,
                          osb_error *error) OSB_MUST_CHECK;
osb_status dfu_clear_status(const dfu_port *port, osb_error *error) OSB_MUST_CHECK;
osb_status dfu_abort(const dfu_port *port, osb_error *error) OSB_MUST_CHECK;

/** Brings the board into dfuIDLE from wherever a previous host left it. */
osb_status dfu_go_idle(dfu_port *port, osb_error *error) OSB_MUST_CHECK;

/** Sets the address pointer. */
osb_status dfu_set_address(dfu_port *port, uint32_t address, osb_error *error) OSB_MUST_CHECK;

/** Erases the one page that holds `address`. */
osb_status dfu_erase_page(dfu_port *port, uint32_t address, osb_error *error) OSB_MUST_CHECK;

/**
 * Writes one block of at most `transfer_size` bytes. Continues the run when `address` is where the
 * last full block ended, else sets the pointer first.
 */
osb_status dfu_write(dfu_port *port, uint32_t address, span block, osb_error *error) OSB_MUST_CHECK;

/** Reads one block of at most `transfer_size` bytes, with runs as in dfu_write. */
osb_status dfu_read(dfu_port *port, uint32_t address, uint16_t size, uint8_t *block,
                    osb_error *error) OSB_MUST_CHECK;

/** Leaves DFU mode: half a second later the board resets. Gen 2 boards answer with state 5. */
osb_status dfu_leave(dfu_port *port, osb_error *error) OSB_MUST_CHECK;
