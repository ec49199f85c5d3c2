/*
 * Puts staged updates in place during a start, as bootloader and first stage do.
 *
 * Queues flash work only; a slot is dropped when its copy is finished, so a power cut in between
 * makes the next start copy it again from the beginning. Invariant: one part of the boot chain
 * itself is replaced per start, and last.
 */
#include "sim/boot.h"

#include "base/cursor.h"
#include "base/digest.h"
#include "sim/board.h"
#include "sim/update_slots.h"

enum {
    RESET_US = 200000,
    CLEARS_FORMER_USER_PART = 1100 /**< bootloader of Device OS 3.1.0 */
};

static void copied(sim_board *board, uint32_t number)
{
    update_slot slot;
    char name[MODULE_SLOT_TEXT];
    if (!update_slot_read(board, number, &slot))
        return;
    slot_text((module_slot){slot.function, slot.index}, name);
    board_note(board, "%s was copied from the staging region to 0x%08x", name, slot.target);
    update_slot_drop(board, number);
    board_save(board);
}

static void hand_over(sim_board *board, uint32_t number)
{
    update_slot slot;
    if (!update_slot_read(board, number, &slot))
        return;
    slot.handed_over = true;
    update_slot_write(board, number, &slot);
}

/** The staged image, if it is still whole. */
static bool read_staged(const sim_board *board, const update_slot *slot, span *image)
{
    const flash *chip = board_memory(board, slot->from_external ? "external" : "internal");
    if (!chip || !flash_holds(chip, slot->source, slot->size) || slot->size <= MODULE_CRC_SIZE)
        return false;
    *image = (span){chip->bytes + slot->source, slot->size};
    cursor reader = cursor_make(*image);
    cursor_seek(&reader, slot->size - MODULE_CRC_SIZE);
    return cursor_u32be(&reader) == crc32_of(span_slice(*image, 0, slot->size - MODULE_CRC_SIZE));
}

/** A new 256 KB application takes the former one away first: its page lies inside the new place. */
static void clear_former_user_part(sim_board *board, flash *chip, const update_slot *slot)
{
    uint32_t offset;
    if (slot->function == MODULE_USER_PART && slot->index == 2 &&
        board->running.bootloader_version >= CLEARS_FORMER_USER_PART &&
        flash_offset_of(chip, board->kind->former_user_part, &offset))
        work_erase(board, chip, offset, 1);
}

static void queue_copy(sim_board *board, size_t number, const update_slot *slot)
{
    flash *chip = board_memory(board, "internal");
    span image = {0};
    uint32_t offset;
    if (!chip || !read_staged(board, slot, &image) ||
        !flash_offset_of(chip, slot->target, &offset)) {
        board_note(board, "update slot %zu holds no whole module any more: dropped", number);
        update_slot_drop(board, number);
        return;
    }
    if (board->defects.lies) {
        board_note(board, "defect: update slot %zu was dropped without a copy", number);
        update_slot_drop(board, number);
        return;
    }
    if (slot->drop_info)
        image = span_slice(image, MODULE_PREFIX_SIZE, image.size);
    clear_former_user_part(board, chip, slot);
    work_erase(board, chip, offset, (uint32_t)image.size);
    work_program(board, chip, offset, image);
    work_then(board, copied, (uint32_t)number);
}

bool boot_copy_handed_over(sim_board *board)
{
    update_slot slot;
    for (size_t i = 0; i < UPDATE_SLOT_COUNT; i++) {
        if (!update_slot_read(board, i, &slot) || !slot.handed_over)
            continue;
        board_note(board, "the first stage goes on copying update slot %zu", i);
        queue_copy(board, i, &slot);
        return true;
    }
    return false;
}

/** Replaces part of the boot chain: by the first stage where that is safe. */
static void queue_boot_chain(sim_board *board, size_t number, const update_slot *slot)
{
    if (board->running.bootloader_version >= board->family->boot.safe_self_update) {
        work_then(board, hand_over, (uint32_t)number);
        work_pause(board, RESET_US);
    }
    queue_copy(board, number, slot);
    work_pause(board, RESET_US);
}

bool boot_copy_waiting(sim_board *board)
{
    update_slot slot, chain = {0};
    size_t chain_number = UPDATE_SLOT_COUNT;
    for (size_t i = 0; i < UPDATE_SLOT_COUNT; i++) {
        if (!update_slot_read(board, i, &slot))
            continue;
        if (slot.function != MODULE_BOOTLOADER) {
            queue_copy(board, i, &slot);
        } else if (chain_number == UPDATE_SLOT_COUNT) {
            chain = slot;
            chain_number = i;
        }
    }
    if (chain_number == UPDATE_SLOT_COUNT)
        return false;
    queue_boot_chain(board, chain_number, &chain);
    return true;
}
