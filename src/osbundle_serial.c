/*
 * The facade's serial ports: which there are, and who answers on one.
 *
 * Writes nothing to flash. Invariant: a board that was brought into listening mode here is brought
 * out of it again, whatever it answered.
 */
#include "osbundle_context.h"

#include "base/text.h"
#include "device/ports.h"
#include "protocol/console.h"

static json_t *text_or_null(const char *text)
{
    return json_text_or_null(text[0] ? text : NULL);
}

static json_t *port_to_json(const device_port *port)
{
    const serial_identity *serial = &port->serial;
    char usb[10] = "";
    if (serial->vendor_id)
        text_format(usb, sizeof usb, "%04x:%04x", serial->vendor_id, serial->product_id);
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "path", serial->path, "platform",
                     json_text_or_null(port->board ? port->board->name : NULL), "device_id",
                     text_or_null(port->device_id), "usb", text_or_null(usb), "usb_port",
                     text_or_null(serial->usb_port), "product", text_or_null(serial->product));
}

osb_status osb_serial_list(osb_context *context, json_t **result, osb_error *error)
{
    transport *bus;
    device_port ports[SERIAL_PORTS_MAX];
    size_t count;
    *result = NULL;
    TRY(context_bus(context, &bus, error));
    TRY(device_ports(bus, &context->platforms, ports, SERIAL_PORTS_MAX, &count, error));
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, port_to_json(&ports[i]));
    *result =
        json_pack("{s:s, s:i, s:o}", "type", "osbundle-serial-list", "schema", 1, "ports", list);
    return *result ? OSB_OK : osb_fail_memory(error);
}

static osb_status converse(serial_port *port, const char *path, bool begin, console_identity *told,
                           osb_error *error)
{
    bool began = false;
    osb_error ignored;
    osb_status status = begin ? console_begin(port, path, &began, error) : OSB_OK;
    if (status == OSB_OK)
        status = console_identify(port, path, told, error);
    if (began && console_end(port, &ignored) != OSB_OK && status == OSB_OK)
        return osb_fail(error, ignored.status, path, "press the board's RESET button",
                        "the board may still be in listening mode: %s", ignored.message);
    return status;
}

osb_status osb_serial_identify(osb_context *context, const char *port, bool begin, json_t **result,
                               osb_error *error)
{
    transport *bus;
    device_port chosen;
    serial_port *opened;
    console_identity told;
    *result = NULL;
    TRY(context_bus(context, &bus, error));
    TRY(device_select_port(bus, &context->platforms, port, &chosen, error));
    TRY(serial_open(bus, chosen.serial.path, CONSOLE_RATE, &opened, error));
    osb_status status = converse(opened, chosen.serial.path, begin, &told, error);
    serial_close(opened);
    TRY(status);
    *result = json_pack("{s:s, s:i, s:s, s:o, s:o, s:s, s:o, s:o}", "type",
                        "osbundle-serial-identity", "schema", 1, "path", chosen.serial.path,
                        "platform", json_text_or_null(chosen.board ? chosen.board->name : NULL),
                        "device_id", text_or_null(told.device_id), "os_version", told.os_version,
                        "imei", text_or_null(told.imei), "iccid", text_or_null(told.iccid));
    return *result ? OSB_OK : osb_fail_memory(error);
}
