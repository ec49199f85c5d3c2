#pragma once
/**
 * The executor: runs a plan on a board and proves every step by reading back.
 *
 * The board is the truth: success is evidence read from it, never the absence of an error.
 */
#include "base/error.h"
#include "base/json.h"
#include "device/device.h"
#include "model/plan.h"

/** Gives the bytes of a step's file, hashed again. The span stays valid until the next call. */
typedef struct restore_files {
    osb_status (*load)(void *context, const plan_step *step, span *file, osb_error *error);
    void *context;
} restore_files;

typedef enum restore_phase {
    PHASE_INSPECT,
    PHASE_READ, /**< reading back to see whether writing is needed */
    PHASE_WRITE,
    PHASE_PROVE,
    PHASE_BOOT,
    PHASE_STEP_DONE
} restore_phase;

typedef struct restore_event {
    restore_phase phase;
    const plan_step *step; /**< NULL outside steps */
    uint64_t done, total;  /**< bytes of this phase */
    uint64_t elapsed_ms;   /**< of the whole run */
} restore_event;

typedef struct restore_hooks {
    void (*event)(void *context, const restore_event *event); /**< NULL for none */
    bool (*cancelled)(void *context); /**< asked at safe points; NULL for never */
    void *context;
} restore_hooks;

typedef enum step_outcome {
    OUTCOME_PENDING,
    OUTCOME_DONE,
    OUTCOME_UNCHANGED, /**< reading back showed the very bytes: nothing was written */
    OUTCOME_FAILED
} step_outcome;

typedef struct step_evidence {
    step_outcome outcome;
    uint64_t bytes_written;
    uint64_t bytes_skipped;
    uint64_t duration_ms;
    char
        evidence[200]; /**< what was read back: "sha256 ... of 48212 bytes", "board reports 1101" */
} step_evidence;

typedef struct restore_report {
    snapshot before;
    snapshot after; /**< valid when `proved` or when the final inspection worked */
    bool proved;    /**< every step of the plan shown by reading back */
    size_t step_count;
    step_evidence steps[PLAN_STEPS_MAX];
    uint64_t bytes_written;
    uint64_t bytes_skipped;
    uint64_t elapsed_ms;
} restore_report;

/**
 * Runs the plan. On any error the report holds what was done and proved so far.
 * @return OSB_ERR_REFUSED when the board no longer fits the plan's fingerprint;
 *         OSB_ERR_UNPROVED when reading back shows something else than was written;
 *         OSB_ERR_INTERRUPTED at a safe point after a cancel; or the device's error
 */
osb_status restore_run(device *held, const plan *steps, const restore_files *files,
                       const restore_hooks *hooks, restore_report *report,
                       osb_error *error) OSB_MUST_CHECK;

/** The "osbundle-report" object of the JSON contract. */
json_t *restore_report_to_json(const restore_report *report, const plan *steps,
                               const osb_error *error);
