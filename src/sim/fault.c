/*
 * Injected faults: what goes wrong, at which operation, at which moment of it.
 *
 * Operations are counted here and nowhere else: open, control, claim, set_alternate, wait,
 * wait_change and all of serial ports but list and close, from 1. Invariant: a fault happens once,
 * except that a host that is gone stays gone until sim_world_set_fault is called again.
 */
#include "sim/world.h"

#include "sim/board.h"

enum {
    UNPLUGGED_US = 3000000
};

osb_status fault_host_alive(const sim_world *world, osb_error *error)
{
    if (!world->host_gone)
        return OSB_OK;
    return osb_fail(error, OSB_ERR_INTERRUPTED, NULL, "run it again", "the host is gone");
}

osb_status fault_next(sim_world *world, sim_fault *kind, osb_error *error)
{
    *kind = FAULT_NONE;
    world->spoils = FAULT_NONE;
    TRY(fault_host_alive(world, error));
    world->operations++;
    if (world->fault == FAULT_NONE || world->operations != world->fault_at)
        return OSB_OK;
    *kind = world->fault;
    world->fault = FAULT_NONE;
    world->host_gone = *kind == FAULT_HOST_GONE;
    return fault_host_alive(world, error);
}

static uint64_t middle(const sim_world *world, uint64_t until_us)
{
    return until_us > world->now_us ? world->now_us + (until_us - world->now_us) / 2
                                    : world->now_us;
}

void fault_cut_power(sim_world *world, sim_board *board, uint64_t until_us)
{
    world_advance(world, middle(world, until_us));
    board_power_cycle(board);
}

static void unplug(sim_board *board, sim_fault kind)
{
    board_unplug(board, kind == FAULT_VANISH ? NEVER : UNPLUGGED_US);
}

void fault_unplug(sim_world *world, sim_board *board, sim_fault kind, uint64_t until_us)
{
    world_advance(world, middle(world, until_us));
    unplug(board, kind);
}

/** Noise that depends on the operation only: a run with a fault can be repeated. */
static void fill_with_noise(uint64_t operation, uint8_t *data, size_t size)
{
    uint64_t noise = operation * 0x9e3779b97f4a7c15u | 1;
    for (size_t i = 0; i < size; i++) {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        data[i] = (uint8_t)(noise >> 32);
    }
}

void fault_spoil(sim_world *world, const usb_setup *setup, uint8_t *data, size_t *moved)
{
    if (!(setup->request_type & 0x80))
        return;
    if (world->spoils == FAULT_SHORT)
        *moved /= 2;
    if (world->spoils == FAULT_GARBAGE)
        fill_with_noise(world->operations, data, *moved);
}

/** Until a board is through with what it is busy with now; 0 when it only waits. */
static uint64_t busy_us(const sim_world *world, const sim_board *board)
{
    if (work_active(board))
        return work_rest_us(board);
    uint64_t due = board_next_due(board);
    return due == NEVER || due < world->now_us ? 0 : due - world->now_us;
}

/** The moment inside a wait: the middle of the longest work under way, else of the wait. */
static uint64_t moment_of_wait(const sim_world *world, uint64_t duration_us)
{
    uint64_t longest = 0;
    for (size_t i = 0; i < world->board_count; i++) {
        uint64_t busy = busy_us(world, world->boards[i]);
        longest = busy > longest ? busy : longest;
    }
    if (longest && longest < duration_us)
        duration_us = longest;
    return world->now_us + duration_us;
}

void fault_during_wait(sim_world *world, sim_fault kind, uint64_t duration_us)
{
    if (kind != FAULT_POWER_CUT && kind != FAULT_UNPLUG && kind != FAULT_VANISH)
        return;
    world_advance(world, middle(world, moment_of_wait(world, duration_us)));
    for (size_t i = 0; i < world->board_count; i++) {
        if (kind == FAULT_POWER_CUT)
            board_power_cycle(world->boards[i]);
        else
            unplug(world->boards[i], kind);
    }
}

uint64_t sim_world_operations(const sim_world *world)
{
    return world->operations;
}

void sim_world_set_fault(sim_world *world, uint64_t at_operation, sim_fault kind)
{
    world->fault_at = at_operation;
    world->fault = kind;
    world->host_gone = false;
}
