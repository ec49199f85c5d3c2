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
#include "store/journal.h"

/** Gives bytes by their SHA-256, hashed again. The span stays valid until the next call. */
typedef struct restore_files {
    osb_status (*load)(void *context, const uint8_t sha256[SHA256_SIZE], span *file,
                       osb_error *error);
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
    OUTCOME_CHECKED,   /**< a dry run: the file is whole and fits, nothing was written */
    OUTCOME_FAILED
} step_outcome;

/** Where a hash that proves a step comes from. */
typedef enum evidence_source {
    EVIDENCE_NONE,
    EVIDENCE_FLASH, /**< the bytes were read back from flash */
    EVIDENCE_REPORT /**< the board reports it as the identity of the module that it has checked */
} evidence_source;

typedef struct step_evidence {
    step_outcome outcome;
    uint64_t bytes_written;
    uint64_t bytes_skipped;
    uint64_t duration_ms;
    evidence_source source;
    uint8_t read_back[SHA256_SIZE]; /**< of the flash content, or the module's identity */
    char
        evidence[200]; /**< what was read back: "sha256 ... of 48212 bytes", "board reports 1101" */
} step_evidence;

enum {
    RESTORE_ASSETS_MAX = 64
};

/** A file that the application wants beside it, which goes on after all steps. */
typedef struct restore_asset {
    char name[RELEASE_FILE_NAME];
    uint8_t sha256[SHA256_SIZE];      /**< of its content: what boards tell */
    uint8_t file_sha256[SHA256_SIZE]; /**< of the asset module that is sent */
    uint32_t size;                    /**< of the asset module */
} restore_asset;

typedef struct restore_report {
    snapshot before;
    snapshot after;         /**< valid when `proved` or when the final inspection worked */
    bool proved;            /**< every step of the plan shown by reading back */
    bool dry_run;           /**< nothing was to be written */
    bool journal_left_open; /**< proved, but the journal could not be finished: a resume will */
    size_t step_count;
    step_evidence steps[PLAN_STEPS_MAX];
    size_t asset_count;
    step_evidence assets[RESTORE_ASSETS_MAX];
    uint64_t bytes_written;
    uint64_t bytes_skipped;
    uint64_t elapsed_ms;
} restore_report;

/** One restore of one board: all that belongs to it, so that many can run beside each other. */
typedef struct restore_job {
    device *held;
    const plan *steps;
    restore_files files;
    restore_hooks hooks;
    const restore_asset *assets;
    size_t asset_count; /**< at most RESTORE_ASSETS_MAX */
    journal *log;       /**< of this board; NULL: none is kept */
    const json_t *goal; /**< a new journal begins with it; NULL: the open journal goes on */
} restore_job;

/**
 * Runs the plan. On any error the report holds what was done and proved so far. The journal is
 * begun once the board is seen to fit the plan, and finished once the whole set is proved.
 * @return OSB_ERR_REFUSED when the board no longer fits the plan's fingerprint, or would refuse the
 *         next module; OSB_ERR_UNPROVED when reading back shows something else than was written;
 *         OSB_ERR_INTERRUPTED at a safe point after a cancel; OSB_ERR_IO between two steps when
 *         the journal cannot be written; or the device's error
 */
osb_status restore_run(const restore_job *job, restore_report *report,
                       osb_error *error) OSB_MUST_CHECK;

/**
 * Everything but the writes: inspects the board, holds it against the plan, loads and hashes every
 * file and asks whether its slot takes it. Keeps no journal.
 */
osb_status restore_check(const restore_job *job, restore_report *report,
                         osb_error *error) OSB_MUST_CHECK;

const char *step_outcome_name(step_outcome outcome);

/** The "osbundle-report" object of the JSON contract. */
json_t *restore_report_to_json(const restore_report *report, const restore_job *job,
                               const osb_error *error);
