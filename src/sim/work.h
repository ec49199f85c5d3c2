#pragma once
/**
 * What a board is busy with: flash operations and pauses, one after another, in simulated time.
 *
 * A step is one sector erased or one page programmed. It takes effect when its time is over; when
 * the power fails in the middle, half of it is done.
 */
#include "sim/flash.h"
#include "sim/sim.h"

enum {
    WORK_ITEMS_MAX = 48, /**< a boot that copies five slots needs 25 */
    WORK_PAGE = 4096
};

typedef enum work_kind {
    WORK_PAUSE,
    WORK_ERASE,   /**< the sectors that the range touches */
    WORK_PROGRAM, /**< clears bits */
    WORK_STORE,   /**< overwrites: settings area */
    WORK_CALL
} work_kind;

typedef void (*work_call)(sim_board *board, uint32_t argument);

typedef struct work_item {
    work_kind kind;
    flash *target;
    uint32_t offset;
    uint32_t size;
    const uint8_t *source; /**< stays alive until the item is done */
    uint64_t pause_us;
    work_call call;
    uint32_t argument;
} work_item;

typedef struct work_queue {
    work_item items[WORK_ITEMS_MAX];
    size_t count;
    uint32_t done;   /**< bytes of the first item that are finished */
    uint64_t due_us; /**< when the step under way is over; NEVER when idle */
} work_queue;

void work_clear(sim_board *board);
bool work_active(const sim_board *board);
uint64_t work_due_us(const sim_board *board);
/** Time until all that is known now is done. */
uint64_t work_rest_us(const sim_board *board);

void work_pause(sim_board *board, uint64_t duration_us);
void work_erase(sim_board *board, flash *target, uint32_t offset, uint32_t size);
void work_program(sim_board *board, flash *target, uint32_t offset, span bytes);
void work_store(sim_board *board, flash *target, uint32_t offset, span bytes);
/** Calls when everything queued before is done. */
void work_then(sim_board *board, work_call call, uint32_t argument);

/** Finishes the step that is due and begins the next one. */
void work_fire(sim_board *board);
/** The power fails now: half of the step under way takes effect, the rest never happens. */
void work_tear(sim_board *board);
