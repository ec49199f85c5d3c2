/*
 * BLAKE2b-512 by libsodium, as minisign hashes what it signs.
 *
 * Signs nothing and judges nothing. Invariant: never more than one block of a file is in memory.
 */
#include "trust/content_hash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdalign.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "trust/sodium_library.h"

struct content_hash {
    crypto_generichash_state state; /* asks for a place of its own alignment */
    sodium_library sodium;
};

osb_status content_hash_begin(content_hash **made, osb_error *error)
{
    sodium_library sodium;
    *made = NULL;
    TRY(sodium_library_open(&sodium, error));
    content_hash *hash = aligned_alloc(alignof(content_hash), sizeof *hash);
    if (!hash)
        return osb_fail_memory(error);
    hash->sodium = sodium;
    sodium.crypto_generichash_init(&hash->state, NULL, 0, CONTENT_DIGEST_SIZE);
    *made = hash;
    return OSB_OK;
}

void content_hash_add(content_hash *hash, span bytes)
{
    if (bytes.size)
        hash->sodium.crypto_generichash_update(&hash->state, bytes.data, bytes.size);
}

void content_hash_end(content_hash *hash, content_digest *digest)
{
    hash->sodium.crypto_generichash_final(&hash->state, digest->bytes, CONTENT_DIGEST_SIZE);
}

void content_hash_free(content_hash **hash)
{
    free(*hash);
    *hash = NULL;
}

osb_status content_digest_of(span content, content_digest *digest, osb_error *error)
{
    CONTENT_HASH_OWNED *hash = NULL;
    TRY(content_hash_begin(&hash, error));
    content_hash_add(hash, content);
    content_hash_end(hash, digest);
    return OSB_OK;
}

osb_status content_digest_file(const char *path, content_digest *digest, osb_error *error)
{
    CONTENT_HASH_OWNED *hash = NULL;
    TRY(content_hash_begin(&hash, error));
    FD_OWNED descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (descriptor < 0)
        return osb_fail_errno(error, "open", path);
    uint8_t block[64 * 1024];
    for (;;) {
        ssize_t size = read(descriptor, block, sizeof block);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return osb_fail_errno(error, "read", path);
        if (size == 0)
            break;
        content_hash_add(hash, (span){block, (size_t)size});
    }
    content_hash_end(hash, digest);
    return OSB_OK;
}
