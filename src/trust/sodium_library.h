#pragma once
/** libsodium, opened when the first key or signature is: most commands never see one. */
#include <sodium.h>

#include "base/library.h"

#define SODIUM_FUNCTIONS(each)                                                                     \
    each(sodium_init) each(sodium_base642bin) each(sodium_bin2base64) each(sodium_memcmp)          \
        each(randombytes_buf) each(crypto_generichash) each(crypto_generichash_init)               \
            each(crypto_generichash_update) each(crypto_generichash_final)                         \
                each(crypto_pwhash_scryptsalsa208sha256) each(crypto_sign_keypair)                 \
                    each(crypto_sign_seed_keypair) each(crypto_sign_detached)                      \
                        each(crypto_sign_verify_detached)

/** Its functions, under their own names. */
typedef struct sodium_library {
    SODIUM_FUNCTIONS(LIBRARY_MEMBER)
} sodium_library;

/** Opens it, ready for use. Any thread. */
osb_status sodium_library_open(sodium_library *sodium, osb_error *error) OSB_MUST_CHECK;
