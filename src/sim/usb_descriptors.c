/*
 * Device and configuration descriptors: byte-exact in DFU mode, where device-os has them as tables
 * (bootloader/src/x/usbd_dfu.cpp); in normal mode as far as facts go, the rest by the CDC standard.
 *
 * Strings are usb_strings.c. Invariant: wTotalLength is what follows.
 */
#include "sim/usb_descriptors.h"

#include "sim/board.h"
#include "sim/usb_strings.h"

enum {
    ENDPOINT_0_SIZE = 64,
    CONTROL_INTERFACE_STRING = 5,
    DFU_ATTRIBUTES = 0x0b, /**< download, upload, will detach; not manifestation tolerant */
    DFU_DETACH_TIMEOUT = 255,
    DFU_TRANSFER_SIZE = 4096,
    DFU_VERSION = 0x011a /**< DfuSe */
};

static void append_bytes(buf *target, const uint8_t *bytes, size_t size)
{
    buf_append(target, (span){bytes, size});
}

static void append_endpoint(buf *descriptor, uint8_t address, bool bulk)
{
    const uint8_t interrupt[] = {7, 5, address, 3, 8, 0, 0x10};
    const uint8_t data[] = {7, 5, address, 2, 64, 0, 0};
    append_bytes(descriptor, bulk ? data : interrupt, sizeof data);
}

void usb_append_cdc(buf *descriptor, const usb_manners *usb)
{
    const uint8_t first_interface = usb->line_interface;
    const uint8_t data_interface = (uint8_t)(first_interface + 1);
    const uint8_t head[] = {
        8,
        0x0b,
        first_interface,
        2,
        2,
        2,
        1,
        0, /* interface association */
        9,
        4,
        first_interface,
        0,
        1,
        2,
        2,
        1,
        0, /* communication interface */
        5,
        0x24,
        0,
        0x10,
        1, /* header, CDC 1.10 */
        5,
        0x24,
        1,
        3,
        data_interface, /* call management */
        4,
        0x24,
        2,
        2, /* ACM capabilities */
        5,
        0x24,
        6,
        first_interface,
        data_interface /* union */
    };
    const uint8_t data[] = {9, 4, data_interface, 0, 2, 0x0a, 0, 0, 0};
    append_bytes(descriptor, head, sizeof head);
    append_endpoint(descriptor, usb->endpoints.interrupt, false);
    append_bytes(descriptor, data, sizeof data);
    append_endpoint(descriptor, usb->endpoints.in, true);
    append_endpoint(descriptor, usb->endpoints.out, true);
}

void usb_append_vendor(buf *descriptor, uint8_t interface_number)
{
    const uint8_t bytes[] = {9,    4,    interface_number,        0, 0, 0xff,
                             0xff, 0xff, CONTROL_INTERFACE_STRING};
    append_bytes(descriptor, bytes, sizeof bytes);
}

static void append_device(const sim_board *board, buf *descriptor)
{
    const bool dfu = board->mode == BOARD_DFU;
    const uint8_t normal_class[] = {0xef, 2, 1, ENDPOINT_0_SIZE};
    const uint8_t dfu_class[] = {0, 0, 0, ENDPOINT_0_SIZE};
    const usb_manners *usb = &board->family->usb;
    buf_append_u8(descriptor, 18);
    buf_append_u8(descriptor, DESCRIPTOR_DEVICE);
    buf_append_u16le(descriptor, 0x0200);
    append_bytes(descriptor, dfu ? dfu_class : normal_class, 4);
    buf_append_u16le(descriptor, board->shown->vendor_id);
    buf_append_u16le(descriptor, usb_product_id(board));
    buf_append_u16le(descriptor, dfu ? usb->dfu_release : usb->normal_release);
    const uint8_t tail[] = {1, STRING_PRODUCT, STRING_SERIAL, 1};
    append_bytes(descriptor, tail, sizeof tail);
}

static void append_functional(buf *descriptor)
{
    buf_append_u8(descriptor, 9);
    buf_append_u8(descriptor, DESCRIPTOR_DFU_FUNCTIONAL);
    buf_append_u8(descriptor, DFU_ATTRIBUTES);
    buf_append_u16le(descriptor, DFU_DETACH_TIMEOUT);
    buf_append_u16le(descriptor, DFU_TRANSFER_SIZE);
    buf_append_u16le(descriptor, DFU_VERSION);
}

static void append_dfu_configuration(const sim_board *board, buf *descriptor)
{
    const dfu_manners *dfu = &board->family->dfu;
    const uint8_t header[] = {9, 2, 0, 0, 1, 1, dfu->configuration_string, 0xc0, 0x32};
    append_bytes(descriptor, header, sizeof header);
    for (uint8_t alternate = 0; alternate < board->memory_count; alternate++) {
        const uint8_t string = (uint8_t)(dfu->first_alternate_string + alternate);
        const uint8_t interface[] = {9, 4, 0, alternate, 0, 0xfe, 1, 2, string};
        append_bytes(descriptor, interface, sizeof interface);
    }
    append_functional(descriptor);
}

static void append_configuration(const sim_board *board, buf *descriptor)
{
    const usb_manners *usb = &board->family->usb;
    if (board->mode == BOARD_DFU) {
        append_dfu_configuration(board, descriptor);
    } else {
        const uint8_t header[] = {
            9,         2, 0, 0, usb->interface_count, 1, usb->configuration_string, usb->attributes,
            usb->power};
        append_bytes(descriptor, header, sizeof header);
        board->family->append_interfaces(usb, descriptor);
    }
    buf_patch_u16le(descriptor, 2, (uint16_t)descriptor->size);
}

bool usb_descriptor(const sim_board *board, uint8_t type, uint8_t index, buf *descriptor)
{
    switch (type) {
    case DESCRIPTOR_DEVICE:
        append_device(board, descriptor);
        return index == 0;
    case DESCRIPTOR_CONFIGURATION:
        append_configuration(board, descriptor);
        return index == 0;
    case DESCRIPTOR_STRING:
        return usb_string(board, index, descriptor);
    case DESCRIPTOR_DFU_FUNCTIONAL:
        append_functional(descriptor);
        return board->mode == BOARD_DFU;
    }
    return false;
}

uint8_t usb_alternates(const sim_board *board, uint8_t interface_number)
{
    if (board->mode == BOARD_DFU)
        return interface_number == 0 ? (uint8_t)board->memory_count : 0;
    return interface_number < board->family->usb.interface_count;
}

uint16_t usb_product_id(const sim_board *board)
{
    return board->mode == BOARD_DFU ? board->shown->dfu_product_id : board->shown->product_id;
}
