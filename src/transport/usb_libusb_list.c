/*
 * Which devices hang where: listings of the bus, and the number that each arrival gets.
 *
 * Opens nothing. Without udevd a listing starts libusb anew, which then finds what has come since.
 * Invariant: an entry keeps its arrival number exactly as long as the same device
 * address stays on the same port with the same ids; the kernel gives a new address each time.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "transport/usb_libusb_private.h"

enum {
    PORT_DEPTH_MAX = 7 /* USB 3.2: hubs can be five deep */
};

void usb_bus_forget(usb_bus *bus)
{
    for (size_t i = 0; i < bus->seen_count; i++)
        libusb_unref_device(bus->seen[i].device);
    bus->seen_count = 0;
}

/* "1-2.3". False for root hubs, which sit on no port. */
static bool port_path(libusb_device *device, char *path)
{
    uint8_t ports[PORT_DEPTH_MAX];
    int depth = libusb_get_port_numbers(device, ports, PORT_DEPTH_MAX);
    if (depth <= 0)
        return false;
    text_format(path, USB_PORT_SIZE, "%u-%u", libusb_get_bus_number(device), ports[0]);
    for (int i = 1; i < depth; i++)
        text_append(path, USB_PORT_SIZE, ".%u", ports[i]);
    return true;
}

static bool entry_describe(libusb_device *device, usb_seen *entry)
{
    struct libusb_device_descriptor descriptor;
    *entry = (usb_seen){.bus_number = libusb_get_bus_number(device),
                        .address = libusb_get_device_address(device),
                        .device = device};
    if (libusb_get_device_descriptor(device, &descriptor) != LIBUSB_SUCCESS)
        return false;
    entry->identity.vendor_id = descriptor.idVendor;
    entry->identity.product_id = descriptor.idProduct;
    return port_path(device, entry->identity.port);
}

static bool same_arrival(const usb_seen *a, const usb_seen *b)
{
    return a->bus_number == b->bus_number && a->address == b->address &&
           a->identity.vendor_id == b->identity.vendor_id &&
           a->identity.product_id == b->identity.product_id &&
           text_equal(a->identity.port, b->identity.port);
}

/* Gives an entry the number of the listing before, or a new one; then it is an arrival. */
static bool entry_number(usb_bus *bus, usb_seen *entry)
{
    for (size_t i = 0; i < bus->seen_count; i++) {
        if (!same_arrival(entry, &bus->seen[i]))
            continue;
        entry->identity.arrival = bus->seen[i].identity.arrival;
        entry->arrived_ms = bus->seen[i].arrived_ms;
        return false;
    }
    entry->identity.arrival = ++bus->arrivals;
    entry->arrived_ms = bus->has_list ? clock_monotonic_ms() : 0;
    return true;
}

/* Ports in number order, so that 1-2 comes before 1-10. */
static int entry_compare(const void *a, const void *b)
{
    const char *left = ((const usb_seen *)a)->identity.port;
    const char *right = ((const usb_seen *)b)->identity.port;
    while (*left && *right) {
        char *left_end, *right_end;
        unsigned long left_number = strtoul(left, &left_end, 10);
        unsigned long right_number = strtoul(right, &right_end, 10);
        if (left_number != right_number)
            return left_number < right_number ? -1 : 1;
        left = *left_end ? left_end + 1 : left_end;
        right = *right_end ? right_end + 1 : right_end;
    }
    return (*left != 0) - (*right != 0);
}

/* What is there now, as far as `context` knows. Returns how much of it is new, in `fresh`. */
static osb_status look(usb_bus *bus, libusb_context *context, usb_seen *fresh, size_t *count,
                       unsigned *found, osb_error *error)
{
    libusb_device **devices;
    *found = 0;
    *count = 0;
    ssize_t total = libusb_get_device_list(context, &devices);
    if (total < 0)
        return usb_fail(error, (int)total, "USB", "list devices");
    for (ssize_t i = 0; i < total && *count < USB_DEVICES_MAX; i++) {
        if (!entry_describe(devices[i], &fresh[*count]))
            continue;
        libusb_ref_device(devices[i]);
        *found += entry_number(bus, &fresh[(*count)++]);
    }
    libusb_free_device_list(devices, 1);
    if (bus->has_list && *count != bus->seen_count)
        *found += 1;
    return OSB_OK;
}

static void take(usb_bus *bus, usb_seen *fresh, size_t count, unsigned found)
{
    atomic_fetch_add(&bus->changes, found);
    usb_bus_forget(bus);
    qsort(fresh, count, sizeof *fresh, entry_compare);
    memcpy(bus->seen, fresh, count * sizeof *fresh);
    bus->seen_count = count;
    bus->has_list = true;
}

void usb_bus_exit_retired(usb_bus *bus)
{
    while (bus->retired_count)
        libusb_exit(bus->retired[--bus->retired_count]);
}

/* Devices that are open keep their old context alive. */
static void replace_context(usb_bus *bus, libusb_context *context)
{
    bus->retired[bus->retired_count++] = bus->context;
    bus->context = context;
    if (!atomic_load(&bus->handles))
        usb_bus_exit_retired(bus);
}

/* Where no events come, libusb knows for ever what it found when it was started. */
static osb_status scan_anew(usb_bus *bus, unsigned *found, osb_error *error)
{
    usb_seen fresh[USB_DEVICES_MAX];
    size_t count;
    libusb_context *context;
    int started = libusb_init(&context);
    if (started != LIBUSB_SUCCESS)
        return usb_fail(error, started, "USB", "list devices");
    osb_status status = look(bus, context, fresh, &count, found, error);
    if (bus->retired_count == USB_RETIRED_MAX)
        *found = 0;
    if (status == OSB_OK && *found) {
        take(bus, fresh, count, *found);
        replace_context(bus, context);
        return OSB_OK;
    }
    for (size_t i = 0; i < count; i++)
        libusb_unref_device(fresh[i].device);
    libusb_exit(context);
    return status;
}

osb_status usb_bus_scan(usb_bus *bus, unsigned *found, osb_error *error)
{
    usb_seen fresh[USB_DEVICES_MAX];
    size_t count;
    if (bus->has_list && !bus->has_hotplug)
        return scan_anew(bus, found, error);
    TRY(look(bus, bus->context, fresh, &count, found, error));
    take(bus, fresh, count, *found);
    return OSB_OK;
}
