/*
 * Signatures: of all texts, only the one that a trusted key made holds; and what a trusted comment
 * says is written as it was read.
 */
#include "fuzz/fuzz.h"

#include <string.h>

#include "support/signed.h"
#include "trust/minisig.h"
#include "trust/statement.h"

static span text_span(const char *text)
{
    return (span){(const uint8_t *)text, strlen(text)};
}

/** The key that is trusted, and the digest of what it signed: made once. */
static const keyring *trusted(content_digest *digest)
{
    static keyring ring;
    static content_digest signed_digest;
    if (!ring.count) {
        PROMISE(keyring_trust(&ring, their_public, NULL) == OSB_OK);
        PROMISE(content_digest_of(text_span(signed_content), &signed_digest, NULL) == OSB_OK);
    }
    *digest = signed_digest;
    return &ring;
}

/** What follows the untrusted comment. */
static span behind_comment(span text)
{
    const uint8_t *end = memchr(text.data, '\n', text.size);
    PROMISE(end);
    return span_slice(text, (size_t)(end - text.data), text.size);
}

/** Without the carriage returns that may end its lines, and a line feed that may end it. */
static void plain_lines(span text, buf *plain)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] != '\r' && text.data[i] != '\n')
            buf_append_u8(plain, text.data[i]);
}

static void check_statement(const char *comment)
{
    statement says, again;
    char text[STATEMENT_TEXT];
    osb_error error = {0};
    if (statement_read(comment, "input", &says, &error) != OSB_OK) {
        PROMISE(error.status == OSB_ERR_SIGNATURE && *error.message && *error.hint);
        return;
    }
    PROMISE(statement_write(&says, text, NULL) == OSB_OK);
    PROMISE(statement_read(text, "written", &again, NULL) == OSB_OK);
    PROMISE(again.role == says.role && again.version == says.version);
    PROMISE(strcmp(again.expires, says.expires) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    minisig signature;
    content_digest digest;
    const public_key *signer;
    osb_error error = {0};
    const span text = {data, size};
    const keyring *ring = trusted(&digest);
    if (minisig_parse(text, "input", &signature, &error) != OSB_OK) {
        PROMISE(error.status == OSB_ERR_SIGNATURE && *error.message && *error.hint);
        return 0;
    }
    PROMISE(strlen(signature.comment) < MINISIG_COMMENT && !strchr(signature.comment, '\n'));
    check_statement(signature.comment);
    if (minisig_verify(&signature, &digest, ring, "input", &signer, &error) != OSB_OK) {
        PROMISE(!signer && error.status == OSB_ERR_SIGNATURE && *error.message && *error.hint);
        return 0;
    }
    BUF_OWNED found = buf_make(MINISIG_MAX);
    BUF_OWNED genuine = buf_make(MINISIG_MAX);
    plain_lines(behind_comment(text), &found);
    plain_lines(behind_comment(text_span(signed_by_minisign)), &genuine);
    PROMISE(signer == &ring->keys[0] && found.size == genuine.size);
    PROMISE(memcmp(found.data, genuine.data, genuine.size) == 0);
    return 0;
}
