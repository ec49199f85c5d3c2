/*
 * libsodium's SHA-256 by itself, on one core: `sha256_alone BYTES` hashes that many.
 *
 * Hashes one megabyte of memory over and over; no file, no thread, no output.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK = 1000 * 1000
};

int main(int count, char **words)
{
    static unsigned char block[BLOCK];
    unsigned char digest[crypto_hash_sha256_BYTES];
    unsigned long blocks = count == 2 ? strtoul(words[1], NULL, 10) / BLOCK : 0;
    memset(block, 0x5a, sizeof block);
    for (unsigned long i = 0; i < blocks; i++) {
        crypto_hash_sha256(digest, block, sizeof block);
        block[0] = digest[0];
    }
    return blocks ? 0 : 2;
}
