/*
 * One step of a plan: done on the board, then proved by reading back.
 *
 * Chooses no order and skips nothing but what reading back shows to be there already. Invariant:
 * a step is OUTCOME_DONE or OUTCOME_UNCHANGED only with evidence in hand.
 */
#include "restore/step.h"

#include "base/text.h"

void step_announce(restore_work *work, restore_phase phase, uint64_t done, uint64_t total)
{
    work->phase = phase;
    const restore_hooks *hooks = &work->job->hooks;
    if (!hooks->event)
        return;
    uint64_t now_ms = transport_now_ms(device_transport(work->held));
    restore_event event = {.phase = phase,
                           .step = work->current,
                           .done = done,
                           .total = total,
                           .elapsed_ms = now_ms - work->started_ms};
    hooks->event(hooks->context, &event);
}

static void advance(void *context, uint64_t done, uint64_t total)
{
    step_announce(context, PHASE_WRITE, done, total);
}

static osb_status not_proved(const plan_step *step, const step_evidence *proof, osb_error *error)
{
    char slot[MODULE_SLOT_TEXT];
    slot_text(step->slot->slot, slot);
    return osb_fail(
        error, OSB_ERR_UNPROVED, slot,
        "run 'osbundle resume'; if it repeats, the board's flash or USB link is at fault",
        "was sent without an error, but %s", proof->evidence);
}

static osb_status write_by_control(restore_work *work, const plan_step *step, span file,
                                   const module *parsed, step_evidence *proof, osb_error *error)
{
    bool installed = false;
    device_progress progress = {advance, work};
    if (step->compare_first) {
        step_announce(work, PHASE_READ, 0, file.size);
        TRY(evidence_reported(work, step, &installed, proof, error));
    }
    if (installed) {
        proof->outcome = OUTCOME_UNCHANGED;
        proof->bytes_skipped = step->bytes;
        return OSB_OK;
    }
    TRY(accept_needs(work, step, parsed, error));
    work->now_holds = false;
    step_announce(work, PHASE_WRITE, 0, file.size);
    TRY(device_update(work->held, file, &progress, error));
    proof->bytes_written = file.size;
    step_announce(work, PHASE_PROVE, 0, file.size);
    TRY(evidence_reported(work, step, &installed, proof, error));
    if (!installed)
        return not_proved(step, proof, error);
    proof->outcome = OUTCOME_DONE;
    return OSB_OK;
}

osb_status step_write_flash(restore_work *work, const plan_step *step, span content,
                            step_evidence *proof, osb_error *error)
{
    bool same = false;
    device_progress progress = {advance, work};
    if (step->compare_first) {
        step_announce(work, PHASE_READ, 0, content.size);
        TRY(evidence_compare(work, step, content, &same, error));
    }
    if (same) {
        evidence_of_bytes(content, proof);
        proof->outcome = OUTCOME_UNCHANGED;
        proof->bytes_skipped = content.size;
        return OSB_OK;
    }
    step_announce(work, PHASE_WRITE, 0, content.size);
    TRY(device_write_flash(work->held, evidence_alternate(work, step), step->address, content,
                           &progress, error));
    proof->bytes_written = content.size;
    step_announce(work, PHASE_PROVE, 0, content.size);
    TRY(evidence_compare(work, step, content, &same, error));
    if (!same) {
        text_copy(proof->evidence, sizeof proof->evidence, "other bytes were read back");
        return not_proved(step, proof, error);
    }
    evidence_of_bytes(content, proof);
    proof->outcome = OUTCOME_DONE;
    return OSB_OK;
}

osb_status step_load(const restore_work *work, const plan_step *step, span *file, module *parsed,
                     osb_error *error)
{
    const restore_files *files = &work->job->files;
    TRY(files->load(files->context, step->sha256, file, error));
    TRY(module_parse(*file, step->file, parsed, error));
    TRY(platform_accepts(work->steps->board, parsed, step->file, error));
    if (slot_equal(parsed->slot, step->slot->slot) && parsed->version == step->to)
        return OSB_OK;
    return osb_fail(error, OSB_ERR_REFUSED, step->file, "make a new plan",
                    "is another module than the plan says");
}

static osb_status write_module(restore_work *work, const plan_step *step, step_evidence *proof,
                               osb_error *error)
{
    span file;
    module parsed;
    TRY(step_load(work, step, &file, &parsed, error));
    switch (step->via) {
    case ROUTE_CONTROL:
        return write_by_control(work, step, file, &parsed, proof, error);
    case ROUTE_DFU:
        return step_write_flash(work, step, module_payload(&parsed), proof, error);
    case ROUTE_STAGED:
        return staged_write(work, step, parsed.image, proof, error);
    case ROUTE_NEVER:
        break;
    }
    return osb_fail(error, OSB_ERR_INTERNAL, step->file, NULL, "no road leads there");
}

/** Whether the bytes that the next write step would put on the board are there already. */
static osb_status next_write_is_there(restore_work *work, const plan_step *step, bool *there,
                                      osb_error *error)
{
    span file;
    module parsed;
    const plan_step *end = work->steps->steps + work->steps->step_count;
    *there = false;
    while (step < end && step->operation == STEP_INVALIDATE)
        step++;
    if (step == end || step->operation != STEP_WRITE || step->via != ROUTE_DFU)
        return OSB_OK;
    TRY(step_load(work, step, &file, &parsed, error));
    return evidence_compare(work, step, module_payload(&parsed), there, error);
}

/**
 * Blanks one page, unless no module stands there: only a module's header could win at boot, and
 * what else lies there may be the middle of something that is in use.
 */
static osb_status invalidate(restore_work *work, const plan_step *step, step_evidence *proof,
                             osb_error *error)
{
    module header;
    bool needless = false;
    BUF_OWNED content = buf_make(step->bytes), blank = buf_make(step->bytes);
    step_announce(work, PHASE_READ, 0, step->bytes);
    if (step->guard)
        TRY(next_write_is_there(work, step, &needless, error));
    TRY(device_read_flash(work->held, step->slot->alternate, step->address, step->bytes, NULL,
                          &content, error));
    bool is_module = module_peek(buf_span(&content), step->slot->prefix_offset, &header) &&
                     header.start == step->address;
    if (needless || !is_module) {
        text_format(proof->evidence, sizeof proof->evidence, "read back: %s",
                    needless ? "what it makes room for is there already"
                             : "no module stands there");
        proof->outcome = OUTCOME_UNCHANGED;
        return OSB_OK;
    }
    buf_append_fill(&blank, 0xff, step->bytes);
    TRY(buf_check(&blank, "blank page", error));
    plan_step once = *step;
    once.compare_first = false;
    return step_write_flash(work, &once, buf_span(&blank), proof, error);
}

/** Starts the system; one that has something staged for it starts twice. */
static osb_status boot(restore_work *work, step_evidence *proof, osb_error *error)
{
    step_announce(work, PHASE_BOOT, 0, 0);
    TRY(device_restart(work->held, error));
    text_copy(proof->evidence, sizeof proof->evidence, "board answers in normal mode");
    if (work->staged)
        TRY(staged_await(work, proof, error));
    proof->outcome = OUTCOME_DONE;
    return OSB_OK;
}

static osb_status dispatch(restore_work *work, const plan_step *step, step_evidence *proof,
                           osb_error *error)
{
    switch (step->operation) {
    case STEP_WRITE:
        return write_module(work, step, proof, error);
    case STEP_INVALIDATE:
        return invalidate(work, step, proof, error);
    case STEP_MODE:
        step_announce(work, PHASE_BOOT, 0, 0);
        TRY(device_enter_dfu(work->held, error));
        text_copy(proof->evidence, sizeof proof->evidence, "board answers in DFU mode");
        proof->outcome = OUTCOME_DONE;
        return OSB_OK;
    case STEP_BOOT:
        return boot(work, proof, error);
    case STEP_SETTINGS:
        return setting_change(work, step, proof, error);
    }
    return osb_fail(error, OSB_ERR_INTERNAL, NULL, NULL, "unknown step");
}

osb_status step_run(restore_work *work, const plan_step *step, step_evidence *proof,
                    osb_error *error)
{
    transport *bus = device_transport(work->held);
    uint64_t began_ms = transport_now_ms(bus);
    work->current = step;
    work->now_holds = work->now_holds && step->operation == STEP_WRITE;
    osb_status status = dispatch(work, step, proof, error);
    if (status != OSB_OK)
        proof->outcome = OUTCOME_FAILED;
    proof->duration_ms = transport_now_ms(bus) - began_ms;
    step_announce(work, PHASE_STEP_DONE, step->bytes, step->bytes);
    return status;
}
