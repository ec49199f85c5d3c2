#pragma once
/** One step of a plan on one board. Private to restore/. */
#include "restore/restore.h"

/** What all steps of a run share. */
typedef struct restore_work {
    device *held;
    const plan *steps;
    const restore_files *files;
    const restore_hooks *hooks;
    restore_report *report;
    const plan_step *current;
    restore_phase phase;
    uint64_t started_ms;
} restore_work;

/** Does one step and proves it; fills its evidence. */
osb_status step_run(restore_work *work, const plan_step *step, step_evidence *proof,
                    osb_error *error) OSB_MUST_CHECK;

/** Tells the hooks about a phase; `done` and `total` in bytes. */
void step_announce(restore_work *work, restore_phase phase, uint64_t done, uint64_t total);

/** Reads back `expected.size` bytes and says whether they are the expected ones. */
osb_status evidence_compare(restore_work *work, const plan_step *step, span expected, bool *same,
                            osb_error *error) OSB_MUST_CHECK;

/** Asks the board for its modules: does it report what the step should have put there? */
osb_status evidence_reported(restore_work *work, const plan_step *step, bool *installed,
                             step_evidence *proof, osb_error *error) OSB_MUST_CHECK;

/** Describes bytes that were read back and found right. */
void evidence_of_bytes(span content, step_evidence *proof);
