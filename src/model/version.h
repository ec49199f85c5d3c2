#pragma once
/** Device OS versions: semantic versions such as 5.3.1, 6.0.0-rc.1, 3.2.1-p2.3, 2.3.1+lto. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    VERSION_SIZE = 40 /**< text with NUL */
};

typedef struct version {
    uint16_t major, minor, patch;
    char prerelease[24]; /**< "rc.1"; empty for a final release */
} version;

/** "5.3.1" or "v5.3.1", build data ("+lto") ignored. False for anything else. */
bool version_parse(const char *text, version *parsed);

/** Below, equal, above 0 by semver precedence: a pre-release is older than its release. */
int version_compare(const version *a, const version *b);

/** version_compare of texts; a text that is no version is older than all that are. */
int version_compare_text(const char *a, const char *b);

/**
 * Whether `text` is what a user may write to name `candidate`: "5.3.1", "5.3", "5". The short
 * forms match pre-releases too; whether those are wanted is for the caller to say.
 */
bool version_matches(const char *text, const version *candidate);

/** Whether one of the words ("5.3.1", "5.3", "5") names the version that `text` is. */
bool version_listed(const char *text, const char *const *words, size_t count);
