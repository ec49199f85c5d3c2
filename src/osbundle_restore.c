/*
 * The facade's restore: shows the plan, asks, runs it, and keeps the journal that resume needs.
 *
 * Plans are made by osbundle_request.c. Invariant: every byte that goes to a board comes from the
 * cache, hashed right before it is sent.
 */
#include "osbundle_request.h"

#include "base/text.h"

/** A restore_files function. */
static osb_status load_file(void *context, const uint8_t digest[SHA256_SIZE], span *file,
                            osb_error *error)
{
    request *work = context;
    file_pool *files = &work->context->files;
    pool_return(files, work->file);
    return pool_take(files, work->context->store, digest, &work->file, file, error);
}

static const char *phase_name(restore_phase phase)
{
    switch (phase) {
    case PHASE_INSPECT:
        return "inspect";
    case PHASE_READ:
        return "read";
    case PHASE_WRITE:
        return "write";
    case PHASE_PROVE:
        return "prove";
    case PHASE_BOOT:
        return "boot";
    case PHASE_STEP_DONE:
        return "step";
    }
    return "unknown";
}

/** What the steps before `step` were expected to take. */
static uint64_t cost_before(const request *work, const plan_step *step)
{
    uint64_t cost_ms = 0;
    for (const plan_step *done = work->steps.steps; step && done < step; done++)
        cost_ms += done->cost_ms;
    return cost_ms;
}

static void forward_event(void *context, const restore_event *from)
{
    request *work = context;
    char name[USB_PORT_SIZE + 4], slot[MODULE_SLOT_TEXT] = "";
    const plan_step *step = from->step;
    if (step && step->slot)
        slot_text(step->slot->slot, slot);
    osb_event event = {.phase = phase_name(from->phase),
                       .slot = slot[0] ? slot : NULL,
                       .file = step && step->file[0] ? step->file : NULL,
                       .step = step ? (size_t)(step - work->steps.steps) + 1 : 0,
                       .steps = work->steps.step_count,
                       .done = from->done,
                       .total = from->total,
                       .cost_ms = step ? step->cost_ms : 0,
                       .elapsed_ms = from->elapsed_ms,
                       .cost_before_ms = cost_before(work, step),
                       .cost_total_ms = plan_cost_ms(&work->steps),
                       .device = request_name(work, name),
                       .label = work->label,
                       .boards = work->boards};
    context_tell(work->context, &event);
}

static bool forward_cancelled(void *context)
{
    return context_is_cancelled(((request *)context)->context);
}

osb_status request_check_plan(const request *work, osb_error *error)
{
    if (!work->steps.refusal_count)
        return OSB_OK;
    const char *remedy = work->steps.remedy_count ? work->steps.remedies[0] : NULL;
    return osb_fail(error, OSB_ERR_NO_PLAN, work->state.device_id,
                    remedy ? remedy : "see all reasons with: osbundle plan", "%s",
                    work->steps.refusals[0]);
}

osb_status request_ask(osb_context *context, const char *device, const json_t *shown,
                       bool (*confirm)(void *, const json_t *), osb_error *error)
{
    if (!confirm || confirm(context->hooks.context, shown))
        return OSB_OK;
    return osb_fail(error, OSB_ERR_INTERRUPTED, device,
                    "run the command again and answer yes, or give --yes",
                    "nothing was written, as you asked");
}

/** A journal that names another goal is given up for this one; the user is told. */
static void tell_given_up(const request *work)
{
    const json_t *record;
    pinned_goal before;
    osb_error problem = {0};
    osb_status status = journal_goal(work->log, &record, &problem);
    if (status == OSB_OK && record)
        status = pinned_goal_from_json(record, work->state.device_id, &before, &problem);
    if (status != OSB_OK)
        log_line(&work->context->log, LOG_WARNING, "journal", "%s: %s; it is set aside",
                 problem.subject, problem.message);
    else if (record && !text_equal(before.set.version, work->pinned.set.version))
        log_line(&work->context->log, LOG_WARNING, "journal",
                 "%s: an unfinished restore %s%s is given up for this one", work->state.device_id,
                 before.set.count ? "to " : "of files", before.set.version);
}

static json_t *finish_report(const request *work, json_t *report)
{
    char name[USB_PORT_SIZE + 4];
    if (!work->state.device_id[0])
        json_object_set_new(report, "device", json_string(request_name(work, name)));
    json_object_set_new(report, "label", json_text_or_null(work->label));
    json_object_set_new(report, "port", json_string(work->entry.usb.port));
    return report;
}

static restore_job job_of(request *work, const json_t *goal)
{
    return (restore_job){.held = work->held,
                         .steps = &work->steps,
                         .files = {load_file, work},
                         .hooks = {forward_event, forward_cancelled, work},
                         .assets = work->assets,
                         .asset_count = work->pinned.asset_count,
                         .log = work->log,
                         .goal = goal};
}

json_t *request_report(request *work, const osb_error *problem)
{
    const restore_report nothing = {.proved = !problem};
    if (!work->steps.board) {
        work->steps.board = work->entry.board;
        text_copy(work->steps.device_id, DEVICE_ID_SIZE, work->entry.device_id);
    }
    const restore_job job = job_of(work, NULL);
    return finish_report(work, restore_report_to_json(&nothing, &job, problem));
}

static osb_status run_plan(request *work, const restore_job *job, restore_report *report,
                           osb_error *problem)
{
    work->ran = work->aim != AIM_LOOK && work->steps.step_count;
    atomic_fetch_add(&work->context->boards_in_work, 1);
    osb_status status = work->aim != AIM_LOOK ? restore_run(job, report, problem)
                                              : restore_check(job, report, problem);
    atomic_fetch_sub(&work->context->boards_in_work, 1);
    return status;
}

osb_status request_run(request *work, bool begins, json_t **result, osb_error *error)
{
    restore_report report;
    osb_error problem = {0};
    if (begins && work->log)
        tell_given_up(work);
    JSON_OWNED *goal = begins ? pinned_goal_to_json(&work->pinned) : NULL;
    const restore_job job = job_of(work, goal);
    osb_status status = run_plan(work, &job, &report, &problem);
    *result = finish_report(work, restore_report_to_json(&report, &job, &problem));
    if (report.journal_left_open)
        log_line(&work->context->log, LOG_WARNING, "journal",
                 "%s: the goal is reached, but the disk did not take that note",
                 work->state.device_id);
    if (error)
        *error = problem;
    return status;
}

osb_status request_finish(request *work, bool begins, bool (*confirm)(void *, const json_t *),
                          json_t **result, osb_error *error)
{
    TRY(request_check_plan(work, error));
    JSON_OWNED *shown = plan_to_json(&work->steps);
    TRY(request_ask(work->context, work->state.device_id, shown, confirm, error));
    return request_run(work, begins, result, error);
}

osb_status osb_restore(osb_context *context, const osb_goal *goal,
                       bool (*confirm)(void *, const json_t *), json_t **result, osb_error *error)
{
    REQUEST_OWNED work = request_make(context, goal);
    bool looked;
    *result = NULL;
    TRY(request_take_board(&work, goal->dry_run ? AIM_LOOK : AIM_RESTORE, error));
    if (goal->plan) {
        TRY(request_take_plan(&work, error));
        return request_finish(&work, true, confirm, result, error);
    }
    TRY(request_plan(&work, error));
    TRY(request_look(&work, &looked, error));
    if (looked)
        TRY(request_plan(&work, error));
    return request_finish(&work, true, confirm, result, error);
}
