/*
 * Wall clock time for a simulated world: as it is, or with all waiting left out.
 *
 * Left out are flash work and starts. A board that was told to restart still waits before it does,
 * because hosts ask once more behind such a request (particle-usb checks 50 ms after it).
 * Invariant: events happen in the order of the world's own clock, whatever pace it goes at.
 */
#include "sim/usbip_clock.h"

#include "base/clock.h"
#include "sim/board.h"
#include "sim/world.h"

enum {
    RESTART_AFTER_MS = 150
};

usbip_clock usbip_clock_make(sim_world *world, bool real_time)
{
    return (usbip_clock){.world = world,
                         .real_time = real_time,
                         .began_us = clock_monotonic_us(),
                         .world_began_us = world->now_us};
}

/** Index of the board whose event comes first; the board count when nothing is due ever. */
static size_t first_due(const sim_world *world, uint64_t *due_us)
{
    size_t first = world->board_count;
    *due_us = NEVER;
    for (size_t i = 0; i < world->board_count; i++) {
        const uint64_t candidate = board_next_due(world->boards[i]);
        if (candidate >= *due_us)
            continue;
        *due_us = candidate;
        first = i;
    }
    return first;
}

static bool is_restart(const sim_board *board, uint64_t due_us)
{
    return board->reset_due_us == due_us || board->replug_due_us == due_us;
}

static void run_without_waiting(usbip_clock *clock)
{
    uint64_t due_us;
    size_t first;
    while ((first = first_due(clock->world, &due_us)) < clock->world->board_count) {
        const uint64_t now_ms = clock_monotonic_ms();
        uint64_t *since_ms = &clock->held_since_ms[first];
        if (is_restart(clock->world->boards[first], due_us)) {
            if (!*since_ms)
                *since_ms = now_ms;
            if (now_ms - *since_ms < RESTART_AFTER_MS)
                return;
            *since_ms = 0;
        }
        world_advance_to_event(clock->world, due_us);
    }
}

static uint64_t world_now_us(const usbip_clock *clock)
{
    return clock->world_began_us + clock_monotonic_us() - clock->began_us;
}

void usbip_clock_run(usbip_clock *clock)
{
    if (clock->real_time)
        world_advance(clock->world, world_now_us(clock));
    else
        run_without_waiting(clock);
}

uint32_t usbip_clock_rest_ms(const usbip_clock *clock, uint32_t limit_ms)
{
    uint64_t due_us;
    const size_t first = first_due(clock->world, &due_us);
    uint64_t rest_ms = limit_ms;
    if (first == clock->world->board_count)
        return limit_ms;
    if (clock->real_time) {
        const uint64_t now_us = world_now_us(clock);
        rest_ms = due_us > now_us ? (due_us - now_us + 999) / 1000 : 0;
    } else if (is_restart(clock->world->boards[first], due_us)) {
        rest_ms = RESTART_AFTER_MS / 10;
    } else {
        /* Work is done when somebody asks for it: see usbip_clock_run. */
        rest_ms = limit_ms / 10;
    }
    return rest_ms < limit_ms ? (uint32_t)rest_ms : limit_ms;
}
