/*
 * The facade's trust: the user's keys and clock brought to the checks, and signing.
 *
 * What a signature is and says is trust/'s. Invariant: with a trusted key, nothing that can be
 * signed is used without a signature that holds; a key comes from the user alone.
 */
#include "osbundle_trust.h"

#include <string.h>

#include "base/clock.h"
#include "base/path.h"
#include "base/text.h"
#include "trust/minisig.h"

osb_status context_keyring(const osb_context *context, keyring *trusted, osb_error *error)
{
    trusted->count = 0;
    for (size_t i = 0; i < context->trusted_key_count; i++)
        TRY(keyring_trust(trusted, context->trusted_keys[i], error));
    return OSB_OK;
}

void context_today(const osb_context *context, char today[STATEMENT_DATE])
{
    char moment[21];
    clock_utc_text(context->hooks.now ? context->hooks.now(context->hooks.context) : -1, moment);
    text_copy(today, STATEMENT_DATE, moment);
}

osb_status context_check_signature(osb_context *context, span signature, const char *name,
                                   const content_digest *digest, signed_role role,
                                   signature_finding *found, osb_error *error)
{
    keyring trusted;
    signature_demand demand = {.role = role, .trusted = &trusted, .online = !context->net.offline};
    context_today(context, demand.today);
    TRY(context_keyring(context, &trusted, error));
    TRY(signature_check(signature, name, digest, &demand, found, error));
    const char *expires = found->says.expires;
    log_line(&context->log, found->expired ? LOG_WARNING : LOG_INFO, "trust",
             "%s: signed by key %s as a %s%s%s", name, found->key_id, signed_role_name(role),
             found->expired ? ", which expired on "
             : *expires     ? ", until "
                            : "",
             expires);
    return OSB_OK;
}

osb_status context_check_signed_file(osb_context *context, const char *path, span content,
                                     signed_role role, osb_error *error)
{
    char signature_path[PATH_SIZE];
    signature_finding found;
    content_digest digest;
    BUF_OWNED signature = buf_make(MINISIG_MAX);
    if (!text_format(signature_path, sizeof signature_path, "%s" SIGNATURE_SUFFIX, path))
        return osb_fail(error, OSB_ERR_USAGE, path, "use a shorter path", "path is too long");
    if (!context->trusted_key_count) {
        if (file_exists(signature_path))
            log_line(&context->log, LOG_INFO, "trust",
                     "%s: its signature is not checked: no key "
                     "is trusted",
                     path);
        return OSB_OK;
    }
    osb_status status = file_read(signature_path, &signature, error);
    if (status == OSB_ERR_NOT_FOUND)
        return osb_fail(error, OSB_ERR_SIGNATURE, path,
                        "put its signature beside it, or have it signed by a key that you trust",
                        "is not signed: there is no %s" SIGNATURE_SUFFIX, path_name(path));
    TRY(status);
    TRY(content_digest_of(content, &digest, error));
    return context_check_signature(context, buf_span(&signature), path, &digest, role, &found,
                                   error);
}

osb_status signing_sign(const osb_signing *signing, const content_digest *digest, signed_role role,
                        uint32_t version, buf *signature, osb_error *error)
{
    SECRET_KEY_OWNED key;
    char comment[STATEMENT_TEXT];
    statement says = {.role = role, .version = version};
    text_copy(says.expires, sizeof says.expires, signing->expires ? signing->expires : "");
    TRY(statement_write(&says, comment, error));
    TRY(key_open(signing->key, &signing->password, &key, error));
    return minisig_write(&key, digest, comment, signature, error);
}
