#pragma once
/** JSON of simulated boards, piece by piece. Inside sim/ only; sim_board_to_json is the whole. */
#include "base/json.h"
#include "sim/sim.h"

json_t *sim_json_assets(const sim_board *board);
json_t *sim_json_pending(const sim_board *board);
json_t *sim_json_notes(const sim_board *board);
void sim_json_take_assets(sim_board *board, const json_t *list);
void sim_json_take_notes(sim_board *board, const json_t *list);
