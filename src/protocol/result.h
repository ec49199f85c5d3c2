#pragma once
/** The result codes with which boards end control requests (Device OS system_error.h). */
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum {
    RESULT_NONE = 0,
    RESULT_NOT_SUPPORTED = -120,
    RESULT_NOT_ALLOWED = -130,
    RESULT_DEPENDENCY_FAILED = -1340,
    RESULT_UPDATES_DISABLED = -1380,
    RESULT_PROTECTED = -1801
};

/** What to do about a board that is protected, and about one that is in service mode already. */
extern const char result_protected_hint[];
extern const char result_service_hint[];

typedef struct result_code {
    int32_t code;
    const char *name; /**< as in system_error.h, without SYSTEM_ERROR_ */
    const char *text; /**< as boards and other tools word it */
    const char *hint; /**< what to do; NULL where nothing better than the text is known */
} result_code;

/** The row of a code, or NULL when the table does not know it. */
const result_code *result_find(int32_t code);

/** Row `index`, from the code nearest to 0 on; NULL past the end. For listings. */
const result_code *result_at(size_t index);

/**
 * Fills `error` for a request that the board ended with `code` (not 0), device_code included.
 * @param request what was asked, "finish the firmware update"
 * @return OSB_ERR_PROTECTED for RESULT_PROTECTED, else OSB_ERR_DEVICE
 */
osb_status result_fail(osb_error *error, const char *subject, const char *request, int32_t code);
