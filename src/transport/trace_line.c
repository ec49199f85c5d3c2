/*
 * Operations as JSON objects: one place for both directions, so that a replay reads what a trace
 * writes.
 *
 * Touches no bus and no file. Invariant: a reader accepts no more than a device could have done:
 * no answer is longer than what was asked for.
 */
#include "transport/trace_line.h"

#include <string.h>

#include "base/text.h"

static json_t *line_begin(const char *operation)
{
    return json_pack("{s:s}", "op", operation);
}

static json_t *line_at(const char *operation, const char *port)
{
    return json_pack("{s:s, s:s}", "op", operation, "port", port);
}

static void add_number(json_t *line, const char *member, uint64_t number)
{
    json_object_set_new(line, member, json_integer((json_int_t)number));
}

static void add_hex(json_t *line, const char *member, const uint8_t *data, size_t size)
{
    char digits[2 * USB_CONTROL_MAX + 1];
    text_hex(digits, (span){data, size});
    json_object_set_new(line, member, json_string(digits));
}

static bool is_in(const usb_setup *setup)
{
    return setup->request_type & 0x80;
}

json_t *line_of_list(void)
{
    return line_begin("list");
}

json_t *line_of_open(const usb_identity *device)
{
    json_t *line = line_at("open", device->port);
    add_number(line, "arrival", device->arrival);
    return line;
}

json_t *line_of_close(const char *port)
{
    return line_at("close", port);
}

json_t *line_of_control(const char *port, const usb_setup *setup, const uint8_t *data,
                        uint32_t timeout_ms)
{
    const uint8_t wire[] = {setup->request_type,    setup->request,
                            (uint8_t)setup->value,  (uint8_t)(setup->value >> 8),
                            (uint8_t)setup->index,  (uint8_t)(setup->index >> 8),
                            (uint8_t)setup->length, (uint8_t)(setup->length >> 8)};
    json_t *line = line_at("control", port);
    add_hex(line, "setup", wire, sizeof wire);
    add_number(line, "timeout_ms", timeout_ms);
    if (!is_in(setup))
        add_hex(line, "out", data, setup->length);
    return line;
}

json_t *line_of_claim(const char *port, uint8_t interface_number)
{
    json_t *line = line_at("claim", port);
    add_number(line, "interface", interface_number);
    return line;
}

json_t *line_of_set_alternate(const char *port, uint8_t interface_number, uint8_t alternate)
{
    json_t *line = line_at("set_alternate", port);
    add_number(line, "interface", interface_number);
    add_number(line, "alternate", alternate);
    return line;
}

json_t *line_of_wait(uint32_t duration_ms)
{
    json_t *line = line_begin("wait");
    add_number(line, "duration_ms", duration_ms);
    return line;
}

json_t *line_of_wait_change(uint32_t timeout_ms)
{
    json_t *line = line_begin("wait_change");
    add_number(line, "timeout_ms", timeout_ms);
    return line;
}

json_t *line_of_share(void)
{
    return line_begin("share");
}

void line_add_devices(json_t *line, const usb_identity *devices, size_t count)
{
    json_t *found = json_array();
    for (size_t i = 0; i < count; i++) {
        const uint16_t vendor = devices[i].vendor_id, product = devices[i].product_id;
        const uint8_t ids[] = {(uint8_t)(vendor >> 8), (uint8_t)vendor, (uint8_t)(product >> 8),
                               (uint8_t)product};
        json_t *device = json_pack("{s:s}", "port", devices[i].port);
        add_hex(device, "usb", ids, sizeof ids);
        add_number(device, "arrival", devices[i].arrival);
        json_array_append_new(found, device);
    }
    json_object_set_new(line, "devices", found);
}

static bool read_device(const json_t *told, usb_identity *device)
{
    uint8_t ids[4];
    const char *port = json_text(told, "port", ""), *usb = json_text(told, "usb", "");
    int64_t arrival = json_number(told, "arrival", -1);
    if (strlen(port) >= sizeof device->port || !text_unhex(ids, sizeof ids, usb) || arrival < 0 ||
        arrival > UINT32_MAX)
        return false;
    *device = (usb_identity){.vendor_id = (uint16_t)(ids[0] << 8 | ids[1]),
                             .product_id = (uint16_t)(ids[2] << 8 | ids[3]),
                             .arrival = (uint32_t)arrival};
    text_copy(device->port, sizeof device->port, port);
    return true;
}

bool line_devices(const json_t *line, usb_identity *devices, size_t capacity, size_t *count)
{
    const json_t *told = json_object_get(line, "devices");
    size_t total = json_array_size(told);
    *count = 0;
    if (!json_is_array(told))
        return false;
    while (*count < total && *count < capacity) {
        if (!read_device(json_array_get(told, *count), &devices[*count]))
            return false;
        (*count)++;
    }
    return true;
}

void line_add_moved(json_t *line, const usb_setup *setup, const uint8_t *data, size_t moved)
{
    if (is_in(setup))
        add_hex(line, "in", data, moved);
    else if (moved != setup->length)
        add_number(line, "moved", moved);
}

bool line_moved(const json_t *line, const usb_setup *setup, uint8_t *data, size_t *moved)
{
    if (!is_in(setup)) {
        int64_t taken = json_number(line, "moved", setup->length);
        *moved = (size_t)taken;
        return taken >= 0 && taken <= setup->length;
    }
    const char *digits = json_text(line, "in", NULL);
    *moved = digits ? strlen(digits) / 2 : 0;
    return digits && *moved <= setup->length && text_unhex(data, *moved, digits);
}

void line_add_worker(json_t *line, uint32_t worker)
{
    add_number(line, "worker", worker);
}

uint32_t line_worker(const json_t *line)
{
    int64_t worker = json_number(line, "worker", 0);
    return worker > 0 && worker <= UINT32_MAX ? (uint32_t)worker : 0;
}

void line_add_end(json_t *line, osb_status status, const osb_error *error)
{
    json_object_set_new(line, "status", json_string(osb_status_name(status)));
    if (status != OSB_OK)
        json_object_set_new(line, "error",
                            json_pack("{s:s, s:s, s:s}", "subject", error->subject, "message",
                                      error->message, "hint", error->hint));
}

static void read_text(const json_t *told, const char *member, char *text, size_t capacity)
{
    const char *raw = json_text(told, member, "");
    text_printable(text, capacity, raw, strlen(raw));
}

bool line_end(const json_t *line, osb_status *status, osb_error *error)
{
    const json_t *told = json_object_get(line, "error");
    *status = osb_status_of_name(json_text(line, "status", ""));
    if (*status == OSB_OK)
        return true;
    *error = (osb_error){.status = *status};
    read_text(told, "subject", error->subject, sizeof error->subject);
    read_text(told, "message", error->message, sizeof error->message);
    read_text(told, "hint", error->hint, sizeof error->hint);
    return *status < OSB_STATUS_COUNT && json_is_object(told);
}
