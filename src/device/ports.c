/*
 * Serial ports, and which board each belongs to.
 *
 * Opens none. Invariant: a selector never chooses among several ports by itself.
 */
#define _DEFAULT_SOURCE /* realpath */
#include "device/ports.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

enum {
    ID_BYTES = (DEVICE_ID_SIZE - 1) / 2
};

static const char hint_list[] = "run 'osbundle serial list' to see what is there";

static void recognise(const platform_list *platforms, device_port *port)
{
    uint8_t id[ID_BYTES];
    const serial_identity *serial = &port->serial;
    port->board = serial->vendor_id
                      ? platform_by_usb(platforms, serial->vendor_id, serial->product_id, NULL)
                      : NULL;
    port->device_id[0] = '\0';
    if (port->board && text_unhex(id, sizeof id, serial->serial_number))
        text_hex(port->device_id, (span){id, sizeof id});
}

osb_status device_ports(transport *bus, const platform_list *platforms, device_port *ports,
                        size_t capacity, size_t *count, osb_error *error)
{
    serial_identity found[SERIAL_PORTS_MAX];
    size_t total;
    *count = 0;
    TRY(serial_list(bus, found, SERIAL_PORTS_MAX, &total, error));
    for (size_t i = 0; i < total && *count < capacity; i++) {
        device_port *port = &ports[(*count)++];
        port->serial = found[i];
        recognise(platforms, port);
    }
    return OSB_OK;
}

static bool is_named(const device_port *port, const char *selector)
{
    if (!port->board)
        return false;
    if (!selector)
        return true;
    if (text_starts_with(selector, "usb:"))
        return port->serial.usb_port[0] && text_equal(selector + 4, port->serial.usb_port);
    return *selector && strncasecmp(selector, port->device_id, strlen(selector)) == 0;
}

static osb_status several_fail(const device_port *ports, size_t count, const char *selector,
                               osb_error *error)
{
    char choices[200] = "";
    for (size_t i = 0; i < count; i++)
        text_append(choices, sizeof choices, "%s%s", i ? ", " : "", ports[i].serial.path);
    return osb_fail(error, OSB_ERR_USAGE, selector, "name one by its path or its device id",
                    "%zu serial ports %s: %s", count, selector ? "fit" : "are boards'", choices);
}

/* A path is taken as it is: it may be a link, and the port one that no board is known to have. */
static const char *path_of(const char *selector)
{
    if (!selector || text_starts_with(selector, "usb:"))
        return NULL;
    if (text_starts_with(selector, "serial:"))
        return selector + strlen("serial:");
    return strchr(selector, '/') || strchr(selector, ':') ? selector : NULL;
}

/* The listed port of a path, which may be one of udev's links; NULL when it is not listed. */
static const device_port *find_path(const device_port *ports, size_t count, const char *path)
{
    const device_port *found = NULL;
    char *real = realpath(path, NULL);
    for (size_t i = 0; i < count && !found; i++)
        if (text_equal(ports[i].serial.path, path) ||
            (real && text_equal(ports[i].serial.path, real)))
            found = &ports[i];
    free(real);
    return found;
}

static void take_path(const device_port *ports, size_t count, const char *path, device_port *chosen)
{
    const device_port *found = find_path(ports, count, path);
    *chosen = found ? *found : (device_port){0};
    text_copy(chosen->serial.path, sizeof chosen->serial.path, path);
}

osb_status device_of_port(transport *bus, const platform_list *platforms, const char *path,
                          char selector[DEVICE_SELECTOR_SIZE], osb_error *error)
{
    device_port ports[SERIAL_PORTS_MAX];
    size_t count;
    TRY(device_ports(bus, platforms, ports, SERIAL_PORTS_MAX, &count, error));
    const device_port *found = find_path(ports, count, path);
    if (!found || !found->board || !(found->serial.usb_port[0] || found->device_id[0]))
        return osb_fail(error, OSB_ERR_NOT_FOUND, path, hint_list, "%s",
                        found ? "is no known board's serial port" : "there is no such serial port");
    text_format(selector, DEVICE_SELECTOR_SIZE, "%s%s", found->serial.usb_port[0] ? "usb:" : "",
                found->serial.usb_port[0] ? found->serial.usb_port : found->device_id);
    return OSB_OK;
}

osb_status device_select_port(transport *bus, const platform_list *platforms, const char *selector,
                              device_port *chosen, osb_error *error)
{
    device_port ports[SERIAL_PORTS_MAX];
    size_t count, fitting = 0;
    TRY(device_ports(bus, platforms, ports, SERIAL_PORTS_MAX, &count, error));
    const char *path = path_of(selector);
    if (path) {
        take_path(ports, count, path, chosen);
        return OSB_OK;
    }
    for (size_t i = 0; i < count; i++)
        if (is_named(&ports[i], selector))
            ports[fitting++] = ports[i];
    if (fitting > 1)
        return several_fail(ports, fitting, selector, error);
    if (!fitting)
        return osb_fail(error, OSB_ERR_NOT_FOUND, selector, hint_list, "no board's serial port %s",
                        selector ? "fits" : "is there");
    *chosen = ports[0];
    return OSB_OK;
}
