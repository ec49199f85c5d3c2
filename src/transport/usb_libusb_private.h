#pragma once
/** Shared by the usb_libusb*.c files: the only ones that see libusb. */
#include <libusb.h>
#include <pthread.h>
#include <stdatomic.h>

#include "transport/transport.h"
#include "transport/usb_libusb.h"

enum {
    USB_RETIRED_MAX = 256
};

/** A device as the last listing saw it. */
typedef struct usb_seen {
    usb_identity identity;
    uint8_t bus_number;
    uint8_t address;       /**< of the device on its bus; new at each enumeration */
    uint64_t arrived_ms;   /**< when it was first listed; 0: it was there at the first listing */
    libusb_device *device; /**< referenced */
} usb_seen;

/** This machine's USB, as all transports to it share it. */
typedef struct usb_bus {
    libusb_context *context;
    usb_libusb_options options;
    bool has_hotplug; /**< events come; else each listing needs a new context */
    libusb_hotplug_callback_handle hotplug;
    atomic_uint changes;   /**< how often a device came or went */
    pthread_mutex_t lock;  /**< of everything below */
    size_t lines;          /**< transports to it */
    atomic_size_t handles; /**< open devices */
    size_t retired_count;
    libusb_context *retired[USB_RETIRED_MAX]; /**< replaced while devices of theirs were open */
    bool has_list;                            /**< `seen` holds a first listing */
    uint32_t arrivals;
    size_t seen_count;
    usb_seen seen[USB_DEVICES_MAX];
} usb_bus;

/** One thread's transport. */
typedef struct usb_line {
    transport base;
    usb_bus *bus;
    unsigned changes_known; /**< of the bus, when this thread last listed it */
} usb_line;

/**
 * With the lock held: lists again; `seen` is ordered by port, and known devices keep their arrival
 * number. Returns how many changes it found, which are counted in `changes` by then.
 */
osb_status usb_bus_scan(usb_bus *bus, unsigned *found, osb_error *error) OSB_MUST_CHECK;
void usb_bus_forget(usb_bus *bus);
/** Ends the contexts that were replaced. No device of theirs may be open. */
void usb_bus_exit_retired(usb_bus *bus);

/** Fills `error` for a libusb code. `port` is the subject. */
osb_status usb_fail(osb_error *error, int code, const char *port, const char *what);

osb_status usb_handle_open(transport *bus, const usb_identity *device, usb_handle **handle,
                           osb_error *error);
void usb_handle_close(usb_handle *handle);
osb_status usb_handle_control(usb_handle *handle, const usb_setup *setup, uint8_t *data,
                              uint32_t timeout_ms, size_t *transferred, osb_error *error);
osb_status usb_handle_claim(usb_handle *handle, uint8_t interface_number, osb_error *error);
osb_status usb_handle_set_alternate(usb_handle *handle, uint8_t interface_number, uint8_t alternate,
                                    osb_error *error);
