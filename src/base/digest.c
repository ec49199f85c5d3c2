/*
 * The digests of this project: SHA-256 for identity, CRC-32 as modules carry it.
 *
 * Does not compare or judge. Only this file sees nettle's hashes and libdeflate's CRC-32: both use
 * the processor's own instructions. libsodium's SHA-256 takes five times as long on such, zlib's
 * CRC-32 twice.
 */
#include "base/digest.h"

#include <assert.h>
#include <libdeflate.h>
#include <nettle/sha2.h>

static_assert(sizeof(struct sha256_ctx) <= sizeof(sha256_state), "state must fit");

static struct sha256_ctx *inner(sha256_state *state)
{
    return (struct sha256_ctx *)(void *)state->opaque;
}

void sha256_begin(sha256_state *state)
{
    sha256_init(inner(state));
}

void sha256_add(sha256_state *state, span bytes)
{
    if (bytes.size)
        sha256_update(inner(state), bytes.size, bytes.data);
}

void sha256_end(sha256_state *state, uint8_t digest[SHA256_SIZE])
{
    sha256_digest(inner(state), SHA256_SIZE, digest);
}

void sha256(span bytes, uint8_t digest[SHA256_SIZE])
{
    sha256_state state;
    sha256_begin(&state);
    sha256_add(&state, bytes);
    sha256_end(&state, digest);
}

uint32_t crc32_of(span bytes)
{
    return libdeflate_crc32(0, bytes.data, bytes.size);
}
