#pragma once
/** One simulated board: its state, what survives what, and its changes of mode. Inside sim/ only.
 */
#include "sim/console_device.h"
#include "sim/control_device.h"
#include "sim/dfu_device.h"
#include "sim/family.h"
#include "sim/firmware_update.h"
#include "sim/flash.h"
#include "sim/legacy_channel.h"
#include "sim/sim.h"
#include "sim/protection.h"
#include "sim/work.h"

#include "model/snapshot.h"

enum {
    BOARD_MEMORIES_MAX = 4,
    BOARD_NOTES_MAX = 16,
    BOARD_NOTE_SIZE = 200,
    BOARD_ASSETS_MAX = 288, /**< one a block of the store, at most */
    BOARD_ASSET_NAME = 96,
    BOARD_SETUP_DONE = 8134 /**< offset in the settings area: 1 when somebody set the board up */
};

typedef enum board_mode {
    BOARD_DEAD,    /**< the bootloader does not run: no USB, no light */
    BOARD_PANIC,   /**< the system crashes at every start: no USB, red SOS */
    BOARD_BOOTING, /**< not on the bus yet */
    BOARD_NORMAL,
    BOARD_LISTENING,
    BOARD_SAFE,
    BOARD_DFU
} board_mode;

/** What the next start does: kept over a reset, lost when the power goes. */
typedef enum boot_wish {
    BOOT_NORMALLY,
    BOOT_INTO_DFU,
    BOOT_INTO_SAFE_MODE,
    BOOT_INTO_LISTENING /**< safe mode that listens, whatever the board knows of networks */
} boot_wish;

typedef struct board_asset {
    char name[BOARD_ASSET_NAME];
    uint8_t hash[SHA256_SIZE];
    uint32_t size;
    uint32_t storage_size;
} board_asset;

/** What is kept without power, beside flash. */
typedef struct board_keeps {
    bool network_credentials;
    uint16_t ncp_version;    /**< 0: no co-processor fitted */
    uint8_t service_starts;  /**< that service mode still lasts; 0: no service mode */
    uint64_t service_end_us; /**< of the world's time */
    uint64_t busy_us;        /**< flash work, starts, and waits before starts, in its life */
    uint8_t first_stage[SHA256_SIZE]; /**< of what the factory put before the bootloader */
    size_t asset_count;
    board_asset assets[BOARD_ASSETS_MAX];
} board_keeps;

/** Facts of the running firmware, read from flash at boot. */
typedef struct board_running {
    uint16_t system_version; /**< module number; 0 in DFU mode without a system */
    uint16_t bootloader_version;
    char os_version[VERSION_SIZE];
    bool guarded;       /**< the bootloader protects the board; see protection_of */
    bool system_barred; /**< in service mode: the last beginning of a system part was refused */
    bool safe;          /**< the application does not run: a need is unmet, or somebody asked */
} board_running;

struct sim_board {
    sim_world *world;
    const platform *kind;
    const platform
        *shown; /**< whose USB ids and names it shows: `kind`'s, unless it is defective */
    const sim_family *family;
    char device_id[DEVICE_ID_SIZE];
    char port[USB_PORT_SIZE];
    char *folder; /**< NULL: lives in memory only */
    int lock;
    bool unsaved; /**< its file could not be written the last time */
    flash memories[BOARD_MEMORIES_MAX];
    size_t memory_count;
    board_keeps keeps;
    sim_defects defects;

    boot_wish wish;
    board_mode mode;
    board_running running;
    size_t note_count;
    char notes[BOARD_NOTES_MAX][BOARD_NOTE_SIZE]; /**< why the last boot ended where it did */

    bool usb_up;      /**< the board wants to be on the bus */
    bool cable;       /**< it is plugged in */
    uint32_t arrival; /**< of the time it came onto the bus last */
    uint8_t alternate;
    uint8_t configuration;

    uint64_t reset_due_us;
    boot_wish reset_wish;
    uint64_t replug_due_us;
    work_queue work;
    control_device control;
    console_device console;
    legacy_channel legacy;
    firmware_update update;
    dfu_device dfu;
    protection_challenge challenge;
};

/** The chip of that name, or NULL. */
flash *board_memory(const sim_board *board, const char *name);
flash *board_memory_by_alternate(const sim_board *board, uint8_t alternate);
/** Bytes [address, address + size) of internal flash, cut at its end; empty outside. */
span board_internal(const sim_board *board, uint32_t address, uint32_t size);

static inline bool board_on_bus(const sim_board *board)
{
    return board->usb_up && board->cable;
}

/** Adds a line to why this boot went as it did. */
void board_note(sim_board *board, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Restarts at once: RAM is lost, flash and the wish stay. */
void board_reset(sim_board *board, boot_wish wish);
/** Restarts after `delay_ms`, unless power fails before. */
void board_reset_later(sim_board *board, uint32_t delay_ms, boot_wish wish);
/** The power fails and comes back: work under way is torn, wishes are forgotten. */
void board_power_cycle(sim_board *board);
/** Comes onto the bus (again) in the mode it is in. */
void board_attach(sim_board *board);
void board_detach(sim_board *board);
/** The cable is pulled, and put back after `duration_us`, NEVER for good; the board runs on. */
void board_unplug(sim_board *board, uint64_t duration_us);

/** Starts listening for network credentials, or goes back to what the board was before. */
void board_listen(sim_board *board, bool start);

uint64_t board_next_due(const sim_board *board);
/** Does the one thing that is due. */
void board_fire(sim_board *board);

const char *board_mode_name(board_mode mode);

/* board_make.c */
/** A board with blank flash, in memory. The caller frees it with board_free. */
osb_status board_make(const sim_recipe *recipe, sim_board **made, osb_error *error) OSB_MUST_CHECK;
/** Puts a module's bytes into flash as a programmer would. */
osb_status board_flash_image(sim_board *board, span file, const char *name,
                             osb_error *error) OSB_MUST_CHECK;
/** Sets what a board has before anything is in its flash. */
void board_begin(sim_board *board, const platform *kind);
void board_free(sim_board *board);

/* board_folder.c */
/** Writes what has to survive the program; nothing for boards in memory. */
void board_save(sim_board *board);
