/*
 * The record of a cached release as JSON, both ways.
 *
 * Touches no disk. Invariant: a record that was read names only plain files, known sizes and whole
 * hashes, so that nobody behind it has to look at names from outside again.
 */
#include <string.h>

#include "base/text.h"
#include "store/layers.h"

#define RECORD_TYPE "osbundle-cached-release"

static json_t *module_to_object(const cached_module *entry)
{
    char hex[SHA256_HEX_SIZE];
    text_hex(hex, (span){entry->sha256, SHA256_SIZE});
    json_t *object = json_object();
    json_object_set_new(object, "file", json_string(entry->file));
    json_object_set_new(object, "size", json_integer((json_int_t)entry->size));
    json_object_set_new(object, "sha256", json_string(hex));
    json_object_set_new(object, "from", json_string(entry->from));
    json_object_set_new(object, "when", json_string(entry->when));
    if (*entry->older)
        json_object_set_new(object, "older", json_string(entry->older));
    return object;
}

json_t *release_record_to_json(const cached_release *record)
{
    json_t *document = json_object(), *modules = json_object();
    json_object_set_new(document, "type", json_string(RECORD_TYPE));
    json_object_set_new(document, "schema", json_integer(1));
    json_object_set_new(document, "version", json_string(record->version));
    json_object_set_new(document, "platform", json_string(record->platform));
    for (size_t i = 0; i < record->count; i++) {
        char slot[MODULE_SLOT_TEXT];
        slot_text(record->modules[i].slot, slot);
        json_object_set_new(modules, slot, module_to_object(&record->modules[i]));
    }
    json_object_set_new(document, "modules", modules);
    return document;
}

static osb_status fail_record(osb_error *error, const char *subject, const char *what)
{
    return osb_fail(error, OSB_ERR_INTEGRITY, subject,
                    "remove this file and fetch the release again",
                    "is no record of a cached release: %s", what);
}

/** Copies a member that must be text and fit. */
static bool text_from(const json_t *object, const char *member, char *target, size_t capacity)
{
    const char *text = json_text(object, member, NULL);
    if (!text || strlen(text) >= capacity)
        return false;
    text_copy(target, capacity, text);
    return true;
}

static osb_status module_from_object(const char *slot, const json_t *object, const char *subject,
                                     cached_module *entry, osb_error *error)
{
    int64_t size = json_number(object, "size", 0);
    if (!slot_from_text(slot, &entry->slot))
        return fail_record(error, subject, "a slot's name is not 'function/index'");
    if (!text_from(object, "file", entry->file, sizeof entry->file) ||
        !path_is_plain_name(entry->file))
        return fail_record(error, subject, "a module has no plain file name");
    if (size <= 0 || size > MODULE_FILE_MAX)
        return fail_record(error, subject, "a module has no possible size");
    if (!text_unhex(entry->sha256, SHA256_SIZE, json_text(object, "sha256", "")))
        return fail_record(error, subject, "a module has no SHA-256");
    if (!text_from(object, "from", entry->from, sizeof entry->from) ||
        !text_from(object, "when", entry->when, sizeof entry->when))
        return fail_record(error, subject, "a module does not say where from and when");
    if (json_object_get(object, "older") &&
        (!text_from(object, "older", entry->older, sizeof entry->older) ||
         !path_is_plain_name(entry->older)))
        return fail_record(error, subject, "the release that a module was taken from is none");
    entry->size = (uint64_t)size;
    return OSB_OK;
}

osb_status release_record_from_json(const json_t *document, const char *subject,
                                    cached_release *record, osb_error *error)
{
    *record = (cached_release){0};
    if (!text_equal(json_text(document, "type", ""), RECORD_TYPE) ||
        json_number(document, "schema", 0) != 1)
        return fail_record(error, subject, "type or schema is another");
    if (!text_from(document, "version", record->version, sizeof record->version) ||
        !text_from(document, "platform", record->platform, sizeof record->platform))
        return fail_record(error, subject, "version or platform is missing");
    json_t *modules = json_object_get(document, "modules"), *object;
    if (!json_object_size(modules) || json_object_size(modules) > RELEASE_MODULES_MAX)
        return fail_record(error, subject, "it lists no modules, or too many");
    const char *slot;
    json_object_foreach(modules, slot, object)
    {
        TRY(module_from_object(slot, object, subject, &record->modules[record->count], error));
        record->count++;
    }
    return OSB_OK;
}
