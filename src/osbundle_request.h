#pragma once
/**
 * One board and what is wanted of it, from the goal to the plan and the journal. Private to
 * osbundle*.c. Holds all that belongs to one board, so that many can be served at once.
 */
#include "osbundle_context.h"

#include "model/plan.h"
#include "restore/restore.h"
#include "store/pinned_goal.h"

typedef struct request {
    osb_context *context;
    const osb_goal *goal;
    device_entry entry; /**< the board as it was found */
    journal *log;       /**< NULL: nothing is to be written */
    device *held;
    snapshot state;
    release set; /**< where `pinned` has one, as the next */
    release via;
    const release *via_list[1];
    release_module files[PLAN_FILES_MAX];
    release_module app;
    pinned_goal pinned; /**< the goal by hashes, once there is a plan */
    buf file_content;   /**< of the step under way */
    plan steps;
} request;

request request_make(osb_context *context, const osb_goal *goal);
void request_free(request *work);
#define REQUEST_OWNED __attribute__((cleanup(request_free))) request

/**
 * Finds the board that the goal names, takes its journal when it is to be written to, opens and
 * inspects it. OSB_ERR_BUSY while another process writes to it.
 */
osb_status request_take_board(request *work, bool to_write, osb_error *error) OSB_MUST_CHECK;

/** From the goal to releases, files and plan; what is not cached is fetched. */
osb_status request_plan(request *work, osb_error *error) OSB_MUST_CHECK;

/**
 * Works out what the goal's words come to and pins it: the files that are named, the release, and
 * the one to be passed on the way.
 */
osb_status request_find_goal(request *work, osb_error *error) OSB_MUST_CHECK;

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

/**
 * Shows the plan, asks, runs it with the journal, proves it.
 * @param begins a new journal; else the open one goes on
 */
osb_status request_run(request *work, bool begins, bool (*confirm)(void *, const json_t *),
                       json_t **result, osb_error *error) OSB_MUST_CHECK;
