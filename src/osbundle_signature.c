/*
 * The facade's way to check a signed file by hand, whatever it was signed as.
 *
 * Asks for no role: it tells what the signature says. Invariant: nothing of the signature is told
 * unless it holds.
 */
#include "osbundle_trust.h"

#include <string.h>

#include "base/path.h"
#include "base/text.h"
#include "model/names_json.h"
#include "trust/minisig.h"

static osb_status choose_keys(const osb_context *context, const char *const *keys, size_t count,
                              keyring *trusted, osb_error *error)
{
    *trusted = (keyring){0};
    for (size_t i = 0; i < count; i++)
        TRY(keyring_trust(trusted, keys[i], error));
    return count ? OSB_OK : context_keyring(context, trusted, error);
}

static json_t *describe(const char *path, const char *key_id, const char *comment,
                        const statement *says, bool expired)
{
    char shown[MINISIG_COMMENT];
    text_printable(shown, sizeof shown, comment, strlen(comment));
    json_t *document =
        json_pack("{s:s, s:i, s:o, s:s, s:s}", "type", "osbundle-signature", "schema", 1, "file",
                  json_foreign_name(path), "key_id", key_id, "trusted_comment", shown);
    json_object_set_new(document, "role",
                        says ? json_string(signed_role_name(says->role)) : json_null());
    json_object_set_new(document, "version",
                        says && says->version ? json_integer(says->version) : json_null());
    json_object_set_new(document, "expires",
                        says && *says->expires ? json_string(says->expires) : json_null());
    json_object_set_new(document, "expired", json_boolean(expired));
    return document;
}

/** A comment of minisign's own says nothing of role and day, and is as good here. */
static osb_status judge(osb_context *context, const char *path, const char *key_id,
                        const minisig *signature, json_t **result, osb_error *error)
{
    statement says;
    char today[STATEMENT_DATE];
    bool stated = statement_read(signature->comment, path, &says, NULL) == OSB_OK;
    context_today(context, today);
    bool expired = stated && statement_has_expired(&says, today);
    if (expired && !context->net.offline)
        return statement_fail_expired(&says, path, key_id, error);
    *result = describe(path, key_id, signature->comment, stated ? &says : NULL, expired);
    return OSB_OK;
}

osb_status osb_verify_signature(osb_context *context, const char *path, const char *signature_path,
                                const char *const *keys, size_t key_count, json_t **result,
                                osb_error *error)
{
    keyring trusted;
    minisig signature;
    content_digest digest;
    const public_key *signer;
    char beside[PATH_SIZE], key_id[KEY_ID_TEXT];
    BUF_OWNED text = buf_make(MINISIG_MAX);
    *result = NULL;
    if (!text_format(beside, sizeof beside, "%s" SIGNATURE_SUFFIX, path))
        return osb_fail(error, OSB_ERR_USAGE, path, "use a shorter path", "path is too long");
    TRY(choose_keys(context, keys, key_count, &trusted, error));
    const char *where = signature_path ? signature_path : beside;
    TRY(file_read(where, &text, error));
    TRY(minisig_parse(buf_span(&text), where, &signature, error));
    TRY(content_digest_file(path, &digest, error));
    TRY(minisig_verify(&signature, &digest, &trusted, path, &signer, error));
    key_id_text(signer->id, key_id);
    return judge(context, path, key_id, &signature, result, error);
}
