#pragma once
/** What the facade's files about the cache share. Private to osbundle*.c. */
#include "osbundle_context.h"

/** A cached release with its files, as in "osbundle-fetch". */
json_t *cached_release_to_json(const cached_release *record);

/** {"files", "bytes"} */
json_t *cache_sum_to_json(size_t files, uint64_t bytes);

/** "2026-11-21T01:30:49Z" */
json_t *cache_moment_to_json(int64_t moment_s);
