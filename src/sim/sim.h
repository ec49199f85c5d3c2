#pragma once
/**
 * Simulated boards as an ordinary transport back end.
 *
 * An independent reading of reference facts: nothing here includes protocol/ or device/, so that
 * a host-side mistake is not mirrored. Time is simulated: erasing, copying and booting cost
 * milliseconds of the world's clock, not of the user's. Where reality is unknown the simulator
 * takes the harsher reading.
 */
#include "base/error.h"
#include "base/json.h"
#include "model/platform.h"
#include "model/release.h"
#include "transport/transport.h"

typedef struct sim_world sim_world;
typedef struct sim_board sim_board;

/** A module file to put into a new board's flash, as a factory programmer would. */
typedef struct sim_image {
    span file;
    const char *name; /**< for errors */
} sim_image;

typedef struct sim_recipe {
    const platform *board;
    const char *device_id; /**< 24 hex digits; NULL: made from platform and `seed` */
    uint64_t seed;
    const sim_image *images;
    size_t image_count;
    bool network_credentials; /**< else safe mode waits in listening mode (blinking dark blue) */
} sim_recipe;

/** What happens at the chosen transport operation. */
typedef enum sim_fault {
    FAULT_NONE,
    FAULT_POWER_CUT, /**< the board loses power in the middle of it and starts again */
    FAULT_UNPLUG,    /**< the cable is pulled for 3 simulated seconds; the board keeps running */
    FAULT_VANISH,   /**< the cable is pulled until sim_board_power_cycle; the board keeps running */
    FAULT_STALL,    /**< the transfer is refused with STALL, without effect */
    FAULT_TIMEOUT,  /**< the transfer times out, without effect */
    FAULT_SHORT,    /**< the board does as asked; half of an IN transfer's answer is missing */
    FAULT_GARBAGE,  /**< the board does as asked; an IN transfer's answer is noise of that length,
                         the same for the same operation number */
    FAULT_HOST_GONE /**< the operation and all after it fail with OSB_ERR_INTERRUPTED */
} sim_fault;

#define SIM_DARK_FOREVER UINT32_MAX

/** What is wrong with a board, whatever the host does. All zero: nothing. */
typedef struct sim_defects {
    bool lies;        /**< says yes to every update and DFU write, and keeps what it has */
    uint32_t dark_ms; /**< each restart takes this much longer, or SIM_DARK_FOREVER; until the power
                           is cycled */
    bool forbids_updates;       /**< its application refuses firmware updates, but in safe mode */
    const platform *returns_as; /**< shows this board's USB ids from its next restart on */
} sim_defects;

/** `known` (kept by the caller) tells which OS version a system part number is. */
osb_status sim_world_make(const catalog *known, const platform_list *platforms, sim_world **made,
                          osb_error *error) OSB_MUST_CHECK;
/** Frees the world with its boards; the transport must not be used after. */
void sim_world_free(sim_world *world);
/** The bus all boards of the world hang on. Owned by the world; transport_destroy leaves it be. */
transport *sim_world_transport(sim_world *world);

/** Adds a board in memory, powers it on, plugs it in and lets it boot. The world owns it. */
osb_status sim_board_add(sim_world *world, const sim_recipe *recipe, sim_board **added,
                         osb_error *error) OSB_MUST_CHECK;

/** Makes the board anew as the recipe says, in its place on the bus, and lets it boot: thousands of
 *  runs need not pay for fresh memory each. For boards in memory. */
osb_status sim_board_renew(sim_board *board, const sim_recipe *recipe,
                           osb_error *error) OSB_MUST_CHECK;

/** Makes a board whose flash lives in a new folder (board.json, *.flash). Does not plug it in. */
osb_status sim_board_create(const char *folder, const sim_recipe *recipe,
                            osb_error *error) OSB_MUST_CHECK;

/**
 * Plugs in a board from its folder. Flash is mapped from its file, so what was written stays even
 * when the program is killed; the folder is locked while the board is in use (OSB_ERR_BUSY).
 */
osb_status sim_board_open(sim_world *world, const char *folder, sim_board **opened,
                          osb_error *error) OSB_MUST_CHECK;

/**
 * Puts a module straight into its slot, cycles the power and lets the board boot. Only the file
 * itself is checked: needs, platform and versions are not, as a programmer would not.
 */
osb_status sim_board_program(sim_board *board, span module_file, const char *name,
                             osb_error *error) OSB_MUST_CHECK;

/** From now on the board is defective in these ways, and no others; NULL: it is sound again. */
void sim_board_set_defects(sim_board *board, const sim_defects *defects);

/**
 * Opens service mode, as the vendor's cloud does by request 77: protection is overridden for 20
 * starts or 24 hours. Nothing happens to a board that is not protected.
 */
void sim_board_open_service(sim_board *board);

/** Plugs the board in if it is not, takes the power away, gives it back and lets it boot. */
void sim_board_power_cycle(sim_board *board);
/** Holds the MODE button through a reset until the light is yellow: DFU mode, whatever the system
 *  is like. Does nothing for a board whose bootloader is dead. */
void sim_board_hold_button(sim_board *board);

/** Readable flash of a memory ("internal", "external"); empty when there is none. */
span sim_board_flash(const sim_board *board, const char *memory);

/** The "osbundle-sim-board" object: identity, mode, LED, boot reasons, regions with SHA-256,
 *  pending slots, simulated time. What a host could never see; for tests and `sim info`. */
json_t *sim_board_to_json(const sim_board *board);

/** Transport operations so far: open, control, claim, set_alternate, wait, wait_change, and each
 *  use of a serial port. */
uint64_t sim_world_operations(const sim_world *world);
/**
 * What goes wrong in operation number `at_operation`, counted from 1 (the next one is
 * sim_world_operations() + 1). It happens in the middle of the operation: flash work under way is
 * half done. During a wait it meets every board, in the middle of what the board is busy with.
 * A fault that does not fit the operation (a stalled wait, a cut OUT transfer) changes nothing.
 * A host that is gone comes back with the next call, as a user who starts the program again.
 */
void sim_world_set_fault(sim_world *world, uint64_t at_operation, sim_fault kind);

/** What a fresh factory board holds for a release: one image a slot, synthesised, labelled so. */
osb_status sim_synthesise(const release *set, const release_module *entry, buf *file,
                          osb_error *error) OSB_MUST_CHECK;
