#pragma once
/**
 * What is wrong with a board, why, and what to do: from a snapshot alone, offline.
 */
#include "model/release.h"
#include "model/snapshot.h"

enum {
    FINDINGS_MAX = 16,
    FINDING_TEXT = 320
};

typedef struct finding {
    verdict level;    /**< VERDICT_REQUIRED: does not work; VERDICT_DRIFT: works, worth knowing */
    const char *code; /**< snake_case, stable: "unmet_need", "damaged_module", "in_dfu_mode" ... */
    char what[FINDING_TEXT]; /**< the fact, with numbers */
    char why[FINDING_TEXT];  /**< what follows from it, or where it comes from */
} finding;

typedef struct diagnosis {
    char led[128];             /**< what the status LED should show now */
    char target[VERSION_SIZE]; /**< the release that puts it right; empty unknown */
    char cure[FINDING_TEXT];   /**< what to do about all of it; empty when there is nothing */
    size_t count;
    finding findings[FINDINGS_MAX];
} diagnosis;

/**
 * Judges a snapshot.
 * @param installed the release that the installed system part belongs to; NULL unknown
 */
void diagnose(const snapshot *state, const release *installed, const catalog *known,
              diagnosis *result);

/** The "osbundle-diagnosis" object. */
json_t *diagnosis_to_json(const diagnosis *result, const snapshot *state);
