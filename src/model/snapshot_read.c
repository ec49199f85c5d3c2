/*
 * Reads a snapshot that was saved as JSON, in our own form or as a describe.
 *
 * The file may come from anybody: every number is held to its range and every list to its length.
 * Invariant: a snapshot that was read has a board, and no module list longer than it can hold.
 */
#include "model/snapshot.h"

#include <string.h>

#include "base/text.h"
#include "model/snapshot_checks.h"

osb_status snapshot_unreadable(const char *subject, const char *what, osb_error *error)
{
    return osb_fail(error, OSB_ERR_INTEGRITY, subject,
                    "give what `osbundle info --json` printed, or a device's describe",
                    "not a usable snapshot: %s", what);
}

snapshot_module *snapshot_add_entry(snapshot *state)
{
    if (state->module_count == SNAPSHOT_MODULES_MAX)
        return NULL;
    return &state->modules[state->module_count++];
}

/** A whole number from 0 to `maximum`; null and missing count as 0. */
static bool read_number(const json_t *object, const char *member, uint32_t maximum,
                        uint32_t *number)
{
    const json_t *value = json_object_get(object, member);
    *number = 0;
    if (!value || json_is_null(value))
        return true;
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        json_integer_value(value) > maximum)
        return false;
    *number = (uint32_t)json_integer_value(value);
    return true;
}

static bool read_slot(const json_t *object, module_slot *slot)
{
    uint32_t function, index;
    const json_t *named = json_object_get(object, "function");
    if (!json_is_integer(json_object_get(named, "id")) ||
        !read_number(named, "id", UINT8_MAX, &function) ||
        !read_number(object, "index", UINT8_MAX, &index))
        return false;
    *slot = (module_slot){(uint8_t)function, (uint8_t)index};
    return true;
}

static bool read_dependencies(const json_t *list, snapshot_module *entry)
{
    if (json_array_size(list) > SNAPSHOT_DEPENDENCIES_MAX)
        return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        module_dependency *need = &entry->dependencies[entry->dependency_count++];
        uint32_t number;
        const json_t *object = json_array_get(list, i);
        if (!read_slot(object, &need->slot) || !read_number(object, "version", UINT16_MAX, &number))
            return false;
        need->version = (uint16_t)number;
    }
    return true;
}

static void read_checks(const json_t *object, snapshot_module *entry)
{
    for (size_t i = 0; i < SNAPSHOT_CHECK_COUNT; i++) {
        const json_t *value = json_object_get(object, snapshot_checks[i].name);
        if (!json_is_boolean(value))
            continue;
        entry->checked |= snapshot_checks[i].bit;
        entry->passed |= json_is_true(value) ? snapshot_checks[i].bit : 0;
    }
}

static bool read_store(const json_t *object, module_store *store)
{
    const char *name = json_text(object, "store", module_store_name(STORE_MAIN));
    for (*store = STORE_MAIN; *store <= STORE_SCRATCHPAD; (*store)++) {
        if (text_equal(name, module_store_name(*store)))
            return true;
    }
    return false;
}

static bool read_identity(const json_t *object, snapshot_module *entry)
{
    const char *digits = json_text(object, "sha256", NULL);
    entry->has_identity = digits;
    return !digits || text_unhex(entry->identity, SHA256_SIZE, digits);
}

static bool read_entry(const json_t *object, snapshot_module *entry)
{
    uint32_t number;
    if (!read_slot(object, &entry->slot) || !read_number(object, "version", UINT16_MAX, &number) ||
        !read_number(object, "size", UINT32_MAX, &entry->size) ||
        !read_number(object, "max_size", UINT32_MAX, &entry->max_size))
        return false;
    entry->version = (uint16_t)number;
    read_checks(json_object_get(object, "checks"), entry);
    return read_store(object, &entry->store) && read_identity(object, entry) &&
           read_dependencies(json_object_get(object, "dependencies"), entry);
}

static osb_status read_entries(const json_t *document, const char *subject, snapshot *state,
                               osb_error *error)
{
    const json_t *list = json_object_get(document, "modules");
    const json_t *known = json_object_get(document, "modules_known");
    state->modules_known = known ? json_is_true(known) : json_is_array(list);
    for (size_t i = 0; i < json_array_size(list); i++) {
        snapshot_module *entry = snapshot_add_entry(state);
        if (!entry)
            return snapshot_unreadable(subject, "more modules than any board has", error);
        if (!read_entry(json_array_get(list, i), entry))
            return snapshot_unreadable(subject, "an entry of \"modules\" is broken", error);
    }
    return OSB_OK;
}

static void read_mode(const json_t *document, snapshot *state)
{
    const char *name = json_text(document, "mode", "");
    for (device_mode mode = MODE_UNKNOWN; mode <= MODE_YMODEM; mode++) {
        if (text_equal(name, device_mode_name(mode)))
            state->mode = mode;
    }
}

static void read_protection(const json_t *document, snapshot *state)
{
    const char *name = json_text(document, "protection", "");
    for (protection guard = PROTECTION_UNKNOWN; guard <= PROTECTION_SERVICE; guard++) {
        if (text_equal(name, protection_name(guard)))
            state->guard = guard;
    }
}

static osb_status read_device(const json_t *document, const char *subject,
                              const platform_list *platforms, snapshot *state, osb_error *error)
{
    const json_t *device = json_object_get(document, "device");
    uint8_t id[(DEVICE_ID_SIZE - 1) / 2];
    const char *digits = json_text(device, "id", "");
    state->board = platform_by_name(platforms, json_text(device, "platform", ""));
    if (!state->board)
        return snapshot_unreadable(subject, "its \"platform\" is not one that is known here",
                                   error);
    if (*digits && !text_unhex(id, sizeof id, digits))
        return snapshot_unreadable(subject, "its device id is not 24 hexadecimal digits", error);
    if (*digits)
        text_hex(state->device_id, (span){id, sizeof id});
    const char *port = json_text(device, "port", "");
    text_printable(state->port, sizeof state->port, port, strlen(port));
    return OSB_OK;
}

static void read_settings(const json_t *document, snapshot *state)
{
    const json_t *settings = json_object_get(document, "settings");
    for (board_setting which = 0; which < SETTING_COUNT; which++) {
        const json_t *told = json_object_get(settings, setting_name(which));
        if (json_is_boolean(told))
            state->settings[which] = json_is_true(told) ? SETTING_STATE_SET : SETTING_STATE_CLEAR;
    }
}

osb_status snapshot_from_json(const json_t *document, const char *subject,
                              const platform_list *platforms, snapshot *state, osb_error *error)
{
    *state = (snapshot){0};
    if (json_is_array(json_object_get(document, "m")))
        return snapshot_from_describe(document, subject, platforms, state, error);
    if (!text_equal(json_text(document, "type", ""), "osbundle-snapshot"))
        return snapshot_unreadable(subject, "it is no \"osbundle-snapshot\"", error);
    if (json_number(document, "schema", 0) != 1)
        return snapshot_unreadable(subject, "its \"schema\" is newer than this program", error);
    TRY(read_device(document, subject, platforms, state, error));
    read_mode(document, state);
    read_protection(document, state);
    read_settings(document, state);
    const char *system = json_text(document, "os_version", "");
    text_printable(state->os_version, sizeof state->os_version, system, strlen(system));
    return read_entries(document, subject, state, error);
}
