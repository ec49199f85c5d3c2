/*
 * Open devices and their transfers by libusb, with errors that say what helps.
 *
 * Invariant: what was claimed is released at close, and only the claimed interface ever loses its
 * kernel driver (the serial console's stays bound in normal mode).
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "transport/usb_libusb_private.h"

enum {
    /* udev sets the permissions a moment after a device node appears. */
    ACCESS_GRACE_MS = 2000,
    ACCESS_RETRY_MS = 50,
    INTERFACES_MAX = 8
};

typedef struct usb_open_handle {
    usb_handle base;
    libusb_device_handle *device;
    char port[USB_PORT_SIZE];
    bool claimed[INTERFACES_MAX];
} usb_open_handle;

static const char hint_rule[] =
    "put SUBSYSTEM==\"usb\", ATTR{idVendor}==\"2b04\", MODE=\"0660\", TAG+=\"uaccess\" into "
    "/etc/udev/rules.d/50-particle.rules, run 'sudo udevadm control --reload', replug the board";
static const char hint_holder[] =
    "close what may hold the board: particle-cli, dfu-util, Particle Workbench, a browser's "
    "WebUSB page, or another osbundle";
static const char hint_cable[] =
    "check cable and hub, plug the board in again and run the same command";

osb_status usb_fail(osb_error *error, int code, const char *port, const char *what)
{
    switch ((enum libusb_error)code) {
    case LIBUSB_ERROR_ACCESS:
        return osb_fail(error, OSB_ERR_PERMISSION, port, hint_rule, "no permission to %s", what);
    case LIBUSB_ERROR_BUSY:
        return osb_fail(error, OSB_ERR_BUSY, port, hint_holder, "another program holds the board");
    case LIBUSB_ERROR_NO_DEVICE:
    case LIBUSB_ERROR_NOT_FOUND:
        return osb_fail(error, OSB_ERR_DISCONNECTED, port, hint_cable, "the board left the bus");
    case LIBUSB_ERROR_TIMEOUT:
        return osb_fail(error, OSB_ERR_TIMEOUT, port, hint_cable,
                        "the board did not answer in time");
    case LIBUSB_ERROR_PIPE:
        return osb_fail(error, OSB_ERR_STALL, port, "restart the board and try again",
                        "the board refused the transfer");
    case LIBUSB_ERROR_NO_MEM:
        return osb_fail_memory(error);
    case LIBUSB_SUCCESS:
    case LIBUSB_ERROR_IO:
    case LIBUSB_ERROR_INVALID_PARAM:
    case LIBUSB_ERROR_OVERFLOW:
    case LIBUSB_ERROR_INTERRUPTED:
    case LIBUSB_ERROR_NOT_SUPPORTED:
    case LIBUSB_ERROR_OTHER:
        break;
    }
    return osb_fail(error, OSB_ERR_DEVICE, port, hint_cable, "USB failed to %s: %s", what,
                    libusb_strerror(code));
}

static const usb_seen *find_seen(const usb_bus *bus, const usb_identity *device)
{
    for (size_t i = 0; i < bus->seen_count; i++) {
        const usb_identity *seen = &bus->seen[i].identity;
        if (seen->arrival == device->arrival && text_equal(seen->port, device->port))
            return &bus->seen[i];
    }
    return NULL;
}

/* Finds the device as the bus is now; it counts as open from here on, see let_go. */
static osb_status find_now(usb_bus *bus, const usb_identity *device, usb_seen *found,
                           osb_error *error)
{
    unsigned changes;
    pthread_mutex_lock(&bus->lock);
    osb_status status = usb_bus_scan(bus, &changes, error);
    const usb_seen *seen = status == OSB_OK ? find_seen(bus, device) : NULL;
    if (seen) {
        *found = *seen;
        libusb_ref_device(found->device);
        atomic_fetch_add(&bus->handles, 1);
    }
    pthread_mutex_unlock(&bus->lock);
    if (status == OSB_OK && !seen)
        return usb_fail(error, LIBUSB_ERROR_NO_DEVICE, device->port, "open the board");
    return status;
}

/* Tries again while udev may still be at work on a device that has just come. */
static int open_patiently(const usb_seen *seen, libusb_device_handle **handle)
{
    uint64_t deadline_ms = seen->arrived_ms ? seen->arrived_ms + ACCESS_GRACE_MS : 0;
    int opened = libusb_open(seen->device, handle);
    while (opened == LIBUSB_ERROR_ACCESS && clock_monotonic_ms() < deadline_ms) {
        clock_sleep_ms(ACCESS_RETRY_MS);
        opened = libusb_open(seen->device, handle);
    }
    return opened;
}

static void let_go(usb_bus *bus)
{
    atomic_fetch_sub(&bus->handles, 1);
}

osb_status usb_handle_open(transport *base, const usb_identity *device, usb_handle **handle,
                           osb_error *error)
{
    usb_bus *bus = ((usb_line *)base)->bus;
    usb_seen seen = {0};
    usb_open_handle *opened = calloc(1, sizeof *opened);
    if (!opened)
        return osb_fail_memory(error);
    osb_status status = find_now(bus, device, &seen, error);
    if (status != OSB_OK) {
        free(opened);
        return status;
    }
    int code = open_patiently(&seen, &opened->device);
    libusb_unref_device(seen.device);
    if (code != LIBUSB_SUCCESS) {
        let_go(bus);
        free(opened);
        return usb_fail(error, code, device->port, "open the board");
    }
    /* Not everywhere possible; a claim that needs it then fails with BUSY. */
    (void)libusb_set_auto_detach_kernel_driver(opened->device, 1);
    opened->base.bus = base;
    text_copy(opened->port, sizeof opened->port, device->port);
    *handle = &opened->base;
    return OSB_OK;
}

void usb_handle_close(usb_handle *handle)
{
    usb_open_handle *opened = (usb_open_handle *)handle;
    for (int i = 0; i < INTERFACES_MAX; i++)
        if (opened->claimed[i])
            (void)libusb_release_interface(opened->device, i);
    libusb_close(opened->device);
    let_go(((usb_line *)handle->bus)->bus);
    free(opened);
}

osb_status usb_handle_control(usb_handle *handle, const usb_setup *setup, uint8_t *data,
                              uint32_t timeout_ms, size_t *transferred, osb_error *error)
{
    usb_open_handle *opened = (usb_open_handle *)handle;
    int moved =
        libusb_control_transfer(opened->device, setup->request_type, setup->request, setup->value,
                                setup->index, data, setup->length, timeout_ms);
    if (moved < 0)
        return usb_fail(error, moved, opened->port, "move data");
    *transferred = (size_t)moved;
    return OSB_OK;
}

osb_status usb_handle_claim(usb_handle *handle, uint8_t interface_number, osb_error *error)
{
    usb_open_handle *opened = (usb_open_handle *)handle;
    if (interface_number >= INTERFACES_MAX)
        return osb_fail(error, OSB_ERR_PROTOCOL, opened->port, NULL,
                        "interface number %u is out of range", interface_number);
    if (opened->claimed[interface_number])
        return OSB_OK;
    int code = libusb_claim_interface(opened->device, interface_number);
    if (code != LIBUSB_SUCCESS)
        return usb_fail(error, code, opened->port, "claim the interface");
    opened->claimed[interface_number] = true;
    return OSB_OK;
}

osb_status usb_handle_set_alternate(usb_handle *handle, uint8_t interface_number, uint8_t alternate,
                                    osb_error *error)
{
    usb_open_handle *opened = (usb_open_handle *)handle;
    int code = libusb_set_interface_alt_setting(opened->device, interface_number, alternate);
    /* Linux knows the descriptors and refuses a missing setting itself, as not found. */
    if (code == LIBUSB_ERROR_NOT_FOUND)
        code = LIBUSB_ERROR_PIPE;
    if (code != LIBUSB_SUCCESS)
        return usb_fail(error, code, opened->port, "select the alternate setting");
    return OSB_OK;
}
