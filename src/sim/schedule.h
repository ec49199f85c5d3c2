#pragma once
/**
 * Time in the simulated world: what happens when, and whose turn it is. Inside sim/ only.
 *
 * A caller alone moves the clock itself. Threads that share the bus each take a seat, and one of
 * them runs at a time: whoever has to wait hands the turn to the seat whose moment comes first, so
 * their waits overlap in simulated time, and every run goes the same way.
 */
#include <pthread.h>

#include "sim/sim.h"

typedef enum seat_state {
    SEAT_ELSEWHERE, /**< its thread has not used the bus yet: nobody knows when it wants what */
    SEAT_WAITS,
    SEAT_RUNS
} seat_state;

/** One thread's way onto the bus. */
typedef struct sim_seat {
    transport base; /**< first: a seat is a transport */
    sim_world *world;
    seat_state state;
    uint64_t until_us; /**< waits until then */
    bool or_change;    /**< or until the world's `changes` is another than this: */
    uint32_t changes;
    pthread_cond_t turn; /**< it is this seat's turn */
    struct sim_seat *next;
} sim_seat;

typedef struct schedule {
    pthread_mutex_t lock; /**< of seats that wait; the world itself belongs to whose turn it is */
    sim_seat *seats;      /**< in the order they were taken: who came first goes first */
    sim_seat *running;    /**< NULL: a caller alone, or all wait */
} schedule;

/** A moment that never comes. */
#define NEVER UINT64_MAX

/** Another thread's seat. It holds the clock until that thread uses the bus or leaves. */
osb_status seat_take(sim_world *world, sim_seat **taken, osb_error *error) OSB_MUST_CHECK;
/** Waits for the seat's turn, if it is not its turn already. At the beginning of every operation.
 */
void seat_enter(sim_seat *seat);
/** Hands the turn on and frees the seat. */
void seat_leave(sim_seat *seat);

/** Lets time pass; whatever boards do meanwhile happens in order. */
void world_advance(sim_world *world, uint64_t until_us);
/** Runs up to the next thing any board does, at most until `limit_us`. For a caller alone. */
void world_advance_to_event(sim_world *world, uint64_t limit_us);
/** Lets time pass until any board comes or goes after `changes` was read, at most `limit_us`. */
void world_advance_to_change(sim_world *world, uint32_t changes, uint64_t limit_us);
/** Lets time pass until the board is through booting. For a caller alone. */
void world_settle(sim_world *world, const sim_board *board);
