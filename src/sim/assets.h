#pragma once
/** Application assets that a board keeps: names and hashes; their bytes serve nobody here. */
#include "sim/board.h"

/** Takes in a validated asset module. Assets that the application does not list go first. */
void asset_store(sim_board *board, const staged_module *staged);
/** Staging up to `end` of a chip: on 4 MB boards it reaches into the asset store. */
void assets_overwritten(sim_board *board, const flash *chip, uint32_t end);
/** Assets that a module's extensions name. Returns how many were filled. */
size_t assets_of(const module *parsed, board_asset *list, size_t capacity);
/** Assets that the installed application needs. Returns how many were filled. */
size_t assets_required(const sim_board *board, board_asset *list, size_t capacity);
/** Whether the board keeps that very asset: same name, same hash. */
bool asset_available(const sim_board *board, const board_asset *wanted);
