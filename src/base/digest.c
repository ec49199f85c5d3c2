/*
 * The digests of this project: SHA-256 for identity, CRC-32 as modules carry it.
 *
 * Does not compare or judge. Only this file sees libsodium's hashes and zlib's crc32.
 */
#include "base/digest.h"

#include <assert.h>
#include <sodium.h>
#include <zlib.h>

static_assert(sizeof(crypto_hash_sha256_state) <= sizeof(sha256_state), "state must fit");

static crypto_hash_sha256_state *inner(sha256_state *state)
{
    return (crypto_hash_sha256_state *)(void *)state->opaque;
}

void sha256_begin(sha256_state *state)
{
    crypto_hash_sha256_init(inner(state));
}

void sha256_add(sha256_state *state, span bytes)
{
    crypto_hash_sha256_update(inner(state), bytes.data, bytes.size);
}

void sha256_end(sha256_state *state, uint8_t digest[SHA256_SIZE])
{
    crypto_hash_sha256_final(inner(state), digest);
}

void sha256(span bytes, uint8_t digest[SHA256_SIZE])
{
    crypto_hash_sha256(digest, bytes.data, bytes.size);
}

uint32_t crc32_of(span bytes)
{
    return (uint32_t)crc32_z(0, bytes.data, bytes.size);
}
