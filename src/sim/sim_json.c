/*
 * Shows what a host could never see of a board: flash by region, light, why it started as it did.
 *
 * Reads only, except for the two functions that take back what a board file kept. Invariant: the
 * same board gives the same text.
 */
#include "sim/sim_json.h"

#include <string.h>

#include "base/text.h"
#include "sim/board.h"
#include "sim/installed.h"
#include "sim/radio.h"
#include "sim/update_slots.h"
#include "sim/world.h"

static json_t *digest_of(span bytes)
{
    uint8_t digest[SHA256_SIZE];
    char text[SHA256_HEX_SIZE];
    sha256(bytes, digest);
    text_hex(text, (span){digest, sizeof digest});
    return json_string(text);
}

json_t *sim_json_assets(const sim_board *board)
{
    json_t *list = json_array();
    for (size_t i = 0; i < board->keeps.asset_count; i++) {
        const board_asset *asset = &board->keeps.assets[i];
        char hash[SHA256_HEX_SIZE];
        json_t *entry = json_object();
        text_hex(hash, (span){asset->hash, SHA256_SIZE});
        json_object_set_new(entry, "name", json_string(asset->name));
        json_object_set_new(entry, "sha256", json_string(hash));
        json_object_set_new(entry, "size", json_integer(asset->size));
        json_object_set_new(entry, "storage_size", json_integer(asset->storage_size));
        json_array_append_new(list, entry);
    }
    return list;
}

void sim_json_take_assets(sim_board *board, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list) && i < BOARD_ASSETS_MAX; i++) {
        const json_t *entry = json_array_get(list, i);
        board_asset asset = {0};
        if (!text_unhex(asset.hash, SHA256_SIZE, json_text(entry, "sha256", "")))
            continue;
        text_copy(asset.name, sizeof asset.name, json_text(entry, "name", ""));
        asset.size = (uint32_t)json_number(entry, "size", 0);
        asset.storage_size = (uint32_t)json_number(entry, "storage_size", 0);
        board->keeps.assets[board->keeps.asset_count++] = asset;
    }
}

json_t *sim_json_pending(const sim_board *board)
{
    json_t *list = json_array();
    update_slot slot;
    for (size_t i = 0; i < UPDATE_SLOT_COUNT; i++) {
        char name[MODULE_SLOT_TEXT];
        if (!update_slot_read(board, i, &slot))
            continue;
        json_t *entry = json_object();
        slot_text((module_slot){slot.function, slot.index}, name);
        json_object_set_new(entry, "slot", json_string(name));
        json_object_set_new(entry, "target", json_integer(slot.target));
        json_object_set_new(entry, "size", json_integer(slot.size));
        json_object_set_new(entry, "handed_over", json_boolean(slot.handed_over));
        json_array_append_new(list, entry);
    }
    return list;
}

json_t *sim_json_notes(const sim_board *board)
{
    json_t *list = json_array();
    for (size_t i = 0; i < board->note_count; i++)
        json_array_append_new(list, json_string(board->notes[i]));
    return list;
}

void sim_json_take_notes(sim_board *board, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *note = json_string_value(json_array_get(list, i));
        if (note)
            board_note(board, "%s", note);
    }
}

typedef struct board_light {
    const char *color;
    const char *pattern;
    const char *text;
} board_light;

static board_light light_of(const sim_board *board)
{
    if (board->update.running && board->mode != BOARD_DFU)
        return (board_light){"magenta", "fast blinking", "fast blinking magenta"};
    switch (board->mode) {
    case BOARD_DEAD:
    case BOARD_BOOTING:
        return (board_light){NULL, "off", "off"};
    case BOARD_PANIC:
        return (board_light){"red", "sos", "red SOS, then 1 blink"};
    case BOARD_NORMAL:
        return (board_light){"white", "breathing", "breathing white"};
    case BOARD_LISTENING:
        return (board_light){"blue", "slow blinking", "blinking dark blue"};
    case BOARD_SAFE:
        return (board_light){"magenta", "breathing", "breathing magenta"};
    case BOARD_DFU:
        return (board_light){"yellow", "blinking", "blinking yellow"};
    }
    return (board_light){NULL, "off", "off"};
}

static json_t *light_to_json(const sim_board *board)
{
    const board_light light = light_of(board);
    json_t *led = json_object();
    json_object_set_new(led, "color", json_text_or_null(light.color));
    json_object_set_new(led, "pattern", json_string(light.pattern));
    json_object_set_new(led, "text", json_string(light.text));
    return led;
}

/** Bytes that a module takes in flash; the radio stack's end has to be searched. */
static span region_bytes(const sim_board *board, const installed *found)
{
    uint32_t size = found->size;
    if (found->slot->slot.function == MODULE_RADIO_STACK)
        size = radio_extent(board, found->slot);
    return board_internal(board, found->start, size);
}

static json_t *region_to_json(const sim_board *board, const platform_slot *slot)
{
    char name[MODULE_SLOT_TEXT];
    installed found;
    json_t *region = json_object();
    const bool present = installed_find(board, slot->slot, &found);
    const bool in_flash = present && slot->slot.function != MODULE_NCP_FIRMWARE;
    const span bytes = in_flash ? region_bytes(board, &found) : (span){0};
    slot_text(slot->slot, name);
    json_object_set_new(region, "slot", json_string(name));
    json_object_set_new(region, "name", json_string(slot->name));
    json_object_set_new(region, "start", json_integer(in_flash ? found.start : slot->start));
    json_object_set_new(region, "size", json_integer((json_int_t)bytes.size));
    json_object_set_new(region, "sha256", bytes.size ? digest_of(bytes) : json_null());
    json_object_set_new(region, "version", present ? json_integer(found.version) : json_null());
    json_object_set_new(region, "state",
                        json_string(!present        ? "absent"
                                    : !found.intact ? "damaged"
                                    : !found.own    ? "foreign"
                                                    : "valid"));
    return region;
}

static json_t *regions_to_json(const sim_board *board)
{
    json_t *list = json_array();
    for (size_t i = 0; i < board->kind->slot_count; i++)
        json_array_append_new(list, region_to_json(board, &board->kind->slots[i]));
    return list;
}

static json_t *memories_to_json(const sim_board *board)
{
    json_t *list = json_array();
    for (size_t i = 0; i < board->memory_count; i++) {
        const flash *chip = &board->memories[i];
        json_t *memory = json_object();
        json_object_set_new(memory, "name", json_string(chip->memory->name));
        json_object_set_new(memory, "size", json_integer(chip->size));
        json_object_set_new(memory, "sha256", digest_of((span){chip->bytes, chip->size}));
        json_array_append_new(list, memory);
    }
    return list;
}

/** The release of the system part in flash, whether it runs or not. */
static json_t *os_version_to_json(const sim_board *board)
{
    const module_slot id = {MODULE_SYSTEM_PART, 1};
    installed system;
    if (board->running.os_version[0])
        return json_string(board->running.os_version);
    if (!board->world->known || !installed_find(board, id, &system) || !system.intact)
        return json_null();
    return json_text_or_null(
        catalog_os_version(board->world->known, board->kind, id, system.version));
}

json_t *sim_board_to_json(const sim_board *board)
{
    json_t *object = json_object();
    json_object_set_new(object, "type", json_string("osbundle-sim-board"));
    json_object_set_new(object, "schema", json_integer(1));
    json_object_set_new(object, "platform", json_string(board->kind->name));
    json_object_set_new(object, "device_id", json_string(board->device_id));
    json_object_set_new(object, "mode", json_string(board_mode_name(board->mode)));
    json_object_set_new(object, "on_bus", json_boolean(board_on_bus(board)));
    json_object_set_new(object, "port", json_string(board->port));
    json_object_set_new(object, "led", light_to_json(board));
    json_object_set_new(object, "boot_reasons", sim_json_notes(board));
    json_object_set_new(object, "os_version", os_version_to_json(board));
    json_object_set_new(object, "network_credentials",
                        json_boolean(board->keeps.network_credentials));
    json_object_set_new(object, "protected",
                        json_boolean(protection_of(board) == PROTECTION_PROTECTED));
    json_object_set_new(object, "service_mode",
                        json_boolean(protection_of(board) == PROTECTION_SERVICE));
    json_object_set_new(object, "regions", regions_to_json(board));
    json_object_set_new(object, "memories", memories_to_json(board));
    json_object_set_new(object, "pending", sim_json_pending(board));
    json_object_set_new(object, "assets", sim_json_assets(board));
    json_object_set_new(object, "time_ms", json_integer((json_int_t)(board->world->now_us / 1000)));
    json_object_set_new(object, "busy_ms", json_integer((json_int_t)(board->keeps.busy_us / 1000)));
    json_object_set_new(object, "unsaved", json_boolean(board->unsaved));
    return object;
}
