/*
 * Sorts control transfers: standard requests here, DFU class requests to dfu_device.c, vendor
 * requests to control_device.c, line settings of the serial console to console_device.c.
 *
 * Invariant: a board that does not know a request stalls; nothing is ever silently accepted.
 */
#include "sim/usb_device.h"

#include <string.h>

#include "sim/board.h"
#include "sim/usb_descriptors.h"

enum {
    TYPE_MASK = 0x60,
    TYPE_STANDARD = 0x00,
    TYPE_CLASS = 0x20,
    TYPE_VENDOR = 0x40,
    RECIPIENT_MASK = 0x1f,
    CDC_SET_LINE_CODING = 0x20,
    CDC_GET_LINE_CODING = 0x21,
    CDC_SET_CONTROL_LINE_STATE = 0x22
};

usb_answer usb_reply(span answer, const usb_setup *setup, uint8_t *data, size_t *moved)
{
    span sent = span_slice(answer, 0, setup->length);
    if (sent.size)
        memcpy(data, sent.data, sent.size);
    *moved = sent.size;
    return USB_DONE;
}

static usb_answer get_descriptor(const sim_board *board, const usb_setup *setup, uint8_t *data,
                                 size_t *moved)
{
    BUF_OWNED descriptor = buf_make(USB_DESCRIPTOR_MAX);
    if (!usb_descriptor(board, (uint8_t)(setup->value >> 8), (uint8_t)setup->value, &descriptor))
        return USB_STALLED;
    return usb_reply(buf_span(&descriptor), setup, data, moved);
}

void usb_device_configured(sim_board *board)
{
    board->configuration = 1;
    board->alternate = 0;
    dfu_restart(&board->dfu);
}

static usb_answer set_configuration(sim_board *board, const usb_setup *setup)
{
    if (setup->value > 1)
        return USB_STALLED;
    usb_device_configured(board);
    board->configuration = (uint8_t)setup->value;
    return USB_DONE;
}

static usb_answer set_interface(sim_board *board, const usb_setup *setup)
{
    if (setup->index > UINT8_MAX || setup->value >= usb_alternates(board, (uint8_t)setup->index))
        return USB_STALLED;
    if (board->mode == BOARD_DFU)
        board->alternate = (uint8_t)setup->value;
    return USB_DONE;
}

static usb_answer standard_request(sim_board *board, const usb_setup *setup, uint8_t *data,
                                   size_t *moved)
{
    const uint8_t self_powered[] = {board->family->usb.attributes & 0x40 ? 1 : 0, 0};
    const bool to_device = !(setup->request_type & RECIPIENT_MASK);
    switch (setup->request) {
    case STANDARD_GET_STATUS:
        return usb_reply((span){to_device ? self_powered : (const uint8_t[]){0, 0}, 2}, setup, data,
                         moved);
    case STANDARD_GET_DESCRIPTOR:
        return get_descriptor(board, setup, data, moved);
    case STANDARD_GET_CONFIGURATION:
        return usb_reply((span){&board->configuration, 1}, setup, data, moved);
    case STANDARD_SET_CONFIGURATION:
        return set_configuration(board, setup);
    case STANDARD_GET_INTERFACE:
        return usb_reply((span){&board->alternate, 1}, setup, data, moved);
    case STANDARD_SET_INTERFACE:
        return set_interface(board, setup);
    case STANDARD_CLEAR_FEATURE:
        return USB_DONE;
    }
    return USB_STALLED;
}

static usb_answer console_request(sim_board *board, const usb_setup *setup, uint8_t *data,
                                  size_t *moved)
{
    if (setup->index != board->family->usb.line_interface)
        return USB_STALLED;
    switch (setup->request) {
    case CDC_SET_LINE_CODING:
        if (setup->length != CONSOLE_LINE_SIZE)
            return USB_STALLED;
        *moved = CONSOLE_LINE_SIZE;
        console_set_line(board, data);
        return USB_DONE;
    case CDC_GET_LINE_CODING:
        return usb_reply((span){board->console.line, CONSOLE_LINE_SIZE}, setup, data, moved);
    case CDC_SET_CONTROL_LINE_STATE:
        return USB_DONE; /* the drivers of all boards answer without DTR as well */
    }
    return USB_STALLED;
}

usb_answer usb_device_control(sim_board *board, const usb_setup *setup, uint8_t *data,
                              size_t *moved)
{
    *moved = 0;
    switch (setup->request_type & TYPE_MASK) {
    case TYPE_STANDARD:
        return standard_request(board, setup, data, moved);
    case TYPE_CLASS:
        if (board->mode == BOARD_DFU)
            return dfu_control(board, setup, data, moved);
        return console_request(board, setup, data, moved);
    case TYPE_VENDOR:
        if (board->mode == BOARD_DFU)
            return USB_STALLED;
        return control_request(board, setup, data, moved);
    }
    return USB_STALLED;
}
