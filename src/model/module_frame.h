#pragma once
/** What stands around the body of every module: its prefix, and the seal at its end. */
#include "model/module.h"

/** Appends the 24 bytes of the prefix of a module that takes `image_size` bytes in all. */
void frame_append_prefix(const module_recipe *recipe, size_t image_size, buf *file);

/**
 * Appends reserved bytes, SHA-256, suffix size and CRC-32 to the module that begins at `start` of
 * `file`. Prefix, body and the `region_size` bytes before the plain suffix are there already.
 * @param hashed what the SHA-256 covers, outside of `file`; NULL for the ordinary form, which is
 *        everything before it
 */
void frame_append_seal(size_t start, size_t region_size, const span *hashed, buf *file);
