/*
 * Time in the simulated world: a conservative discrete-event schedule for one caller or many.
 *
 * Knows no transfers and no faults. Invariant: the clock only goes forward, everything happens in
 * the order of its moments (a board's event before a waiting thread, then by seat), and the world
 * is touched by one thread at a time: the caller alone, or whose turn it is.
 */
#include "sim/schedule.h"

#include <stdlib.h>

#include "sim/board.h"
#include "sim/world.h"

static uint64_t next_due(const sim_world *world, sim_board **first)
{
    uint64_t due = NEVER;
    for (size_t i = 0; i < world->board_count; i++) {
        uint64_t candidate = board_next_due(world->boards[i]);
        if (candidate < due) {
            due = candidate;
            *first = world->boards[i];
        }
    }
    return due;
}

static void set_clock(sim_world *world, uint64_t moment_us)
{
    if (moment_us > world->now_us)
        world->now_us = moment_us;
}

/** Does the next thing that any board does until then; false when there is none. */
static bool fire_next(sim_world *world, uint64_t limit_us)
{
    sim_board *board = NULL;
    uint64_t due = next_due(world, &board);
    if (!board || due > limit_us)
        return false;
    set_clock(world, due);
    board_fire(board);
    return true;
}

static uint64_t moment_of(const sim_seat *seat)
{
    bool changed = seat->or_change && seat->changes != seat->world->changes;
    return changed ? seat->world->now_us : seat->until_us;
}

/** The seat whose moment comes first; NULL without seats, or while one may still ask for less. */
static sim_seat *first_to_go(const schedule *turns)
{
    sim_seat *first = NULL;
    for (sim_seat *seat = turns->seats; seat; seat = seat->next) {
        if (seat->state == SEAT_ELSEWHERE)
            return NULL;
        if (!first || moment_of(seat) < moment_of(first))
            first = seat;
    }
    return first;
}

/** With the lock held, when it is nobody's turn: boards live on until the first seat's moment. */
static void pass_turn(sim_world *world)
{
    schedule *turns = &world->turns;
    sim_seat *first;
    do {
        first = first_to_go(turns);
    } while (first && fire_next(world, moment_of(first)));
    if (!first)
        return;
    set_clock(world, moment_of(first));
    first->state = SEAT_RUNS;
    turns->running = first;
    pthread_cond_signal(&first->turn);
}

/** With the lock held. */
static void await_turn(sim_seat *seat)
{
    while (seat->state != SEAT_RUNS)
        pthread_cond_wait(&seat->turn, &seat->world->turns.lock);
}

/** Gives the turn away until then. */
static void wait_until(sim_seat *seat, uint64_t until_us, bool or_change, uint32_t changes)
{
    schedule *turns = &seat->world->turns;
    pthread_mutex_lock(&turns->lock);
    seat->state = SEAT_WAITS;
    seat->until_us = until_us;
    seat->or_change = or_change;
    seat->changes = changes;
    turns->running = NULL;
    pass_turn(seat->world);
    await_turn(seat);
    pthread_mutex_unlock(&turns->lock);
}

osb_status seat_take(sim_world *world, sim_seat **taken, osb_error *error)
{
    sim_seat *seat = calloc(1, sizeof *seat);
    if (!seat)
        return osb_fail_memory(error);
    *seat = (sim_seat){.base = world->own.base, .world = world, .turn = PTHREAD_COND_INITIALIZER};
    pthread_mutex_lock(&world->turns.lock);
    sim_seat **place = &world->turns.seats;
    while (*place)
        place = &(*place)->next;
    *place = seat;
    pthread_mutex_unlock(&world->turns.lock);
    *taken = seat;
    return OSB_OK;
}

void seat_enter(sim_seat *seat)
{
    schedule *turns = &seat->world->turns;
    if (seat == &seat->world->own || seat->state == SEAT_RUNS)
        return;
    pthread_mutex_lock(&turns->lock);
    seat->state = SEAT_WAITS;
    seat->until_us = 0;
    if (!turns->running)
        pass_turn(seat->world);
    await_turn(seat);
    pthread_mutex_unlock(&turns->lock);
}

void seat_leave(sim_seat *seat)
{
    sim_world *world = seat->world;
    pthread_mutex_lock(&world->turns.lock);
    sim_seat **place = &world->turns.seats;
    while (*place != seat)
        place = &(*place)->next;
    *place = seat->next;
    if (world->turns.running == seat)
        world->turns.running = NULL;
    if (!world->turns.running)
        pass_turn(world);
    pthread_mutex_unlock(&world->turns.lock);
    pthread_cond_destroy(&seat->turn);
    free(seat);
}

void world_advance(sim_world *world, uint64_t until_us)
{
    if (world->turns.running) {
        wait_until(world->turns.running, until_us, false, 0);
        return;
    }
    while (fire_next(world, until_us))
        continue;
    set_clock(world, until_us);
}

void world_advance_to_event(sim_world *world, uint64_t limit_us)
{
    if (!fire_next(world, limit_us))
        set_clock(world, limit_us);
}

void world_advance_to_change(sim_world *world, uint32_t changes, uint64_t limit_us)
{
    if (world->turns.running) {
        wait_until(world->turns.running, limit_us, true, changes);
        return;
    }
    while (world->changes == changes && world->now_us < limit_us)
        world_advance_to_event(world, limit_us);
}

void world_settle(sim_world *world, const sim_board *board)
{
    while (board->mode == BOARD_BOOTING && board_next_due(board) != NEVER)
        world_advance_to_event(world, NEVER - 1);
}
