/*
 * Signatures in minisign's form, made and checked.
 *
 * Does not know what is signed or why. Invariant: a signature holds only when both of its parts do,
 * by the same trusted key; every byte of the file but the text of its untrusted comment counts.
 */
#include "trust/minisig.h"

#include <string.h>

#include "base/text.h"
#include "trust/minisign_text.h"

/** How a signature is packed: algorithm, key id, signature. */
enum {
    PACKED_ID = 2,
    PACKED_SIGNATURE = PACKED_ID + KEY_ID_SIZE,
    PACKED_SIZE = PACKED_SIGNATURE + MINISIG_SIGNATURE
};

static const char changed_hint[] =
    "get it and its signature again from whoever signed it; do not use it as it is";

static osb_status fail_form(const char *name, const char *what, osb_error *error)
{
    return osb_fail(error, OSB_ERR_SIGNATURE, name, "get the signature again, or sign anew",
                    "is no signature that is known here: %s", what);
}

osb_status minisig_parse(span text, const char *name, minisig *signature, osb_error *error)
{
    sodium_library sodium;
    uint8_t packed[PACKED_SIZE];
    span comment, rest = text;
    const size_t longest = sizeof MINISIGN_TRUSTED - 1 + MINISIG_COMMENT - 1;
    TRY(sodium_library_open(&sodium, error));
    if (!minisign_take_comment(&rest, MINISIGN_UNTRUSTED, MINISIGN_COMMENT_MAX, &comment))
        return fail_form(name, "it has no untrusted comment on line 1", error);
    if (!minisign_take_bytes(&sodium, &rest, packed, PACKED_SIZE))
        return fail_form(name, "it has no signature on line 2", error);
    if (memcmp(packed, "Ed", PACKED_ID) == 0)
        return osb_fail(error, OSB_ERR_SIGNATURE, name, "sign again with: minisign -S -H",
                        "is a signature of the old form (Ed), which is not taken here");
    if (memcmp(packed, "ED", PACKED_ID) != 0)
        return fail_form(name, "its algorithm is another than Ed25519 with BLAKE2b", error);
    if (!minisign_take_comment(&rest, MINISIGN_TRUSTED, longest, &comment))
        return fail_form(name, "it has no trusted comment on line 3", error);
    if (!minisign_take_bytes(&sodium, &rest, signature->of_comment, MINISIG_SIGNATURE))
        return fail_form(name, "it has no signature of the comment on line 4", error);
    if (rest.size)
        return fail_form(name, "something follows behind line 4", error);
    memcpy(signature->key_id, packed + PACKED_ID, KEY_ID_SIZE);
    memcpy(signature->of_content, packed + PACKED_SIGNATURE, MINISIG_SIGNATURE);
    memcpy(signature->comment, comment.data, comment.size);
    signature->comment[comment.size] = '\0';
    return OSB_OK;
}

/** What the second signature is made over. */
static span signed_comment(const uint8_t of_content[MINISIG_SIGNATURE], const char *comment,
                           uint8_t whole[MINISIG_SIGNATURE + MINISIG_COMMENT])
{
    size_t size = strlen(comment);
    memcpy(whole, of_content, MINISIG_SIGNATURE);
    memcpy(whole + MINISIG_SIGNATURE, comment, size);
    return (span){whole, MINISIG_SIGNATURE + size};
}

static osb_status fail_unknown_key(const minisig *signature, const keyring *trusted,
                                   const char *name, osb_error *error)
{
    char id[KEY_ID_TEXT];
    key_id_text(signature->key_id, id);
    return osb_fail(error, OSB_ERR_SIGNATURE, name,
                    "once you know whose key it is, trust it: see trusted_keys in "
                    "osbundle-config(5)",
                    "is signed by key %s, which is not trusted%s", id,
                    trusted->count ? "" : ": no key is");
}

osb_status minisig_verify(const minisig *signature, const content_digest *digest,
                          const keyring *trusted, const char *name, const public_key **signer,
                          osb_error *error)
{
    sodium_library sodium;
    char id[KEY_ID_TEXT];
    uint8_t whole[MINISIG_SIGNATURE + MINISIG_COMMENT];
    const public_key *key = keyring_find(trusted, signature->key_id);
    *signer = NULL;
    if (!key)
        return fail_unknown_key(signature, trusted, name, error);
    TRY(sodium_library_open(&sodium, error));
    key_id_text(key->id, id);
    if (sodium.crypto_sign_verify_detached(signature->of_content, digest->bytes,
                                           CONTENT_DIGEST_SIZE, key->bytes) != 0)
        return osb_fail(error, OSB_ERR_SIGNATURE, name, changed_hint,
                        "is not what key %s signed: it or its signature was changed", id);
    span comment = signed_comment(signature->of_content, signature->comment, whole);
    if (sodium.crypto_sign_verify_detached(signature->of_comment, comment.data, comment.size,
                                           key->bytes) != 0)
        return osb_fail(error, OSB_ERR_SIGNATURE, name, changed_hint,
                        "its signature's trusted comment is not what key %s signed", id);
    *signer = key;
    return OSB_OK;
}

osb_status minisig_write(const secret_key *key, const content_digest *digest, const char *comment,
                         buf *text, osb_error *error)
{
    sodium_library sodium;
    char id[KEY_ID_TEXT];
    uint8_t packed[PACKED_SIZE], of_comment[MINISIG_SIGNATURE];
    uint8_t whole[MINISIG_SIGNATURE + MINISIG_COMMENT];
    if (strlen(comment) >= MINISIG_COMMENT || strpbrk(comment, "\r\n"))
        return osb_fail(error, OSB_ERR_USAGE, NULL, "use a shorter comment of one line",
                        "no comment of a signature: it is too long, or has several lines");
    TRY(sodium_library_open(&sodium, error));
    memcpy(packed, "ED", PACKED_ID);
    memcpy(packed + PACKED_ID, key->id, KEY_ID_SIZE);
    sodium.crypto_sign_detached(packed + PACKED_SIGNATURE, NULL, digest->bytes, CONTENT_DIGEST_SIZE,
                                key->bytes);
    span signed_part = signed_comment(packed + PACKED_SIGNATURE, comment, whole);
    sodium.crypto_sign_detached(of_comment, NULL, signed_part.data, signed_part.size, key->bytes);
    key_id_text(key->id, id);
    buf_append_format(text, MINISIGN_UNTRUSTED "signature from osbundle by key %s\n", id);
    minisign_append_bytes(&sodium, text, (span){packed, PACKED_SIZE});
    buf_append_format(text, MINISIGN_TRUSTED "%s\n", comment);
    minisign_append_bytes(&sodium, text, (span){of_comment, MINISIG_SIGNATURE});
    return buf_check(text, "signature", error);
}
