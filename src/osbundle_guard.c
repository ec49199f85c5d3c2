/*
 * The facade's guard of bundles and mirrors: their indexes are held against the user's keys, and
 * those of mirrors against what was seen of them before.
 *
 * What a signature is and says is trust/'s. Invariant: with a trusted key, no index without a
 * signature that holds is read, and none of a mirror that is older than one seen there.
 */
#include "osbundle_guard.h"

#include "osbundle_trust.h"
#include "store/seen.h"

static osb_status admit(void *user, const index_claim *claim, uint32_t *version, osb_error *error)
{
    osb_context *context = user;
    const bool is_mirror = claim->role == INDEX_MIRROR;
    signature_finding found;
    content_digest digest;
    if (!claim->signature.size)
        return osb_fail(error, OSB_ERR_SIGNATURE, claim->name,
                        "have it signed by a key that you trust, or trust no keys",
                        "is not signed, and keys are trusted");
    TRY(content_digest_of(claim->text, &digest, error));
    TRY(context_check_signature(context, claim->signature, claim->name, &digest,
                                is_mirror ? SIGNED_MIRROR : SIGNED_BUNDLE, &found, error));
    *version = found.says.version;
    return is_mirror ? seen_admit_index(context->state, claim->name, found.key_id,
                                        found.says.version, error)
                     : OSB_OK;
}

void context_set_guard(osb_context *context)
{
    context->guard = (index_guard){admit, context};
    context->net.guard = context->trusted_key_count ? &context->guard : NULL;
}
