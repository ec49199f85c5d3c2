#pragma once
/** Amounts as people write them: "90d", "2G". */
#include <stdbool.h>
#include <stdint.h>

/** "12h", "90d", "8w", "1y" (365 days) as seconds. False for anything else. */
bool amount_age(const char *words, int64_t *seconds);

/** "500M", "2G", "1.5G": powers of 1000; "2Gi" and the like of 1024; a bare number is bytes. */
bool amount_size(const char *words, int64_t *bytes);
