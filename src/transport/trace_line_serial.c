/*
 * Operations on serial ports as JSON objects, for both directions (see trace_line.c).
 *
 * Invariant: as there, a reader accepts no more than a port could have done.
 */
#include <string.h>

#include "base/text.h"
#include "transport/trace_line.h"

static json_t *bytes_as_json(span bytes)
{
    char digits[2 * SERIAL_TRANSFER_MAX + 1];
    text_hex(digits, bytes);
    return json_string(digits);
}

json_t *line_of_serial_list(void)
{
    return json_pack("{s:s}", "op", "serial_list");
}

json_t *line_of_serial(const char *operation, const char *path)
{
    return json_pack("{s:s, s:s}", "op", operation, "path", path);
}

static json_t *line_of_rate(const char *operation, const char *path, uint32_t baud_rate)
{
    json_t *line = line_of_serial(operation, path);
    json_object_set_new(line, "baud_rate", json_integer(baud_rate));
    return line;
}

json_t *line_of_serial_open(const char *path, uint32_t baud_rate)
{
    return line_of_rate("serial_open", path, baud_rate);
}

json_t *line_of_serial_rate(const char *path, uint32_t baud_rate)
{
    return line_of_rate("serial_rate", path, baud_rate);
}

json_t *line_of_serial_lines(const char *path, bool terminal_ready, bool request_to_send)
{
    json_t *line = line_of_serial("serial_lines", path);
    json_object_set_new(line, "dtr", json_integer(terminal_ready));
    json_object_set_new(line, "rts", json_integer(request_to_send));
    return line;
}

static json_t *line_of_wait_for(const char *operation, const char *path, uint32_t timeout_ms)
{
    json_t *line = line_of_serial(operation, path);
    json_object_set_new(line, "timeout_ms", json_integer(timeout_ms));
    return line;
}

json_t *line_of_serial_read(const char *path, size_t capacity, uint32_t timeout_ms)
{
    json_t *line = line_of_wait_for("serial_read", path, timeout_ms);
    json_object_set_new(line, "capacity", json_integer((json_int_t)capacity));
    return line;
}

json_t *line_of_serial_write(const char *path, span bytes, uint32_t timeout_ms)
{
    json_t *line = line_of_wait_for("serial_write", path, timeout_ms);
    json_object_set_new(line, "out", bytes_as_json(bytes));
    return line;
}

json_t *line_of_serial_drain(const char *path, uint32_t timeout_ms)
{
    return line_of_wait_for("serial_drain", path, timeout_ms);
}

void line_add_ports(json_t *line, const serial_identity *ports, size_t count)
{
    json_t *found = json_array();
    for (size_t i = 0; i < count; i++) {
        const serial_identity *port = &ports[i];
        char usb[9];
        text_format(usb, sizeof usb, "%04x%04x", port->vendor_id, port->product_id);
        json_array_append_new(found,
                              json_pack("{s:s, s:s, s:s, s:s, s:s}", "path", port->path, "usb", usb,
                                        "usb_port", port->usb_port, "serial_number",
                                        port->serial_number, "product", port->product));
    }
    json_object_set_new(line, "ports", found);
}

static bool read_text(const json_t *told, const char *member, char *text, size_t capacity)
{
    const char *raw = json_text(told, member, NULL);
    if (!raw || strlen(raw) >= capacity)
        return false;
    text_printable(text, capacity, raw, strlen(raw));
    return true;
}

static bool read_port(const json_t *told, serial_identity *port)
{
    uint8_t ids[4];
    if (!text_unhex(ids, sizeof ids, json_text(told, "usb", "")))
        return false;
    *port = (serial_identity){.vendor_id = (uint16_t)(ids[0] << 8 | ids[1]),
                              .product_id = (uint16_t)(ids[2] << 8 | ids[3])};
    return read_text(told, "path", port->path, sizeof port->path) &&
           read_text(told, "usb_port", port->usb_port, sizeof port->usb_port) &&
           read_text(told, "serial_number", port->serial_number, sizeof port->serial_number) &&
           read_text(told, "product", port->product, sizeof port->product);
}

bool line_ports(const json_t *line, serial_identity *ports, size_t capacity, size_t *count)
{
    const json_t *told = json_object_get(line, "ports");
    *count = 0;
    if (!json_is_array(told))
        return false;
    for (size_t i = 0; i < json_array_size(told) && i < capacity; i++) {
        if (!read_port(json_array_get(told, i), &ports[i]))
            return false;
        *count = i + 1;
    }
    return true;
}

void line_add_bytes(json_t *line, span bytes)
{
    json_object_set_new(line, "in", bytes_as_json(bytes));
}

bool line_bytes(const json_t *line, uint8_t *data, size_t capacity, size_t *count)
{
    const char *digits = json_text(line, "in", NULL);
    *count = digits ? strlen(digits) / 2 : 0;
    return digits && *count <= capacity && text_unhex(data, *count, digits);
}
