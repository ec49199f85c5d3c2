#pragma once
/**
 * Signatures that minisign(1) makes and checks: Ed25519 over the BLAKE2b-512 of the content, and a
 * trusted comment that is signed together with it. Only this prehashed form ("ED") is made and
 * taken: content is never held in memory as a whole. What the comment says is statement.h's.
 */
#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"
#include "trust/content_hash.h"
#include "trust/keyring.h"
#include "trust/secret_key.h"

enum {
    MINISIG_SIGNATURE = 64, /**< bytes */
    MINISIG_COMMENT = 8192, /**< that a trusted comment may have, with the final NUL */
    MINISIG_MAX = 16 * 1024 /**< bytes of a .minisig file */
};

typedef struct minisig {
    uint8_t key_id[KEY_ID_SIZE];
    uint8_t of_content[MINISIG_SIGNATURE];
    uint8_t of_comment[MINISIG_SIGNATURE]; /**< of `of_content` and the comment behind it */
    char comment[MINISIG_COMMENT];         /**< not to be believed before minisig_verify */
} minisig;

/**
 * Takes a .minisig file apart. Nothing in it is to be believed yet.
 * @param name the file's own, for errors
 * @return OSB_ERR_SIGNATURE when it is none, or of the old form that hashes nothing first
 */
osb_status minisig_parse(span text, const char *name, minisig *signature,
                         osb_error *error) OSB_MUST_CHECK;

/**
 * Whether a trusted key signed that content with that comment.
 * @param name of what was signed, for errors
 * @param signer the key, one of the ring's
 * @return OSB_ERR_SIGNATURE otherwise
 */
osb_status minisig_verify(const minisig *signature, const content_digest *digest,
                          const keyring *trusted, const char *name, const public_key **signer,
                          osb_error *error) OSB_MUST_CHECK;

/**
 * Appends the .minisig file of some content.
 * @param comment one line, trusted by whoever trusts the key
 */
osb_status minisig_write(const secret_key *key, const content_digest *digest, const char *comment,
                         buf *text, osb_error *error) OSB_MUST_CHECK;
