#pragma once
/**
 * Public keys in minisign's form, and the ring of those that the user trusts. Keys are pinned: they
 * come from the user's own words and files, and none is ever learned from what it signed.
 */
#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"

enum {
    KEY_ID_SIZE = 8,        /**< bytes */
    KEY_ID_TEXT = 17,       /**< "664ABD2C55CC63F9", with the final NUL */
    PUBLIC_KEY_SIZE = 32,   /**< bytes */
    PUBLIC_KEY_WORDS = 57,  /**< "RWT5Y8x...", with the final NUL */
    PUBLIC_KEY_FILE = 2048, /**< bytes that its file may have */
    KEYRING_MAX = 64        /**< keys */
};

typedef struct public_key {
    uint8_t id[KEY_ID_SIZE]; /**< chosen at random when it was made: finds a key, proves nothing */
    uint8_t bytes[PUBLIC_KEY_SIZE];
} public_key;

typedef struct keyring {
    size_t count;
    public_key keys[KEYRING_MAX];
} keyring;

/** An id as minisign shows it. */
void key_id_text(const uint8_t id[KEY_ID_SIZE], char text[KEY_ID_TEXT]);

/**
 * Reads a public key: the one line "RWT5Y8x..." alone, or a .pub file with the comment before it.
 * @param name the file's, or the words themselves; for errors
 * @return OSB_ERR_SIGNATURE when it is none
 */
osb_status public_key_parse(span text, const char *name, public_key *key,
                            osb_error *error) OSB_MUST_CHECK;

/** Its one line. */
osb_status public_key_words(const public_key *key, char words[PUBLIC_KEY_WORDS],
                            osb_error *error) OSB_MUST_CHECK;

/** Appends a .pub file. */
osb_status public_key_write(const public_key *key, buf *text, osb_error *error) OSB_MUST_CHECK;

/**
 * Trusts a key. Fine when it is trusted already.
 * @param words a key's one line; else the path of a .pub file
 * @return OSB_ERR_SIGNATURE also when another key has the same id; OSB_ERR_NOT_FOUND for words that
 *         are neither; OSB_ERR_USAGE for more than KEYRING_MAX
 */
osb_status keyring_trust(keyring *ring, const char *words, osb_error *error) OSB_MUST_CHECK;

/** The trusted key of that id, or NULL. */
const public_key *keyring_find(const keyring *ring, const uint8_t id[KEY_ID_SIZE]);
