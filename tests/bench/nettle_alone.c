/*
 * nettle's SHA-256 by itself, on one core: `nettle_alone BYTES` hashes that many.
 *
 * As sha256_alone.c, with the library that the program uses: what no verify can be faster than.
 */
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK = 1000 * 1000
};

int main(int count, char **words)
{
    static unsigned char block[BLOCK];
    unsigned long blocks = count == 2 ? strtoul(words[1], NULL, 10) / BLOCK : 0;
    memset(block, 0x5a, sizeof block);
    for (unsigned long i = 0; i < blocks; i++) {
        struct sha256_ctx state;
        sha256_init(&state);
        sha256_update(&state, sizeof block, block);
        sha256_digest(&state, 1, block);
    }
    return blocks ? 0 : 2;
}
