#pragma once
/** The board in hand, as the files of this folder see it. */
#include "device/contact.h"
#include "device/device.h"
#include "protocol/control.h"
#include "protocol/dfu.h"

enum {
    HELD_NO_ALTERNATE = -1
};

struct device {
    transport *bus;
    const platform_list *platforms;
    const log_sink *log;
    census *known; /**< NULL: nobody else holds boards */
    const platform *board;
    usb_identity usb; /**< where it was last seen */
    bool in_dfu;
    char device_id[DEVICE_ID_SIZE]; /**< empty: it has no serial number */
    char name[USB_PORT_SIZE];       /**< subject of errors: its id, else its port */
    char os_version[VERSION_SIZE];  /**< as last reported in normal mode; empty unknown */
    usb_link link;                  /**< handle is NULL while the board is away */
    control_channel channel;        /**< normal mode */
    dfu_port dfu;                   /**< DFU mode */
    int selected;                   /**< alternate setting in use, HELD_NO_ALTERNATE at first */
    dfuse_map map;                  /**< of `selected` */
    uint32_t button_wait_ms;        /**< how long somebody is there to press a button; 0: nobody */
};

/**
 * Takes over a contact's handle and makes the board ready for its mode: in normal mode reads the
 * version and drops stale requests, in DFU mode finds and claims the interface. On an error the
 * board is not attached.
 */
osb_status held_attach(device *held, contact *board, osb_error *error) OSB_MUST_CHECK;

/** Reads the system's version in normal mode, and chooses how it has to be asked. */
osb_status held_read_version(device *held, osb_error *error) OSB_MUST_CHECK;

/** Closes the handle, so that the board can leave. */
void held_detach(device *held);

/** OSB_ERR_DISCONNECTED when the board is away, OSB_ERR_REFUSED when it is in the other mode. */
osb_status held_require(const device *held, bool in_dfu, osb_error *error) OSB_MUST_CHECK;

/** Selects a DFU alternate setting and reads its layout into `map`, unless it is selected. */
osb_status held_select(device *held, uint8_t alternate, osb_error *error) OSB_MUST_CHECK;

/**
 * Waits until the board, which was told to restart, has left the bus (within `leave_ms`) and is
 * back (60 s dark are allowed), and attaches it in whatever mode it is then.
 */
osb_status held_rejoin(device *held, uint32_t leave_ms, osb_error *error) OSB_MUST_CHECK;

/**
 * Restarts the board by setting 14400 baud on its serial port, and attaches it again in whatever
 * mode it is then. OSB_ERR_NOT_FOUND when it shows no port; OSB_ERR_PERMISSION or OSB_ERR_BUSY with
 * their cure; OSB_ERR_TIMEOUT when it did not care.
 */
osb_status held_touch(device *held, osb_error *error) OSB_MUST_CHECK;

/** What to do with a board's buttons to get it into DFU mode. */
extern const char held_hint_button[];

/** The board's modules as read from flash, in DFU mode. `state` is filled but for them. */
osb_status inspect_flash(device *held, snapshot *state, osb_error *error) OSB_MUST_CHECK;
