#pragma once
/** Serial ports of boards, without a board in hand. */
#include "base/error.h"
#include "model/platform.h"
#include "model/snapshot.h"
#include "transport/serial.h"

enum {
    DEVICE_SELECTOR_SIZE = USB_PORT_SIZE + 4
};

typedef struct device_port {
    serial_identity serial;
    const platform *board;          /**< NULL: of no board that is known */
    char device_id[DEVICE_ID_SIZE]; /**< empty: the board's USB device tells none */
} device_port;

/** All serial ports, ordered by path; at most `capacity`. */
osb_status device_ports(transport *bus, const platform_list *platforms, device_port *ports,
                        size_t capacity, size_t *count, osb_error *error) OSB_MUST_CHECK;

/**
 * The one port that `selector` names: a path ("/dev/ttyACM0", "serial:PATH"; not looked for here),
 * a device id or its beginning, or "usb:BUS-PORT". NULL: the only port of a board.
 * OSB_ERR_NOT_FOUND for none, OSB_ERR_USAGE for several.
 */
osb_status device_select_port(transport *bus, const platform_list *platforms, const char *selector,
                              device_port *chosen, osb_error *error) OSB_MUST_CHECK;

/** The board behind a serial port, as a selector for device_select. OSB_ERR_NOT_FOUND for none. */
osb_status device_of_port(transport *bus, const platform_list *platforms, const char *path,
                          char selector[DEVICE_SELECTOR_SIZE], osb_error *error) OSB_MUST_CHECK;
