/*
 * The facade's boards at a glance: which there are, and who comes and goes.
 *
 * Looks at each board for a moment and changes nothing on it; one that a restore is working on is
 * left alone. Invariant: a board that cannot be looked at is told all the same, with its problem.
 */
#include "osbundle_context.h"

#include <string.h>

#include "base/text.h"
#include "device/ports.h"
#include "store/journal.h"
#include "store/pinned_goal.h"

enum {
    LOOK_AGAIN_MS = 1000 /**< changes are told by the bus; this is for buses that do not */
};

typedef void watcher(void *hook_context, const json_t *event);

/** What one look at the bus found. */
typedef struct glance {
    size_t count, port_count;
    device_entry entries[USB_DEVICES_MAX];
    device_port ports[SERIAL_PORTS_MAX];
} glance;

static osb_status look(osb_context *context, transport *bus, glance *seen, osb_error *error)
{
    TRY(device_discover(bus, &context->platforms, seen->entries, USB_DEVICES_MAX, &seen->count,
                        error));
    if (device_ports(bus, &context->platforms, seen->ports, SERIAL_PORTS_MAX, &seen->port_count,
                     NULL) != OSB_OK)
        seen->port_count = 0; /* boards are told without their serial ports */
    return OSB_OK;
}

static const char *serial_path(const glance *seen, const device_entry *entry)
{
    for (size_t i = 0; i < seen->port_count; i++)
        if (*entry->device_id && text_equal(seen->ports[i].device_id, entry->device_id))
            return seen->ports[i].serial.path;
    return NULL;
}

/** What the board itself says. */
static osb_status inspect(osb_context *context, transport *bus, const device_entry *entry,
                          snapshot *state, osb_error *error)
{
    DEVICE_OWNED *held = NULL;
    char name[JOURNAL_NAME_SIZE];
    journal_name(entry->device_id, entry->usb.port, name);
    TRY(journal_check_free(context->state, name, error));
    TRY(device_open(bus, &context->platforms, entry, &context->log, &held, error));
    return device_inspect(held, state, error);
}

static json_t *problem_to_json(const osb_error *problem)
{
    return json_pack("{s:s, s:s, s:s}", "code", osb_status_name(problem->status), "message",
                     problem->message, "hint", problem->hint);
}

static json_t *board_to_json(osb_context *context, transport *bus, const glance *seen,
                             const device_entry *entry)
{
    snapshot state;
    osb_error problem = {0};
    osb_status status = inspect(context, bus, entry, &state, &problem);
    const bool known = status == OSB_OK;
    JSON_OWNED *told = known ? context_snapshot(context, &state) : NULL;
    char usb[10];
    text_format(usb, sizeof usb, "%04x:%04x", entry->usb.vendor_id, entry->usb.product_id);
    json_t *object = json_object();
    json_object_set_new(object, "id",
                        json_text_or_null(*entry->device_id ? entry->device_id : NULL));
    json_object_set_new(object, "platform", json_string(entry->board->name));
    json_object_set_new(object, "mode",
                        json_string(known           ? json_text(told, "mode", "unknown")
                                    : entry->in_dfu ? "dfu"
                                                    : "unknown"));
    json_object_set_new(object, "os_version",
                        json_text_or_null(known ? json_text(told, "os_version", NULL) : NULL));
    json_object_set_new(object, "port", json_string(entry->usb.port));
    json_object_set_new(object, "usb", json_string(usb));
    json_object_set_new(object, "serial", json_text_or_null(serial_path(seen, entry)));
    json_object_set_new(object, "label",
                        json_text_or_null(context_label(context, entry->usb.port)));
    json_object_set_new(object, "simulated", json_boolean(bus->simulated));
    json_object_set_new(object, "problem", known ? json_null() : problem_to_json(&problem));
    return object;
}

/** A serial port of a board whose USB device is not among those that were found. */
static json_t *port_to_json(const device_port *port)
{
    return json_pack("{s:o, s:s, s:s, s:o, s:o, s:o, s:s, s:o, s:b, s:o}", "id",
                     json_text_or_null(*port->device_id ? port->device_id : NULL), "platform",
                     port->board->name, "mode", "unknown", "os_version", json_null(), "port",
                     json_text_or_null(*port->serial.usb_port ? port->serial.usb_port : NULL),
                     "usb", json_null(), "serial", port->serial.path, "label", json_null(),
                     "simulated", 0, "problem", json_null());
}

static bool has_usb_board(const glance *seen, const device_port *port)
{
    for (size_t i = 0; i < seen->count; i++)
        if ((*port->device_id && text_equal(seen->entries[i].device_id, port->device_id)) ||
            text_equal(seen->entries[i].usb.port, port->serial.usb_port))
            return true;
    return false;
}

static osb_status list(osb_context *context, transport *bus, json_t **result, osb_error *error)
{
    glance seen = {0};
    TRY(look(context, bus, &seen, error));
    json_t *devices = json_array();
    for (size_t i = 0; i < seen.count; i++)
        json_array_append_new(devices, board_to_json(context, bus, &seen, &seen.entries[i]));
    for (size_t i = 0; i < seen.port_count; i++)
        if (seen.ports[i].board && !has_usb_board(&seen, &seen.ports[i]))
            json_array_append_new(devices, port_to_json(&seen.ports[i]));
    *result =
        json_pack("{s:s, s:i, s:o}", "type", "osbundle-devices", "schema", 1, "devices", devices);
    return *result ? OSB_OK : osb_fail_memory(error);
}

static const device_entry *find_same(const glance *seen, const device_entry *wanted)
{
    for (size_t i = 0; i < seen->count; i++)
        if (text_equal(seen->entries[i].usb.port, wanted->usb.port) &&
            seen->entries[i].usb.arrival == wanted->usb.arrival)
            return &seen->entries[i];
    return NULL;
}

/** Takes `device`. */
static void tell_event(osb_context *context, watcher *watch, const char *event, json_t *device)
{
    JSON_OWNED *told = json_pack("{s:s, s:i, s:s, s:o}", "type", "osbundle-device-event", "schema",
                                 1, "event", event, "device", device);
    if (told)
        watch(context->hooks.context, told);
}

/** One that left is told as far as it can be known without it. */
static void tell_left(osb_context *context, watcher *watch, const device_entry *entry)
{
    tell_event(context, watch, "left",
               json_pack("{s:o, s:s, s:s}", "id",
                         json_text_or_null(*entry->device_id ? entry->device_id : NULL), "platform",
                         entry->board->name, "port", entry->usb.port));
}

static void tell_changes(osb_context *context, transport *bus, watcher *watch, const glance *before,
                         const glance *now, bool first)
{
    for (size_t i = 0; i < before->count; i++)
        if (!find_same(now, &before->entries[i]))
            tell_left(context, watch, &before->entries[i]);
    for (size_t i = 0; i < now->count; i++)
        if (!find_same(before, &now->entries[i]))
            tell_event(context, watch, first ? "there" : "arrived",
                       board_to_json(context, bus, now, &now->entries[i]));
}

static osb_status follow(osb_context *context, transport *bus, watcher *watch, osb_error *error)
{
    glance before = {0}, now = {0};
    for (bool first = true;; first = false) {
        TRY(look(context, bus, &now, error));
        tell_changes(context, bus, watch, &before, &now, first);
        before = now;
        if (context_is_cancelled(context) || bus->simulated)
            return OSB_OK; /* nobody plugs in simulated boards meanwhile */
        osb_status status = transport_wait_change(bus, LOOK_AGAIN_MS, error);
        if (status == OSB_ERR_INTERRUPTED)
            return OSB_OK;
        TRY(status);
    }
}

osb_status osb_devices(osb_context *context, void (*watch)(void *hook_context, const json_t *event),
                       json_t **result, osb_error *error)
{
    transport *bus;
    *result = NULL;
    TRY(context_bus(context, &bus, error));
    if (watch)
        TRY(follow(context, bus, watch, error));
    return list(context, bus, result, error);
}
