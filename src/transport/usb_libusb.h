#pragma once
/** The real back end: boards on this machine's USB ports, by libusb-1.0, and its serial ports. */
#include <stdbool.h>

#include "base/error.h"
#include "transport/transport.h"

typedef struct usb_libusb_options {
    /** Asked about ten times a second while waiting, by each thread that waits; true ends the wait
     *  with OSB_ERR_INTERRUPTED. NULL for never. */
    bool (*cancelled)(void *context);
    void *context;
} usb_libusb_options;

/**
 * Opens the machine's USB. `options` may be NULL. Destroy with transport_destroy.
 */
osb_status usb_libusb_make(const usb_libusb_options *options, transport **bus,
                           osb_error *error) OSB_MUST_CHECK;
