/*
 * The libusb back end as a transport: context, clock, and waiting for devices to come and go.
 *
 * Which devices there are is kept in usb_libusb_list.c, transfers are in usb_libusb_handle.c.
 * Invariant: no libusb event is handled outside line_wait and the transfers themselves. Of several
 * threads that wait, libusb lets one handle events and wakes the others.
 */
#include "transport/usb_libusb.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/file.h"
#include "transport/serial_lsp.h"
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
    atomic_fetch_add(&((usb_bus *)user_data)->changes, 1);
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

/* Without events the list has to be looked at: its scan counts the changes. */
static osb_status look_for_changes(usb_bus *bus, osb_error *error)
{
    unsigned found;
    pthread_mutex_lock(&bus->lock);
    osb_status status = usb_bus_scan(bus, &found, error);
    pthread_mutex_unlock(&bus->lock);
    return status;
}

static osb_status line_wait(usb_line *line, uint32_t duration_ms, bool until_change,
                            osb_error *error)
{
    usb_bus *bus = line->bus;
    uint64_t deadline_ms = clock_monotonic_ms() + duration_ms;
    for (;;) {
        if (bus->options.cancelled && bus->options.cancelled(bus->options.context))
            return osb_fail(error, OSB_ERR_INTERRUPTED, NULL, "run 'osbundle resume' to go on",
                            "stopped while waiting for the board");
        if (until_change && atomic_load(&bus->changes) != line->changes_known)
            return OSB_OK;
        uint64_t now = clock_monotonic_ms();
        if (now >= deadline_ms)
            return OSB_OK;
        uint64_t left = deadline_ms - now;
        wait_slice(bus, left < WAIT_SLICE_MS ? (uint32_t)left : WAIT_SLICE_MS, until_change);
        if (until_change && !bus->has_hotplug)
            TRY(look_for_changes(bus, error));
    }
}

static osb_status usb_wait(transport *base, uint32_t duration_ms, osb_error *error)
{
    return line_wait((usb_line *)base, duration_ms, false, error);
}

static osb_status usb_wait_change(transport *base, uint32_t timeout_ms, osb_error *error)
{
    return line_wait((usb_line *)base, timeout_ms, true, error);
}

static osb_status usb_list(transport *base, usb_identity *devices, size_t capacity, size_t *count,
                           osb_error *error)
{
    usb_line *line = (usb_line *)base;
    usb_bus *bus = line->bus;
    unsigned found;
    pthread_mutex_lock(&bus->lock);
    const unsigned before = atomic_load(&bus->changes);
    osb_status status = usb_bus_scan(bus, &found, error);
    line->changes_known = before + found; /* what changes from here on is news to the caller */
    *count = bus->seen_count < capacity ? bus->seen_count : capacity;
    for (size_t i = 0; i < *count; i++)
        devices[i] = bus->seen[i].identity;
    pthread_mutex_unlock(&bus->lock);
    return status;
}

static void bus_free(usb_bus *bus)
{
    if (bus->has_hotplug)
        libusb_hotplug_deregister_callback(bus->context, bus->hotplug);
    usb_bus_forget(bus);
    usb_bus_exit_retired(bus);
    libusb_exit(bus->context);
    pthread_mutex_destroy(&bus->lock);
    free(bus);
}

static void usb_destroy(transport *base)
{
    usb_line *line = (usb_line *)base;
    usb_bus *bus = line->bus;
    free(line);
    pthread_mutex_lock(&bus->lock);
    const size_t left = --bus->lines;
    pthread_mutex_unlock(&bus->lock);
    if (!left)
        bus_free(bus);
}

static osb_status usb_share(transport *base, transport **own, osb_error *error);

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
    .share = usb_share,
    .destroy = usb_destroy,
};

static osb_status line_make(usb_bus *bus, transport **made, osb_error *error)
{
    usb_line *line = calloc(1, sizeof *line);
    if (!line)
        return osb_fail_memory(error);
    *line = (usb_line){.base = {&operations, false, &serial_lsp_operations},
                       .bus = bus,
                       .changes_known = atomic_load(&bus->changes)};
    pthread_mutex_lock(&bus->lock);
    bus->lines++;
    pthread_mutex_unlock(&bus->lock);
    *made = &line->base;
    return OSB_OK;
}

static osb_status usb_share(transport *base, transport **own, osb_error *error)
{
    return line_make(((usb_line *)base)->bus, own, error);
}

/* Debian's libusb hears of devices from udevd alone, and says that it has hotplug where no udevd
 * runs (containers, rescue systems) too. Only root may connect to the socket; what is left of a
 * udevd that has ended refuses everybody. */
static bool is_udevd_there(void)
{
#ifdef __linux__
    static const struct sockaddr_un control = {AF_UNIX, "/run/udev/control"};
    FD_OWNED socket_end = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    const struct sockaddr *address = (const struct sockaddr *)&control;
    return socket_end < 0 || connect(socket_end, address, sizeof control) == 0 ||
           (errno != ENOENT && errno != ECONNREFUSED);
#else
    return true;
#endif
}

static bool hotplug_begin(usb_bus *bus)
{
    if (!libusb_has_capability(LIBUSB_CAP_HAS_HOTPLUG) || !is_udevd_there())
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
    bus->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
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
    osb_status status = line_make(bus, made, error);
    if (status != OSB_OK)
        bus_free(bus);
    return status;
}
