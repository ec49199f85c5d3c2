/*
 * The "osbundle-snapshot" object: writing it. Reading it back is snapshot_read.c.
 *
 * Invariant: what is not known is null, what is known to be absent is not listed, and the two are
 * told apart by "modules_known".
 */
#include "model/snapshot.h"

#include "base/text.h"
#include "model/names_json.h"
#include "model/snapshot_checks.h"

const snapshot_check snapshot_checks[SNAPSHOT_CHECK_COUNT] = {
    {"integrity", CHECK_INTEGRITY}, {"dependencies", CHECK_DEPENDENCIES},
    {"range", CHECK_RANGE},         {"platform", CHECK_PLATFORM},
    {"product", CHECK_PRODUCT},     {"full_dependencies", CHECK_FULL_DEPENDENCIES},
};

static json_t *text_or_null(const char *text)
{
    return json_foreign_name(*text ? text : NULL);
}

static json_t *size_or_null(uint32_t size)
{
    return size ? json_integer(size) : json_null();
}

static json_t *checks_to_json(const snapshot_module *entry)
{
    json_t *checks = json_object();
    for (size_t i = 0; i < SNAPSHOT_CHECK_COUNT; i++) {
        uint32_t bit = snapshot_checks[i].bit;
        json_object_set_new(checks, snapshot_checks[i].name,
                            entry->checked & bit ? json_boolean(entry->passed & bit) : json_null());
    }
    return checks;
}

static json_t *entry_to_json(const snapshot *state, const snapshot_module *entry,
                             const release *target)
{
    json_t *object = json_object();
    json_object_set_new(object, "function", json_function(entry->slot.function));
    json_object_set_new(object, "index", json_integer(entry->slot.index));
    json_object_set_new(object, "version", json_integer(entry->version));
    json_object_set_new(object, "store", json_string(module_store_name(entry->store)));
    json_object_set_new(object, "size", size_or_null(entry->size));
    json_object_set_new(object, "max_size", size_or_null(entry->max_size));
    json_object_set_new(object, "sha256",
                        entry->has_identity ? json_hex((span){entry->identity, SHA256_SIZE})
                                            : json_null());
    json_object_set_new(object, "checks", checks_to_json(entry));
    json_object_set_new(object, "dependencies",
                        json_dependencies(entry->dependencies, entry->dependency_count));
    json_object_set_new(object, "verdict",
                        json_string(verdict_name(snapshot_verdict(state, entry, target))));
    return object;
}

static json_t *device_to_json(const snapshot *state)
{
    const platform *board = state->board;
    char usb[10];
    text_format(usb, sizeof usb, "%04x:%04x", board->vendor_id,
                state->mode == MODE_DFU ? board->dfu_product_id : board->product_id);
    json_t *device = json_object();
    json_object_set_new(device, "id", text_or_null(state->device_id));
    json_object_set_new(device, "platform", json_string(board->name));
    json_object_set_new(device, "usb", *state->port ? json_string(usb) : json_null());
    json_object_set_new(device, "port", text_or_null(state->port));
    return device;
}

static json_t *settings_to_json(const snapshot *state)
{
    json_t *settings = json_object();
    for (board_setting which = 0; which < SETTING_COUNT; which++) {
        setting_state told = state->settings[which];
        json_object_set_new(
            settings, setting_name(which),
            told == SETTING_STATE_UNKNOWN ? json_null() : json_boolean(told == SETTING_STATE_SET));
    }
    return settings;
}

json_t *snapshot_to_json(const snapshot *state, const release *target)
{
    json_t *object = json_pack("{s:s, s:i}", "type", "osbundle-snapshot", "schema", 1);
    json_t *modules = json_array();
    for (size_t i = 0; i < state->module_count; i++)
        json_array_append_new(modules, entry_to_json(state, &state->modules[i], target));
    json_object_set_new(object, "device", device_to_json(state));
    json_object_set_new(object, "mode", json_string(device_mode_name(state->mode)));
    json_object_set_new(object, "os_version", text_or_null(state->os_version));
    json_object_set_new(object, "protection", json_string(protection_name(state->guard)));
    json_object_set_new(object, "settings", settings_to_json(state));
    json_object_set_new(object, "modules_known", json_boolean(state->modules_known));
    json_object_set_new(object, "modules", modules);
    return object;
}
