/*
 * A folder of manifests, which adds to what the program knows of boards and releases.
 *
 * Its form is that of manifests/: platforms/NAME.json and releases/VERSION.json. Invariant: a
 * manifest is taken as a whole or not at all, and none that cannot be read is passed over.
 */
#include "osbundle_context.h"

#include "base/path.h"
#include "base/text.h"

enum {
    MANIFEST_MAX = 1024 * 1024
};

static osb_status read_manifest(const char *path, json_t **manifest, osb_error *error)
{
    BUF_OWNED text = buf_make(MANIFEST_MAX);
    TRY(file_read(path, &text, error));
    return json_parse(buf_span(&text), path, manifest, error);
}

static osb_status add_platform(osb_context *context, const char *path, osb_error *error)
{
    platform board = {0};
    JSON_OWNED *manifest = NULL;
    TRY(read_manifest(path, &manifest, error));
    TRY(platform_from_json(manifest, path, &context->memory, &board, error));
    return platform_list_add(&context->platforms, &board, &context->memory, error);
}

static osb_status check_platforms(const osb_context *context, json_t *manifest, const char *path,
                                  osb_error *error)
{
    const char *name;
    json_t *entry;
    json_object_foreach(json_object_get(manifest, "platforms"), name, entry)
    {
        if (!platform_by_name(&context->platforms, name))
            return osb_fail(error, OSB_ERR_INTEGRITY, path,
                            "`osbundle sim list` shows the platforms; add others in platforms/",
                            "release manifest: there is no platform %s", name);
    }
    return OSB_OK;
}

static osb_status add_release(osb_context *context, const char *path, osb_error *error)
{
    JSON_OWNED *manifest = NULL;
    TRY(read_manifest(path, &manifest, error));
    TRY(check_platforms(context, manifest, path, error));
    return catalog_add(&context->known, manifest, path, error);
}

/** Adds every .json file of a subfolder. One of the subfolders may be missing. */
static osb_status add_all(osb_context *context, const char *folder, const char *name,
                          osb_status (*add)(osb_context *context, const char *path,
                                            osb_error *error),
                          osb_error *error)
{
    ARENA_OWNED memory = {0};
    char inside[PATH_SIZE], path[PATH_SIZE];
    const char *const *names;
    size_t count = 0;
    TRY(path_join(inside, folder, name, error));
    if (!folder_exists(inside))
        return OSB_OK;
    TRY(folder_list(inside, &memory, &names, &count, error));
    for (size_t i = 0; i < count; i++) {
        TRY(path_join(path, inside, names[i], error));
        if (text_ends_with(names[i], ".json"))
            TRY(add(context, path, error));
    }
    return OSB_OK;
}

osb_status context_add_manifests(osb_context *context, const char *folder, osb_error *error)
{
    if (!folder_exists(folder))
        return osb_fail(error, OSB_ERR_NOT_FOUND, folder, "name a folder with releases/ in it",
                        "there is no such folder of manifests");
    TRY(add_all(context, folder, "platforms", add_platform, error));
    return add_all(context, folder, "releases", add_release, error);
}
