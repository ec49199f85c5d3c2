#pragma once
/**
 * One board and what is wanted of it, from the goal to the plan and the journal. Private to
 * osbundle*.c. Holds all that belongs to one board, so that many can be served at once.
 */
#include "osbundle_context.h"

#include "model/plan.h"
#include "restore/restore.h"
#include "store/pinned_goal.h"

/** What is to become of the board. */
typedef enum request_aim {
    AIM_LOOK,    /**< nothing is written to it */
    AIM_RESTORE, /**< a goal of the user's; in a replay nothing is kept for a resume */
    AIM_RESUME   /**< the goal in its journal */
} request_aim;

typedef struct request {
    osb_context *context;
    const osb_goal *goal;
    device_entry entry;         /**< the board as it was found */
    const char *label;          /**< of its port; NULL: none */
    size_t boards;              /**< that are worked on together with it, itself counted */
    const struct request *like; /**< planned before, its releases may serve too; NULL: none */
    request_aim aim;
    journal *log; /**< NULL: a look, or a replay */
    device *held;
    bool simulated; /**< synthetic modules are welcome */
    snapshot state;
    bool moved;  /**< into DFU mode, only to see what it has */
    bool ran;    /**< steps of the plan were begun */
    release set; /**< where `pinned` has one, as the next */
    release via;
    const release *via_list[1];
    release_module files[PLAN_FILES_MAX];
    release_module app;
    uint8_t app_sha256[SHA256_SIZE];          /**< of its file, the .zip of a bundle */
    release lock;                             /**< with goal->lock */
    restore_asset assets[RESTORE_ASSETS_MAX]; /**< of the application, as `pinned` has them */
    pinned_goal pinned;                       /**< the goal by hashes, once there is a plan */
    pool_file *file;                          /**< of the step under way */
    plan steps;
} request;

request request_make(osb_context *context, const osb_goal *goal);
void request_free(request *work);
#define REQUEST_OWNED __attribute__((cleanup(request_free))) request

/** A request for a board that was found. */
request request_for(osb_context *context, const osb_goal *goal, const device_entry *entry);

/**
 * Finds the board that the goal names, reserves, opens and inspects it: in DFU mode where its
 * system is too old to be asked, if it is to be written to.
 */
osb_status request_take_board(request *work, request_aim aim, osb_error *error) OSB_MUST_CHECK;
/** Takes the board's journal when it is to be written to. OSB_ERR_BUSY while another process
 *  writes to it. */
osb_status request_reserve(request *work, request_aim aim, osb_error *error) OSB_MUST_CHECK;
osb_status request_open(request *work, transport *bus, census *known,
                        osb_error *error) OSB_MUST_CHECK;
osb_status request_inspect(request *work, osb_error *error) OSB_MUST_CHECK;
/** Looks in DFU mode at what a board has whose system cannot tell; request_free starts it again
 * when nothing came of it. */
osb_status request_look_inside(request *work, osb_error *error) OSB_MUST_CHECK;
/** Closes the board; it stays reserved. */
void request_let_go(request *work);

/** Lets go of the journal and leaves it as it is. */
void request_drop_journal(request *work);

/** From the goal to releases, files and plan; what is not cached is fetched. */
osb_status request_plan(request *work, osb_error *error) OSB_MUST_CHECK;

/** Plans what the journal pins. `*nothing`: the journal has nothing to resume. */
osb_status request_plan_resume(request *work, bool *nothing, osb_error *error) OSB_MUST_CHECK;

/**
 * Works out what the goal's words come to and pins it: the files that are named, the release, and
 * the one to be passed on the way.
 */
osb_status request_find_goal(request *work, osb_error *error) OSB_MUST_CHECK;

/**
 * Takes the plan that was saved in `goal->plan`: it must be the very plan that is made for this
 * board now, which also tells the goal behind it.
 * @return OSB_ERR_REFUSED when the board or the plan has changed since
 */
osb_status request_take_plan(request *work, osb_error *error) OSB_MUST_CHECK;

/** A release from the cache, else fetched, and its record. */
osb_status request_get_release(request *work, const char *named, bool allow_incomplete,
                               release *set, cached_release *record,
                               osb_error *error) OSB_MUST_CHECK;

/** Puts the bootloader into a release that a protected board takes in service mode. */
osb_status request_protect(request *work, release *set, osb_error *error) OSB_MUST_CHECK;

/** Fills an asset of the request from its module file. */
osb_status request_take_asset(request *work, span file, restore_asset *item,
                              osb_error *error) OSB_MUST_CHECK;

/** Plans from what `pinned` names, which the caller has loaded. */
void request_solve(request *work);

policy request_policy(const request *work);

/**
 * Starts a board in DFU mode whose plan depends on what it cannot show there, and inspects it
 * again. The caller plans anew. Nothing is done where the plan stands already.
 */
osb_status request_look(request *work, bool *looked, osb_error *error) OSB_MUST_CHECK;

/** The goal as solve() takes it; points into `work`. */
goal request_goal(const request *work);

/** OSB_ERR_NO_PLAN with the first refusal. */
osb_status request_check_plan(const request *work, osb_error *error) OSB_MUST_CHECK;

/** Shows the plan and asks; for many boards an array of plans. OSB_ERR_INTERRUPTED for no. */
osb_status request_ask(osb_context *context, const char *device, const json_t *shown,
                       bool (*confirm)(void *, const json_t *), osb_error *error) OSB_MUST_CHECK;

/**
 * Runs the plan with the journal and proves it.
 * @param begins a new journal; else the open one goes on
 * @param result the "osbundle-report"
 */
osb_status request_run(request *work, bool begins, json_t **result,
                       osb_error *error) OSB_MUST_CHECK;

/** For one board: checks the plan, asks, runs it. */
osb_status request_finish(request *work, bool begins, bool (*confirm)(void *, const json_t *),
                          json_t **result, osb_error *error) OSB_MUST_CHECK;

/** What the board is called where it may have no id: its id, else "usb:PORT" in `target`. */
const char *request_name(const request *work, char target[USB_PORT_SIZE + 4]);

/** The report of a board with which nothing was begun: it failed before, or has nothing to do. */
json_t *request_report(request *work, const osb_error *problem);
