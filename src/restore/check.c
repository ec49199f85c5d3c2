/*
 * One step of a dry run: what can be known without writing.
 *
 * Touches the board with nothing but questions. Invariant: a step is OUTCOME_CHECKED only when its
 * file was loaded, hashed and accepted for its slot.
 */
#include "base/text.h"
#include "restore/step.h"

static osb_status check_write(const restore_work *work, const plan_step *step, step_evidence *proof,
                              osb_error *error)
{
    span file;
    module parsed;
    char hash[SHA256_HEX_SIZE];
    TRY(step_load(work, step, &file, &parsed, error));
    text_hex(hash, (span){step->sha256, SHA256_SIZE});
    text_format(proof->evidence, sizeof proof->evidence,
                "%zu bytes are at hand with sha256 %.16s..., and the slot takes them", file.size,
                hash);
    proof->bytes_skipped = step->bytes;
    return OSB_OK;
}

osb_status step_check(const restore_work *work, const plan_step *step, step_evidence *proof,
                      osb_error *error)
{
    osb_status status = OSB_OK;
    switch (step->operation) {
    case STEP_WRITE:
        status = check_write(work, step, proof, error);
        break;
    case STEP_INVALIDATE:
        text_copy(proof->evidence, sizeof proof->evidence, "would look what stands there first");
        break;
    case STEP_SETTINGS:
        text_copy(proof->evidence, sizeof proof->evidence, "would read the setting first");
        break;
    case STEP_MODE:
    case STEP_BOOT:
        text_copy(proof->evidence, sizeof proof->evidence, "would restart the board");
        break;
    }
    proof->outcome = status == OSB_OK ? OUTCOME_CHECKED : OUTCOME_FAILED;
    return status;
}
