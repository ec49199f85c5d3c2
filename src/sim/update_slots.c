/*
 * Reads and writes the update slots in the settings area.
 *
 * Decides nothing: who fills them is firmware_update.c, who empties them boot_copy.c. The order of
 * the fields inside a slot is the simulator's own; offset, size and magic are the device's.
 * Invariant: a slot counts only with its magic number.
 */
#include "sim/update_slots.h"

#include "base/buf.h"
#include "base/cursor.h"
#include "sim/board.h"

enum {
    SLOTS_OFFSET = 2852,
    SLOT_SIZE = 20,
    SLOT_MAGIC = 0xabcd,
    SLOT_EXTERNAL = 0x01,
    SLOT_HANDED_OVER = 0x02,
    SLOT_DROP_INFO = 0x04
};

static uint32_t slot_offset(size_t number)
{
    return SLOTS_OFFSET + (uint32_t)number * SLOT_SIZE;
}

bool update_slot_read(const sim_board *board, size_t number, update_slot *slot)
{
    *slot = (update_slot){0};
    const flash *settings = board_memory(board, "dct");
    if (!settings || number >= UPDATE_SLOT_COUNT)
        return false;
    cursor reader = cursor_make((span){settings->bytes, settings->size});
    cursor_seek(&reader, slot_offset(number));
    slot->source = cursor_u32le(&reader);
    slot->target = cursor_u32le(&reader);
    slot->size = cursor_u32le(&reader);
    uint16_t magic = cursor_u16le(&reader);
    slot->function = cursor_u8(&reader);
    slot->index = cursor_u8(&reader);
    uint8_t flags = cursor_u8(&reader);
    slot->from_external = flags & SLOT_EXTERNAL;
    slot->handed_over = flags & SLOT_HANDED_OVER;
    slot->drop_info = flags & SLOT_DROP_INFO;
    return !reader.failed && magic == SLOT_MAGIC;
}

void update_slot_write(sim_board *board, size_t number, const update_slot *slot)
{
    flash *settings = board_memory(board, "dct");
    if (!settings || number >= UPDATE_SLOT_COUNT)
        return;
    BUF_OWNED bytes = buf_make(SLOT_SIZE);
    unsigned flags = (slot->from_external ? SLOT_EXTERNAL : 0u) |
                     (slot->handed_over ? SLOT_HANDED_OVER : 0u) |
                     (slot->drop_info ? SLOT_DROP_INFO : 0u);
    buf_append_u32le(&bytes, slot->source);
    buf_append_u32le(&bytes, slot->target);
    buf_append_u32le(&bytes, slot->size);
    buf_append_u16le(&bytes, SLOT_MAGIC);
    buf_append_u8(&bytes, slot->function);
    buf_append_u8(&bytes, slot->index);
    buf_append_u8(&bytes, (uint8_t)flags);
    buf_append_fill(&bytes, 0xff, SLOT_SIZE - bytes.size);
    flash_store(settings, slot_offset(number), buf_span(&bytes));
}

bool update_slot_queue(sim_board *board, const update_slot *slot)
{
    update_slot taken;
    for (size_t i = UPDATE_SLOT_FIRST; i < UPDATE_SLOT_COUNT; i++) {
        if (update_slot_read(board, i, &taken))
            continue;
        update_slot_write(board, i, slot);
        return true;
    }
    return false;
}

void update_slot_drop(sim_board *board, size_t number)
{
    static const uint8_t blank[SLOT_SIZE] = {
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    };
    flash *settings = board_memory(board, "dct");
    if (settings && number < UPDATE_SLOT_COUNT)
        flash_store(settings, slot_offset(number), (span){blank, sizeof blank});
}

void update_slots_drop_all(sim_board *board)
{
    for (size_t i = UPDATE_SLOT_FIRST; i < UPDATE_SLOT_COUNT; i++)
        update_slot_drop(board, i);
}
