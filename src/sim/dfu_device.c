/*
 * The DFU state machine of the bootloaders (device-os
 * bootloader/src/{nRF52840,rtl872x}/usbd_dfu.cpp; Gen 2: v3.3.1 usbd_dfu_core.c).
 *
 * What an operation does to memory is dfu_memory.c. Invariant: an operation starts only behind the
 * GETSTATUS that answers dfuDNBUSY, once, and no other request is answered before it is over.
 */
#include "sim/dfu_device.h"

#include <string.h>

#include "sim/board.h"

enum dfu_request {
    DFU_DETACH = 0,
    DFU_DNLOAD = 1,
    DFU_UPLOAD = 2,
    DFU_GETSTATUS = 3,
    DFU_CLRSTATUS = 4,
    DFU_GETSTATE = 5,
    DFU_ABORT = 6
};

enum {
    STATUS_SIZE = 6,
    LEAVE_DELAY_MS = 500,
    REATTACH_US = 300000
};

void dfu_restart(dfu_device *device)
{
    device->state = DFU_IDLE;
    device->status = DFU_OK;
    device->pointer = 0;
    device->block_size = 0;
    device->into_safe_mode = false;
}

static void set_error(dfu_device *device, uint8_t status)
{
    device->state = DFU_ERROR;
    device->status = status;
}

static usb_answer refuse(dfu_device *device)
{
    set_error(device, DFU_ERR_UNKNOWN);
    return USB_STALLED;
}

/** States from which ABORT and DETACH are legal. */
static bool is_resting(const dfu_device *device)
{
    return device->state == DFU_IDLE || device->state == DFU_DNLOAD_SYNC ||
           device->state == DFU_DNLOAD_IDLE || device->state == DFU_MANIFEST_SYNC ||
           device->state == DFU_UPLOAD_IDLE;
}

static usb_answer download(dfu_device *device, const usb_setup *setup, const uint8_t *data,
                           size_t *moved)
{
    if (device->state != DFU_IDLE && device->state != DFU_DNLOAD_IDLE)
        return refuse(device);
    if (!setup->length) {
        device->state = DFU_MANIFEST_SYNC;
        return USB_DONE;
    }
    if (setup->length > DFU_BLOCK_SIZE)
        return refuse(device);
    memcpy(device->data, data, setup->length);
    device->block = setup->value;
    device->block_size = setup->length;
    device->state = DFU_DNLOAD_SYNC;
    *moved = setup->length;
    return USB_DONE;
}

/** Commands are listed by UPLOAD of block 0; older bootloaders know fewer. */
static usb_answer upload_commands(sim_board *board, const usb_setup *setup, uint8_t *data,
                                  size_t *moved)
{
    static const uint8_t commands[] = {0x00, 0x21, 0x41, 0xfa, 0xfb};
    uint16_t version = board->running.bootloader_version;
    size_t count = version >= DFU_CLEAR_OVERRIDE_BOOTLOADER ? 5
                   : version >= DFU_SAFE_MODE_BOOTLOADER    ? 4
                                                            : 3;
    board->dfu.state = DFU_IDLE;
    return usb_reply((span){commands, count}, setup, data, moved);
}

static usb_answer upload(sim_board *board, const usb_setup *setup, uint8_t *data, size_t *moved)
{
    dfu_device *device = &board->dfu;
    uint32_t address;
    if (device->state != DFU_IDLE && device->state != DFU_UPLOAD_IDLE)
        return refuse(device);
    if (setup->value == 0)
        return upload_commands(board, setup, data, moved);
    if (protection_of(board) == PROTECTION_PROTECTED) {
        set_error(device, DFU_ERR_VENDOR);
        return USB_DONE;
    }
    if (!dfu_block_address(device, setup->value, &address) ||
        !dfu_memory_read(board, address, setup->length, data))
        return refuse(device);
    device->state = DFU_UPLOAD_IDLE;
    *moved = setup->length;
    return USB_DONE;
}

static usb_answer reply_status(const sim_board *board, uint8_t state, uint16_t poll_ms,
                               const usb_setup *setup, uint8_t *data, size_t *moved)
{
    const dfu_device *device = &board->dfu;
    const bool says_why = device->status == DFU_ERR_VENDOR;
    const uint8_t reply[STATUS_SIZE] = {device->status,
                                        (uint8_t)poll_ms,
                                        (uint8_t)(poll_ms >> 8),
                                        0,
                                        state,
                                        says_why ? board->family->dfu.error_string : 0};
    return usb_reply((span){reply, sizeof reply}, setup, data, moved);
}

/** The first GETSTATUS behind a DNLOAD: answers busy and sets the operation going. */
static usb_answer start_operation(sim_board *board, const usb_setup *setup, uint8_t *data,
                                  size_t *moved)
{
    dfu_device *device = &board->dfu;
    if (protection_of(board) == PROTECTION_PROTECTED && !dfu_allowed_when_protected(device)) {
        set_error(device, DFU_ERR_VENDOR);
        return reply_status(board, DFU_ERROR, 0, setup, data, moved);
    }
    device->state = DFU_DNBUSY;
    usb_answer answer = reply_status(board, DFU_DNBUSY, dfu_poll_ms(board), setup, data, moved);
    dfu_operate(board);
    return answer;
}

static usb_answer leave(sim_board *board, const usb_setup *setup, uint8_t *data, size_t *moved)
{
    board->dfu.state = DFU_MANIFEST;
    board_reset_later(board, LEAVE_DELAY_MS,
                      board->dfu.into_safe_mode ? BOOT_INTO_SAFE_MODE : BOOT_NORMALLY);
    return reply_status(board, board->family->dfu.leave_state, 0, setup, data, moved);
}

static usb_answer get_status(sim_board *board, const usb_setup *setup, uint8_t *data, size_t *moved)
{
    dfu_device *device = &board->dfu;
    switch (device->state) {
    case DFU_DNLOAD_SYNC:
        return start_operation(board, setup, data, moved);
    case DFU_MANIFEST_SYNC:
        return leave(board, setup, data, moved);
    case DFU_IDLE:
    case DFU_DNLOAD_IDLE:
    case DFU_MANIFEST:
    case DFU_UPLOAD_IDLE:
    case DFU_ERROR:
        return reply_status(board, device->state, 0, setup, data, moved);
    }
    return refuse(device);
}

static usb_answer get_state(sim_board *board, const usb_setup *setup, uint8_t *data, size_t *moved)
{
    const dfu_device *device = &board->dfu;
    const bool answers = device->state != DFU_DNBUSY && device->state != DFU_MANIFEST &&
                         device->state != DFU_MANIFEST_WAIT_RESET;
    if (!answers && !board->family->dfu.state_always_answers)
        return USB_STALLED;
    return usb_reply((span){&device->state, 1}, setup, data, moved);
}

static usb_answer clear_status(const sim_board *board, dfu_device *device)
{
    if (device->state == DFU_ERROR) {
        device->state = DFU_IDLE;
        device->status = DFU_OK;
        return USB_DONE;
    }
    set_error(device, DFU_ERR_UNKNOWN);
    return board->family->dfu.stray_clear_stalls ? USB_STALLED : USB_DONE;
}

static usb_answer abort_operation(const sim_board *board, dfu_device *device)
{
    if (is_resting(device)) {
        device->state = DFU_IDLE;
        device->block_size = 0;
        device->into_safe_mode = false;
        return USB_DONE;
    }
    return board->family->dfu.stray_abort_stalls ? refuse(device) : USB_DONE;
}

static void attach_again(sim_board *board, uint32_t unused)
{
    (void)unused;
    board_attach(board);
}

static usb_answer detach(sim_board *board)
{
    if (!is_resting(&board->dfu))
        return refuse(&board->dfu);
    board_detach(board);
    work_pause(board, REATTACH_US);
    work_then(board, attach_again, 0);
    return USB_DONE;
}

usb_answer dfu_control(sim_board *board, const usb_setup *setup, uint8_t *data, size_t *moved)
{
    const bool in = setup->request_type == USB_CLASS_INTERFACE_IN;
    if ((!in && setup->request_type != USB_CLASS_INTERFACE_OUT) || setup->index != 0)
        return USB_STALLED;
    switch (setup->request) {
    case DFU_DETACH:
        return in ? USB_STALLED : detach(board);
    case DFU_DNLOAD:
        return in ? USB_STALLED : download(&board->dfu, setup, data, moved);
    case DFU_UPLOAD:
        return in ? upload(board, setup, data, moved) : USB_STALLED;
    case DFU_GETSTATUS:
        return in ? get_status(board, setup, data, moved) : USB_STALLED;
    case DFU_CLRSTATUS:
        return in ? USB_STALLED : clear_status(board, &board->dfu);
    case DFU_GETSTATE:
        return in ? get_state(board, setup, data, moved) : USB_STALLED;
    case DFU_ABORT:
        return in ? USB_STALLED : abort_operation(board, &board->dfu);
    }
    return USB_STALLED;
}
