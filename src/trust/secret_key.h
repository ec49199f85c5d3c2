#pragma once
/**
 * Secret keys in minisign's form: Ed25519, encrypted by a password (scrypt) or not. Whoever has one
 * can sign; it is wiped from memory by whoever held it.
 */
#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"
#include "trust/keyring.h"

enum {
    SECRET_KEY_SIZE = 64,   /**< bytes */
    SECRET_KEY_FILE = 2048, /**< bytes that its file may have */
    SECRET_KEY_SALT = 32,
    SECRET_KEY_BOX = KEY_ID_SIZE + SECRET_KEY_SIZE + 32 /**< id, key and checksum */
};

typedef struct secret_key {
    uint8_t id[KEY_ID_SIZE];
    uint8_t bytes[SECRET_KEY_SIZE]; /**< seed and public key, as libsodium has them */
} secret_key;

void secret_key_wipe(secret_key *key);
/** An owning local: wiped when it goes out of scope. */
#define SECRET_KEY_OWNED __attribute__((cleanup(secret_key_wipe))) secret_key

/** What guessing a password costs: scrypt's limits as libsodium counts them. */
typedef struct secret_key_cost {
    uint64_t operations;
    uint64_t memory_bytes;
} secret_key_cost;

/** As minisign makes its keys: a second or more, and 1 GiB. */
secret_key_cost secret_key_cost_usual(void);

/** A file with a secret key, still closed. Holds the secret itself when it is not encrypted. */
typedef struct secret_key_file {
    bool encrypted;
    secret_key_cost cost;
    uint8_t salt[SECRET_KEY_SALT];
    uint8_t box[SECRET_KEY_BOX];
} secret_key_file;

void secret_key_file_wipe(secret_key_file *file);
#define SECRET_KEY_FILE_OWNED __attribute__((cleanup(secret_key_file_wipe))) secret_key_file

/**
 * Takes a key file apart.
 * @param name the file's own, for errors
 * @return OSB_ERR_SIGNATURE when it is none, or asks for more memory or time than minisign's do
 */
osb_status secret_key_parse(span text, const char *name, secret_key_file *file,
                            osb_error *error) OSB_MUST_CHECK;

/**
 * Opens it.
 * @param password ignored when it is not encrypted; else NULL is a wrong one
 * @return OSB_ERR_SIGNATURE for a wrong password or a damaged key, which look the same
 */
osb_status secret_key_open(const secret_key_file *file, const char *password, const char *name,
                           secret_key *key, osb_error *error) OSB_MUST_CHECK;

/** Makes a new key of the system's randomness. */
osb_status secret_key_generate(secret_key *key, osb_error *error) OSB_MUST_CHECK;

/**
 * Appends a key file.
 * @param password NULL: not encrypted
 * @param cost is halved until the machine has the memory, as minisign does
 */
osb_status secret_key_write(const secret_key *key, const char *password, secret_key_cost cost,
                            buf *text, osb_error *error) OSB_MUST_CHECK;

/** What others check its signatures with. */
public_key secret_key_public(const secret_key *key);
