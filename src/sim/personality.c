/*
 * Which requests exist since when (device-os tags 0.6.0 to 6.2.0, system_control_internal.cpp).
 *
 * Answers nothing itself. Gen 2 boards came to the protobuf requests with 1.1.0, all others were
 * born with them. Invariant: a version never loses what an older one of its family had, but for the
 * legacy channel.
 */
#include "sim/personality.h"

#include "sim/board.h"

enum {
    SYSTEM_0_8_0_RC_2 = 301,
    SYSTEM_1_1_0 = 1100,
    SYSTEM_1_5_0 = 1500,
    SYSTEM_5_6_0 = 5600,
    SYSTEM_6_0_0 = 6000,
    SYSTEM_6_1_1 = 6101,
    CHUNK_FORMER = 4096,
    CHUNK = 1024
};

/** The first system part with each request; 0: all of those boards. */
static const struct {
    uint16_t type;
    uint16_t since_on_gen2;
    uint16_t since;
} requests[] = {
    {1, SYSTEM_1_5_0, SYSTEM_1_5_0},  /* echo */
    {20, SYSTEM_1_1_0, 0},            /* device id */
    {21, SYSTEM_1_1_0, 0},            /* serial number */
    {30, SYSTEM_1_1_0, 0},            /* version */
    {32, SYSTEM_1_1_0, 0},            /* capabilities */
    {40, 0, 0},                       /* reset */
    {41, 0, 0},                       /* factory reset */
    {50, 0, 0},                       /* DFU mode */
    {60, 0, 0},                       /* safe mode */
    {70, 0, 0},                       /* start listening */
    {71, 0, 0},                       /* stop listening */
    {72, SYSTEM_1_1_0, 0},            /* mode */
    {73, SYSTEM_1_1_0, 0},            /* set set-up done */
    {74, SYSTEM_1_1_0, 0},            /* is set-up done */
    {76, SYSTEM_6_0_0, SYSTEM_6_0_0}, /* protected state */
    {77, SYSTEM_6_1_1, SYSTEM_6_1_1}, /* set protected state */
    {90, 0, 0},                       /* module info */
    {91, SYSTEM_5_6_0, SYSTEM_5_6_0}, /* asset info */
    {250, 0, 0},                      /* start update */
    {251, 0, 0},                      /* finish update */
    {252, 0, 0},                      /* cancel update */
    {253, 0, 0},                      /* update data */
};

static bool is_gen2(const sim_board *board)
{
    return board->kind->mcu == MCU_STM32F2;
}

system_channel personality_channel(const sim_board *board)
{
    const uint16_t system = board->running.system_version;
    if (!is_gen2(board) || system >= SYSTEM_0_8_0_RC_2)
        return CHANNEL_REQUESTS;
    return system >= SYSTEM_0_6_0 ? CHANNEL_LEGACY : CHANNEL_NONE;
}

bool personality_knows(const sim_board *board, uint16_t type)
{
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        uint16_t since = is_gen2(board) ? requests[i].since_on_gen2 : requests[i].since;
        if (requests[i].type == type)
            return board->running.system_version >= since;
    }
    return false;
}

bool personality_splits(const sim_board *board)
{
    return board->running.system_version >= SYSTEM_1_5_0;
}

uint32_t personality_chunk(const sim_board *board)
{
    return is_gen2(board) && board->running.system_version < SYSTEM_1_1_0 ? CHUNK_FORMER : CHUNK;
}

module_form personality_module_form(const sim_board *board)
{
    const uint16_t system = board->running.system_version;
    if (system >= SYSTEM_5_6_0)
        return FORM_NEW;
    return is_gen2(board) && system < SYSTEM_1_1_0 ? FORM_DESCRIBE : FORM_OLD;
}
