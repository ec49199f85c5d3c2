/*
 * Changing one setting of the board, as a step.
 *
 * Which settings there are is the model's; that all others stay is the device layer's. Invariant:
 * a setting is changed only when it reads differently, and was read back when the step is done.
 */
#include "base/text.h"
#include "restore/step.h"

osb_status setting_change(restore_work *work, const plan_step *step, step_evidence *proof,
                          osb_error *error)
{
    uint8_t now;
    const char *name = setting_name(step->setting);
    proof->outcome = OUTCOME_UNCHANGED;
    if (step->setting == SETTING_UPDATE_FLAG && step->value == UPDATE_FLAG_SET && !work->staged) {
        text_copy(proof->evidence, sizeof proof->evidence,
                  "nothing is staged: what it was for is there already");
        return OSB_OK;
    }
    step_announce(work, PHASE_READ, 0, 1);
    TRY(device_read_setting(work->held, step->setting, &now, error));
    text_format(proof->evidence, sizeof proof->evidence, "%s reads 0x%02x already", name, now);
    if (now == step->value)
        return OSB_OK;
    step_announce(work, PHASE_WRITE, 0, 1);
    TRY(device_write_setting(work->held, step->setting, step->value, error));
    text_format(proof->evidence, sizeof proof->evidence, "read back 0x%02x as %s", step->value,
                name);
    proof->bytes_written = 1;
    proof->outcome = OUTCOME_DONE;
    return OSB_OK;
}
