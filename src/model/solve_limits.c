/*
 * What this board may not become, or only by way of another release.
 *
 * Looks at versions, at no order. Refuses where the way is closed and names the stepping stone;
 * warns where the planner cannot know the fact that decides, such as the modem fitted.
 */
#include "base/text.h"
#include "model/solve.h"
#include "model/solve_facts.h"

enum {
    PROTECTED_SYSTEM_MIN = 6101, /**< 6.1.1: particle-cli's floors for protected boards */
    PROTECTED_BOOTLOADER_MIN = 3001,
    MODEM_FAST_SYSTEM = 2000, /**< 2.0.0 leaves an R410 modem at 460800 baud */
    MODEM_RESET_SYSTEM = 1512 /**< 1.5.2 brings it back */
};

static const module_slot system_part = {MODULE_SYSTEM_PART, 1};
static const module_slot bootloader = {MODULE_BOOTLOADER, 0};
static const module_slot ncp_firmware = {MODULE_NCP_FIRMWARE, 0};

static void check_floor(solver *work, module_slot slot, uint16_t least)
{
    const release_module *wanted = solve_file(work, slot);
    char name[MODULE_SLOT_TEXT], origin[SOLVE_ORIGIN];
    slot_text(slot, name);
    solve_origin(work, slot, origin);
    if (wanted && wanted->version < least)
        solve_refuse(work, "a protected board needs %s >= %u, and %s has %u; name 6.1.1 or newer",
                     name, least, origin, wanted->version);
}

/** In service mode a protected board can be written, but not below what knows protection. */
static void check_protected_floors(solver *work)
{
    if (work->state->guard != PROTECTION_SERVICE)
        return;
    check_floor(work, system_part, PROTECTED_SYSTEM_MIN);
    check_floor(work, bootloader, PROTECTED_BOOTLOADER_MIN);
}

/**
 * A module that asks for an older self: it counts what is installed now, and is trivially true in
 * the set. Tracker's since 5.6.0, so that 3.0 to 5.5 have put image 7 into the co-processor.
 */
static void check_stepping_stone(solver *work, const release_module *wanted, module_dependency need)
{
    const solve_module *now = solve_installed(work, wanted->slot);
    const solve_module *ncp = solve_installed(work, ncp_firmware);
    char slot[MODULE_SLOT_TEXT];
    slot_text(wanted->slot, slot);
    if ((now && now->version >= need.version) || (ncp && ncp->version >= FACT_TRACKER_NCP))
        return;
    if (!now && !work->state->modules_known)
        solve_warn(work,
                   "%s %u expects that %s >= %u was there before and gave the co-processor image "
                   "%d, which cannot be seen now",
                   slot, wanted->version, slot, need.version, FACT_TRACKER_NCP);
    else
        solve_refuse(work,
                     "%s %u goes only onto a board with %s >= %u, whose co-processor then has "
                     "image %d, and this one has %u; name the file of image %d with --module, so "
                     "that 5.5.0 can be passed on the way%s",
                     slot, wanted->version, slot, need.version, FACT_TRACKER_NCP,
                     now ? now->version : 0, FACT_TRACKER_NCP,
                     ncp || work->state->modules_known ? ""
                                                       : ", or start the board to see its image");
}

static void check_stepping_stones(solver *work)
{
    for (size_t i = 0; i < work->file_count; i++) {
        const release_module *file = work->files[i];
        for (size_t d = 0; d < 2; d++)
            if (slot_equal(file->dependencies[d].slot, file->slot))
                check_stepping_stone(work, file, file->dependencies[d]);
    }
}

/** Boards of these platforms come with several modems; which one is not to be seen over USB. */
static void warn_of_modem(solver *work, uint16_t now, uint16_t wanted)
{
    const platform *board = work->state->board;
    if (board->cellular && !board->wifi && board->mcu == MCU_NRF52840 && now >= MODEM_FAST_SYSTEM &&
        wanted < MODEM_RESET_SYSTEM)
        solve_warn(work, "if this board has a SARA-R410 modem, restore 1.5.2 first and let it "
                         "register once: 2.0.0 left the modem at a speed that older releases do "
                         "not try");
}

static void warn_of_lost_application(solver *work, uint16_t now, uint16_t wanted)
{
    const platform *board = work->state->board;
    if (!work->app && solve_installed(work, (module_slot){MODULE_USER_PART, 2}) &&
        fact_finds_256k(board, now) && !fact_finds_256k(board, wanted))
        solve_warn(work, "the 256K application on the board will not be found: Device OS before "
                         "3.1.0 looks for 128K ones only; give a fitting one with --app");
}

void solve_limits(solver *work)
{
    check_protected_floors(work);
    check_stepping_stones(work);
    const release_module *wanted = solve_file(work, system_part);
    uint16_t now = solve_system_version(work);
    if (!wanted || !now)
        return;
    warn_of_modem(work, now, wanted->version);
    warn_of_lost_application(work, now, wanted->version);
}
