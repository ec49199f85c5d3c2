/*
 * The libusb back end as a transport: context, clock, and waiting for devices to come and go.
 *
 * Which devices there are is kept in usb_libusb_list.c, transfers are in usb_libusb_handle.c.
 * Invariant: no libusb event is handled outside usb_bus_wait and the transfers themselves.
 */
#include "transport/usb_libusb.h"

#include <stdlib.h>
#include <sys/time.h>

#include "base/clock.h"
#include "transport/usb_libusb_private.h"

enum {
    /* How often a wait looks at the cancel hook, and, without hotplug events, at the list. */
    WAIT_SLICE_MS = 100
};

static int LIBUSB_CALL on_hotplug(libusb_context *context, libusb_device *device,
                                  libusb_hotplug_event event, void *user_data)
{
    (void)context;
    (void)device;
    (void)event;
    ((usb_bus *)user_data)->changed = true;
    return 0;
}

static uint64_t usb_now_ms(transport *bus)
{
    (void)bus;
    return clock_monotonic_ms();
}

/* One slice of a wait. With hotplug, libusb's events end it early; else it is a plain sleep. */
static void wait_slice(usb_bus *bus, uint32_t slice_ms, bool until_change)
{
    if (!bus->has_hotplug || !until_change) {
        clock_sleep_ms(slice_ms);
        return;
    }
    struct timeval limit = {.tv_sec = slice_ms / 1000, .tv_usec = (slice_ms % 1000) * 1000L};
    int started = libusb_handle_events_timeout_completed(bus->context, &limit, NULL);
    if (started != LIBUSB_SUCCESS && started != LIBUSB_ERROR_INTERRUPTED)
        clock_sleep_ms(slice_ms);
}

osb_status usb_bus_wait(usb_bus *bus, uint32_t duration_ms, bool until_change, osb_error *error)
{
    uint64_t deadline_ms = clock_monotonic_ms() + duration_ms;
    for (;;) {
        if (bus->options.cancelled && bus->options.cancelled(bus->options.context))
            return osb_fail(error, OSB_ERR_INTERRUPTED, NULL, "run 'osbundle resume' to go on",
                            "stopped while waiting for the board");
        if (until_change && bus->changed)
            return OSB_OK;
        uint64_t now = clock_monotonic_ms();
        if (now >= deadline_ms)
            return OSB_OK;
        uint64_t left = deadline_ms - now;
        wait_slice(bus, left < WAIT_SLICE_MS ? (uint32_t)left : WAIT_SLICE_MS, until_change);
        /* Without events the list has to be looked at: its scan sets `changed`. */
        if (until_change && !bus->has_hotplug)
            TRY(usb_bus_scan(bus, error));
    }
}

static osb_status usb_wait(transport *base, uint32_t duration_ms, osb_error *error)
{
    return usb_bus_wait((usb_bus *)base, duration_ms, false, error);
}

static osb_status usb_wait_change(transport *base, uint32_t timeout_ms, osb_error *error)
{
    return usb_bus_wait((usb_bus *)base, timeout_ms, true, error);
}

static osb_status usb_list(transport *base, usb_identity *devices, size_t capacity, size_t *count,
                           osb_error *error)
{
    usb_bus *bus = (usb_bus *)base;
    TRY(usb_bus_scan(bus, error));
    bus->changed = false; /* what changes from here on is news to the caller */
    *count = bus->seen_count < capacity ? bus->seen_count : capacity;
    for (size_t i = 0; i < *count; i++)
        devices[i] = bus->seen[i].identity;
    return OSB_OK;
}

static void usb_destroy(transport *base)
{
    usb_bus *bus = (usb_bus *)base;
    if (bus->has_hotplug)
        libusb_hotplug_deregister_callback(bus->context, bus->hotplug);
    usb_bus_forget(bus);
    libusb_exit(bus->context);
    free(bus);
}

static const transport_operations operations = {
    .list = usb_list,
    .open = usb_handle_open,
    .close = usb_handle_close,
    .control = usb_handle_control,
    .claim = usb_handle_claim,
    .set_alternate = usb_handle_set_alternate,
    .now_ms = usb_now_ms,
    .wait = usb_wait,
    .wait_change = usb_wait_change,
    .destroy = usb_destroy,
};

static bool hotplug_begin(usb_bus *bus)
{
    if (!libusb_has_capability(LIBUSB_CAP_HAS_HOTPLUG))
        return false;
    return libusb_hotplug_register_callback(
               bus->context, LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED | LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT,
               LIBUSB_HOTPLUG_NO_FLAGS, LIBUSB_HOTPLUG_MATCH_ANY, LIBUSB_HOTPLUG_MATCH_ANY,
               LIBUSB_HOTPLUG_MATCH_ANY, on_hotplug, bus, &bus->hotplug) == LIBUSB_SUCCESS;
}

osb_status usb_libusb_make(const usb_libusb_options *options, transport **made, osb_error *error)
{
    usb_bus *bus = calloc(1, sizeof *bus);
    if (!bus)
        return osb_fail_memory(error);
    bus->base.operations = &operations;
    if (options)
        bus->options = *options;
    int started = libusb_init(&bus->context);
    if (started != LIBUSB_SUCCESS) {
        free(bus);
        return osb_fail(error, OSB_ERR_IO, "USB",
                        "check that /dev/bus/usb is there (containers need it passed in), or use a "
                        "simulated board with --sim",
                        "this machine's USB cannot be used: %s", libusb_strerror(started));
    }
    bus->has_hotplug = hotplug_begin(bus);
    *made = &bus->base;
    return OSB_OK;
}
