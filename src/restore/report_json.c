/*
 * The "osbundle-report" object of the JSON contract: the proof that a factory keeps per unit.
 *
 * States what was read back; an unfinished run says so and lists what it had proved by then.
 */
#include "restore/restore.h"

#include "base/text.h"

const char *step_outcome_name(step_outcome outcome)
{
    switch (outcome) {
    case OUTCOME_PENDING:
        return "pending";
    case OUTCOME_DONE:
        return "done";
    case OUTCOME_UNCHANGED:
        return "unchanged";
    case OUTCOME_CHECKED:
        return "checked";
    case OUTCOME_FAILED:
        return "failed";
    }
    return "unknown";
}

static json_t *read_back_to_json(const step_evidence *proof)
{
    char hash[SHA256_HEX_SIZE];
    if (proof->source == EVIDENCE_NONE)
        return json_null();
    text_hex(hash, (span){proof->read_back, SHA256_SIZE});
    return json_pack("{s:s, s:s}", "from",
                     proof->source == EVIDENCE_FLASH ? "flash" : "module_info", "sha256", hash);
}

static json_t *versions_to_json(const snapshot *state)
{
    json_t *versions = json_object();
    for (size_t i = 0; i < state->module_count; i++) {
        char slot[MODULE_SLOT_TEXT];
        slot_text(state->modules[i].slot, slot);
        if (state->modules[i].store == STORE_MAIN)
            json_object_set_new(versions, slot, json_integer(state->modules[i].version));
    }
    return versions;
}

static json_t *step_to_json(const plan_step *step, const step_evidence *proof, size_t number)
{
    char slot[MODULE_SLOT_TEXT] = "", hash[SHA256_HEX_SIZE] = "";
    if (step->slot)
        slot_text(step->slot->slot, slot);
    if (step->operation == STEP_WRITE)
        text_hex(hash, (span){step->sha256, SHA256_SIZE});
    return json_pack("{s:I, s:s, s:o, s:o, s:o, s:s, s:s, s:o, s:I, s:I, s:I, s:I}", "n",
                     (json_int_t)number, "op", step_operation_name(step->operation), "slot",
                     json_text_or_null(step->slot ? slot : NULL), "file",
                     json_text_or_null(step->file[0] ? step->file : NULL), "sha256",
                     json_text_or_null(hash[0] ? hash : NULL), "outcome",
                     step_outcome_name(proof->outcome), "evidence", proof->evidence, "read_back",
                     read_back_to_json(proof), "bytes_written", (json_int_t)proof->bytes_written,
                     "bytes_skipped", (json_int_t)proof->bytes_skipped, "cost_ms",
                     (json_int_t)step->cost_ms, "duration_ms", (json_int_t)proof->duration_ms);
}

static json_t *assets_to_json(const restore_report *report, const restore_job *job)
{
    json_t *list = json_array();
    for (size_t i = 0; i < report->asset_count; i++) {
        const step_evidence *proof = &report->assets[i];
        char hash[SHA256_HEX_SIZE];
        text_hex(hash, (span){job->assets[i].sha256, SHA256_SIZE});
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:s, s:o, s:I, s:I, s:I}", "name", job->assets[i].name,
                            "sha256", hash, "outcome", step_outcome_name(proof->outcome),
                            "evidence", proof->evidence, "read_back", read_back_to_json(proof),
                            "bytes_written", (json_int_t)proof->bytes_written, "bytes_skipped",
                            (json_int_t)proof->bytes_skipped, "duration_ms",
                            (json_int_t)proof->duration_ms));
    }
    return list;
}

static const char *outcome_of(const restore_report *report, const osb_error *error)
{
    if (error && error->status == OSB_ERR_INTERRUPTED)
        return "interrupted";
    if (report->dry_run && (!error || error->status == OSB_OK))
        return "checked";
    if (!report->proved)
        return "failed";
    return report->bytes_written ? "done" : "nothing_to_do";
}

static json_t *error_to_json(const osb_error *error)
{
    if (!error || error->status == OSB_OK)
        return json_null();
    return json_pack("{s:s, s:s, s:s, s:s}", "code", osb_status_name(error->status), "subject",
                     error->subject, "message", error->message, "hint", error->hint);
}

json_t *restore_report_to_json(const restore_report *report, const restore_job *job,
                               const osb_error *error)
{
    const plan *steps = job->steps;
    json_t *list = json_array();
    for (size_t i = 0; i < report->step_count; i++)
        json_array_append_new(list, step_to_json(&steps->steps[i], &report->steps[i], i + 1));
    const char *version = steps->goal_version[0] ? steps->goal_version : NULL;
    const char *app = steps->goal_app[0] ? steps->goal_app : NULL;
    json_t *goal = json_pack("{s:o, s:o}", "version", json_text_or_null(version), "app",
                             json_text_or_null(app));
    return json_pack(
        "{s:s, s:i, s:s, s:s, s:o, s:o, s:o, s:s, s:o, s:o, s:I, s:I, s:I, s:s, s:o}", "type",
        "osbundle-report", "schema", 1, "device", steps->device_id, "platform", steps->board->name,
        "goal", goal, "before", versions_to_json(&report->before), "after",
        versions_to_json(&report->after), "mode", device_mode_name(report->after.mode), "steps",
        list, "assets", assets_to_json(report, job), "bytes_written",
        (json_int_t)report->bytes_written, "bytes_skipped", (json_int_t)report->bytes_skipped,
        "elapsed_ms", (json_int_t)report->elapsed_ms, "outcome", outcome_of(report, error), "error",
        error_to_json(error));
}
