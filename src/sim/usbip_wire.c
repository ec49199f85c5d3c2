/*
 * Reads commands and writes replies of USB/IP: all numbers big-endian but the setup packet.
 *
 * Moves no bytes and knows no connection. Invariant: replies have the fixed sizes that the kernel
 * reads, whatever a board's descriptors say.
 */
#include "sim/usbip_wire.h"

#include "base/cursor.h"
#include "base/text.h"
#include "sim/board.h"
#include "sim/usb_descriptors.h"

enum {
    PATH_FIELD_SIZE = 256,
    REPLY_PADDING = 8,
    UNLINK_PADDING = 24,
    FULL_SPEED = 2,
    BUS_NUMBER = 1,
    DESCRIPTOR_INTERFACE = 4,
    MAXIMUM_TRANSFER = 64 * 1024
};

static uint16_t swapped(uint16_t value)
{
    return (uint16_t)(value >> 8 | value << 8);
}

static void append_u16be(buf *out, uint16_t value)
{
    buf_append_u16le(out, swapped(value));
}

static usb_setup read_setup(cursor *reader)
{
    usb_setup setup = {.request_type = cursor_u8(reader), .request = cursor_u8(reader)};
    setup.value = cursor_u16le(reader);
    setup.index = cursor_u16le(reader);
    setup.length = cursor_u16le(reader);
    return setup;
}

bool usbip_command_parse(span bytes, usbip_command *command)
{
    cursor reader = cursor_make(bytes);
    *command = (usbip_command){.code = cursor_u32be(&reader), .sequence = cursor_u32be(&reader)};
    cursor_take(&reader, 4); /* device id: the connection says which board it is */
    command->in = cursor_u32be(&reader) != 0;
    command->endpoint = cursor_u32be(&reader);
    if (command->code == COMMAND_UNLINK) {
        command->unlinked = cursor_u32be(&reader);
        return !reader.failed;
    }
    cursor_take(&reader, 4); /* transfer flags */
    command->length = cursor_u32be(&reader);
    cursor_take(&reader, 12); /* start frame, packets, interval: isochronous and interrupt only */
    command->setup = read_setup(&reader);
    return !reader.failed && command->code == COMMAND_SUBMIT && command->endpoint < 16 &&
           command->length <= MAXIMUM_TRANSFER;
}

static void append_head(buf *out, uint32_t code, uint32_t sequence)
{
    buf_append_u32be(out, code);
    buf_append_u32be(out, sequence);
    buf_append_fill(out, 0, 12); /* device, direction, endpoint: the host knows them */
}

void usbip_append_submit_reply(buf *out, uint32_t sequence, int32_t status, uint32_t actual,
                               span data)
{
    append_head(out, REPLY_SUBMIT, sequence);
    buf_append_u32be(out, (uint32_t)status);
    buf_append_u32be(out, actual);
    buf_append_fill(out, 0, 12 + REPLY_PADDING); /* start frame, packets, errors */
    buf_append(out, data);
}

void usbip_append_unlink_reply(buf *out, uint32_t sequence, int32_t status)
{
    append_head(out, REPLY_UNLINK, sequence);
    buf_append_u32be(out, (uint32_t)status);
    buf_append_fill(out, 0, UNLINK_PADDING);
}

void usbip_append_operation(buf *out, uint16_t code, uint32_t status)
{
    append_u16be(out, USBIP_VERSION);
    append_u16be(out, code);
    buf_append_u32be(out, status);
}

static void append_field(buf *out, const char *text, size_t size)
{
    const size_t before = out->size;
    buf_append_text(out, text);
    buf_append_fill(out, 0, size - (out->size - before));
}

void usbip_append_board(buf *out, const sim_board *board, uint32_t number)
{
    char path[PATH_FIELD_SIZE];
    BUF_OWNED told = buf_make(USB_DESCRIPTOR_MAX);
    usb_descriptor(board, DESCRIPTOR_DEVICE, 0, &told);
    cursor reader = cursor_make(buf_span(&told));
    cursor_seek(&reader, 4);
    span class = cursor_take(&reader, 3);
    cursor_seek(&reader, 8);
    text_format(path, sizeof path, "/sys/devices/osbundle/%s", board->port);
    append_field(out, path, PATH_FIELD_SIZE);
    append_field(out, board->port, USBIP_BUS_ID_SIZE);
    buf_append_u32be(out, BUS_NUMBER);
    buf_append_u32be(out, number);
    buf_append_u32be(out, FULL_SPEED);
    for (int i = 0; i < 3; i++) /* vendor, product, release */
        append_u16be(out, cursor_u16le(&reader));
    buf_append(out, class);
    buf_append_u8(out, board->configuration);
    buf_append_u8(out, 1); /* configurations */
    buf_append_u8(out, board->mode == BOARD_DFU ? 1 : board->family->usb.interface_count);
}

void usbip_append_interfaces(buf *out, const sim_board *board)
{
    BUF_OWNED told = buf_make(USB_DESCRIPTOR_MAX);
    usb_descriptor(board, DESCRIPTOR_CONFIGURATION, 0, &told);
    cursor reader = cursor_make(buf_span(&told));
    while (cursor_rest(&reader) >= 2) {
        const size_t start = reader.offset;
        const uint8_t length = cursor_u8(&reader);
        if (cursor_u8(&reader) == DESCRIPTOR_INTERFACE) {
            cursor_seek(&reader, start + 3);
            const bool first_setting = cursor_u8(&reader) == 0;
            cursor_seek(&reader, start + 5);
            span class = cursor_take(&reader, 3);
            if (first_setting) {
                buf_append(out, class);
                buf_append_u8(out, 0);
            }
        }
        cursor_seek(&reader, start + length);
    }
}
