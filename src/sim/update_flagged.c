/*
 * The update flag: what a host has staged in DFU mode is put in place by the next system that
 * starts (device-os system/src/main.cpp, HAL_FLASH_ApplyPendingUpdate).
 *
 * The system is on the bus already and answers nothing meanwhile. It clears the flag before it
 * looks, takes whatever valid module lies where this release stages its own, and restarts only
 * when there was one. Invariant: a staged module that any check fails changes nothing.
 */
#include "sim/firmware_update.h"

#include "sim/board.h"
#include "sim/control_requests.h"

enum {
    FLAG_OFFSET = 1753,
    FLAG_SET = 0xa5,
    SYSTEM_1_2_1 = 1212, /**< 1.2.1-rc.3: the first that looks at the flag */
    LOOK_US = 30000,
    RESET_US = 100000
};

static bool is_flagged(const sim_board *board)
{
    const flash *settings = board_memory(board, "dct");
    return settings && board->running.system_version >= SYSTEM_1_2_1 &&
           flash_holds(settings, FLAG_OFFSET, 1) && settings->bytes[FLAG_OFFSET] == FLAG_SET;
}

static void restart(sim_board *board, uint32_t unused)
{
    (void)unused;
    board_reset(board, BOOT_NORMALLY);
}

static void take_staged(sim_board *board, uint32_t unused)
{
    (void)unused;
    staged_list list;
    int32_t result = SYSTEM_OTA_MODULE_NOT_FOUND;
    board_save(board);
    if (update_choose_room(board, true))
        result = update_check(board, board->update.room.size, &list);
    if (result != SYSTEM_NONE) {
        board_note(board, "the update flag was set, but what is staged is refused: %d", result);
        return;
    }
    update_put_in_place(board, &list);
    work_pause(board, RESET_US);
    work_then(board, restart, 0);
}

void update_flagged(sim_board *board)
{
    static const uint8_t clear = 0xff;
    if (!is_flagged(board))
        return;
    work_pause(board, LOOK_US);
    work_store(board, board_memory(board, "dct"), FLAG_OFFSET, (span){&clear, 1});
    work_then(board, take_staged, 0);
}
