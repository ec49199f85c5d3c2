/*
 * Which boards are on the bus, and which one the user means.
 *
 * Holds nothing open. Invariant: a selector never chooses among several boards by itself.
 */
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "device/contact.h"
#include "device/ports.h"

enum {
    CHOICES_TEXT = 200
};

static const char serial_prefix[] = "serial:";
static const char hint_list[] = "run 'osbundle devices' to see what is there";

osb_status device_discover(transport *bus, const platform_list *platforms, device_entry *found,
                           size_t capacity, size_t *count, osb_error *error)
{
    usb_identity devices[USB_DEVICES_MAX];
    size_t total;
    *count = 0;
    TRY(transport_list(bus, devices, USB_DEVICES_MAX, &total, error));
    for (size_t i = 0; i < total && *count < capacity; i++) {
        CONTACT_OWNED board = {0};
        device_entry entry = {.usb = devices[i]};
        entry.board =
            platform_by_usb(platforms, devices[i].vendor_id, devices[i].product_id, &entry.in_dfu);
        if (!entry.board)
            continue;
        osb_error trouble;
        entry.trouble = contact_open(bus, platforms, &devices[i], &board, &trouble);
        if (entry.trouble == OSB_ERR_INTERRUPTED)
            return osb_fail(error, entry.trouble, trouble.subject, trouble.hint, "%s",
                            trouble.message);
        text_copy(entry.device_id, sizeof entry.device_id, board.device_id);
        found[(*count)++] = entry;
    }
    return OSB_OK;
}

static bool selector_fits(const char *selector, const device_entry *entry)
{
    if (text_starts_with(selector, "usb:"))
        return text_equal(selector + 4, entry->usb.port);
    return *selector && strncasecmp(selector, entry->device_id, strlen(selector)) == 0;
}

static void choice_text(const device_entry *entry, char *text, size_t capacity)
{
    text_append(text, capacity, "%s%s%susb:%s", *text ? ", " : "", entry->device_id,
                entry->device_id[0] ? " on " : "", entry->usb.port);
}

static osb_status none_fail(const device_entry *entries, size_t count, const char *selector,
                            osb_error *error)
{
    for (size_t i = 0; i < count; i++)
        if (entries[i].trouble == OSB_ERR_PERMISSION)
            return osb_fail(error, OSB_ERR_NOT_FOUND, selector,
                            "a board could not be opened for lack of permission: name it by its "
                            "port (usb:...) to see the cure",
                            "no board that can be read fits");
    if (selector)
        return osb_fail(error, OSB_ERR_NOT_FOUND, selector, hint_list, "no board fits");
    return osb_fail(error, OSB_ERR_NOT_FOUND, NULL,
                    "plug one in with a data cable, or try a simulated one with --sim",
                    "no Particle board on USB");
}

static osb_status several_fail(const device_entry *entries, size_t count, const char *selector,
                               osb_error *error)
{
    char choices[CHOICES_TEXT] = "";
    bool same_id = true;
    for (size_t i = 0; i < count; i++) {
        choice_text(&entries[i], choices, sizeof choices);
        same_id &=
            entries[i].device_id[0] && text_equal(entries[i].device_id, entries[0].device_id);
    }
    if (same_id)
        return osb_fail(error, OSB_ERR_USAGE, entries[0].device_id,
                        "unplug one of them, or name one by its port: usb:BUS-PORT",
                        "%zu boards report the same device id: %s", count, choices);
    return osb_fail(error, OSB_ERR_USAGE, selector,
                    "name one by its device id or its port, or use --all", "%zu boards %s: %s",
                    count, selector ? "fit" : "are there", choices);
}

osb_status device_select(transport *bus, const platform_list *platforms, const char *selector,
                         device_entry *chosen, osb_error *error)
{
    device_entry entries[USB_DEVICES_MAX];
    char behind_port[DEVICE_SELECTOR_SIZE];
    size_t count, fitting = 0;
    if (selector && text_starts_with(selector, serial_prefix)) {
        TRY(device_of_port(bus, platforms, selector + strlen(serial_prefix), behind_port, error));
        selector = behind_port;
    }
    TRY(device_discover(bus, platforms, entries, USB_DEVICES_MAX, &count, error));
    for (size_t i = 0; i < count; i++)
        if (!selector || selector_fits(selector, &entries[i]))
            entries[fitting++] = entries[i];
    if (fitting == 0)
        return none_fail(entries, count, selector, error);
    if (fitting > 1)
        return several_fail(entries, fitting, selector, error);
    *chosen = entries[0];
    return OSB_OK;
}
