#pragma once
/** DFU mode of a simulated board, device side. Inside sim/ only. */
#include "sim/usb_device.h"

enum dfu_state {
    DFU_IDLE = 2,
    DFU_DNLOAD_SYNC = 3,
    DFU_DNBUSY = 4,
    DFU_DNLOAD_IDLE = 5,
    DFU_MANIFEST_SYNC = 6,
    DFU_MANIFEST = 7,
    DFU_MANIFEST_WAIT_RESET = 8,
    DFU_UPLOAD_IDLE = 9,
    DFU_ERROR = 10
};

enum dfu_status {
    DFU_OK = 0x00,
    DFU_ERR_TARGET = 0x01,
    DFU_ERR_VENDOR = 0x0b,
    DFU_ERR_UNKNOWN = 0x0e,
    DFU_ERR_STALLED = 0x0f
};

enum {
    DFU_BLOCK_SIZE = 4096, /**< of address arithmetic, whatever the host sends */
    DFU_SAFE_MODE_BOOTLOADER = 3001,
    DFU_CLEAR_OVERRIDE_BOOTLOADER = 3100
};

typedef struct dfu_device {
    uint8_t state;
    uint8_t status;
    bool into_safe_mode;
    uint32_t pointer;
    uint16_t block; /**< wValue of the last DNLOAD */
    uint16_t block_size;
    uint8_t data[DFU_BLOCK_SIZE];
} dfu_device;

/** A configuration was set: idle, no error, pointer 0. */
void dfu_restart(dfu_device *device);
usb_answer dfu_control(sim_board *board, const usb_setup *setup, uint8_t *data, size_t *moved);

/* dfu_memory.c */
/** Starts what the last DNLOAD asked for; dfu_finish is called when it is done. */
void dfu_operate(sim_board *board);
/** Whether the last DNLOAD may run on a protected board. */
bool dfu_allowed_when_protected(const dfu_device *device);
/** The operation ended: DFU_OK or an error. */
void dfu_finish(sim_board *board, uint32_t status);
/** Reads `size` bytes for an UPLOAD of a memory block; false outside of it. */
bool dfu_memory_read(const sim_board *board, uint32_t address, uint16_t size, uint8_t *data);
/** The address of a memory block; false for blocks 0 and 1, which are none. */
bool dfu_block_address(const dfu_device *device, uint16_t block, uint32_t *address);
/** How long GETSTATUS tells the host to wait for the operation to come. */
uint16_t dfu_poll_ms(const sim_board *board);
