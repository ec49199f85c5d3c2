#pragma once
/** What the system of a board can be asked, by its version and MCU family. Inside sim/ only. */
#include "sim/sim.h"

typedef enum system_channel {
    CHANNEL_NONE,    /**< before 0.6.0: no vendor request at all */
    CHANNEL_LEGACY,  /**< 0.6.0 to 0.8.0-rc.1: one raw request at a time */
    CHANNEL_REQUESTS /**< INIT, CHECK, SEND, RECV, RESET */
} system_channel;

typedef enum module_form {
    FORM_DESCRIBE, /**< JSON text */
    FORM_OLD,      /**< protobuf with types of its own */
    FORM_NEW       /**< protobuf with the types of module headers */
} module_form;

system_channel personality_channel(const sim_board *board);
/** Whether the request channel knows this type; others end in -120. */
bool personality_knows(const sim_board *board, uint16_t type);
/** Whether payloads and replies may come in several pieces. */
bool personality_splits(const sim_board *board);
/** Bytes of firmware data that one request takes. */
uint32_t personality_chunk(const sim_board *board);
module_form personality_module_form(const sim_board *board);
enum {
    SYSTEM_0_6_0 = 100 /**< 0.6.0-rc.1: the first that answers over USB at all */
};
