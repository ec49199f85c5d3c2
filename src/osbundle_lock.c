/*
 * The facade's lock files: making one, and reading the one that a user holds to.
 *
 * What a lock looks like is trust/lockfile's. Invariant: only what passed every check is ever
 * pinned - the release's modules when they came into the cache, the application here.
 */
#include "osbundle_lock.h"

#include <string.h>

#include "base/path.h"
#include "osbundle_files.h"
#include "trust/lockfile.h"
#include "trust/verify.h"

osb_status context_read_lock(const osb_context *context, const char *path, release *lock,
                             osb_error *error)
{
    BUF_OWNED text = buf_make(LOCKFILE_MAX);
    TRY(file_read(path, &text, error));
    return lockfile_read(buf_span(&text), path, &context->platforms, lock, error);
}

/** A lock that pins an application which can't run on its release would be of no use to anybody. */
static osb_status check_needs(const release *set, const module *app, const char *path,
                              osb_error *error)
{
    for (size_t i = 0; i < 2; i++) {
        const module_dependency *need = &app->dependencies[i];
        const release_module *met = release_find(set, need->slot);
        char slot[MODULE_SLOT_TEXT];
        if (need->slot.function == MODULE_NONE || (met && met->version >= need->version))
            continue;
        slot_text(need->slot, slot);
        return osb_fail(error, OSB_ERR_REFUSED, path, "lock a release that the application can use",
                        "needs %s >= %u, which %s does not have", slot, need->version,
                        set->version);
    }
    return OSB_OK;
}

/** Pins `file`, the one that was named, for what is in it: a module, or a bundle's application. */
static osb_status pin_application(span file, span content, const char *path, release *set,
                                  osb_error *error)
{
    verify_report report;
    uint8_t digest[SHA256_SIZE];
    const verify_expectation expected = {.file_name = path_name(path), .board = set->board};
    TRY(verify_file(content, &expected, &report, error));
    if (report.parsed.slot.function != MODULE_USER_PART)
        return osb_fail(error, OSB_ERR_USAGE, path, "name an application with --app",
                        "is no application");
    if (set->module_count == RELEASE_MODULES_MAX ||
        strlen(path_name(path)) >= sizeof set->modules->file)
        return osb_fail(error, OSB_ERR_USAGE, path, "use a shorter name",
                        "does not fit into a lock");
    TRY(check_needs(set, &report.parsed, path, error));
    release_module *entry = &set->modules[set->module_count++];
    sha256(file, digest);
    release_module_from(entry, &report.parsed, path_name(path), digest);
    entry->size = (uint32_t)file.size;
    return OSB_OK;
}

static osb_status add_application(const char *path, release *set, osb_error *error)
{
    BUF_OWNED content = buf_make(MODULE_FILE_MAX);
    ARENA_OWNED memory = {0};
    bundle opened;
    TRY(files_read(path, &content, error));
    span file = buf_span(&content);
    if (!file_is_zip(file))
        return pin_application(file, file, path, set, error);
    TRY(files_open_bundle(file, path, &memory, &opened, error));
    TRY(bundle_require_assets(&opened, path, error));
    return pin_application(file, opened.application_file->content, path, set, error);
}

osb_status osb_lock(osb_context *context, const char *version_words, const char *platform_name,
                    const char *app, json_t **result, osb_error *error)
{
    const platform *board;
    char release_version[VERSION_SIZE];
    release set;
    *result = NULL;
    TRY(context_platform(context, platform_name, &board, error));
    context_resolve(context, board, version_words, false, release_version);
    TRY(context_release(context, release_version, board, false, &set, error));
    if (app)
        TRY(add_application(app, &set, error));
    *result = lockfile_to_json(&set);
    return OSB_OK;
}
