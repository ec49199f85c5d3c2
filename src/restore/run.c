/*
 * The executor's walk: inspect, run every step, inspect again, compare with what the plan promised.
 *
 * Keeps no state on disk: the board is the truth, so after any interruption a new plan from a new
 * inspection continues. Invariant: `proved` is set only when every step has evidence and the final
 * inspection shows the whole promised set.
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

static osb_status stop_if_cancelled(const restore_work *work, osb_error *error)
{
    const restore_hooks *hooks = work->hooks;
    if (!hooks || !hooks->cancelled || !hooks->cancelled(hooks->context))
        return OSB_OK;
    return osb_fail(error, OSB_ERR_INTERRUPTED, device_id(work->held),
                    "run the same restore again: it continues from what the board has",
                    "stopped between two steps, as asked");
}

static osb_status run_steps(restore_work *work, osb_error *error)
{
    restore_report *report = work->report;
    for (size_t i = 0; i < work->steps->step_count; i++) {
        step_evidence *proof = &report->steps[i];
        TRY(stop_if_cancelled(work, error));
        osb_status status = step_run(work, &work->steps->steps[i], proof, error);
        report->bytes_written += proof->bytes_written;
        report->bytes_skipped += proof->bytes_skipped;
        TRY(status);
    }
    work->current = NULL;
    return OSB_OK;
}

/** Every promised module is reported in its version, sound and with its needs met. */
static osb_status prove_set(restore_work *work, osb_error *error)
{
    const plan *steps = work->steps;
    const snapshot *after = &work->report->after;
    for (size_t i = 0; i < steps->after_count; i++) {
        const snapshot_module *now = snapshot_find(after, steps->after[i].slot);
        uint32_t failed = now ? now->checked & ~now->passed : 0;
        bool is_app = steps->after[i].slot.function == MODULE_USER_PART;
        if (now && now->version == steps->after[i].version &&
            (!failed || (is_app && steps->warning_count)))
            continue;
        char slot[MODULE_SLOT_TEXT];
        slot_text(steps->after[i].slot, slot);
        return osb_fail(error, OSB_ERR_UNPROVED, slot, "run: osbundle diagnose",
                        "after all steps the board reports %s %u%s, and not %u as planned",
                        now ? "version" : "nothing, version", now ? now->version : 0,
                        failed ? " with failed checks" : "", steps->after[i].version);
    }
    return OSB_OK;
}

osb_status restore_run(device *held, const plan *steps, const restore_files *files,
                       const restore_hooks *hooks, restore_report *report, osb_error *error)
{
    *report = (restore_report){.step_count = steps->step_count};
    restore_work work = {.held = held,
                         .steps = steps,
                         .files = files,
                         .hooks = hooks,
                         .report = report,
                         .started_ms = transport_now_ms(device_transport(held))};
    step_announce(&work, PHASE_INSPECT, 0, 0);
    TRY(device_inspect(held, &report->before, error));
    TRY(check_fingerprint(&work, error));
    osb_status status = run_steps(&work, error);
    if (status == OSB_OK) {
        step_announce(&work, PHASE_INSPECT, 0, 0);
        status = device_inspect(held, &report->after, error);
    }
    if (status == OSB_OK)
        status = prove_set(&work, error);
    report->proved = status == OSB_OK;
    report->elapsed_ms = transport_now_ms(device_transport(held)) - work.started_ms;
    return status;
}
