/*
 * The facade's mirrors: releases are fetched, then added to a folder that a web server serves.
 *
 * How the folder is written is store/mirror's. Invariant: only what passed every check on its way
 * into the cache gets into a mirror.
 */
#include "osbundle_cargo.h"
#include "osbundle_trust.h"
#include "store/mirror.h"

static json_t *describe(const char *folder, const release_index *index, const mirror_result *done)
{
    return json_pack("{s:s, s:i, s:s, s:I, s:b, s:I, s:I, s:I, s:I, s:o}", "type",
                     "osbundle-mirror", "schema", 1, "folder", folder, "version",
                     (json_int_t)done->version, "changed", done->changed, "added_objects",
                     (json_int_t)done->added, "added_bytes", (json_int_t)done->added_bytes,
                     "removed_files", (json_int_t)done->removed, "removed_bytes",
                     (json_int_t)done->removed_bytes, "releases", cargo_releases_to_json(index));
}

static osb_status sign(void *context, span text, uint32_t version, buf *signature, osb_error *error)
{
    const osb_signing *signing = context;
    content_digest digest;
    TRY(content_digest_of(text, &digest, error));
    return signing_sign(signing, &digest, SIGNED_MIRROR, version, signature, error);
}

osb_status osb_mirror(osb_context *context, const osb_cargo *cargo, const char *folder, bool prune,
                      json_t **result, osb_error *error)
{
    RELEASE_INDEX_OWNED added = {.role = INDEX_MIRROR};
    RELEASE_INDEX_OWNED index = {0};
    mirror_result done;
    osb_signing signing = cargo->signing ? *cargo->signing : (osb_signing){0};
    const mirror_signer signer = {sign, &signing};
    *result = NULL;
    TRY(cargo_add_releases(context, cargo, &added, error));
    TRY(mirror_update(folder, context->store, &added, cargo->signing ? &signer : NULL, &index,
                      &done, error));
    if (prune)
        TRY(mirror_prune(folder, &done, error));
    *result = describe(folder, &index, &done);
    return OSB_OK;
}
