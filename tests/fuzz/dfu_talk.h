#pragma once
/** A whole talk with a DFU interface, in which a host reads everything that boards say there. */
#include "fuzz/answers.h"
#include "protocol/descriptor.h"
#include "protocol/dfu.h"

static inline osb_status read_descriptors(usb_link *link, osb_error *error)
{
    device_descriptor descriptor;
    char text[STRING_TEXT_SIZE];
    TRY(descriptor_read_device(link, &descriptor, error));
    TRY(descriptor_read_string(link, descriptor.serial_string, text, error));
    promise_text(text, sizeof text);
    return OSB_OK;
}

static inline osb_status open_interface(usb_link *link, dfu_port *port, osb_error *error)
{
    dfuse_map map;
    TRY(dfu_open(port, link, error));
    PROMISE(port->transfer_size > 0 && port->transfer_size <= USB_CONTROL_MAX);
    PROMISE(port->alternate_count > 0 && port->alternate_count <= DFU_ALTERNATES_MAX);
    TRY(dfu_read_map(port, 0, &map, error));
    PROMISE(map.count > 0);
    return dfu_select(port, 0, error);
}

static inline osb_status move_blocks(dfu_port *port, osb_error *error)
{
    static const uint8_t content[USB_CONTROL_MAX] = {1};
    uint8_t block[USB_CONTROL_MAX];
    const uint16_t size = port->transfer_size;
    TRY(dfu_erase_page(port, 0x08060000, error));
    TRY(dfu_write(port, 0x08060000, (span){content, size}, error));
    TRY(dfu_write(port, 0x08060000u + size, (span){content, 16}, error));
    TRY(dfu_read(port, 0x08060000, size, block, error));
    return dfu_read(port, 0x08060000u + size, 16, block, error);
}

/** From the first look at a board in DFU mode to its way out. */
static inline osb_status dfu_talk(usb_link *link, osb_error *error)
{
    dfu_port port;
    TRY(read_descriptors(link, error));
    TRY(open_interface(link, &port, error));
    TRY(move_blocks(&port, error));
    return dfu_leave(&port, error);
}
