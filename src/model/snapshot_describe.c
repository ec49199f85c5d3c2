/*
 * Reads the JSON describe: what the serial console prints for "s", what Device OS 0.8 to 1.0
 * answers to a module info request, and what the cloud keeps of a device.
 *
 * Members are single letters and some numbers are texts (Device OS system_info.cpp; binary-version-
 * reader HalDescribeParser). Invariant: a letter that is not known is an error, not a guess.
 */
#include "model/snapshot.h"

#include <string.h>

#include "base/text.h"
#include "model/snapshot_checks.h"

/** The describe's letters in the order of module function numbers, from 0 (none). */
static const char function_letters[] = "nrbmsu_cat";
/** In the order of enum module_store. */
static const char store_letters[] = "mfbt";

/** A number that may be written as text, up to `maximum`. Missing counts as 0. */
static bool read_number(const json_t *object, const char *member, uint32_t maximum,
                        uint32_t *number)
{
    const json_t *value = json_object_get(object, member);
    uint64_t wide = 0;
    if (json_is_string(value) && !text_to_number(json_string_value(value), maximum, &wide))
        return false;
    if (json_is_integer(value)) {
        if (json_integer_value(value) < 0 || json_integer_value(value) > maximum)
            return false;
        wide = (uint64_t)json_integer_value(value);
    }
    *number = (uint32_t)wide;
    return true;
}

/** The place of a one-letter member in `letters`; false when it is not there. */
static bool read_letter(const json_t *object, const char *member, const char *letters,
                        uint8_t *place)
{
    const char *text = json_text(object, member, "");
    const char *found = strlen(text) == 1 ? strchr(letters, *text) : NULL;
    if (!found)
        return false;
    *place = (uint8_t)(found - letters);
    return true;
}

static bool read_versioned_slot(const json_t *object, module_dependency *read)
{
    uint32_t index, number;
    if (!read_letter(object, "f", function_letters, &read->slot.function) ||
        !read_number(object, "n", UINT8_MAX, &index) ||
        !read_number(object, "v", UINT16_MAX, &number))
        return false;
    read->slot.index = (uint8_t)index;
    read->version = (uint16_t)number;
    return true;
}

static bool read_dependencies(const json_t *list, snapshot_module *entry)
{
    if (json_array_size(list) > SNAPSHOT_DEPENDENCIES_MAX)
        return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        module_dependency *need = &entry->dependencies[entry->dependency_count];
        if (!read_versioned_slot(json_array_get(list, i), need))
            return false;
        entry->dependency_count += need->slot.function != MODULE_NONE;
    }
    return true;
}

static bool read_identity(const json_t *object, snapshot_module *entry)
{
    const char *digits = json_text(object, "u", "");
    entry->has_identity = *digits;
    return !*digits || text_unhex(entry->identity, SHA256_SIZE, digits);
}

static bool read_entry(const json_t *object, snapshot_module *entry)
{
    module_dependency self;
    uint8_t store = STORE_MAIN;
    if (!read_versioned_slot(object, &self) ||
        (json_object_get(object, "l") && !read_letter(object, "l", store_letters, &store)))
        return false;
    entry->slot = self.slot;
    entry->version = self.version;
    entry->store = (module_store)store;
    if (!read_number(object, "vc", UINT16_MAX, &entry->checked) ||
        !read_number(object, "vv", UINT16_MAX, &entry->passed))
        return false;
    entry->checked &= CHECK_ALL; /* a bit that means nothing here fails nothing here */
    entry->passed &= entry->checked;
    return read_number(object, "s", UINT32_MAX, &entry->max_size) && read_identity(object, entry) &&
           read_dependencies(json_object_get(object, "d"), entry);
}

/** Assets of an application ("_" or "t"), unnamed stores ("_") and empty places (no "f") are no
 *  slot: left out. */
static bool stands_in_slot(const json_t *object)
{
    const char *letter = json_text(object, "f", "");
    const bool empty = json_object_get(object, "s") && !json_object_get(object, "f");
    return !empty && !text_equal(letter, "_") && !text_equal(letter, "n") &&
           !text_equal(letter, "t") && !text_equal(json_text(object, "l", ""), "_");
}

osb_status snapshot_from_describe(const json_t *document, const char *subject,
                                  const platform_list *platforms, snapshot *state, osb_error *error)
{
    const json_t *list = json_object_get(document, "m");
    uint32_t id;
    if (!json_object_get(document, "p") || !read_number(document, "p", UINT16_MAX, &id))
        return snapshot_unreadable(subject, "its \"p\" (platform id) is missing", error);
    state->board = platform_by_id(platforms, (uint16_t)id);
    if (!state->board)
        return snapshot_unreadable(subject, "its \"p\" (platform id) is not known here", error);
    state->modules_known = true;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *object = json_array_get(list, i);
        if (!stands_in_slot(object))
            continue;
        snapshot_module *entry = snapshot_add_entry(state);
        if (!entry)
            return snapshot_unreadable(subject, "more modules than any board has", error);
        if (!read_entry(object, entry))
            return snapshot_unreadable(subject, "an entry of \"m\" is broken", error);
    }
    return OSB_OK;
}
