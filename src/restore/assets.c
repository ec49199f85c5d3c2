/*
 * Assets: the files that an application wants beside it, put on when everything else is there.
 *
 * They are no steps of the plan: they need no order and endanger nothing. Invariant: an asset
 * counts as there only when the board lists its name with the hash of its content.
 */
#include <string.h>

#include "base/text.h"
#include "restore/step.h"

static osb_status is_there(const restore_work *work, const restore_asset *item,
                           step_evidence *proof, bool *there, osb_error *error)
{
    TRY(device_has_asset(work->held, item->name, item->sha256, there, error));
    if (!*there)
        return OSB_OK;
    proof->source = EVIDENCE_REPORT;
    memcpy(proof->read_back, item->sha256, SHA256_SIZE);
    text_copy(proof->evidence, sizeof proof->evidence, "board lists it, hash as expected");
    return OSB_OK;
}

static void advance(void *context, uint64_t done, uint64_t total)
{
    step_announce(context, PHASE_WRITE, done, total);
}

static osb_status put(restore_work *work, const restore_asset *item, step_evidence *proof,
                      osb_error *error)
{
    span file;
    bool there;
    const restore_files *files = &work->job->files;
    device_progress progress = {advance, work};
    TRY(is_there(work, item, proof, &there, error));
    proof->outcome = OUTCOME_UNCHANGED;
    proof->bytes_skipped = item->size;
    if (there)
        return OSB_OK;
    proof->outcome = OUTCOME_FAILED;
    proof->bytes_skipped = 0;
    TRY(files->load(files->context, item->file_sha256, &file, error));
    work->now_holds = false;
    TRY(device_update(work->held, file, &progress, error));
    proof->bytes_written = file.size;
    step_announce(work, PHASE_PROVE, 0, file.size);
    TRY(is_there(work, item, proof, &there, error));
    if (!there)
        return osb_fail(error, OSB_ERR_UNPROVED, item->name,
                        "run 'osbundle resume'; if it repeats, the application does not want this "
                        "asset, or the board has no room for it",
                        "was sent without an error, but the board does not list it");
    proof->outcome = OUTCOME_DONE;
    return OSB_OK;
}

osb_status assets_run(restore_work *work, osb_error *error)
{
    transport *bus = device_transport(work->held);
    restore_report *report = work->report;
    for (size_t i = 0; i < work->job->asset_count; i++) {
        const restore_asset *item = &work->job->assets[i];
        step_evidence *proof = &report->assets[i];
        uint64_t began_ms = transport_now_ms(bus);
        TRY(stop_if_cancelled(work, error));
        TRY(record_begin_asset(work, item, error));
        osb_status status = put(work, item, proof, error);
        proof->duration_ms = transport_now_ms(bus) - began_ms;
        report->bytes_written += proof->bytes_written;
        report->bytes_skipped += proof->bytes_skipped;
        TRY(status);
        TRY(record_proved_asset(work, item, proof, error));
    }
    return OSB_OK;
}

osb_status assets_check(const restore_work *work, osb_error *error)
{
    span file;
    const restore_files *files = &work->job->files;
    for (size_t i = 0; i < work->job->asset_count; i++) {
        step_evidence *proof = &work->report->assets[i];
        TRY(files->load(files->context, work->job->assets[i].file_sha256, &file, error));
        text_format(proof->evidence, sizeof proof->evidence, "%zu bytes are at hand", file.size);
        proof->outcome = OUTCOME_CHECKED;
    }
    return OSB_OK;
}
