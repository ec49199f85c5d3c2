/*
 * The executor's walk: inspect, run every step, inspect again, compare with what the plan promised.
 *
 * The journal is kept beside it for `resume`; what counts is what the board shows. Invariant:
 * `proved` is set only when every step has evidence and the final inspection shows the whole
 * promised set.
 */
#include "restore/step.h"

#include "base/text.h"

static osb_status check_fingerprint(restore_work *work, osb_error *error)
{
    char now[SHA256_HEX_SIZE];
    snapshot_fingerprint(&work->report->before, now);
    if (text_equal(now, work->steps->fingerprint))
        return OSB_OK;
    return osb_fail(error, OSB_ERR_REFUSED, device_id(work->held), "make a new plan",
                    "the board is not as it was when the plan was made");
}

osb_status stop_if_cancelled(const restore_work *work, osb_error *error)
{
    const restore_hooks *hooks = &work->job->hooks;
    if (!hooks->cancelled || !hooks->cancelled(hooks->context))
        return OSB_OK;
    return osb_fail(error, OSB_ERR_INTERRUPTED, device_id(work->held),
                    "continue with: osbundle resume", "stopped between two steps, as asked");
}

/** Inspects the board and holds it against the plan. */
static osb_status begin(restore_work *work, osb_error *error)
{
    step_announce(work, PHASE_INSPECT, 0, 0);
    TRY(evidence_inspect(work, error));
    work->report->before = work->now;
    return check_fingerprint(work, error);
}

/** The journal is on the disk before the board is touched. */
static osb_status begin_journal(const restore_work *work, osb_error *error)
{
    const restore_job *job = work->job;
    if (!job->log)
        return OSB_OK;
    osb_status status = job->goal ? journal_begin(job->log, job->goal, error) : OSB_OK;
    if (status == OSB_OK)
        status = record_plan(work, error);
    if (status == OSB_ERR_IO)
        osb_error_set_hint(error, "free some disk space and run the same command again: nothing "
                                  "was written to the board");
    return status;
}

static osb_status run_steps(restore_work *work, osb_error *error)
{
    restore_report *report = work->report;
    for (size_t i = 0; i < work->steps->step_count; i++) {
        const plan_step *step = &work->steps->steps[i];
        step_evidence *proof = &report->steps[i];
        TRY(stop_if_cancelled(work, error));
        TRY(record_begin(work, step, error));
        osb_status status = step_run(work, step, proof, error);
        report->bytes_written += proof->bytes_written;
        report->bytes_skipped += proof->bytes_skipped;
        TRY(status);
        TRY(record_proved(work, step, proof, error));
    }
    work->current = NULL;
    return OSB_OK;
}

/** The last one: with a release on the way there are two. */
static const plan_step *write_of(const plan *steps, module_slot slot)
{
    for (size_t i = steps->step_count; i-- > 0;)
        if (steps->steps[i].operation == STEP_WRITE && slot_equal(steps->steps[i].slot->slot, slot))
            return &steps->steps[i];
    return NULL;
}

/** An application that no longer fits what the plan puts below it: the plan has warned of that. */
static bool is_foreseen(const snapshot *after, const snapshot_module *now)
{
    for (size_t i = 0; now->slot.function == MODULE_USER_PART && i < now->dependency_count; i++)
        if (!snapshot_meets(after, now->dependencies[i]))
            return true;
    return false;
}

/**
 * What counts against the proof. A release is promised with all its needs met; files alone mend
 * nothing that was amiss and that they do not replace.
 */
static uint32_t failed_checks(const restore_work *work, const snapshot_module *now)
{
    bool promised = work->steps->goal_version[0] || write_of(work->steps, now->slot);
    uint32_t failed = promised ? now->checked & ~now->passed : 0;
    if (is_foreseen(&work->report->after, now))
        failed &= ~(uint32_t)(CHECK_DEPENDENCIES | CHECK_FULL_DEPENDENCIES);
    return failed;
}

/** Every promised module is reported in its version and build, sound and with its needs met. */
static osb_status prove_set(restore_work *work, osb_error *error)
{
    const plan *steps = work->steps;
    const snapshot *after = &work->report->after;
    for (size_t i = 0; i < steps->after_count; i++) {
        const snapshot_module *now = snapshot_find(after, steps->after[i].slot);
        const plan_step *write = write_of(steps, steps->after[i].slot);
        uint32_t failed = now ? failed_checks(work, now) : 0;
        bool same = !now || !write || evidence_same_build(now, write);
        if (now && now->version == steps->after[i].version && same && !failed)
            continue;
        char slot[MODULE_SLOT_TEXT];
        slot_text(steps->after[i].slot, slot);
        return osb_fail(error, OSB_ERR_UNPROVED, slot, "run: osbundle diagnose",
                        "after all steps the board reports %s %u%s%s, and not %u as planned",
                        now ? "version" : "nothing, version", now ? now->version : 0,
                        failed ? " with failed checks" : "", same ? "" : " of another build",
                        steps->after[i].version);
    }
    return OSB_OK;
}

/** A board that waits for its owner to set it up would not start its application. */
static osb_status leave_listening(restore_work *work, osb_error *error)
{
    if (work->now.mode != MODE_LISTENING)
        return OSB_OK;
    TRY(device_leave_listening(work->held, error));
    work->now_holds = false;
    return evidence_inspect(work, error);
}

static osb_status prove(restore_work *work, osb_error *error)
{
    work->now_holds = false;
    step_announce(work, PHASE_INSPECT, 0, 0);
    TRY(evidence_inspect(work, error));
    TRY(leave_listening(work, error));
    work->report->after = work->now;
    return prove_set(work, error);
}

static restore_work work_make(const restore_job *job, restore_report *report)
{
    *report =
        (restore_report){.step_count = job->steps->step_count, .asset_count = job->asset_count};
    return (restore_work){.job = job,
                          .held = job->held,
                          .steps = job->steps,
                          .report = report,
                          .started_ms = transport_now_ms(device_transport(job->held))};
}

osb_status restore_run(const restore_job *job, restore_report *report, osb_error *error)
{
    restore_work work = work_make(job, report);
    TRY(begin(&work, error));
    TRY(begin_journal(&work, error));
    osb_status status = run_steps(&work, error);
    if (status == OSB_OK)
        status = assets_run(&work, error);
    if (status == OSB_OK)
        status = prove(&work, error);
    report->proved = status == OSB_OK;
    report->elapsed_ms = transport_now_ms(device_transport(job->held)) - work.started_ms;
    osb_error ignored; /* the goal is reached, whether or not the disk takes that note */
    if (report->proved && job->log)
        report->journal_left_open = journal_finish(job->log, &ignored) != OSB_OK;
    return status;
}

osb_status restore_check(const restore_job *job, restore_report *report, osb_error *error)
{
    restore_work work = work_make(job, report);
    report->dry_run = true;
    TRY(begin(&work, error));
    for (size_t i = 0; i < job->steps->step_count; i++) {
        TRY(stop_if_cancelled(&work, error));
        TRY(step_check(&work, &job->steps->steps[i], &report->steps[i], error));
    }
    TRY(assets_check(&work, error));
    report->after = report->before;
    report->elapsed_ms = transport_now_ms(device_transport(job->held)) - work.started_ms;
    return OSB_OK;
}
