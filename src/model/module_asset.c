/*
 * Wraps files into asset modules and unwraps them.
 *
 * Does not know which application wants an asset (asset_needs.c). Invariant: what asset_read gives
 * has a name that is safe as a file name, and content that its SHA-256 was computed over.
 */
#include "model/module_asset.h"

#include <string.h>

#include "base/deflate.h"
#include "base/path.h"
#include "base/text.h"
#include "model/module_compressed.h"
#include "model/module_extension.h"
#include "model/module_parts.h"

bool asset_name_fits(span name)
{
    char text[ASSET_NAME_SIZE];
    if (name.size >= sizeof text || (name.size && memchr(name.data, 0, name.size)))
        return false;
    text_format(text, sizeof text, "%.*s", (int)name.size, (const char *)name.data);
    return path_is_plain_name(text);
}

static osb_status broken(const char *file_name, const char *what, osb_error *error)
{
    return osb_fail(error, OSB_ERR_INTEGRITY, file_name,
                    "make this asset again from the file that it wraps", "%s", what);
}

static osb_status read_name(const module *parsed, const char *file_name, asset *read,
                            osb_error *error)
{
    const module_extension *name = module_find_extension(parsed, EXTENSION_NAME);
    if (!name || !asset_name_fits(name->data))
        return broken(file_name, "this asset carries no name that a file can have", error);
    text_format(read->name, sizeof read->name, "%.*s", (int)name->data.size,
                (const char *)name->data.data);
    return OSB_OK;
}

static void read_type(const module *parsed, asset *read)
{
    const module_extension *type = module_find_extension(parsed, EXTENSION_ASSET_TYPE);
    read->type = type && type->data.size ? type->data.data[0] : ASSET_TYPE_PLAIN;
}

static osb_status read_content(const module *parsed, const char *file_name, buf *storage,
                               span *content, osb_error *error)
{
    module inner = *parsed;
    module_parts parts;
    if (parsed->flags & MODULE_COMPRESSED)
        TRY(module_expand(parsed, file_name, storage, &inner, error));
    TRY(module_take_apart(&inner, file_name, &parts, error));
    *content = parts.body;
    return OSB_OK;
}

static osb_status check_hash(const module *parsed, const char *file_name, asset *read,
                             osb_error *error)
{
    named_hash stored;
    if (!extension_read_hash(module_find_extension(parsed, EXTENSION_HASH), &stored) ||
        stored.type != HASH_TYPE_SHA256 || stored.hash.size != SHA256_SIZE)
        return broken(file_name, "this asset carries no SHA-256", error);
    sha256(read->content, read->sha256);
    if (memcmp(stored.hash.data, read->sha256, SHA256_SIZE) != 0)
        return broken(file_name, "this asset's content is not what its SHA-256 says", error);
    return OSB_OK;
}

osb_status asset_read(const module *parsed, const char *file_name, buf *storage, asset *read,
                      osb_error *error)
{
    *read = (asset){0};
    if (parsed->slot.function != MODULE_ASSET)
        return osb_fail(error, OSB_ERR_USAGE, file_name, "give an asset module",
                        "is no asset module");
    if (parsed->prefix_offset || !(parsed->flags & MODULE_DROP_INFO))
        return broken(file_name, "this asset's header is not one that boards leave out", error);
    TRY(read_name(parsed, file_name, read, error));
    read_type(parsed, read);
    TRY(read_content(parsed, file_name, storage, &read->content, error));
    return check_hash(parsed, file_name, read, error);
}

static osb_status write_plain(const asset *made, span name, buf *file, osb_error *error)
{
    static const uint8_t no_product[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    const uint8_t type[] = {made->type, 0};
    uint8_t hash[2 + SHA256_SIZE] = {HASH_TYPE_SHA256, SHA256_SIZE};
    sha256(made->content, hash + 2);
    module_extension extensions[4] = {
        {.type = EXTENSION_HASH, .data = {hash, sizeof hash}},
        {.type = EXTENSION_NAME, .data = name},
    };
    size_t count = 2;
    if (made->type != ASSET_TYPE_PLAIN)
        extensions[count++] =
            (module_extension){.type = EXTENSION_ASSET_TYPE, .data = {type, sizeof type}};
    extensions[count++] =
        (module_extension){.type = EXTENSION_PRODUCT_DATA, .data = {no_product, sizeof no_product}};
    module_recipe recipe = {
        .flags = MODULE_DROP_INFO,
        .slot = {MODULE_ASSET, 0},
        .body = made->content,
        .extensions = extensions,
        .extension_count = count,
    };
    return module_write(&recipe, file, error);
}

osb_status asset_write(const asset *made, bool compressed, buf *file, osb_error *error)
{
    module plain;
    span name = {(const uint8_t *)made->name, strnlen(made->name, sizeof made->name)};
    if (!asset_name_fits(name))
        return osb_fail(error, OSB_ERR_USAGE, made->name, "name it as one plain file",
                        "not a name that an asset can have");
    if (!compressed)
        return write_plain(made, name, file, error);
    BUF_OWNED whole = buf_make(MODULE_FILE_MAX);
    TRY(write_plain(made, name, &whole, error));
    TRY(module_parse(buf_span(&whole), made->name, &plain, error));
    return module_compress(&plain, made->name, DEFLATE_WINDOW_MOST, file, error);
}
