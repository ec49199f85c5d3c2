#pragma once
/**
 * The stand on which boards are upgraded over and over: a context of the library with cache and
 * journals in a folder of its own, and one simulated board that is made anew for each run.
 */
#include "model/plan.h"
#include "osbundle_context.h"

/** One upgrade. */
typedef struct story {
    const char *name;
    const char *board;
    const char *from, *to;
    /** Release folders with genuine modules of `from` and `to`; NULL: small synthetic ones. */
    const char *sources[2];
    const char *app;   /**< with `sources`: path of an application; NULL for none */
    const char *via;   /**< roads to take; NULL: the best for each module */
    bool blank;        /**< the board begins without a system, waiting in DFU mode */
    bool full;         /**< the restore writes everything, the radio stack too */
    bool assets;       /**< the application is a bundle with two assets; without `sources` */
    uint16_t ncp_from; /**< above 0: the co-processor has this firmware, and the release 7 */
} story;

typedef struct stand {
    const story *told;
    char folder[64];
    char cache[128], state[128], app[128];
    buf application;   /**< of a story with assets: the module inside its bundle */
    char journal[160]; /**< path of the board's journal */
    osb_context *context;
    osb_goal goal;
    arena memory; /**< keeps the images */
    sim_recipe recipe;
    sim_image kept[RELEASE_MODULES_MAX]; /**< of a blank board */
    sim_world *world;                    /**< the context's */
    sim_board *board;
    release to;       /**< the modules that the board is to have */
    size_t last_step; /**< of the run under way or over, from 1; 0: none was begun */
    bool critical[PLAN_STEPS_MAX + 1]; /**< steps of the last plan that warn of a power cut */
    uint64_t safe_points;              /**< at which the library asked whether to stop */
    uint64_t stop_at;                  /**< the number of the one that is told to stop; 0: none */
    const char *phase;                 /**< what was last told about */
} stand;

/** Ends the program with a message when the stand cannot be made: nothing could be shown then. */
void stand_open(stand *made, const story *told);
/** For a story with assets: packs them anew beside the application, "dog.txt" with this content
 *  ("woof" is what the application wants). */
void stand_pack(const stand *made, const char *dog);
void stand_close(stand *made);

/** The board as it left the factory, and no journal. */
void stand_renew(stand *made);

/** What `osbundle restore --yes` does. `report`: may be NULL; the caller releases it. */
osb_status stand_restore(stand *made, json_t **report, osb_error *error) OSB_MUST_CHECK;
/** What `osbundle resume --yes` does. `*nothing`: there was nothing to resume. */
osb_status stand_resume(stand *made, bool *nothing, osb_error *error) OSB_MUST_CHECK;

/** Whether the last step begun was one that users are told not to interrupt. */
bool stand_was_critical(const stand *made);

/** Whether every slot holds the very bytes of the release's files (and of the application). */
bool stand_has_release(const stand *made);

/** Hash over the board's slots and assets: what it is made of. */
void stand_hash(const stand *made, uint8_t digest[SHA256_SIZE]);

/** Gives a board that lost its power or cable the time to come back. */
void stand_wait(stand *made);
