#pragma once
/**
 * The one seam to the outside: USB control transfers, device discovery and a clock. Serial ports
 * belong to it as well; they are in serial.h.
 *
 * Everything above sees only this, so the same protocol code runs against real hardware
 * (usb_libusb.c), a simulated board (sim/), a recording, and injected faults.
 *
 * A transport and its handles are used from one thread; transport_share makes one more for another
 * thread. Addresses of devices are port paths ("1-2.3"): they stay
 * the same while a board re-enumerates, unlike device numbers.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"

enum {
    USB_PORT_SIZE = 40, /**< "BUS-PORT[.PORT...]" with NUL */
    USB_DEVICES_MAX = 128,
    USB_CONTROL_MAX = 4096 /**< largest data stage of one control transfer, bytes */
};

/** bmRequestType values in use. */
enum {
    USB_VENDOR_IN = 0xc0,
    USB_VENDOR_OUT = 0x40,
    USB_CLASS_INTERFACE_IN = 0xa1,
    USB_CLASS_INTERFACE_OUT = 0x21,
    USB_STANDARD_IN = 0x80
};

/** What enumeration shows without opening the device. */
typedef struct usb_identity {
    uint16_t vendor_id;
    uint16_t product_id;
    char port[USB_PORT_SIZE];
    uint32_t arrival; /**< differs each time a device (re-)appears on the port */
} usb_identity;

typedef struct usb_setup {
    uint8_t request_type;
    uint8_t request;
    uint16_t value;
    uint16_t index;
    uint16_t length; /**< bytes of the data stage, at most USB_CONTROL_MAX */
} usb_setup;

typedef struct transport transport;
typedef struct usb_handle usb_handle;

/** What a back end implements. Status: see the wrappers below. */
typedef struct transport_operations {
    osb_status (*list)(transport *bus, usb_identity *devices, size_t capacity, size_t *count,
                       osb_error *error);
    osb_status (*open)(transport *bus, const usb_identity *device, usb_handle **handle,
                       osb_error *error);
    void (*close)(usb_handle *handle);
    osb_status (*control)(usb_handle *handle, const usb_setup *setup, uint8_t *data,
                          uint32_t timeout_ms, size_t *transferred, osb_error *error);
    osb_status (*claim)(usb_handle *handle, uint8_t interface_number, osb_error *error);
    osb_status (*set_alternate)(usb_handle *handle, uint8_t interface_number, uint8_t alternate,
                                osb_error *error);
    uint64_t (*now_ms)(transport *bus);
    osb_status (*wait)(transport *bus, uint32_t duration_ms, osb_error *error);
    osb_status (*wait_change)(transport *bus, uint32_t timeout_ms, osb_error *error);
    osb_status (*share)(transport *bus, transport **own, osb_error *error); /**< NULL: cannot */
    void (*destroy)(transport *bus);
} transport_operations;

/** Back ends embed these as the first member of their own structs. */
struct transport {
    const transport_operations *operations;
    bool simulated; /**< boards here are made of memory: synthetic modules are welcome */
    const struct serial_operations *serial; /**< see serial.h; NULL: no serial ports here */
};
struct usb_handle {
    transport *bus;
};

/** Fills up to `capacity` identities of all devices on the bus, ordered by port. */
osb_status transport_list(transport *bus, usb_identity *devices, size_t capacity, size_t *count,
                          osb_error *error) OSB_MUST_CHECK;

/**
 * Opens a device as `transport_list` showed it. OSB_ERR_DISCONNECTED when another device (or none)
 * has taken the port since; OSB_ERR_PERMISSION and OSB_ERR_BUSY name their cure in the hint.
 */
osb_status transport_open(transport *bus, const usb_identity *device, usb_handle **handle,
                          osb_error *error) OSB_MUST_CHECK;

/** Closes a handle; NULL is fine, and so is a device that has gone. */
void transport_close(usb_handle *handle);

/**
 * One control transfer. The direction is bit 7 of `setup->request_type`.
 * @param data `setup->length` bytes to send, or room for as many to receive
 * @param transferred bytes moved; may be NULL. A short IN answer is no error.
 * @return OSB_ERR_STALL, OSB_ERR_TIMEOUT, OSB_ERR_DISCONNECTED or OSB_ERR_DEVICE
 */
osb_status transport_control(usb_handle *handle, const usb_setup *setup, uint8_t *data,
                             uint32_t timeout_ms, size_t *transferred,
                             osb_error *error) OSB_MUST_CHECK;

/** Claims an interface (needed for class requests to it; vendor requests need none). */
osb_status transport_claim(usb_handle *handle, uint8_t interface_number,
                           osb_error *error) OSB_MUST_CHECK;

/** SET_INTERFACE on a claimed interface. OSB_ERR_STALL when the setting does not exist. */
osb_status transport_set_alternate(usb_handle *handle, uint8_t interface_number, uint8_t alternate,
                                   osb_error *error) OSB_MUST_CHECK;

/** The transport's own monotonic clock: simulated boards have simulated time. */
uint64_t transport_now_ms(transport *bus);

/** Lets time pass. OSB_ERR_INTERRUPTED when the user asked to stop. */
osb_status transport_wait(transport *bus, uint32_t duration_ms, osb_error *error) OSB_MUST_CHECK;

/**
 * Lets time pass until a device arrives or leaves, at most `timeout_ms`. Returning OSB_OK early
 * without a change is allowed: look at the list and the clock again.
 */
osb_status transport_wait_change(transport *bus, uint32_t timeout_ms,
                                 osb_error *error) OSB_MUST_CHECK;

/**
 * A transport to the same bus for another thread, which destroys it when it is through. While such
 * ones are in use, `bus` itself rests. A simulated clock stands still until each of them has been
 * used or destroyed, so make them all before their threads start. OSB_ERR_REFUSED where the back
 * end serves one thread only.
 */
osb_status transport_share(transport *bus, transport **own, osb_error *error) OSB_MUST_CHECK;

/** Frees the transport; all handles must be closed. NULL is fine. */
void transport_destroy(transport *bus);
