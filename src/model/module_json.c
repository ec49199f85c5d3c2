/*
 * The "osbundle-module" object: everything that a module file says of itself, for scripts.
 *
 * Adds no judgement. Invariant: members only ever get added, and text from inside a file is valid
 * UTF-8 or made printable before it goes in.
 */
#include "model/module.h"

#include "base/cursor.h"
#include "base/json.h"
#include "base/text.h"
#include "model/module_layout.h"
#include "model/module_notes.h"
#include "model/names_json.h"

static const struct {
    uint8_t flag;
    const char *name;
} flag_names[] = {
    {MODULE_DROP_INFO, "drop_module_info"},
    {MODULE_COMPRESSED, "compressed"},
    {MODULE_COMBINED, "combined"},
    {MODULE_ENCRYPTED, "encrypted"},
    {MODULE_PREFIX_EXTENSIONS, "prefix_extensions"},
};

static json_t *flags_to_json(uint8_t flags)
{
    json_t *names = json_array();
    for (size_t i = 0; i < sizeof flag_names / sizeof *flag_names; i++) {
        if (flags & flag_names[i].flag)
            json_array_append_new(names, json_string(flag_names[i].name));
    }
    return json_pack("{s:i, s:o}", "value", flags, "names", names);
}

static json_t *suffix_to_json(const module *parsed)
{
    json_t *suffix = json_pack("{s:i}", "size", parsed->suffix_size);
    json_object_set_new(suffix, "product_id",
                        parsed->has_product ? json_integer(parsed->product_id) : json_null());
    json_object_set_new(suffix, "product_version",
                        parsed->has_product ? json_integer(parsed->product_version) : json_null());
    json_object_set_new(suffix, "sha256", json_hex((span){parsed->sha256, SHA256_SIZE}));
    return suffix;
}

static json_t *crc_to_json(const module *parsed)
{
    char stored[9], computed[9];
    text_format(stored, sizeof stored, "%08x", parsed->crc_stored);
    text_format(computed, sizeof computed, "%08x", parsed->crc_computed);
    return json_pack("{s:s, s:s, s:b}", "stored", stored, "computed", computed, "ok",
                     parsed->crc_stored == parsed->crc_computed);
}

static const char *extension_name(uint16_t type)
{
    switch ((enum module_extension_type)type) {
    case EXTENSION_END:
        return "end";
    case EXTENSION_PRODUCT_DATA:
        return "product_data";
    case EXTENSION_DYNAMIC_LOCATION:
        return "dynamic_location";
    case EXTENSION_DEPENDENCY:
        return "dependency";
    case EXTENSION_HASH:
        return "hash";
    case EXTENSION_NAME:
        return "name";
    case EXTENSION_ASSET_DEPENDENCY:
        return "asset_dependency";
    case EXTENSION_SECURITY_MODE:
        return "security_mode";
    case EXTENSION_ASSET_TYPE:
        return "asset_type";
    }
    return "unknown";
}

static void add_product_data(json_t *object, cursor *data)
{
    cursor_u16le(data); /* filler */
    json_object_set_new(object, "product_id", json_integer(cursor_u16le(data)));
    json_object_set_new(object, "product_version", json_integer(cursor_u16le(data)));
}

static void add_dynamic_location(json_t *object, cursor *data)
{
    json_object_set_new(object, "module_start", json_integer(cursor_u32le(data)));
    json_object_set_new(object, "dynalib_load", json_integer(cursor_u32le(data)));
    json_object_set_new(object, "dynalib_start", json_integer(cursor_u32le(data)));
}

static void add_dependency(json_t *object, cursor *data)
{
    json_object_set_new(object, "function", json_function(cursor_u8(data)));
    json_object_set_new(object, "index", json_integer(cursor_u8(data)));
    json_object_set_new(object, "version", json_integer(cursor_u16le(data)));
    json_object_set_new(object, "target", json_integer(cursor_u32le(data)));
}

/** A hash with its type and length, then (in asset dependencies) a name. */
static void add_hash(json_t *object, cursor *data)
{
    json_object_set_new(object, "hash_type", json_integer(cursor_u8(data)));
    uint8_t size = cursor_u8(data);
    json_object_set_new(object, "hash", json_hex(cursor_take(data, size)));
}

static void add_text(json_t *object, const char *member, cursor *data)
{
    span text = cursor_take(data, cursor_rest(data));
    json_object_set_new(object, member, json_foreign_text(text));
}

static void add_security_mode(json_t *object, cursor *data)
{
    uint8_t mode = cursor_u8(data);
    json_object_set_new(object, "mode", json_integer(mode));
    json_object_set_new(object, "protected", json_boolean(mode == 1));
    json_object_set_new(object, "certificate_size", json_integer((json_int_t)cursor_rest(data)));
}

static void add_extension_data(json_t *object, const module_extension *extension)
{
    cursor data = cursor_make(extension->data);
    switch ((enum module_extension_type)extension->type) {
    case EXTENSION_END:
        json_object_set_new(object, "padding", json_integer((json_int_t)extension->data.size));
        return;
    case EXTENSION_PRODUCT_DATA:
        add_product_data(object, &data);
        return;
    case EXTENSION_DYNAMIC_LOCATION:
        add_dynamic_location(object, &data);
        return;
    case EXTENSION_DEPENDENCY:
        add_dependency(object, &data);
        return;
    case EXTENSION_HASH:
        add_hash(object, &data);
        return;
    case EXTENSION_NAME:
        add_text(object, "text", &data);
        return;
    case EXTENSION_ASSET_DEPENDENCY:
        add_hash(object, &data);
        add_text(object, "asset", &data);
        return;
    case EXTENSION_SECURITY_MODE:
        add_security_mode(object, &data);
        return;
    case EXTENSION_ASSET_TYPE:
        json_object_set_new(object, "asset_type", json_integer(cursor_u8(&data)));
        return;
    }
    json_object_set_new(object, "data", json_hex(extension->data));
}

static json_t *extensions_to_json(const module *parsed)
{
    json_t *list = json_array();
    for (size_t i = 0; i < parsed->extension_count; i++) {
        const module_extension *extension = &parsed->extensions[i];
        json_t *object =
            json_pack("{s:s, s:i, s:s}", "where", extension->in_prefix ? "prefix" : "suffix",
                      "type", extension->type, "name", extension_name(extension->type));
        add_extension_data(object, extension);
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *platform_to_json(const module *parsed, const char *platform_name)
{
    json_t *object = json_pack("{s:i}", "id", parsed->platform_id);
    json_object_set_new(object, "name", json_text_or_null(platform_name));
    return object;
}

static void add_header(json_t *object, const module *parsed)
{
    json_object_set_new(object, "function", json_function(parsed->slot.function));
    json_object_set_new(object, "index", json_integer(parsed->slot.index));
    json_object_set_new(object, "version", json_integer(parsed->version));
    json_object_set_new(object, "start", json_integer(parsed->start));
    json_object_set_new(object, "end", json_integer(parsed->end));
    json_object_set_new(object, "mcu_target", json_integer(parsed->mcu_target));
    json_object_set_new(object, "flags", flags_to_json(parsed->flags));
    json_object_set_new(object, "dependencies", json_dependencies(parsed->dependencies, 2));
}

json_t *module_to_json(const module *parsed, const char *file_name, const char *platform_name,
                       const char *os_version)
{
    uint8_t digest[SHA256_SIZE];
    sha256(parsed->file, digest);
    json_t *object = json_pack("{s:s, s:i}", "type", "osbundle-module", "schema", 1);
    json_object_set_new(object, "file", json_foreign_name(file_name));
    json_object_set_new(object, "file_size", json_integer((json_int_t)parsed->file.size));
    json_object_set_new(object, "module_size", json_integer((json_int_t)parsed->image.size));
    json_object_set_new(object, "prefix_offset", json_integer(parsed->prefix_offset));
    json_object_set_new(object, "platform", platform_to_json(parsed, platform_name));
    add_header(object, parsed);
    json_object_set_new(object, "suffix", suffix_to_json(parsed));
    json_object_set_new(object, "extensions", extensions_to_json(parsed));
    json_object_set_new(object, "crc32", crc_to_json(parsed));
    json_object_set_new(object, "sha256", json_hex((span){digest, sizeof digest}));
    json_object_set_new(object, "os_version", json_text_or_null(os_version));
    json_object_set_new(object, "trailing_bytes",
                        json_integer((json_int_t)(parsed->file.size - parsed->image.size)));
    module_add_notes(object, parsed);
    if (parsed->synthetic)
        json_object_set_new(object, "synthetic", json_true());
    return object;
}
