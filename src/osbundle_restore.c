/*
 * The facade's restore: shows the plan, asks, runs it, and keeps the journal that resume needs.
 *
 * Plans are made by osbundle_request.c. Invariant: every byte that goes to a board comes from the
 * cache, hashed right before it is sent.
 */
#include "osbundle_request.h"

#include "base/text.h"

/** A restore_files function. */
static osb_status load_file(void *context, const plan_step *step, span *file, osb_error *error)
{
    request *work = context;
    buf_free(&work->file_content);
    TRY(cas_read(work->context->store, step->sha256, &work->file_content, error));
    *file = buf_span(&work->file_content);
    return OSB_OK;
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
    const osb_hooks *hooks = &work->context->hooks;
    char slot[MODULE_SLOT_TEXT] = "";
    if (!hooks->event)
        return;
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
                       .cost_total_ms = plan_cost_ms(&work->steps)};
    hooks->event(hooks->context, &event);
}

static bool forward_cancelled(void *context)
{
    request *work = context;
    const osb_hooks *hooks = &work->context->hooks;
    return hooks->cancelled && hooks->cancelled(hooks->context);
}

static osb_status ask(request *work, bool (*confirm)(void *, const json_t *), osb_error *error)
{
    if (!confirm)
        return OSB_OK;
    JSON_OWNED *shown = plan_to_json(&work->steps);
    if (confirm(work->context->hooks.context, shown))
        return OSB_OK;
    return osb_fail(error, OSB_ERR_INTERRUPTED, work->steps.device_id,
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

osb_status request_run(request *work, bool begins, bool (*confirm)(void *, const json_t *),
                       json_t **result, osb_error *error)
{
    restore_report report;
    osb_error problem = {0};
    if (work->steps.refusal_count)
        return osb_fail(error, OSB_ERR_NO_PLAN, work->state.device_id,
                        "see all reasons with: osbundle plan", "%s", work->steps.refusals[0]);
    TRY(ask(work, confirm, error));
    if (begins && work->log)
        tell_given_up(work);
    JSON_OWNED *goal = begins ? pinned_goal_to_json(&work->pinned) : NULL;
    restore_job job = {.held = work->held,
                       .steps = &work->steps,
                       .files = {load_file, work},
                       .hooks = {forward_event, forward_cancelled, work},
                       .log = work->log,
                       .goal = goal};
    work->context->boards_in_work++;
    osb_status status =
        work->log ? restore_run(&job, &report, &problem) : restore_check(&job, &report, &problem);
    work->context->boards_in_work--;
    *result = restore_report_to_json(&report, &work->steps, &problem);
    if (report.journal_left_open)
        log_line(&work->context->log, LOG_WARNING, "journal",
                 "%s: the goal is reached, but the disk did not take that note",
                 work->state.device_id);
    if (error)
        *error = problem;
    return status;
}

osb_status osb_restore(osb_context *context, const osb_goal *goal,
                       bool (*confirm)(void *, const json_t *), json_t **result, osb_error *error)
{
    REQUEST_OWNED work = request_make(context, goal);
    bool looked;
    *result = NULL;
    TRY(request_take_board(&work, !goal->dry_run, error));
    TRY(request_plan(&work, error));
    TRY(request_look(&work, &looked, error));
    if (looked)
        TRY(request_plan(&work, error));
    return request_run(&work, true, confirm, result, error);
}
