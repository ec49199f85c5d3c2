/*
 * Public keys as text, and the ring of the trusted ones.
 *
 * Checks no signature. Invariant: an id stands for one key at most, and a key comes into the ring
 * by the user's words alone.
 */
#include "trust/keyring.h"

#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "trust/minisign_text.h"

/** How a public key is packed: algorithm, id, key. */
enum {
    PACKED_ID = 2,
    PACKED_KEY = PACKED_ID + KEY_ID_SIZE,
    PACKED_SIZE = PACKED_KEY + PUBLIC_KEY_SIZE
};

static const char key_hint[] = "give a public key of minisign or `osbundle key generate`: a line "
                               "of 56 letters that begins with RW, or its .pub file";

void key_id_text(const uint8_t id[KEY_ID_SIZE], char text[KEY_ID_TEXT])
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < KEY_ID_SIZE; i++) {
        uint8_t byte = id[KEY_ID_SIZE - 1 - i];
        text[2 * i] = digits[byte >> 4];
        text[2 * i + 1] = digits[byte & 15];
    }
    text[2 * KEY_ID_SIZE] = '\0';
}

osb_status public_key_parse(span text, const char *name, public_key *key, osb_error *error)
{
    sodium_library sodium;
    uint8_t packed[PACKED_SIZE];
    span ignored, rest = text;
    TRY(sodium_library_open(&sodium, error));
    if (!minisign_take_comment(&rest, MINISIGN_UNTRUSTED, MINISIGN_COMMENT_MAX, &ignored))
        rest = text;
    if (!minisign_take_bytes(&sodium, &rest, packed, PACKED_SIZE) || rest.size)
        return osb_fail(error, OSB_ERR_SIGNATURE, name, key_hint, "is no public key");
    if (memcmp(packed, "Ed", PACKED_ID) != 0)
        return osb_fail(error, OSB_ERR_SIGNATURE, name, key_hint,
                        "is a key of another kind than Ed25519");
    memcpy(key->id, packed + PACKED_ID, KEY_ID_SIZE);
    memcpy(key->bytes, packed + PACKED_KEY, PUBLIC_KEY_SIZE);
    return OSB_OK;
}

static void pack(const public_key *key, uint8_t packed[PACKED_SIZE])
{
    memcpy(packed, "Ed", PACKED_ID);
    memcpy(packed + PACKED_ID, key->id, KEY_ID_SIZE);
    memcpy(packed + PACKED_KEY, key->bytes, PUBLIC_KEY_SIZE);
}

osb_status public_key_words(const public_key *key, char words[PUBLIC_KEY_WORDS], osb_error *error)
{
    sodium_library sodium;
    uint8_t packed[PACKED_SIZE];
    TRY(sodium_library_open(&sodium, error));
    pack(key, packed);
    sodium.sodium_bin2base64(words, PUBLIC_KEY_WORDS, packed, sizeof packed,
                             sodium_base64_VARIANT_ORIGINAL);
    return OSB_OK;
}

osb_status public_key_write(const public_key *key, buf *text, osb_error *error)
{
    char words[PUBLIC_KEY_WORDS], id[KEY_ID_TEXT];
    TRY(public_key_words(key, words, error));
    key_id_text(key->id, id);
    buf_append_format(text, MINISIGN_UNTRUSTED "minisign public key %s\n%s\n", id, words);
    return buf_check(text, "public key", error);
}

/** The words themselves when they have the length of a key, else what their file holds. */
static osb_status read_key(const char *words, public_key *key, osb_error *error)
{
    BUF_OWNED text = buf_make(PUBLIC_KEY_FILE);
    if (strlen(words) == PUBLIC_KEY_WORDS - 1 && text_starts_with(words, "RW"))
        return public_key_parse((span){(const uint8_t *)words, strlen(words)}, words, key, error);
    osb_status status = file_read(words, &text, error);
    if (status == OSB_ERR_NOT_FOUND)
        return osb_fail(error, status, words, key_hint, "is neither a public key nor its file");
    return status == OSB_OK ? public_key_parse(buf_span(&text), words, key, error) : status;
}

osb_status keyring_trust(keyring *ring, const char *words, osb_error *error)
{
    public_key key;
    char id[KEY_ID_TEXT];
    TRY(read_key(words, &key, error));
    const public_key *known = keyring_find(ring, key.id);
    if (known && memcmp(known->bytes, key.bytes, PUBLIC_KEY_SIZE) == 0)
        return OSB_OK;
    key_id_text(key.id, id);
    if (known)
        return osb_fail(error, OSB_ERR_SIGNATURE, words, "find out which of them is the true one",
                        "two different keys have the id %s", id);
    if (ring->count == KEYRING_MAX)
        return osb_fail(error, OSB_ERR_USAGE, words, "trust fewer keys",
                        "more than %d keys are trusted", KEYRING_MAX);
    ring->keys[ring->count++] = key;
    return OSB_OK;
}

const public_key *keyring_find(const keyring *ring, const uint8_t id[KEY_ID_SIZE])
{
    for (size_t i = 0; i < ring->count; i++)
        if (memcmp(ring->keys[i].id, id, KEY_ID_SIZE) == 0)
            return &ring->keys[i];
    return NULL;
}
