/*
 * Reads standard descriptors in bounded steps: a board's length bytes are never trusted further
 * than the buffers here.
 *
 * Does not interpret what a string means.
 */
#include "protocol/descriptor.h"

#include "base/cursor.h"
#include "base/text.h"

enum {
    GET_DESCRIPTOR = 6,
    DESCRIPTOR_DEVICE = 1,
    DESCRIPTOR_STRING = 3,
    DEVICE_DESCRIPTOR_SIZE = 18,
    LANGUAGE_ENGLISH = 0x0409
};

osb_status descriptor_read_device(const usb_link *link, device_descriptor *descriptor,
                                  osb_error *error)
{
    uint8_t bytes[DEVICE_DESCRIPTOR_SIZE];
    link_transfer read = {
        .setup = {USB_STANDARD_IN, GET_DESCRIPTOR, DESCRIPTOR_DEVICE << 8, 0, sizeof bytes},
        .data = bytes,
        .timeout_ms = LINK_TIMEOUT_MS,
        .purpose = "read the device descriptor"};
    TRY(link_run(link, &read, error));
    cursor reader = cursor_make((span){bytes, read.moved});
    cursor_seek(&reader, 8);
    descriptor->vendor_id = cursor_u16le(&reader);
    descriptor->product_id = cursor_u16le(&reader);
    descriptor->release = cursor_u16le(&reader);
    cursor_u8(&reader); /* manufacturer string */
    descriptor->product_string = cursor_u8(&reader);
    descriptor->serial_string = cursor_u8(&reader);
    if (reader.failed || bytes[1] != DESCRIPTOR_DEVICE)
        return osb_fail(error, OSB_ERR_PROTOCOL, link->subject, "unplug the board and try again",
                        "device descriptor of %zu bytes is cut short", read.moved);
    return OSB_OK;
}

static osb_status read_string_bytes(const usb_link *link, uint8_t index, uint8_t *bytes,
                                    link_transfer *read, osb_error *error)
{
    *read =
        (link_transfer){.setup = {USB_STANDARD_IN, GET_DESCRIPTOR,
                                  (uint16_t)(DESCRIPTOR_STRING << 8 | index), LANGUAGE_ENGLISH, 2},
                        .data = bytes,
                        .timeout_ms = LINK_TIMEOUT_MS,
                        .purpose = "read a string descriptor"};
    TRY(link_run(link, read, error));
    if (read->moved < 2 || bytes[0] < 2 || bytes[1] != DESCRIPTOR_STRING)
        return osb_fail(error, OSB_ERR_PROTOCOL, link->subject, "unplug the board and try again",
                        "string descriptor %u has no valid length", index);
    read->setup.length = bytes[0];
    return link_run(link, read, error);
}

osb_status descriptor_read_string(const usb_link *link, uint8_t index, char *text, osb_error *error)
{
    uint8_t bytes[255];
    link_transfer read;
    text[0] = '\0';
    TRY(read_string_bytes(link, index, bytes, &read, error));
    if (read.moved < 2 || bytes[1] != DESCRIPTOR_STRING)
        return osb_fail(error, OSB_ERR_PROTOCOL, link->subject, "unplug the board and try again",
                        "string descriptor %u is cut short", index);
    cursor reader = cursor_make((span){bytes, read.moved});
    cursor_seek(&reader, 2);
    size_t used = 0;
    while (cursor_rest(&reader) >= 2 && used + 1 < STRING_TEXT_SIZE) {
        uint16_t unit = cursor_u16le(&reader);
        if (unit == 0)
            break;
        text[used++] = unit >= 0x20 && unit < 0x7f ? (char)unit : '?';
    }
    text[used] = '\0';
    return OSB_OK;
}
