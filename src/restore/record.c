/*
 * What the executor writes into the board's journal: the plan with every hash, and for each step
 * that it was begun and that it was proved.
 *
 * Decides nothing and reads nothing back: resume asks the board. Invariant: a step is on record
 * as begun before the board is touched for it.
 */
#include "base/text.h"
#include "restore/step.h"

static json_t *step_to_json(const restore_work *work, const plan_step *step)
{
    char slot[MODULE_SLOT_TEXT] = "", hash[SHA256_HEX_SIZE] = "";
    size_t number = (size_t)(step - work->steps->steps) + 1;
    if (step->slot)
        slot_text(step->slot->slot, slot);
    if (step->operation == STEP_WRITE)
        text_hex(hash, (span){step->sha256, SHA256_SIZE});
    return json_pack("{s:I, s:s, s:o, s:o, s:o}", "n", (json_int_t)number, "op",
                     step_operation_name(step->operation), "slot",
                     json_text_or_null(slot[0] ? slot : NULL), "file",
                     json_text_or_null(step->file[0] ? step->file : NULL), "sha256",
                     json_text_or_null(hash[0] ? hash : NULL));
}

/** Adds the record, which it takes over. Nothing is under way on the board at such a moment. */
static osb_status add(const restore_work *work, json_t *made, osb_error *error)
{
    JSON_OWNED *record = made;
    if (!record)
        return osb_fail_memory(error);
    osb_status status = journal_add(work->job->log, record, error);
    if (status != OSB_OK)
        osb_error_set_hint(error, "free some disk space, then run 'osbundle resume': the board was "
                                  "left between two steps");
    return status;
}

osb_status record_plan(const restore_work *work, osb_error *error)
{
    if (!work->job->log)
        return OSB_OK;
    json_t *steps = json_array();
    for (size_t i = 0; i < work->steps->step_count; i++)
        json_array_append_new(steps, step_to_json(work, &work->steps->steps[i]));
    return add(work,
               json_pack("{s:s, s:s, s:o}", "record", "plan", "fingerprint",
                         work->steps->fingerprint, "steps", steps),
               error);
}

osb_status record_begin(const restore_work *work, const plan_step *step, osb_error *error)
{
    if (!work->job->log)
        return OSB_OK;
    return add(work, json_pack("{s:s, s:o}", "record", "begin", "step", step_to_json(work, step)),
               error);
}

osb_status record_proved(const restore_work *work, const plan_step *step,
                         const step_evidence *proof, osb_error *error)
{
    if (!work->job->log)
        return OSB_OK;
    char hash[SHA256_HEX_SIZE] = "";
    if (proof->source != EVIDENCE_NONE)
        text_hex(hash, (span){proof->read_back, SHA256_SIZE});
    return add(work,
               json_pack("{s:s, s:I, s:s, s:s, s:o}", "record", "proved", "n",
                         (json_int_t)(step - work->steps->steps) + 1, "outcome",
                         step_outcome_name(proof->outcome), "evidence", proof->evidence,
                         "read_back", json_text_or_null(hash[0] ? hash : NULL)),
               error);
}

osb_status record_begin_asset(const restore_work *work, const restore_asset *item, osb_error *error)
{
    char hash[SHA256_HEX_SIZE];
    if (!work->job->log)
        return OSB_OK;
    text_hex(hash, (span){item->file_sha256, SHA256_SIZE});
    return add(work,
               json_pack("{s:s, s:s, s:s}", "record", "begin", "asset", item->name, "sha256", hash),
               error);
}

osb_status record_proved_asset(const restore_work *work, const restore_asset *item,
                               const step_evidence *proof, osb_error *error)
{
    if (!work->job->log)
        return OSB_OK;
    return add(work,
               json_pack("{s:s, s:s, s:s, s:s}", "record", "proved", "asset", item->name, "outcome",
                         step_outcome_name(proof->outcome), "evidence", proof->evidence),
               error);
}
