#pragma once
/** One step of a plan on one board. Private to restore/. */
#include "restore/restore.h"

/** What all steps of a run share. */
typedef struct restore_work {
    const restore_job *job;
    device *held;      /**< of the job */
    const plan *steps; /**< of the job */
    restore_report *report;
    snapshot now;   /**< the board as it was last asked */
    bool now_holds; /**< nothing has changed it since */
    const plan_step *current;
    const plan_step *staged; /**< handed over, and not put in place by a start yet */
    restore_phase phase;
    uint64_t started_ms;
} restore_work;

/** Loads and parses the file of a write step, and asks whether the board's slot takes it. */
osb_status step_load(const restore_work *work, const plan_step *step, span *file, module *parsed,
                     osb_error *error) OSB_MUST_CHECK;

/** Everything of a step but its writes; says in its evidence what was seen. */
osb_status step_check(const restore_work *work, const plan_step *step, step_evidence *proof,
                      osb_error *error) OSB_MUST_CHECK;

/** Does one step and proves it; fills its evidence. */
osb_status step_run(restore_work *work, const plan_step *step, step_evidence *proof,
                    osb_error *error) OSB_MUST_CHECK;

/** Writes `content` where the step says, unless it is there, and reads it back, in DFU mode. */
osb_status step_write_flash(restore_work *work, const plan_step *step, span content,
                            step_evidence *proof, osb_error *error) OSB_MUST_CHECK;

/** Puts a bootloader into the staging region; `work->staged` is set unless it is in its slot. */
osb_status staged_write(restore_work *work, const plan_step *step, span image, step_evidence *proof,
                        osb_error *error) OSB_MUST_CHECK;
/** After a start: waits until the board reports what was staged. OSB_ERR_UNPROVED if it does not.
 */
osb_status staged_await(restore_work *work, step_evidence *proof, osb_error *error) OSB_MUST_CHECK;

/** A settings step. */
osb_status setting_change(restore_work *work, const plan_step *step, step_evidence *proof,
                          osb_error *error) OSB_MUST_CHECK;

/** Tells the hooks about a phase; `done` and `total` in bytes. */
void step_announce(restore_work *work, restore_phase phase, uint64_t done, uint64_t total);

/** The DFU alternate setting that a step writes to. */
uint8_t evidence_alternate(const restore_work *work, const plan_step *step);

/** Reads back `expected.size` bytes and says whether they are the expected ones. */
osb_status evidence_compare(restore_work *work, const plan_step *step, span expected, bool *same,
                            osb_error *error) OSB_MUST_CHECK;

/** Fills `work->now` unless it still holds. */
osb_status evidence_inspect(restore_work *work, osb_error *error) OSB_MUST_CHECK;

/**
 * The board's own test, made before anything is sent: are the needs of the module met by what the
 * board has at this moment? OSB_ERR_REFUSED naming the need.
 */
osb_status accept_needs(restore_work *work, const plan_step *step, const module *parsed,
                        osb_error *error) OSB_MUST_CHECK;

/** Whether a reported module is the build that the step is about, as far as both tell a hash. */
bool evidence_same_build(const snapshot_module *now, const plan_step *step);

/** Puts the assets on that the board does not keep yet, each proved by its own report. */
osb_status assets_run(restore_work *work, osb_error *error) OSB_MUST_CHECK;
/** The same in a dry run: only looks whether the files are at hand. */
osb_status assets_check(const restore_work *work, osb_error *error) OSB_MUST_CHECK;

/** OSB_ERR_INTERRUPTED when the user wants to stop. Asked where nothing is under way. */
osb_status stop_if_cancelled(const restore_work *work, osb_error *error) OSB_MUST_CHECK;

/* record.c: what goes into the journal. Without a journal they do nothing. */
osb_status record_plan(const restore_work *work, osb_error *error) OSB_MUST_CHECK;
osb_status record_begin(const restore_work *work, const plan_step *step,
                        osb_error *error) OSB_MUST_CHECK;
osb_status record_begin_asset(const restore_work *work, const restore_asset *item,
                              osb_error *error) OSB_MUST_CHECK;
osb_status record_proved_asset(const restore_work *work, const restore_asset *item,
                               const step_evidence *proof, osb_error *error) OSB_MUST_CHECK;
osb_status record_proved(const restore_work *work, const plan_step *step,
                         const step_evidence *proof, osb_error *error) OSB_MUST_CHECK;

/** Asks the board for its modules: does it report what the step should have put there? */
osb_status evidence_reported(restore_work *work, const plan_step *step, bool *installed,
                             step_evidence *proof, osb_error *error) OSB_MUST_CHECK;

/** Describes bytes that were read back and found right. */
void evidence_of_bytes(span content, step_evidence *proof);
