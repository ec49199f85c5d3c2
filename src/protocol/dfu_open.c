/*
 * Finds the DFU interface of a board in its configuration descriptor and reads its layouts.
 *
 * Moves no memory. Invariant: what the descriptor says is only used after it proved to be DfuSe
 * with a transfer size that fits a control transfer.
 */
#include "base/cursor.h"
#include "protocol/descriptor.h"
#include "protocol/dfu.h"

enum {
    GET_DESCRIPTOR = 6,
    DESCRIPTOR_CONFIGURATION = 2,
    DESCRIPTOR_INTERFACE = 4,
    DESCRIPTOR_DFU_FUNCTIONAL = 0x21,
    CONFIGURATION_HEADER_SIZE = 9,
    CONFIGURATION_MAX = 512,
    CLASS_APPLICATION_SPECIFIC = 0xfe,
    SUBCLASS_DFU = 1,
    PROTOCOL_DFU_MODE = 2,
    DFUSE_VERSION = 0x011a,
    TRANSFER_SIZE_MIN = 64
};

static const char hint_replug[] = "unplug the board, bring it into DFU mode again and retry";

static osb_status configuration_read(const usb_link *link, uint8_t *bytes, uint16_t length,
                                     size_t *moved, osb_error *error)
{
    link_transfer read = {
        .setup = {USB_STANDARD_IN, GET_DESCRIPTOR, DESCRIPTOR_CONFIGURATION << 8, 0, length},
        .data = bytes,
        .timeout_ms = LINK_TIMEOUT_MS,
        .purpose = "read the configuration descriptor"};
    TRY(link_run(link, &read, error));
    *moved = read.moved;
    if (read.moved < CONFIGURATION_HEADER_SIZE || bytes[1] != DESCRIPTOR_CONFIGURATION)
        return osb_fail(error, OSB_ERR_PROTOCOL, link->subject, hint_replug,
                        "configuration descriptor is cut short");
    return OSB_OK;
}

static void note_interface(dfu_port *port, span body, bool *in_dfu, bool *found)
{
    cursor reader = cursor_make(body);
    uint8_t number = cursor_u8(&reader);
    uint8_t alternate = cursor_u8(&reader);
    cursor_u8(&reader); /* endpoints */
    *in_dfu = cursor_u8(&reader) == CLASS_APPLICATION_SPECIFIC;
    *in_dfu &= cursor_u8(&reader) == SUBCLASS_DFU;
    *in_dfu &= cursor_u8(&reader) == PROTOCOL_DFU_MODE;
    uint8_t text_index = cursor_u8(&reader);
    *in_dfu &= !reader.failed && (!*found || number == port->interface_number);
    if (!*in_dfu || alternate >= DFU_ALTERNATES_MAX)
        return;
    *found = true;
    port->interface_number = number;
    port->alternate_text[alternate] = text_index;
    if (alternate >= port->alternate_count)
        port->alternate_count = (uint8_t)(alternate + 1);
}

static void note_functional(dfu_port *port, span body, uint16_t *version)
{
    cursor reader = cursor_make(body);
    cursor_u8(&reader);    /* attributes */
    cursor_u16le(&reader); /* detach timeout */
    port->transfer_size = cursor_u16le(&reader);
    *version = cursor_u16le(&reader);
    if (reader.failed)
        port->transfer_size = 0;
}

/* Walks the descriptors. The functional one stands behind the interface's last setting. */
static bool configuration_parse(span bytes, dfu_port *port, uint16_t *version)
{
    bool in_dfu = false, found = false;
    cursor reader = cursor_make(bytes);
    while (cursor_rest(&reader) >= 2) {
        uint8_t length = cursor_u8(&reader), type = cursor_u8(&reader);
        if (length < 2)
            return false;
        span body = cursor_take(&reader, length - 2u);
        if (type == DESCRIPTOR_INTERFACE)
            note_interface(port, body, &in_dfu, &found);
        else if (type == DESCRIPTOR_DFU_FUNCTIONAL && in_dfu)
            note_functional(port, body, version);
    }
    return found && !reader.failed;
}

osb_status dfu_open(dfu_port *port, usb_link *link, osb_error *error)
{
    uint8_t bytes[CONFIGURATION_MAX];
    size_t moved;
    *port = (dfu_port){.link = link};
    TRY(configuration_read(link, bytes, CONFIGURATION_HEADER_SIZE, &moved, error));
    uint16_t total = (uint16_t)(bytes[2] | bytes[3] << 8);
    if (total < CONFIGURATION_HEADER_SIZE || total > sizeof bytes)
        return osb_fail(error, OSB_ERR_PROTOCOL, link->subject, hint_replug,
                        "configuration descriptor claims %u bytes", total);
    TRY(configuration_read(link, bytes, total, &moved, error));
    uint16_t version = 0;
    if (!configuration_parse((span){bytes, moved}, port, &version))
        return osb_fail(error, OSB_ERR_PROTOCOL, link->subject, hint_replug,
                        "the board shows no DFU interface");
    if (version != DFUSE_VERSION || port->transfer_size < TRANSFER_SIZE_MIN ||
        port->transfer_size > USB_CONTROL_MAX)
        return osb_fail(error, OSB_ERR_PROTOCOL, link->subject, hint_replug,
                        "the DFU interface speaks version %04x with blocks of %u bytes, not DfuSe",
                        version, port->transfer_size);
    return link_claim(link, port->interface_number, error);
}

osb_status dfu_read_map(const dfu_port *port, uint8_t alternate, dfuse_map *map, osb_error *error)
{
    char text[STRING_TEXT_SIZE];
    if (alternate >= port->alternate_count)
        return osb_fail(error, OSB_ERR_NOT_FOUND, port->link->subject,
                        "check that the board runs the bootloader of its platform",
                        "DFU alternate setting %u does not exist", alternate);
    TRY(descriptor_read_string(port->link, port->alternate_text[alternate], text, error));
    if (!dfuse_map_parse(text, map))
        return osb_fail(error, OSB_ERR_PROTOCOL, port->link->subject, hint_replug,
                        "DFU alternate setting %u has no valid layout: \"%s\"", alternate, text);
    return OSB_OK;
}

osb_status dfu_select(dfu_port *port, uint8_t alternate, osb_error *error)
{
    port->run_open = false;
    return link_select(port->link, port->interface_number, alternate, error);
}
