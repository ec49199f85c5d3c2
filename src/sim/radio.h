#pragma once
/**
 * The radio stack (Nordic SoftDevice) in flash: it is written without its module header, so it is
 * known by its own information block.
 */
#include "base/buf.h"
#include "sim/installed.h"

/** False when no information block stands there. `intact` is set as far as anybody can tell. */
bool radio_find(const sim_board *board, const platform_slot *slot, installed *found);
/** Writes the information block into a synthesised module file. */
void radio_dress(uint16_t version, buf *file);
/** What keeps it from running; NULL when it runs. */
const char *radio_fault(const sim_board *board);
/** Bytes from its start to behind its CRC-32; 0 when no whole image is there. */
uint32_t radio_extent(const sim_board *board, const platform_slot *slot);
