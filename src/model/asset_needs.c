/*
 * Reads and rewrites the asset dependencies of applications.
 *
 * Does not know where assets are kept (bundle.c holds them against what is there). Invariant: a
 * rewritten application runs where it ran before: code keeps its addresses, because only what
 * stands before or behind it grows.
 */
#include "model/asset_needs.h"

#include <string.h>

#include "model/module_extension.h"
#include "model/module_location.h"
#include "model/module_parts.h"

enum {
    LIST_MAX = UINT16_MAX
};

static osb_status take_need(const module_extension *extension, const char *file_name, arena *memory,
                            asset_need *need, osb_error *error)
{
    named_hash read;
    if (!extension_read_hash(extension, &read) || !asset_name_fits(read.name))
        return osb_fail(error, OSB_ERR_INTEGRITY, file_name, "build the application again",
                        "its list of assets has an entry that cannot be read");
    char *name = arena_take(memory, read.name.size + 1, 1);
    if (!name)
        return osb_fail_memory(error);
    memcpy(name, read.name.data, read.name.size);
    *need = (asset_need){.name = name, .in_prefix = extension->in_prefix};
    need->checkable = read.type == HASH_TYPE_SHA256 && read.hash.size == SHA256_SIZE;
    if (need->checkable)
        memcpy(need->sha256, read.hash.data, SHA256_SIZE);
    return OSB_OK;
}

osb_status asset_needs_list(const module *application, const char *file_name, arena *memory,
                            const asset_need **needs, size_t *count, osb_error *error)
{
    asset_need *list = arena_take(memory, application->extension_count, sizeof *list);
    if (!list)
        return osb_fail_memory(error);
    *needs = list;
    *count = 0;
    for (size_t i = 0; i < application->extension_count; i++) {
        if (application->extensions[i].type == EXTENSION_ASSET_DEPENDENCY)
            TRY(take_need(&application->extensions[i], file_name, memory, &list[(*count)++],
                          error));
    }
    return OSB_OK;
}

static osb_status append_needs(const asset_need *needs, size_t count, buf *list, osb_error *error)
{
    for (size_t i = 0; i < count; i++) {
        if (!asset_name_fits((span){(const uint8_t *)needs[i].name, strlen(needs[i].name)}))
            return osb_fail(error, OSB_ERR_USAGE, needs[i].name, "name it as one plain file",
                            "not a name that an asset can have");
        extension_append_sha256(list, needs[i].sha256, needs[i].name);
    }
    return buf_check(list, "asset list", error);
}

/** Prefix extensions to keep: all but the needs and the END. */
static void append_kept(const module *application, buf *list)
{
    for (size_t i = 0; i < application->extension_count; i++) {
        const module_extension *extension = &application->extensions[i];
        if (extension->in_prefix && extension->type != EXTENSION_ASSET_DEPENDENCY &&
            extension->type != EXTENSION_END)
            extension_append(list, extension->type, extension->data);
    }
}

static osb_status check_application(const module *application, size_t count, osb_error *error)
{
    const char *hint = "give an application as the compiler made it";
    if (application->slot.function != MODULE_USER_PART)
        return osb_fail(error, OSB_ERR_REFUSED, "module", hint, "only applications want assets");
    if (application->flags & (MODULE_COMPRESSED | MODULE_COMBINED | MODULE_ENCRYPTED))
        return osb_fail(error, OSB_ERR_REFUSED, "application", hint,
                        "a compressed, combined or encrypted one cannot be given assets");
    if (application->flags & MODULE_PREFIX_EXTENSIONS && !module_grows_left(application))
        return osb_fail(error, OSB_ERR_REFUSED, "application", hint,
                        "its header is extended, but its start cannot move");
    if (application->extension_count + count > MODULE_EXTENSIONS_MAX)
        return osb_fail(error, OSB_ERR_REFUSED, "application", "bundle fewer assets",
                        "%zu assets are more than are read back", count);
    return OSB_OK;
}

osb_status asset_needs_write(const module *application, const asset_need *needs, size_t count,
                             buf *file, osb_error *error)
{
    module_parts parts;
    BUF_OWNED list = buf_make(LIST_MAX);
    BUF_OWNED suffix = buf_make(LIST_MAX);
    TRY(check_application(application, count, error));
    TRY(module_take_apart(application, "application", &parts, error));
    if (module_grows_left(application)) {
        append_kept(application, &list);
        TRY(append_needs(needs, count, &list, error));
        return module_write_grown(application, &list, EXTENSION_ASSET_DEPENDENCY, file, error);
    }
    TRY(append_needs(needs, count, &list, error));
    TRY(module_replace_in_suffix(application, &parts, EXTENSION_ASSET_DEPENDENCY, buf_span(&list),
                                 &suffix, error));
    parts.suffix_extensions = buf_span(&suffix);
    return module_assemble(&parts, file, error);
}
