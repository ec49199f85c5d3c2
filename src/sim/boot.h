#pragma once
/** From reset to a mode: copies what waits, then decides what can run. Inside sim/ only. */
#include "sim/sim.h"

/** Starts the board; when it is through, it is on the bus or known to be dead. */
void boot_begin(sim_board *board);
/** Reads again what runs, for a board that went on running while no program looked. */
void boot_refresh(sim_board *board);
/** Digest over what only the factory writes; false when the family has no such part. */
bool boot_first_stage(const sim_board *board, uint8_t digest[32]);

/* boot_copy.c */
/** Queues what was handed to the first stage. True when there was something: start again then. */
bool boot_copy_handed_over(sim_board *board);
/** Queues what waits in update slots. True when the board has to start once more after it. */
bool boot_copy_waiting(sim_board *board);
