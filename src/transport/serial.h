#pragma once
/**
 * The serial half of the seam: ports, their line settings, and bytes.
 *
 * A board's console (USB CDC-ACM) is reached here, by a real port (serial_lsp.c) or a simulated
 * board's (sim/). Ports belong to a transport: its clock, its thread, its way of being cancelled.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"
#include "transport/transport.h"

enum {
    SERIAL_PORTS_MAX = 128,
    SERIAL_TRANSFER_MAX = 4096, /**< bytes of one read or write */
    SERIAL_PATH_SIZE = 128,
    SERIAL_TEXT_SIZE = 64
};

/** What the system tells about a port without opening it. Texts are empty where it does not. */
typedef struct serial_identity {
    char path[SERIAL_PATH_SIZE]; /**< "/dev/ttyACM0"; of a simulated board "sim:1-2" */
    uint16_t vendor_id;          /**< 0: not on USB */
    uint16_t product_id;
    char serial_number[SERIAL_TEXT_SIZE];
    char product[SERIAL_TEXT_SIZE];
    char usb_port[USB_PORT_SIZE]; /**< of the USB device it belongs to, as in usb_identity */
} serial_identity;

/** Back ends embed this as the first member of their own struct. */
typedef struct serial_port {
    transport *bus;
} serial_port;

/** What a back end implements. Status: see the wrappers below. */
typedef struct serial_operations {
    osb_status (*list)(transport *bus, serial_identity *ports, size_t capacity, size_t *count,
                       osb_error *error);
    osb_status (*open)(transport *bus, const char *path, uint32_t baud_rate, serial_port **port,
                       osb_error *error);
    void (*close)(serial_port *port);
    osb_status (*set_rate)(serial_port *port, uint32_t baud_rate, osb_error *error);
    osb_status (*set_lines)(serial_port *port, bool terminal_ready, bool request_to_send,
                            osb_error *error);
    osb_status (*read)(serial_port *port, uint8_t *data, size_t capacity, uint32_t timeout_ms,
                       size_t *received, osb_error *error);
    osb_status (*write)(serial_port *port, span bytes, uint32_t timeout_ms, osb_error *error);
    osb_status (*drain)(serial_port *port, uint32_t timeout_ms, osb_error *error);
} serial_operations;

/** Fills up to `capacity` ports, ordered by path. None, and no error, where there are none. */
osb_status serial_list(transport *bus, serial_identity *ports, size_t capacity, size_t *count,
                       osb_error *error) OSB_MUST_CHECK;

/**
 * Opens a port for this program alone: 8 data bits, no parity, 1 stop bit, no flow control, DTR
 * and RTS set.
 * @param baud_rate any number: boards take some as signals
 * @return OSB_ERR_NOT_FOUND for a port that is not there; OSB_ERR_PERMISSION and OSB_ERR_BUSY with
 *         their cure as hint; OSB_ERR_DISCONNECTED when it left meanwhile
 */
osb_status serial_open(transport *bus, const char *path, uint32_t baud_rate, serial_port **port,
                       osb_error *error) OSB_MUST_CHECK;

/** Closes a port; what was written and not sent is lost. NULL is fine. */
void serial_close(serial_port *port);

/** Sets the baud rate. OSB_ERR_DISCONNECTED when the board leaves in answer to it. */
osb_status serial_set_rate(serial_port *port, uint32_t baud_rate, osb_error *error) OSB_MUST_CHECK;

/** Sets the modem lines DTR and RTS. */
osb_status serial_set_lines(serial_port *port, bool terminal_ready, bool request_to_send,
                            osb_error *error) OSB_MUST_CHECK;

/**
 * Waits for bytes and takes what is there, at least one, at most SERIAL_TRANSFER_MAX.
 * @param received bytes; 0 when none came in time, which is no error
 * @return OSB_ERR_DISCONNECTED when the port is gone, OSB_ERR_INTERRUPTED when asked to stop
 */
osb_status serial_read(serial_port *port, uint8_t *data, size_t capacity, uint32_t timeout_ms,
                       size_t *received, osb_error *error) OSB_MUST_CHECK;

/** Hands all bytes, at most SERIAL_TRANSFER_MAX, to the port. OSB_ERR_TIMEOUT when the board does
 * not take them in time. */
osb_status serial_write(serial_port *port, span bytes, uint32_t timeout_ms,
                        osb_error *error) OSB_MUST_CHECK;

/** Waits until everything written is on its way to the board. OSB_ERR_TIMEOUT as above. */
osb_status serial_drain(serial_port *port, uint32_t timeout_ms, osb_error *error) OSB_MUST_CHECK;
