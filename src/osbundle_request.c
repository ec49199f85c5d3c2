/*
 * One board's request: finds the board, and plans for what osbundle_goal.c works out.
 *
 * Writes nothing to a board. Invariant: a board that is to be written to is locked by its journal
 * before it is opened, so that two processes never talk to it at once.
 */
#include "osbundle_request.h"

request request_make(osb_context *context, const osb_goal *goal)
{
    return (request){.context = context, .goal = goal, .file_content = buf_make(MODULE_FILE_MAX)};
}

void request_free(request *work)
{
    context_device_close(&work->held);
    journal_close(work->log);
    buf_free(&work->file_content);
}

osb_status request_take_board(request *work, bool to_write, osb_error *error)
{
    osb_context *context = work->context;
    transport *bus;
    char name[JOURNAL_NAME_SIZE];
    TRY(context_bus(context, &bus, error));
    TRY(device_select(bus, &context->platforms, work->goal->device, &work->entry, error));
    journal_name(work->entry.device_id, work->entry.usb.port, name);
    if (to_write)
        TRY(journal_open(context->state, name, &work->log, error));
    else
        TRY(journal_check_free(context->state, name, error));
    TRY(device_open(bus, &context->platforms, &work->entry, &context->log, &work->held, error));
    return device_inspect(work->held, &work->state, error);
}

goal request_goal(const request *work)
{
    const pinned_goal *pinned = &work->pinned;
    return (goal){.set = pinned->set.count ? &work->set : NULL,
                  .files = work->files,
                  .file_count = pinned->file_count,
                  .app = pinned->app.name[0] ? &work->app : NULL,
                  .via = work->via_list,
                  .via_count = pinned->via.count > 0,
                  .heal = pinned->heal};
}

policy request_policy(const request *work)
{
    return (policy){.allow_downgrade = work->pinned.allow_downgrade,
                    .allow_incomplete = work->pinned.allow_incomplete,
                    .full_rewrite = work->pinned.full,
                    .simulated = device_is_simulated(work->held),
                    .approved = work->goal->approved,
                    .approved_count = work->goal->approved_count};
}

/** The release on the way is passed only where the board has not got behind it already. */
void request_solve(request *work)
{
    work->via_list[0] = &work->via;
    goal wanted = request_goal(work);
    goal direct = wanted;
    policy rules = request_policy(work);
    direct.via_count = 0;
    solve(&work->state, &direct, &rules, &work->steps);
    if (work->steps.refusal_count && wanted.via_count)
        solve(&work->state, &wanted, &rules, &work->steps);
}

osb_status request_look(request *work, bool *looked, osb_error *error)
{
    *looked = work->steps.looks_again && work->log;
    if (!*looked)
        return OSB_OK;
    log_line(&work->context->log, LOG_INFO, "plan", "%s: %s", work->state.device_id,
             work->steps.steps[0].reasons[0]);
    TRY(device_restart(work->held, error));
    TRY(device_inspect(work->held, &work->state, error));
    if (work->state.mode != MODE_DFU)
        return OSB_OK;
    return osb_fail(error, OSB_ERR_NO_PLAN, work->state.device_id,
                    "name a release for which nothing must be known: see osbundle plan",
                    "was started to see what it has, but came back in DFU mode");
}

osb_status request_plan(request *work, osb_error *error)
{
    TRY(request_find_goal(work, error));
    request_solve(work);
    return OSB_OK;
}
