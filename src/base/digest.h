#pragma once
/** SHA-256 and CRC-32, by nettle and libdeflate. */
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define SHA256_SIZE     32
#define SHA256_HEX_SIZE (2 * SHA256_SIZE + 1) /**< with the final NUL */

/** A hash in the making, for bytes that arrive in pieces. Plain data: copying it forks the hash. */
typedef struct sha256_state {
    uint64_t opaque[16];
} sha256_state;

void sha256_begin(sha256_state *state);
void sha256_add(sha256_state *state, span bytes);
void sha256_end(sha256_state *state, uint8_t digest[SHA256_SIZE]);
void sha256(span bytes, uint8_t digest[SHA256_SIZE]);

/** CRC-32/ISO-HDLC (reflected 0xEDB88320), the one that modules end with. */
uint32_t crc32_of(span bytes);
