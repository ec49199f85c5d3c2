/*
 * What DfuSe commands and memory blocks do to flash (device-os bootloader usbd_dfu_mal.cpp).
 *
 * States and statuses are dfu_device.c. Invariant: writing never erases and erasing never writes,
 * except in the settings area, which the bootloader emulates.
 */
#include "sim/dfu_device.h"

#include "base/cursor.h"
#include "sim/board.h"
#include "sim/installed.h"

enum dfuse_command {
    DFUSE_GET_COMMANDS = 0x00,
    DFUSE_SET_ADDRESS = 0x21,
    DFUSE_ERASE = 0x41,
    DFUSE_READ_UNPROTECT = 0x92,
    DFUSE_SAFE_MODE = 0xfa,
    DFUSE_CLEAR_OVERRIDE = 0xfb
};

enum {
    ADDRESS_COMMAND_SIZE = 5,
    FIRST_MEMORY_BLOCK = 2,
    CLEARS_FORMER_USER_PART = 1100 /**< bootloader of Device OS 3.1.0 */
};

void dfu_finish(sim_board *board, uint32_t status)
{
    dfu_device *device = &board->dfu;
    if (status != DFU_OK && board->family->dfu.silent_errors)
        status = DFU_OK;
    device->status = (uint8_t)status;
    device->state = status == DFU_OK ? DFU_DNLOAD_IDLE : DFU_ERROR;
}

bool dfu_allowed_when_protected(const dfu_device *device)
{
    return device->block == 0 && device->block_size &&
           (device->data[0] == DFUSE_SAFE_MODE || device->data[0] == DFUSE_CLEAR_OVERRIDE);
}

bool dfu_block_address(const dfu_device *device, uint16_t block, uint32_t *address)
{
    *address = device->pointer + (uint32_t)(block - FIRST_MEMORY_BLOCK) * DFU_BLOCK_SIZE;
    return block >= FIRST_MEMORY_BLOCK;
}

static bool is_settings(const flash *chip)
{
    return chip == NULL || chip->memory->alternate == 1;
}

/** The chip and offset that an address means in the chosen alternate setting. */
static flash *locate(const sim_board *board, uint32_t address, uint64_t size, uint32_t *offset)
{
    flash *chip = board_memory_by_alternate(board, board->alternate);
    if (!chip || !flash_offset_of(chip, address, offset) || !flash_holds(chip, *offset, size))
        return NULL;
    return chip;
}

/** Addresses that the bootloader guards whatever its map says (Gen 2). */
static bool is_refused(const sim_board *board, const flash *chip, uint32_t address)
{
    const dfu_manners *dfu = &board->family->dfu;
    return chip->memory->alternate == 0 && address >= dfu->refused_start &&
           address < dfu->refused_end;
}

bool dfu_memory_read(const sim_board *board, uint32_t address, uint16_t size, uint8_t *data)
{
    uint32_t offset;
    const flash *chip = locate(board, address, size, &offset);
    if (chip && protection_on_read(board, chip, address) != PROTECTION_ALLOWS)
        chip = NULL;
    for (uint16_t i = 0; i < size; i++) {
        if (chip)
            data[i] = chip->bytes[offset + i];
        else
            data[i] = 0;
    }
    return chip || board->family->dfu.upload_outside_is_zeros;
}

uint16_t dfu_poll_ms(const sim_board *board)
{
    const dfu_device *device = &board->dfu;
    if (board->alternate != 1)
        return 0;
    bool erase = device->block == 0 && device->data[0] == DFUSE_ERASE;
    return erase ? board->family->dfu.settings_erase_poll_ms
                 : board->family->dfu.settings_write_poll_ms;
}

static uint32_t command_address(const dfu_device *device)
{
    cursor reader = cursor_make((span){device->data + 1, ADDRESS_COMMAND_SIZE - 1});
    return cursor_u32le(&reader);
}

static void erase(sim_board *board)
{
    dfu_device *device = &board->dfu;
    const uint32_t address = command_address(device);
    uint32_t offset;
    flash *chip = locate(board, address, 1, &offset);
    if (board->family->dfu.erase_sets_pointer)
        device->pointer = address;
    if (!chip || is_refused(board, chip, address)) {
        work_then(board, dfu_finish, DFU_ERR_UNKNOWN);
        return;
    }
    const protection_verdict verdict = protection_on_erase(board, chip, address);
    if (verdict == PROTECTION_HIDES) {
        work_then(board, dfu_finish, DFU_ERR_UNKNOWN);
        return;
    }
    if (!is_settings(chip) && !board->defects.lies && verdict == PROTECTION_ALLOWS)
        work_erase(board, chip, offset, 1);
    work_then(board, dfu_finish, DFU_OK);
}

static void set_address(sim_board *board)
{
    board->dfu.pointer = command_address(&board->dfu);
    work_then(board, dfu_finish, DFU_OK);
}

static void enter_safe_mode(sim_board *board, uint32_t unused)
{
    (void)unused;
    board->dfu.into_safe_mode = true;
    board->dfu.state = DFU_MANIFEST_SYNC;
}

static void command(sim_board *board)
{
    const dfu_device *device = &board->dfu;
    const uint16_t version = board->running.bootloader_version;
    const bool has_address = device->block_size == ADDRESS_COMMAND_SIZE;
    uint32_t status = DFU_ERR_STALLED;
    switch (device->data[0]) {
    case DFUSE_GET_COMMANDS:
        return; /* the bootloader forgets to leave dfuDNBUSY; the next GETSTATUS stalls */
    case DFUSE_SET_ADDRESS:
        if (has_address) {
            set_address(board);
            return;
        }
        status = DFU_ERR_UNKNOWN;
        break;
    case DFUSE_ERASE:
        if (has_address) {
            erase(board);
            return;
        }
        /* One byte would be a mass erase. */
        status = device->block_size == 1 ? DFU_ERR_TARGET : DFU_ERR_UNKNOWN;
        break;
    case DFUSE_READ_UNPROTECT:
        status = DFU_ERR_UNKNOWN;
        break;
    case DFUSE_SAFE_MODE:
        if (version >= DFU_SAFE_MODE_BOOTLOADER && device->block_size == 1) {
            work_then(board, enter_safe_mode, 0);
            return;
        }
        break;
    case DFUSE_CLEAR_OVERRIDE:
        if (version >= DFU_CLEAR_OVERRIDE_BOOTLOADER) {
            protection_end_service(board);
            status = DFU_OK;
        }
        break;
    }
    work_then(board, dfu_finish, status);
}

/** A valid header that arrives at the 256 KB place takes the former 128 KB application away. */
static void clear_former_user_part(sim_board *board, flash *chip, uint32_t address)
{
    const platform_slot *current =
        platform_find_slot(board->kind, (module_slot){MODULE_USER_PART, 2});
    uint32_t offset;
    module header;
    if (!current || address != current->start || board->dfu.block_size < MODULE_PREFIX_SIZE ||
        board->running.bootloader_version < CLEARS_FORMER_USER_PART ||
        !flash_offset_of(chip, board->kind->former_user_part, &offset))
        return;
    span written = {board->dfu.data, board->dfu.block_size};
    if (!module_peek(written, 0, &header) || header.platform_id != board->kind->id ||
        !slot_equal(header.slot, current->slot))
        return;
    work_erase(board, chip, offset, 1);
}

static void write_block(sim_board *board)
{
    const dfu_device *device = &board->dfu;
    uint32_t address, offset;
    flash *chip = NULL;
    if (dfu_block_address(device, device->block, &address))
        chip = locate(board, address, device->block_size, &offset);
    if (!chip || is_refused(board, chip, address)) {
        work_then(board, dfu_finish, device->block == 1 ? DFU_ERR_TARGET : DFU_ERR_UNKNOWN);
        return;
    }
    span bytes = {device->data, device->block_size};
    const protection_verdict verdict = protection_on_write(board, chip, address, bytes);
    if (verdict == PROTECTION_HIDES || verdict == PROTECTION_DENIES) {
        work_then(board, dfu_finish,
                  verdict == PROTECTION_HIDES ? DFU_ERR_UNKNOWN : DFU_ERR_VENDOR);
        return;
    }
    if (verdict == PROTECTION_ERASES_THEN_WRITES)
        work_erase(board, chip, offset, device->block_size);
    if (board->defects.lies) {
        work_pause(board, flash_program_us(chip, device->block_size));
    } else if (is_settings(chip)) {
        work_store(board, chip, offset, bytes);
    } else {
        work_program(board, chip, offset, bytes);
        if (board->alternate == 0)
            clear_former_user_part(board, chip, address);
    }
    work_then(board, dfu_finish, DFU_OK);
}

void dfu_operate(sim_board *board)
{
    if (board->dfu.block == 0)
        command(board);
    else
        write_block(board);
}
