/*
 * Sorts an archive's files into an application bundle.
 *
 * Reads no archive and wraps nothing. Invariant: an opened bundle has one application whose CRC-32
 * closes, and assets whose names are plain, different from each other, and tell nothing about where
 * anything is written.
 */
#include "model/bundle.h"

#include <string.h>

#include "base/path.h"
#include "base/text.h"
#include "model/bundle_check.h"

#define ASSETS_FOLDER "assets/"

typedef enum place {
    PLACE_IGNORED,
    PLACE_APPLICATION,
    PLACE_ASSET,
    PLACE_ENVIRONMENT
} place;

static bool is_litter(const char *file_name)
{
    return *file_name == '.' || text_equal(file_name, "Thumbs.db") ||
           text_equal(file_name, "desktop.ini");
}

/** Where a path belongs. Newer tools write the environment to the second of its two places. */
static place place_of(const char *path)
{
    if (text_equal(path, "env.json") || text_equal(path, "env/env-vars.json"))
        return PLACE_ENVIRONMENT;
    if (is_litter(path_name(path)))
        return PLACE_IGNORED;
    if (!strchr(path, '/'))
        return text_ends_with(path, ".bin") ? PLACE_APPLICATION : PLACE_IGNORED;
    if (!text_starts_with(path, ASSETS_FOLDER) || strchr(path + strlen(ASSETS_FOLDER), '/'))
        return PLACE_IGNORED;
    return PLACE_ASSET;
}

static osb_status fail(const char *name, osb_error *error, const char *message)
{
    return osb_fail(error, OSB_ERR_INTEGRITY, name, "make the bundle again with particle bundle",
                    "%s", message);
}

static osb_status take_application(const bundle_file *file, const char *name, bundle *opened,
                                   osb_error *error)
{
    if (opened->application_file)
        return fail(name, error, "two applications (.bin files) stand at its root");
    opened->application_file = file;
    TRY(module_parse(file->content, file->name, &opened->application, error));
    if (opened->application.slot.function != MODULE_USER_PART)
        return fail(name, error, "the .bin file at its root is a module, but no application");
    return OSB_OK;
}

/** Unwraps a file that is an asset module already; everything else is an asset by itself. */
static osb_status unwrap(const bundle_file *file, arena *memory, bundle_asset *taken,
                         osb_error *error)
{
    module parsed;
    asset inner;
    BUF_OWNED storage = buf_make(MODULE_FILE_MAX);
    if (!module_peek(file->content, 0, &parsed) || parsed.slot.function != MODULE_ASSET ||
        module_parse(file->content, file->name, &parsed, NULL) != OSB_OK ||
        parsed.image.size != file->content.size ||
        asset_read(&parsed, file->name, &storage, &inner, NULL) != OSB_OK)
        return OSB_OK;
    taken->wrapped = true;
    taken->item.type = inner.type;
    taken->item.content = inner.content;
    if (!(parsed.flags & MODULE_COMPRESSED))
        return OSB_OK;
    taken->item.content.data = arena_copy(memory, inner.content.data, inner.content.size);
    return taken->item.content.data ? OSB_OK : osb_fail_memory(error);
}

static bool is_named_before(const bundle *opened, const bundle_asset *list, const char *asset_name)
{
    for (size_t i = 0; i < opened->asset_count; i++) {
        if (text_equal(list[i].item.name, asset_name))
            return true;
    }
    return false;
}

static osb_status take_asset(const bundle_file *file, arena *memory, bundle *opened,
                             bundle_asset *list, osb_error *error)
{
    const char *asset_name = file->name + strlen(ASSETS_FOLDER);
    bundle_asset *taken = &list[opened->asset_count];
    if (!asset_name_fits((span){(const uint8_t *)asset_name, strlen(asset_name)}))
        return fail(asset_name, error, "not a name that an asset can have");
    if (is_named_before(opened, list, asset_name))
        return fail(asset_name, error, "two assets have this name");
    *taken = (bundle_asset){.file = file, .item.content = file->content};
    text_copy(taken->item.name, sizeof taken->item.name, asset_name);
    TRY(unwrap(file, memory, taken, error));
    sha256(taken->item.content, taken->item.sha256);
    opened->asset_count++;
    return OSB_OK;
}

static osb_status take_environment(const bundle_file *file, const char *name, bundle *opened,
                                   osb_error *error)
{
    if (opened->environment)
        return fail(name, error, "it holds two sets of environment variables");
    opened->environment = file;
    return bundle_check_environment(file->content, file->name, error);
}

static osb_status take(const bundle_file *file, const char *name, arena *memory, bundle *opened,
                       bundle_asset *list, osb_error *error)
{
    switch (place_of(file->name)) {
    case PLACE_IGNORED:
        return OSB_OK;
    case PLACE_APPLICATION:
        return take_application(file, name, opened, error);
    case PLACE_ASSET:
        return take_asset(file, memory, opened, list, error);
    case PLACE_ENVIRONMENT:
        return take_environment(file, name, opened, error);
    }
    return OSB_OK;
}

osb_status bundle_open(const bundle_file *files, size_t count, const char *name, arena *memory,
                       bundle *opened, osb_error *error)
{
    *opened = (bundle){0};
    bundle_asset *list = arena_take(memory, count, sizeof *list);
    if (!list)
        return osb_fail_memory(error);
    opened->assets = list;
    for (size_t i = 0; i < count; i++)
        TRY(take(&files[i], name, memory, opened, list, error));
    if (!opened->application_file)
        return osb_fail(error, OSB_ERR_NOT_A_MODULE, name,
                        "give an application bundle as particle bundle makes it",
                        "no application (.bin file) stands at its root");
    return bundle_find_doubts(opened, memory, error);
}

osb_status bundle_write_asset(const bundle_asset *item, buf *file, osb_error *error)
{
    if (!item->wrapped)
        return asset_write(&item->item, true, file, error);
    buf_append(file, item->file->content);
    return buf_check(file, item->item.name, error);
}
