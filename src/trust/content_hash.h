#pragma once
/** What is signed of content: its BLAKE2b-512, so that a file of any size is read once, in pieces.
 */
#include "base/error.h"
#include "base/span.h"

enum {
    CONTENT_DIGEST_SIZE = 64 /**< bytes */
};

typedef struct content_digest {
    uint8_t bytes[CONTENT_DIGEST_SIZE];
} content_digest;

/** A hash in the making. Opaque. */
typedef struct content_hash content_hash;

osb_status content_hash_begin(content_hash **made, osb_error *error) OSB_MUST_CHECK;
void content_hash_add(content_hash *hash, span bytes);
/** The digest of all that was added; then nothing more may be. */
void content_hash_end(content_hash *hash, content_digest *digest);
void content_hash_free(content_hash **hash);
/** An owning local: freed when it goes out of scope. */
#define CONTENT_HASH_OWNED __attribute__((cleanup(content_hash_free))) content_hash

/** The digest of bytes in memory. */
osb_status content_digest_of(span content, content_digest *digest, osb_error *error) OSB_MUST_CHECK;

/** The digest of a file, whatever its size; it is read in small pieces. */
osb_status content_digest_file(const char *path, content_digest *digest,
                               osb_error *error) OSB_MUST_CHECK;
