/*
 * Decides what a board's flash can run: dead, DFU mode, safe mode, listening mode or normal.
 *
 * Follows device-os bootloader and system start-up; where reality is unknown it takes the harsher
 * reading (README.md lists them). Invariant: the verdict depends on flash, on what the board keeps
 * without power and on the wish of the last reset, on nothing else.
 */
#include "sim/boot.h"

#include <string.h>

#include "base/text.h"
#include "model/module.h"
#include "model/version.h"
#include "sim/assets.h"
#include "sim/installed.h"
#include "sim/personality.h"
#include "sim/world.h"

enum {
    DFU_START_US = 150000,
    SYSTEM_4_0_0 = 4000,
    SYSTEM_5_5_0 = 5500, /**< first with application assets */
    SECURITY_PROTECTED = 1
};

bool boot_first_stage(const sim_board *board, uint8_t digest[32])
{
    const flash *chip = board_memory(board, "internal");
    uint32_t size = board->family->boot.first_stage_size;
    if (!chip || !size)
        return false;
    sha256((span){chip->bytes, size}, digest);
    return true;
}

static const char *first_stage_fault(const sim_board *board)
{
    uint8_t digest[SHA256_SIZE];
    if (!boot_first_stage(board, digest) ||
        memcmp(digest, board->keeps.first_stage, SHA256_SIZE) == 0)
        return NULL;
    return "the first boot stage is not what the factory put there";
}

/** Every part of the boot chain has to be whole: nothing else can repair it. */
static bool boot_chain_whole(sim_board *board)
{
    const char *fault = first_stage_fault(board);
    if (fault) {
        board_note(board, "%s", fault);
        return false;
    }
    for (size_t i = 0; i < board->kind->slot_count; i++) {
        installed part;
        char name[MODULE_SLOT_TEXT];
        module_slot id = board->kind->slots[i].slot;
        if (id.function != MODULE_BOOTLOADER)
            continue;
        if (installed_find(board, id, &part) && part.intact && part.own)
            continue;
        slot_text(id, name);
        board_note(board, "%s is %s: nothing starts", name,
                   !part.present  ? "missing"
                   : !part.intact ? "damaged"
                                  : "made for another platform");
        return false;
    }
    return true;
}

static void read_bootloader(sim_board *board)
{
    installed bootloader;
    module parsed;
    board->running = (board_running){0};
    if (!installed_find(board, (module_slot){MODULE_BOOTLOADER, 0}, &bootloader))
        return;
    board->running.bootloader_version = bootloader.version;
    if (!installed_parse(board, &bootloader, &parsed))
        return;
    const module_extension *mode = module_find_extension(&parsed, EXTENSION_SECURITY_MODE);
    board->running.guarded = mode && mode->data.size && mode->data.data[0] == SECURITY_PROTECTED;
}

/**
 * The system's own version text. One whose number no release is known for behaves as the newest
 * release before it, and says so; else there is an honest stand-in.
 */
static void read_os_version(sim_board *board, module_slot slot)
{
    const uint16_t number = board->running.system_version;
    const catalog *known = board->world ? board->world->known : NULL;
    const char *told = known ? catalog_os_version(known, board->kind, slot, number) : NULL;
    if (!told && known)
        told = catalog_last_with(known, board->kind, slot, number);
    if (told)
        text_copy(board->running.os_version, VERSION_SIZE, told);
    else
        text_format(board->running.os_version, VERSION_SIZE, "0.0.0-module.%u", number);
}

/** Says whether both needs of a module are met, the second one too when there is no first. */
static bool needs_met(sim_board *board, const installed *found)
{
    bool met = true;
    for (size_t i = 0; i < 2; i++) {
        const module_dependency need = found->needs[i];
        char name[MODULE_SLOT_TEXT], other[MODULE_SLOT_TEXT];
        installed there;
        if (installed_meets(board, need))
            continue;
        met = false;
        slot_text(found->id, name);
        slot_text(need.slot, other);
        if (installed_find(board, need.slot, &there))
            board_note(board, "%s %u needs %s %u or newer, the board has %u", name, found->version,
                       other, need.version, there.version);
        else
            board_note(board, "%s %u needs %s %u or newer, the board has none", name,
                       found->version, other, need.version);
    }
    return met;
}

static bool all_needs_met(sim_board *board)
{
    bool met = true;
    for (size_t i = 0; i < board->kind->slot_count; i++) {
        installed part;
        module_slot id = board->kind->slots[i].slot;
        bool counts = id.function == MODULE_BOOTLOADER || id.function == MODULE_SYSTEM_PART;
        if (counts && installed_find(board, id, &part) && !needs_met(board, &part))
            met = false;
    }
    return met;
}

static bool assets_there(sim_board *board)
{
    board_asset wanted[BOARD_ASSETS_MAX];
    if (board->running.system_version < SYSTEM_5_5_0)
        return true;
    size_t count = assets_required(board, wanted, BOARD_ASSETS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (asset_available(board, &wanted[i]))
            continue;
        board_note(board, "the application needs the asset %s, which is not there", wanted[i].name);
        return false;
    }
    return true;
}

/** No application at all is fine; one that is there has to be whole, ours and satisfied. */
static bool application_runs(sim_board *board)
{
    installed user;
    if (!installed_user(board, &user)) {
        board_note(board, "no application is installed: the system runs without one");
        return true;
    }
    if (!user.intact || !user.own) {
        board_note(board, "the application is %s",
                   user.intact ? "made for another platform" : "damaged");
        return false;
    }
    return needs_met(board, &user) && assets_there(board);
}

/** Gen 3 boards up to Device OS 3.x wait for their first set-up, whatever else is well. */
static bool waits_for_setup(const sim_board *board)
{
    const flash *settings = board_memory(board, "dct");
    return board->kind->mcu == MCU_NRF52840 && board->running.system_version < SYSTEM_4_0_0 &&
           settings && flash_holds(settings, BOARD_SETUP_DONE, 1) &&
           settings->bytes[BOARD_SETUP_DONE] != 1;
}

static board_mode judge_system(sim_board *board)
{
    bool healthy = all_needs_met(board);
    healthy = application_runs(board) && healthy;
    if (board->wish == BOOT_INTO_SAFE_MODE || board->wish == BOOT_INTO_LISTENING) {
        board_note(board, "safe mode was asked for");
        healthy = false;
    }
    board->running.safe = !healthy;
    if (board->wish == BOOT_INTO_LISTENING) {
        board_note(board, "listening mode was asked for");
        return BOARD_LISTENING;
    }
    if (!healthy && board->keeps.network_credentials)
        return BOARD_SAFE;
    if (!healthy) {
        board_note(board, "safe mode without network credentials: listening for them");
        return BOARD_LISTENING;
    }
    if (waits_for_setup(board)) {
        board_note(board, "the set-up is not marked as done: listening");
        return BOARD_LISTENING;
    }
    board_note(board, "healthy");
    return BOARD_NORMAL;
}

/** What flash, kept state and wish make of the board. */
static board_mode judge(sim_board *board)
{
    installed system;
    read_bootloader(board);
    if (board->wish == BOOT_INTO_DFU) {
        board_note(board, "DFU mode was asked for");
        return BOARD_DFU;
    }
    if (!installed_bootable(board, board->running.bootloader_version, &system)) {
        board_note(board, "the bootloader finds no valid system part: DFU mode");
        return BOARD_DFU;
    }
    board->running.system_version = system.version;
    read_os_version(board, system.id);
    if (!installed_find(board, system.id, &system) || !system.intact) {
        board_note(board, "the system part is not whole: it crashes at every start");
        return BOARD_PANIC;
    }
    const char *fault = board->family->radio_fault ? board->family->radio_fault(board) : NULL;
    if (fault) {
        board_note(board, "%s: the system crashes at every start", fault);
        return BOARD_PANIC;
    }
    return judge_system(board);
}

static void die(sim_board *board)
{
    work_clear(board);
    board->mode = BOARD_DEAD;
    board_save(board);
}

static void arrive(sim_board *board, uint32_t mode)
{
    board->mode = (board_mode)mode;
    board->wish = BOOT_NORMALLY;
    if (mode != BOARD_PANIC)
        board_attach(board);
    board_save(board);
    if (mode != BOARD_PANIC && mode != BOARD_DFU)
        update_flagged(board);
}

/** All copies are done: the bootloader looks at what is there now. */
static void decide(sim_board *board, uint32_t unused)
{
    (void)unused;
    if (!boot_chain_whole(board)) {
        die(board);
        return;
    }
    board_mode mode = judge(board);
    if (board->defects.dark_ms == SIM_DARK_FOREVER)
        return; /* it starts for ever: nothing is due any more */
    work_pause(board, (uint64_t)board->defects.dark_ms * 1000);
    work_pause(board, mode == BOARD_DFU ? DFU_START_US : board->family->boot.system_us);
    work_then(board, arrive, mode);
}

static void start_again(sim_board *board, uint32_t unused)
{
    (void)unused;
    boot_begin(board);
}

void boot_begin(sim_board *board)
{
    work_clear(board);
    board->mode = BOARD_BOOTING;
    const char *fault = first_stage_fault(board);
    if (fault) {
        board_note(board, "%s", fault);
        die(board);
        return;
    }
    read_bootloader(board);
    protection_count_start(board);
    work_pause(board, board->family->boot.bootloader_us);
    if (boot_copy_handed_over(board)) {
        work_then(board, start_again, 0);
        return;
    }
    if (!boot_chain_whole(board)) {
        die(board);
        return;
    }
    /* On the way into DFU mode updates are left alone until the next normal start. */
    bool again = board->wish != BOOT_INTO_DFU && boot_copy_waiting(board);
    work_then(board, again ? start_again : decide, 0);
}

void boot_refresh(sim_board *board)
{
    const board_mode mode = board->mode;
    const size_t notes = board->note_count;
    board->wish = mode == BOARD_DFU ? BOOT_INTO_DFU : BOOT_NORMALLY;
    judge(board);
    board->wish = BOOT_NORMALLY;
    board->note_count = notes;
    if (mode == BOARD_SAFE)
        board->running.safe = true;
}
