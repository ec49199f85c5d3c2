#pragma once
/** Raw Deflate (RFC 1951) by zlib: no header, no checksum. What surrounds it is its user's. */
#include "base/buf.h"
#include "base/error.h"

enum {
    DEFLATE_WINDOW_LEAST = 9, /**< base-2 logarithm; zlib cannot write a smaller one */
    DEFLATE_WINDOW_MOST = 15
};

/**
 * Appends the packed form of `plain`, as small as zlib makes it.
 * @param window_bits base-2 logarithm of the window that a reader will need
 */
osb_status deflate_pack(span plain, unsigned window_bits, buf *packed,
                        osb_error *error) OSB_MUST_CHECK;

/**
 * Appends what `packed` unpacks to. Unpacking stops as soon as it is more than `plain` may hold.
 * @param window_bits 8 to 15
 * @param subject whose bytes these are, for the error
 * @return OSB_ERR_INTEGRITY when the data is broken, cut short, larger than `plain` may be, or
 *         followed by bytes that do not belong to it
 */
osb_status deflate_unpack(span packed, unsigned window_bits, const char *subject, buf *plain,
                          osb_error *error) OSB_MUST_CHECK;
