/*
 * One board's request: finds the board, and plans for what osbundle_goal.c works out.
 *
 * Writes nothing to a board. Invariant: a board that is to be written to is locked by its journal
 * before it is opened, so that two processes never talk to it at once.
 */
#include "osbundle_request.h"

#include "base/text.h"

request request_make(osb_context *context, const osb_goal *goal)
{
    return (request){.context = context, .goal = goal, .boards = 1};
}

request request_for(osb_context *context, const osb_goal *goal, const device_entry *entry)
{
    request work = request_make(context, goal);
    work.entry = *entry;
    work.label = context_label(context, entry->usb.port);
    return work;
}

osb_status request_reserve(request *work, request_aim aim, osb_error *error)
{
    const bool keeps = aim == AIM_RESUME || (aim == AIM_RESTORE && !work->context->replay);
    const char *state = work->context->state;
    char name[JOURNAL_NAME_SIZE];
    journal_name(work->entry.device_id, work->entry.usb.port, name);
    work->aim = aim;
    return keeps ? journal_open(state, name, &work->log, error)
                 : journal_check_free(state, name, error);
}

osb_status request_open(request *work, transport *bus, census *known, osb_error *error)
{
    osb_context *context = work->context;
    TRY(device_open(bus, &context->platforms, &work->entry, &context->log, &work->held, error));
    device_join_census(work->held, known);
    device_set_button_wait(work->held, context->button_wait_ms);
    return OSB_OK;
}

void request_let_go(request *work)
{
    if (work->held)
        device_locate(work->held, &work->entry);
    context_device_close(&work->held);
    work->held = NULL;
}

osb_status request_inspect(request *work, osb_error *error)
{
    TRY(device_inspect(work->held, &work->state, error));
    work->simulated = device_is_simulated(work->held);
    return OSB_OK;
}

/** Without control requests a system tells nothing (Device OS before 0.6.0). */
static bool cannot_tell(const snapshot *state)
{
    return state->mode != MODE_DFU && !state->modules_known && state->guard == PROTECTION_UNKNOWN;
}

osb_status request_look_inside(request *work, osb_error *error)
{
    if (!cannot_tell(&work->state))
        return OSB_OK;
    log_line(&work->context->log, LOG_INFO, "plan", "%s: looking in DFU mode at what it has",
             work->state.device_id);
    TRY(device_enter_dfu(work->held, error));
    work->moved = true;
    return request_inspect(work, error);
}

/** What was only looked at in DFU mode is started again. */
static void put_back(request *work)
{
    osb_error problem;
    osb_status status = OSB_OK;
    if (!work->moved || work->ran)
        return;
    if (!work->held)
        status = request_open(work, work->context->bus, NULL, &problem);
    if (status == OSB_OK && device_in_dfu(work->held))
        status = device_restart(work->held, &problem);
    if (status != OSB_OK)
        log_line(&work->context->log, LOG_WARNING, "plan", "%s: %s; %s", work->state.device_id,
                 problem.message, problem.hint);
}

void request_free(request *work)
{
    put_back(work);
    context_device_close(&work->held);
    journal_close(work->log);
    pool_return(&work->context->files, work->file);
}

osb_status request_take_board(request *work, request_aim aim, osb_error *error)
{
    device_entry entry;
    TRY(context_select(work->context, work->goal->device, &entry, error));
    *work = request_for(work->context, work->goal, &entry);
    TRY(request_reserve(work, aim, error));
    TRY(request_open(work, work->context->bus, NULL, error));
    TRY(request_inspect(work, error));
    return aim == AIM_LOOK ? OSB_OK : request_look_inside(work, error);
}

const char *request_name(const request *work, char target[USB_PORT_SIZE + 4])
{
    if (work->entry.device_id[0])
        return work->entry.device_id;
    text_format(target, USB_PORT_SIZE + 4, "usb:%s", work->entry.usb.port);
    return target;
}

void request_drop_journal(request *work)
{
    journal_close(work->log);
    work->log = NULL;
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
                  .lock = work->lock.board ? &work->lock : NULL,
                  .heal = pinned->heal};
}

policy request_policy(const request *work)
{
    return (policy){.road = work->pinned.road,
                    .allow_downgrade = work->pinned.allow_downgrade,
                    .allow_incomplete = work->pinned.allow_incomplete,
                    .full_rewrite = work->pinned.full,
                    .simulated = work->simulated,
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
    solve_advise(&work->state, &direct, &rules, &work->context->known, &work->steps);
}

osb_status request_look(request *work, bool *looked, osb_error *error)
{
    *looked = work->steps.looks_again && work->aim != AIM_LOOK;
    if (!*looked)
        return OSB_OK;
    const plan_step *step = work->steps.steps;
    log_line(&work->context->log, LOG_INFO, "plan", "%s: %s", work->state.device_id,
             step[work->steps.step_count - 1].reasons[0]);
    if (step->operation == STEP_SETTINGS)
        TRY(device_write_setting(work->held, step->setting, step->value, error));
    TRY(device_restart(work->held, error));
    TRY(request_inspect(work, error));
    if (work->state.mode != MODE_DFU)
        return OSB_OK;
    return osb_fail(error, OSB_ERR_NO_PLAN, work->state.device_id,
                    "name a release for which nothing must be known: see osbundle plan",
                    "was started to see what it has, but came back in DFU mode");
}

osb_status request_plan(request *work, osb_error *error)
{
    if (cannot_tell(&work->state))
        return osb_fail(error, OSB_ERR_NO_PLAN, work->state.device_id,
                        "bring the board into DFU mode and run the same command; 'osbundle "
                        "restore' without --dry-run does so by itself",
                        "its Device OS is too old to be asked what the board has");
    TRY(request_find_goal(work, error));
    request_solve(work);
    return OSB_OK;
}
