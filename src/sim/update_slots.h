#pragma once
/**
 * The list of updates that wait for the bootloader: five slots in the settings area, so that they
 * outlive resets and power cuts (device-os DCT "flash modules", offset 2852, 20 bytes each).
 */
#include "sim/flash.h"
#include "sim/sim.h"

enum {
    UPDATE_SLOT_COUNT = 5,
    UPDATE_SLOT_FIRST = 1 /**< slot 0 belongs to the factory reset */
};

typedef struct update_slot {
    bool from_external; /**< staged in external flash, else in internal */
    bool handed_over;   /**< the first stage copies it, whatever state the bootloader is in */
    bool drop_info;     /**< its 24-byte header is not copied */
    uint8_t function;
    uint8_t index;
    uint32_t source; /**< offset in its chip */
    uint32_t target; /**< flash address of the whole image */
    uint32_t size;   /**< of the whole image, header and CRC included */
} update_slot;

bool update_slot_read(const sim_board *board, size_t number, update_slot *slot);
void update_slot_write(sim_board *board, size_t number, const update_slot *slot);
/** Puts it into the first free slot; false when there is none. */
bool update_slot_queue(sim_board *board, const update_slot *slot);
void update_slot_drop(sim_board *board, size_t number);
void update_slots_drop_all(sim_board *board);
