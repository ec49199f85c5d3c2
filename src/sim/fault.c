/*
 * Injected faults: what goes wrong, at which operation, at which moment of it.
 *
 * Operations are counted here and nowhere else: open, control, claim, set_alternate, wait and
 * wait_change, from 1. Invariant: a fault happens once, except that a host that is gone stays gone
 * until sim_world_set_fault is called again.
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

void fault_unplug(sim_world *world, sim_board *board, uint64_t until_us)
{
    world_advance(world, middle(world, until_us));
    board_unplug(board, UNPLUGGED_US);
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
    if (kind != FAULT_POWER_CUT && kind != FAULT_UNPLUG)
        return;
    world_advance(world, middle(world, moment_of_wait(world, duration_us)));
    for (size_t i = 0; i < world->board_count; i++) {
        if (kind == FAULT_POWER_CUT)
            board_power_cycle(world->boards[i]);
        else
            board_unplug(world->boards[i], UNPLUGGED_US);
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
