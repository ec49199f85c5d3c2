#pragma once
/** USB string descriptors of a simulated board. */
#include "base/buf.h"
#include "sim/sim.h"

/** Appends string `index` as a descriptor; false when the board has no such string. */
bool usb_string(const sim_board *board, uint8_t index, buf *descriptor);
