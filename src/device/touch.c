/*
 * The oldest way into DFU mode: a baud rate that nobody uses, set on the board's own serial port.
 *
 * Works without control requests and while an application hangs, on Device OS 0.4.x to 6.2.0 and
 * wherever the application has not turned its USB serial port off. Invariant: no port but the held
 * board's is ever opened, because other programs' devices take other meaning from a baud rate.
 */
#include "device/held.h"

#include <strings.h>

#include "base/text.h"
#include "transport/serial.h"

enum {
    RATE_PLAIN = 9600,
    RATE_OF_DFU = 14400,
    /* The port may come a moment after the board, its permissions later still, and ModemManager
     * looks into each new one. */
    PORT_PATIENCE_MS = 5000,
    PORT_AGAIN_MS = 250,
    TOUCH_LEAVE_MS = 10000
};

/* By the port it hangs on, where the system tells; two boards may have one serial number. */
static bool is_port_of(const device *held, const serial_identity *port)
{
    if (port->vendor_id != held->usb.vendor_id || port->product_id != held->usb.product_id)
        return false;
    if (port->usb_port[0])
        return text_equal(port->usb_port, held->usb.port);
    return held->device_id[0] && strcasecmp(port->serial_number, held->device_id) == 0;
}

static osb_status find_port(const device *held, char path[SERIAL_PATH_SIZE], osb_error *error)
{
    serial_identity ports[SERIAL_PORTS_MAX];
    size_t count;
    TRY(serial_list(held->bus, ports, SERIAL_PORTS_MAX, &count, error));
    for (size_t i = 0; i < count; i++) {
        if (!is_port_of(held, &ports[i]))
            continue;
        text_copy(path, SERIAL_PATH_SIZE, ports[i].path);
        return OSB_OK;
    }
    return osb_fail(error, OSB_ERR_NOT_FOUND, held->name, held_hint_button,
                    "the board shows no serial port");
}

static osb_status open_port(const device *held, serial_port **port, osb_error *error)
{
    char path[SERIAL_PATH_SIZE];
    TRY(find_port(held, path, error));
    return serial_open(held->bus, path, RATE_PLAIN, port, error);
}

/* What can be over in a moment. */
static bool may_pass(osb_status status)
{
    return status == OSB_ERR_NOT_FOUND || status == OSB_ERR_PERMISSION || status == OSB_ERR_BUSY;
}

static osb_status open_port_patiently(const device *held, serial_port **port, osb_error *error)
{
    uint64_t deadline_ms = transport_now_ms(held->bus) + PORT_PATIENCE_MS;
    osb_status status = open_port(held, port, error);
    while (may_pass(status) && transport_now_ms(held->bus) < deadline_ms) {
        TRY(transport_wait(held->bus, PORT_AGAIN_MS, error));
        status = open_port(held, port, error);
    }
    return status;
}

osb_status held_touch(device *held, osb_error *error)
{
    serial_port *port;
    TRY(open_port_patiently(held, &port, error));
    /* Opened at another rate: a driver that had this one already would not tell the board. */
    osb_status status = serial_set_rate(port, RATE_OF_DFU, error);
    serial_close(port);
    if (status != OSB_OK && status != OSB_ERR_DISCONNECTED)
        return status;
    return held_rejoin(held, TOUCH_LEAVE_MS, error);
}
