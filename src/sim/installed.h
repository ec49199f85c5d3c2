#pragma once
/** Which modules a board's flash holds, read as the board's own firmware reads them. */
#include "base/digest.h"
#include "model/module.h"
#include "model/platform.h"
#include "sim/sim.h"

typedef struct installed {
    const platform_slot *slot; /**< NULL: no such place on this board */
    module_slot id;
    bool present;     /**< a header that makes sense stands there */
    bool intact;      /**< its CRC-32 closes; true for what carries none */
    bool own;         /**< made for this platform */
    bool synthesised; /**< radio stack, co-processor: reported without a look at any header */
    uint32_t start;   /**< flash address of the image */
    uint32_t size;    /**< bytes in flash with the CRC; 0 where nobody can tell */
    uint32_t max_size;
    uint16_t version;
    module_dependency needs[2];
    uint8_t identity[SHA256_SIZE];
} installed;

/** The module at one address. False when there is none. */
bool installed_at(const sim_board *board, const platform_slot *slot, uint32_t start,
                  installed *found);
/** The module of a slot, as the running system finds it. False when there is none. */
bool installed_find(const sim_board *board, module_slot id, installed *found);
/** The application that would run: where there are two places, the winning one. */
bool installed_user(const sim_board *board, installed *found);
/** The system part that the installed bootloader would start. */
bool installed_bootable(const sim_board *board, uint16_t bootloader_version, installed *found);
/** Whether a need is met: the module is there and new enough. None is always met. */
bool installed_meets(const sim_board *board, module_dependency need);
/** Whether the device itself would call the dependencies satisfied: it skips the second one when
 *  there is no first one. */
bool installed_needs_met(const sim_board *board, const module_dependency needs[2]);
/** The validity bits of a module that pass (model/snapshot.h); all four are always checked. */
uint32_t installed_checks(const sim_board *board, const installed *found);
/** The factory application image, where the family keeps one and it is intact. */
bool installed_factory(const sim_board *board, installed *found);
/** Reads the whole module with its extensions. False when it is absent or damaged. */
bool installed_parse(const sim_board *board, const installed *found, module *parsed);
