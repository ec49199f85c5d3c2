/*
 * What counts as proof: bytes read back from flash, or the board's own report of a module that it
 * has installed and found sound.
 *
 * Writes nothing. Invariant: proof comes from the board, never from a transfer that did not fail.
 */
#include "restore/step.h"

#include <string.h>

#include "base/text.h"

/** What should be in flash, and whether it is, as far as has been read. */
typedef struct comparison {
    span expected;
    bool same;
} comparison;

static void advance(void *context, uint64_t done, uint64_t total)
{
    restore_work *work = context;
    step_announce(work, work->phase, done, total);
}

/** The first block that differs settles it. */
static bool compare_block(void *context, uint32_t offset, span block)
{
    comparison *compared = context;
    const span wanted = span_slice(compared->expected, offset, block.size);
    compared->same = wanted.size == block.size && memcmp(wanted.data, block.data, block.size) == 0;
    return compared->same;
}

uint8_t evidence_alternate(const restore_work *work, const plan_step *step)
{
    return step->via == ROUTE_STAGED ? work->steps->board->staging_alternate
                                     : step->slot->alternate;
}

osb_status evidence_compare(restore_work *work, const plan_step *step, span expected, bool *same,
                            osb_error *error)
{
    comparison compared = {expected, true};
    const device_progress progress = {advance, work};
    const device_sink sink = {compare_block, &compared};
    TRY(device_scan_flash(work->held, evidence_alternate(work, step), step->address,
                          (uint32_t)expected.size, &progress, &sink, error));
    *same = compared.same;
    return OSB_OK;
}

void evidence_of_bytes(span content, step_evidence *proof)
{
    char hash[SHA256_HEX_SIZE];
    proof->source = EVIDENCE_FLASH;
    sha256(content, proof->read_back);
    text_hex(hash, (span){proof->read_back, SHA256_SIZE});
    text_format(proof->evidence, sizeof proof->evidence, "read back %zu bytes, sha256 %s",
                content.size, hash);
}

/** The board's hash of the two modules it makes up itself says nothing (usb-protocol 4.3). */
bool evidence_same_build(const snapshot_module *now, const plan_step *step)
{
    static const uint8_t unknown[SHA256_SIZE];
    uint8_t function = now->slot.function;
    if (!now->has_identity || function == MODULE_RADIO_STACK || function == MODULE_NCP_FIRMWARE ||
        memcmp(step->identity, unknown, SHA256_SIZE) == 0)
        return true;
    return memcmp(now->identity, step->identity, SHA256_SIZE) == 0;
}

osb_status evidence_inspect(restore_work *work, osb_error *error)
{
    if (work->now_holds)
        return OSB_OK;
    TRY(device_inspect(work->held, &work->now, error));
    work->now_holds = true;
    return OSB_OK;
}

osb_status evidence_reported(restore_work *work, const plan_step *step, bool *installed,
                             step_evidence *proof, osb_error *error)
{
    char slot[MODULE_SLOT_TEXT];
    *installed = false;
    TRY(evidence_inspect(work, error));
    slot_text(step->slot->slot, slot);
    const snapshot_module *now = snapshot_find(&work->now, step->slot->slot);
    if (!now) {
        text_format(proof->evidence, sizeof proof->evidence, "board reports no %s", slot);
        return OSB_OK;
    }
    bool sound = !(now->checked & ~now->passed & CHECK_INTEGRITY);
    bool same = evidence_same_build(now, step);
    *installed = now->version == step->to && sound && same;
    if (now->has_identity) {
        proof->source = EVIDENCE_REPORT;
        memcpy(proof->read_back, now->identity, SHA256_SIZE);
    }
    text_format(proof->evidence, sizeof proof->evidence, "board reports %s %u%s%s", slot,
                now->version, sound ? "" : ", damaged",
                !now->has_identity ? ""
                : same             ? ", hash as expected"
                                   : ", another build");
    return OSB_OK;
}
