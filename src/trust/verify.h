#pragma once
/**
 * The list of checks that bytes from outside pass before they are kept or flashed.
 *
 * Each check is a line of its own with an honest answer: passed, failed, or not checkable here.
 * Nothing downgrades a failure to a warning.
 */
#include "base/error.h"
#include "base/json.h"
#include "model/module.h"
#include "model/platform.h"
#include "model/release.h"
#include "trust/lockfile.h"

typedef enum check_result {
    RESULT_PASSED,
    RESULT_FAILED,
    RESULT_NOT_CHECKABLE
} check_result;

enum {
    VERIFY_LINES_MAX = 16
};

typedef struct verify_line {
    const char
        *check; /**< "length", "published size", "published hash", "CRC-32", "platform", ... */
    check_result result;
    char detail[200];
} verify_line;

/** What is known about the file from elsewhere. Zero or NULL: not known. */
typedef struct verify_expectation {
    const char *file_name;
    uint64_t published_size;
    const uint8_t *published_sha256; /**< from the release site */
    const platform *board;           /**< the platform it is meant for */
    const module_slot *slot;         /**< the slot its name promises */
    const release_module *cataloged; /**< the manifest's entry, pinned or not */
    const lockfile *lock;            /**< what the user holds to */
    bool must_be_locked;             /**< it is a failure when the lock does not pin it */
    /** Of the bundle that the file came in: a lock pins that; NULL for a file by itself. */
    const uint8_t *bundle_sha256;
} verify_expectation;

typedef struct verify_report {
    module parsed;               /**< valid when the CRC-32 line passed; points into the file */
    uint8_t sha256[SHA256_SIZE]; /**< of the whole file */
    size_t line_count;
    verify_line lines[VERIFY_LINES_MAX];
} verify_report;

/**
 * Runs every check that applies, all of them even after a failure, and fills the report.
 * @return OSB_ERR_INTEGRITY or OSB_ERR_NOT_A_MODULE naming the first failed check;
 *         OSB_ERR_REFUSED for what may never be flashed (platform_accepts)
 */
osb_status verify_file(span file, const verify_expectation *expected, verify_report *report,
                       osb_error *error) OSB_MUST_CHECK;

const char *check_result_name(check_result result);
json_t *verify_report_to_json(const verify_report *report, const char *file_name);
