/*
 * Opens a device for a moment and reads who it is.
 *
 * Changes nothing on it: standard descriptors only, so it is safe to do to a board that somebody
 * else is working on. Invariant: a device id is 24 lower-case hexadecimal digits, or empty.
 */
#include "device/contact.h"

#include <string.h>

#include "base/text.h"
#include "protocol/descriptor.h"

enum {
    /* Of every Particle board; used where the device descriptor cannot be read. */
    SERIAL_STRING_USUAL = 3,
    DEVICE_ID_BYTES = 12
};

/* Keeps a serial number that is a device id. Old bootloaders put control characters around it. */
static void id_from_serial(const char *serial, char id[DEVICE_ID_SIZE])
{
    uint8_t bytes[DEVICE_ID_BYTES];
    char digits[DEVICE_ID_SIZE + 1] = "";
    size_t used = 0;
    for (; *serial && used < DEVICE_ID_SIZE; serial++)
        if (*serial != '?' && *serial != ' ')
            digits[used++] = *serial;
    digits[used] = '\0';
    id[0] = '\0';
    if (text_unhex(bytes, sizeof bytes, digits))
        text_hex(id, (span){bytes, sizeof bytes});
}

/* A board that leaves is an error; one without a serial number is not. */
static osb_status id_read(const usb_link *link, char id[DEVICE_ID_SIZE], osb_error *error)
{
    device_descriptor descriptor = {.serial_string = SERIAL_STRING_USUAL};
    char serial[STRING_TEXT_SIZE];
    id[0] = '\0';
    osb_status status = descriptor_read_device(link, &descriptor, error);
    if (status == OSB_ERR_DISCONNECTED || (status == OSB_OK && descriptor.serial_string == 0))
        return status;
    status = descriptor_read_string(link, descriptor.serial_string, serial, error);
    if (status == OSB_ERR_STALL || status == OSB_ERR_PROTOCOL)
        return OSB_OK;
    TRY(status);
    id_from_serial(serial, id);
    return OSB_OK;
}

osb_status contact_open(transport *bus, const platform_list *platforms, const usb_identity *usb,
                        contact *made, osb_error *error)
{
    *made = (contact){.usb = *usb};
    made->board = platform_by_usb(platforms, usb->vendor_id, usb->product_id, &made->in_dfu);
    if (!made->board)
        return osb_fail(error, OSB_ERR_NOT_FOUND, usb->port, "run 'osbundle devices'",
                        "%04x:%04x is no board that is known here", usb->vendor_id,
                        usb->product_id);
    TRY(transport_open(bus, usb, &made->handle, error));
    usb_link link = {.handle = made->handle, .subject = made->usb.port};
    osb_status status = id_read(&link, made->device_id, error);
    if (status != OSB_OK)
        contact_close(made);
    return status;
}

void contact_close(contact *made)
{
    transport_close(made->handle);
    made->handle = NULL;
}
