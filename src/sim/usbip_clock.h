#pragma once
/** How the simulated world's time goes while a real kernel waits for its boards. In sim/ only. */
#include "sim/sim.h"

typedef struct usbip_clock {
    sim_world *world;
    bool real_time;
    uint64_t began_us;       /**< on the machine's clock */
    uint64_t world_began_us; /**< on the world's clock */
    /** Since when, on the machine's clock, a board's restart or replugging stands first; 0: not. */
    uint64_t held_since_ms[USB_DEVICES_MAX];
} usbip_clock;

usbip_clock usbip_clock_make(sim_world *world, bool real_time);

/** Lets everything happen that is due by now. */
void usbip_clock_run(usbip_clock *clock);

/** Milliseconds until something is due, at most `limit_ms`. */
uint32_t usbip_clock_rest_ms(const usbip_clock *clock, uint32_t limit_ms);
