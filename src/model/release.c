/*
 * One release for one platform: finding its modules, filling one from a file, showing it.
 *
 * Which releases exist is catalog.c. Invariant: numbers come from manifests or from headers of
 * real files, never from the digits of a version.
 */
#include "model/release.h"

#include <string.h>

#include "base/text.h"
#include "model/module_protect.h"
#include "model/names_json.h"

const release_module *release_find(const release *set, module_slot slot)
{
    for (size_t i = 0; i < set->module_count; i++) {
        if (slot_equal(set->modules[i].slot, slot))
            return &set->modules[i];
    }
    return NULL;
}

bool release_is_published(const release *set)
{
    return !text_equal(set->channel, "internal");
}

bool release_is_final(const release *set)
{
    version parsed;
    return release_is_published(set) && !text_equal(set->channel, "preview") &&
           version_parse(set->version, &parsed) && !parsed.prerelease[0];
}

void release_module_from(release_module *entry, const module *parsed, const char *file_name,
                         const uint8_t digest[SHA256_SIZE])
{
    *entry = (release_module){
        .slot = parsed->slot,
        .version = parsed->version,
        .dependencies = {parsed->dependencies[0], parsed->dependencies[1]},
        .size = (uint32_t)parsed->file.size,
        .start = parsed->start,
        .pinned = true,
        .synthetic = parsed->synthetic,
        .protects = module_is_protected(parsed),
    };
    text_copy(entry->file, sizeof entry->file, file_name);
    if (digest)
        memcpy(entry->sha256, digest, SHA256_SIZE);
    else
        sha256(parsed->file, entry->sha256);
    memcpy(entry->identity, parsed->sha256, SHA256_SIZE);
}

static bool is_zero(const uint8_t digest[SHA256_SIZE])
{
    static const uint8_t zeros[SHA256_SIZE];
    return memcmp(digest, zeros, SHA256_SIZE) == 0;
}

const uint8_t *release_origin(const release_module *file)
{
    return is_zero(file->made_from) ? file->sha256 : file->made_from;
}

static json_t *digest_or_null(bool known, const uint8_t digest[SHA256_SIZE])
{
    return known ? json_hex((span){digest, SHA256_SIZE}) : json_null();
}

static void add_place(json_t *object, const release *set, const release_module *entry)
{
    const platform_slot *place = platform_find_slot(set->board, entry->slot);
    json_object_set_new(object, "name", json_text_or_null(place ? place->name : NULL));
    json_object_set_new(object, "route",
                        json_text_or_null(place ? route_name(place->route) : NULL));
    json_object_set_new(object, "required", json_boolean(place && place->required));
}

static json_t *module_entry_to_json(const release *set, const release_module *entry)
{
    char slot[MODULE_SLOT_TEXT];
    slot_text(entry->slot, slot);
    json_t *object = json_pack("{s:s}", "slot", slot);
    add_place(object, set, entry);
    json_object_set_new(object, "version", json_integer(entry->version));
    json_object_set_new(object, "file", json_foreign_name(entry->file));
    json_object_set_new(object, "size", entry->size ? json_integer(entry->size) : json_null());
    json_object_set_new(object, "start", entry->start ? json_integer(entry->start) : json_null());
    json_object_set_new(object, "dependencies",
                        entry->needs_unknown ? json_null()
                                             : json_dependencies(entry->dependencies, 2));
    json_object_set_new(object, "pinned", json_boolean(entry->pinned));
    json_object_set_new(object, "sha256", digest_or_null(entry->pinned, entry->sha256));
    json_object_set_new(object, "identity",
                        digest_or_null(!is_zero(entry->identity), entry->identity));
    if (entry->synthetic)
        json_object_set_new(object, "synthetic", json_true());
    return object;
}

json_t *release_to_json(const release *set)
{
    json_t *object = json_pack("{s:s, s:i}", "type", "osbundle-release", "schema", 1);
    json_t *modules = json_array();
    for (size_t i = 0; i < set->module_count; i++)
        json_array_append_new(modules, module_entry_to_json(set, &set->modules[i]));
    json_object_set_new(object, "version", json_string(set->version));
    json_object_set_new(object, "platform", json_string(set->board->name));
    json_object_set_new(object, "channel", json_text_or_null(*set->channel ? set->channel : NULL));
    json_object_set_new(object, "modules", modules);
    return object;
}
