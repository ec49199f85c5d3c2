#pragma once
/** The simulated world: its clock, its bus, its boards, and the fault to come. Inside sim/ only. */
#include "sim/schedule.h"
#include "sim/sim.h"

struct sim_world {
    sim_seat own; /**< of whoever made the world; he is alone while there are no others */
    schedule turns;
    const catalog *known;
    const platform_list *platforms;
    sim_board *boards[USB_DEVICES_MAX];
    size_t board_count;
    uint64_t now_us;
    uint32_t arrivals; /**< how often any board came onto the bus */
    uint32_t changes;  /**< arrivals and departures */
    uint64_t operations;
    uint64_t fault_at;
    sim_fault fault;
    sim_fault spoils; /**< FAULT_SHORT or FAULT_GARBAGE: of the answer to the operation under way */
    bool host_gone;
};

/** The world behind a transport to it, once it is that one's turn. */
sim_world *world_enter(transport *bus);

/** Makes room for one more board and gives it a port; OSB_ERR_REFUSED when the bus is full. */
osb_status world_take_in(sim_world *world, sim_board *board, osb_error *error) OSB_MUST_CHECK;

/**
 * What a fault makes of an operation that lasts `cost_us` on a board.
 * @param faulted set when the operation ends here
 */
osb_status world_meet_fault(sim_board *board, uint64_t cost_us, uint64_t timeout_us, bool *faulted,
                            osb_error *error) OSB_MUST_CHECK;

/* fault.c */
/** Counts one transport operation and tells what goes wrong in it. */
osb_status fault_next(sim_world *world, sim_fault *kind, osb_error *error) OSB_MUST_CHECK;
/** All further use of the bus fails once the host is gone. */
osb_status fault_host_alive(const sim_world *world, osb_error *error) OSB_MUST_CHECK;
/** Runs to the middle of [now, until] and cuts the board's power there. */
void fault_cut_power(sim_world *world, sim_board *board, uint64_t until_us);
/** As fault_cut_power, but pulls the USB cable: FAULT_UNPLUG for a while, FAULT_VANISH for good. */
void fault_unplug(sim_world *world, sim_board *board, sim_fault kind, uint64_t until_us);
/** Cuts or replaces the answer of an IN transfer when that is the operation's fault. */
void fault_spoil(sim_world *world, const usb_setup *setup, uint8_t *data, size_t *moved);
/** A wait of at most `duration_us` in which all boards meet `kind`. */
void fault_during_wait(sim_world *world, sim_fault kind, uint64_t duration_us);
