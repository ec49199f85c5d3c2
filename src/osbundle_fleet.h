#pragma once
/** Many boards, each with a worker of its own while it is worked on. Private to osbundle*.c. */
#include "osbundle_request.h"

/** A board of the fleet, and what became of it so far. */
typedef struct fleet_member {
    request work;
    osb_status status; /**< anything but OSB_OK: nothing more is done with it */
    osb_error problem; /**< of that */
    bool over;         /**< told; there is nothing more to do with it */
    bool looked;       /**< started to see what it has: its plan is to be made anew */
    char outcome[16];  /**< of its report */
    uint64_t bytes_written;
} fleet_member;

typedef struct fleet {
    osb_context *context;
    const osb_fleet *wanted;
    transport *bus;        /**< of the caller's thread */
    census *known;         /**< who is who, for boards that restart */
    fleet_member *members; /**< in the order of their ports */
    size_t count;
} fleet;

/**
 * All boards that are there, each with a request for `goal`. Two that report the same id have
 * failed already. OSB_ERR_NOT_FOUND when there is none.
 */
osb_status fleet_find(osb_context *context, const osb_goal *goal, const osb_fleet *wanted,
                      fleet *found, osb_error *error) OSB_MUST_CHECK;
void fleet_free(fleet *boards);
#define FLEET_OWNED __attribute__((cleanup(fleet_free))) fleet

/** What is done with a board, by its worker, over a transport of his own. */
typedef osb_status (*fleet_work)(fleet *boards, fleet_member *member, transport *bus,
                                 osb_error *error);

/**
 * Does `work` with every member that has not failed and is not over, with as many at once as are
 * wanted. What fails is noted in its member and stops nobody else.
 * @return an error only when the bus cannot be shared
 */
osb_status fleet_each(fleet *boards, fleet_work work, osb_error *error) OSB_MUST_CHECK;

/** Takes the journals of boards that are to be written to; see request_reserve. */
void fleet_reserve(fleet *boards, request_aim aim);
/** Plans for a member that has not failed; boards of one platform share the work. */
void fleet_plan(fleet *boards, fleet_member *member);

/** A fleet_work: opens and inspects a board, and lets go of it. */
osb_status fleet_inspect(fleet *boards, fleet_member *member, transport *bus,
                         osb_error *error) OSB_MUST_CHECK;

/** Tells what became of a member; it is over then. */
void fleet_tell(fleet *boards, fleet_member *member, const json_t *document);

/** The worst that befell a member: OSB_OK, or one error for all. */
osb_status fleet_verdict(const fleet *boards, osb_error *error) OSB_MUST_CHECK;
