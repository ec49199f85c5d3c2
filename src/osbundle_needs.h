#pragma once
/** What modules need, in the words of a board. Private to osbundle*.c. */
#include "base/json.h"
#include "model/release.h"

/**
 * [{"slot", "version", "name", "since", "or_earlier"}]: both needs with what they are called on the
 * board and the release that first met them. `board` may be NULL; empty needs are left out.
 */
json_t *needs_to_json(const catalog *known, const platform *board,
                      const module_dependency needs[2]);
