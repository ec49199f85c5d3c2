/*
 * Handing a bootloader over in DFU mode: the image into the staging region, proved there, and
 * after the start behind it proved once more by what the board reports.
 *
 * Sets no flag: that is a step of its own, behind this one. Invariant: the module counts as
 * installed only when the board itself reports it, because a system that finds nothing where it
 * looks keeps silent.
 */
#include "base/text.h"
#include "restore/step.h"

enum {
    AWAIT_MS = 120000, /* two starts and a copy */
    BACK_MS = 65000,
    ASK_AGAIN_MS = 500,
    OLD_ANSWERS_MAX = 6 /* a system that answers has looked at the flag before */
};

/** Whether the slot itself holds the image already, where the board did not tell. */
static osb_status is_installed(restore_work *work, const plan_step *step, span image, bool *same,
                               osb_error *error)
{
    plan_step slot = *step;
    *same = false;
    if (!step->compare_first)
        return OSB_OK;
    slot.via = ROUTE_DFU;
    slot.address = step->slot->start;
    step_announce(work, PHASE_READ, 0, image.size);
    osb_error refusal = {0};
    osb_status status = evidence_compare(work, &slot, image, same, &refusal);
    if (status == OSB_ERR_REFUSED)
        return OSB_OK; /* not readable on this board */
    if (status != OSB_OK && error)
        *error = refusal;
    return status;
}

osb_status staged_write(restore_work *work, const plan_step *step, span image, step_evidence *proof,
                        osb_error *error)
{
    bool same;
    TRY(is_installed(work, step, image, &same, error));
    if (same) {
        evidence_of_bytes(image, proof);
        proof->outcome = OUTCOME_UNCHANGED;
        proof->bytes_skipped = image.size;
        return OSB_OK;
    }
    plan_step there = *step;
    there.compare_first = true; /* what an interrupted run has staged need not be sent again */
    TRY(step_write_flash(work, &there, image, proof, error));
    work->staged = step;
    return OSB_OK;
}

static osb_status not_taken(const plan_step *step, const step_evidence *proof, osb_error *error)
{
    char slot[MODULE_SLOT_TEXT];
    slot_text(step->slot->slot, slot);
    return osb_fail(error, OSB_ERR_UNPROVED, slot,
                    "run 'osbundle resume'; if it repeats, restore without --via dfu",
                    "was staged and flagged, but the system did not put it in place: %s",
                    proof->evidence);
}

/** One question. `*over`: there is nothing to wait for any more. */
static osb_status ask(restore_work *work, const plan_step *step, unsigned *old_answers, bool *over,
                      step_evidence *proof, osb_error *error)
{
    bool installed = false;
    transport *bus = device_transport(work->held);
    osb_error trouble = {0};
    work->now_holds = false;
    osb_status status = evidence_reported(work, step, &installed, proof, &trouble);
    *over = status == OSB_OK && (installed || ++*old_answers == OLD_ANSWERS_MAX);
    if (*over)
        return installed ? OSB_OK : not_taken(step, proof, error);
    if (status == OSB_ERR_INTERRUPTED) {
        if (error)
            *error = trouble;
        return status;
    }
    if (status == OSB_ERR_DISCONNECTED)
        return device_reconnect(work->held, BACK_MS, error);
    return transport_wait(bus, ASK_AGAIN_MS, error);
}

osb_status staged_await(restore_work *work, step_evidence *proof, osb_error *error)
{
    const plan_step *step = work->staged;
    transport *bus = device_transport(work->held);
    uint64_t deadline_ms = transport_now_ms(bus) + AWAIT_MS;
    unsigned old_answers = 0;
    work->staged = NULL;
    step_announce(work, PHASE_PROVE, 0, 0);
    while (transport_now_ms(bus) < deadline_ms) {
        bool over;
        TRY(ask(work, step, &old_answers, &over, proof, error));
        if (over)
            return OSB_OK;
    }
    text_copy(proof->evidence, sizeof proof->evidence, "it does not answer");
    return not_taken(step, proof, error);
}
