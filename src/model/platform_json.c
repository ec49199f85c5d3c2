/*
 * Reads one platform manifest into the data that the rest of the program works with.
 *
 * manifests/schema/platform.json describes the form for people and editors; here every member
 * that is needed is demanded again, because OSBUNDLE_MANIFESTS may name files that nobody checked.
 * Invariant: a platform that was read has slots inside one address space, with sane regions.
 */
#include "model/platform.h"

#include "base/text.h"

typedef struct reading {
    const char *subject;
    arena *memory;
    osb_error *error;
} reading;

static osb_status missing(const reading *from, const char *where, const char *member)
{
    return osb_fail(from->error, OSB_ERR_INTEGRITY, from->subject,
                    "compare with manifests/schema/platform.json",
                    "platform manifest: %s: \"%s\" is missing or wrong", where, member);
}

static osb_status read_text(const reading *from, const json_t *object, const char *where,
                            const char *member, const char **text)
{
    const char *value = json_text(object, member, NULL);
    if (!value || !*value)
        return missing(from, where, member);
    *text = arena_text(from->memory, value);
    return *text ? OSB_OK : osb_fail_memory(from->error);
}

static osb_status read_address(const reading *from, const json_t *object, const char *where,
                               const char *member, uint32_t *address)
{
    return json_address(object, member, address) ? OSB_OK : missing(from, where, member);
}

static osb_status read_u16(const reading *from, const json_t *object, const char *member,
                           uint16_t *value)
{
    uint32_t wide;
    if (!json_address(object, member, &wide) || wide > UINT16_MAX)
        return missing(from, "numbers", member);
    *value = (uint16_t)wide;
    return OSB_OK;
}

static osb_status read_u8(const reading *from, const json_t *object, const char *where,
                          const char *member, uint8_t *value)
{
    uint32_t wide = 0;
    if (json_object_get(object, member) && !json_address(object, member, &wide))
        return missing(from, where, member);
    if (wide > UINT8_MAX)
        return missing(from, where, member);
    *value = (uint8_t)wide;
    return OSB_OK;
}

static osb_status read_mcu(const reading *from, const json_t *manifest, mcu_family *mcu)
{
    static const mcu_family families[] = {MCU_STM32F2, MCU_NRF52840, MCU_RTL872X};
    const char *name = json_text(manifest, "mcu", "");
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        if (text_equal(name, mcu_family_name(families[i]))) {
            *mcu = families[i];
            return OSB_OK;
        }
    }
    return missing(from, "platform", "mcu");
}

static osb_status read_route(const reading *from, const json_t *entry, const char *where,
                             route *road)
{
    static const route roads[] = {ROUTE_NEVER, ROUTE_CONTROL, ROUTE_DFU};
    const char *name = json_text(entry, "route", "");
    for (size_t i = 0; i < sizeof roads / sizeof *roads; i++) {
        if (text_equal(name, route_name(roads[i]))) {
            *road = roads[i];
            return OSB_OK;
        }
    }
    return missing(from, where, "route");
}

static osb_status read_image_starts(const reading *from, const json_t *entry, const char *where,
                                    platform_slot *slot)
{
    const json_t *list = json_object_get(entry, "image_starts");
    size_t count = json_array_size(list);
    if (!count)
        return OSB_OK;
    uint32_t *starts = arena_take(from->memory, count, sizeof *starts);
    if (!starts)
        return osb_fail_memory(from->error);
    for (size_t i = 0; i < count; i++) {
        if (!json_to_address(json_array_get(list, i), &starts[i]) || starts[i] < slot->start ||
            starts[i] >= slot->end)
            return missing(from, where, "image_starts");
    }
    slot->image_starts = starts;
    slot->image_start_count = count;
    return OSB_OK;
}

static osb_status read_slot_options(const reading *from, const json_t *entry, const char *where,
                                    platform_slot *slot)
{
    slot->required = json_true_at(entry, "required");
    slot->grows_left = json_true_at(entry, "grows_left");
    json_address(entry, "prefix_offset", &slot->prefix_offset);
    json_address(entry, "flash_offset", &slot->flash_offset);
    TRY(read_u8(from, entry, where, "alternate", &slot->alternate));
    TRY(read_image_starts(from, entry, where, slot));
    if (slot->route == ROUTE_NEVER)
        return read_text(from, entry, where, "reason", &slot->reason);
    return OSB_OK;
}

static osb_status read_slot(const reading *from, const json_t *entry, platform_slot *slot)
{
    const char *where = json_text(entry, "slot", "slot");
    if (!slot_from_text(where, &slot->slot))
        return missing(from, "slots", "slot");
    TRY(read_text(from, entry, where, "name", &slot->name));
    TRY(read_route(from, entry, where, &slot->route));
    TRY(read_address(from, entry, where, "start", &slot->start));
    TRY(read_address(from, entry, where, "end", &slot->end));
    if (slot->end <= slot->start)
        return missing(from, where, "end");
    return read_slot_options(from, entry, where, slot);
}

static osb_status read_slots(const reading *from, const json_t *manifest, platform *board)
{
    const json_t *list = json_object_get(manifest, "slots");
    size_t count = json_array_size(list);
    if (!count)
        return missing(from, "platform", "slots");
    platform_slot *slots = arena_take(from->memory, count, sizeof *slots);
    if (!slots)
        return osb_fail_memory(from->error);
    for (size_t i = 0; i < count; i++)
        TRY(read_slot(from, json_array_get(list, i), &slots[i]));
    board->slots = slots;
    board->slot_count = count;
    return OSB_OK;
}

static osb_status read_memory(const reading *from, const json_t *entry, platform_memory *memory)
{
    TRY(read_text(from, entry, "memories", "name", &memory->name));
    TRY(read_text(from, entry, memory->name, "layout", &memory->layout));
    TRY(read_u8(from, entry, memory->name, "alternate", &memory->alternate));
    TRY(read_address(from, entry, memory->name, "start", &memory->start));
    TRY(read_address(from, entry, memory->name, "size", &memory->size));
    json_address(entry, "page_size", &memory->page_size);
    return OSB_OK;
}

static osb_status read_memories(const reading *from, const json_t *manifest, platform *board)
{
    const json_t *list = json_object_get(manifest, "memories");
    size_t count = json_array_size(list);
    if (!count)
        return missing(from, "platform", "memories");
    platform_memory *memories = arena_take(from->memory, count, sizeof *memories);
    if (!memories)
        return osb_fail_memory(from->error);
    for (size_t i = 0; i < count; i++)
        TRY(read_memory(from, json_array_get(list, i), &memories[i]));
    board->memories = memories;
    board->memory_count = count;
    return OSB_OK;
}

static osb_status read_usb(const reading *from, const json_t *manifest, platform *board)
{
    const json_t *usb = json_object_get(manifest, "usb");
    TRY(read_u16(from, usb, "vendor", &board->vendor_id));
    TRY(read_u16(from, usb, "product", &board->product_id));
    TRY(read_u16(from, usb, "dfu_product", &board->dfu_product_id));
    TRY(read_text(from, usb, "usb", "product_string", &board->product_string));
    board->control_out_needs_data = json_true_at(usb, "control_out_needs_data");
    return OSB_OK;
}

static osb_status read_region(const reading *from, const json_t *entry, uint16_t least,
                              staging_region *region)
{
    int64_t since = json_number(entry, "since", -1);
    if (since < least || since > UINT16_MAX)
        return missing(from, "staging", "since");
    region->since = (uint16_t)since;
    TRY(read_address(from, entry, "staging", "size", &region->size));
    if (json_true_at(entry, "behind_system"))
        return OSB_OK;
    return read_address(from, entry, "staging", "start", &region->start);
}

static osb_status read_staging_memory(const reading *from, const json_t *staging, platform *board)
{
    const char *name = json_text(staging, "memory", "");
    for (size_t i = 0; i < board->memory_count; i++) {
        if (!text_equal(board->memories[i].name, name))
            continue;
        board->staging_alternate = board->memories[i].alternate;
        return OSB_OK;
    }
    return missing(from, "staging", "memory");
}

static osb_status read_staging(const reading *from, const json_t *manifest, platform *board)
{
    const json_t *staging = json_object_get(manifest, "staging");
    const json_t *list = json_object_get(staging, "regions");
    size_t count = json_array_size(list);
    if (!count)
        return missing(from, "staging", "regions");
    staging_region *regions = arena_take(from->memory, count, sizeof *regions);
    if (!regions)
        return osb_fail_memory(from->error);
    for (size_t i = 0; i < count; i++)
        TRY(read_region(from, json_array_get(list, i), (uint16_t)(i ? regions[i - 1].since + 1 : 0),
                        &regions[i]));
    board->staging = regions;
    board->staging_count = count;
    return read_staging_memory(from, staging, board);
}

osb_status platform_from_json(const json_t *manifest, const char *subject, arena *memory,
                              platform *board, osb_error *error)
{
    const reading from = {subject, memory, error};
    *board = (platform){0};
    if (!text_equal(json_text(manifest, "type", ""), "osbundle-platform") ||
        json_number(manifest, "schema", 0) != 1)
        return osb_fail(error, OSB_ERR_INTEGRITY, subject, "see manifests/README.md",
                        "not a platform manifest of schema 1");
    TRY(read_u16(&from, manifest, "id", &board->id));
    TRY(read_text(&from, manifest, "platform", "name", &board->name));
    TRY(read_text(&from, manifest, "platform", "display_name", &board->display_name));
    TRY(read_mcu(&from, manifest, &board->mcu));
    board->wifi = json_true_at(manifest, "wifi");
    board->cellular = json_true_at(manifest, "cellular");
    TRY(read_u8(&from, manifest, "platform", "ncp_mcu_target", &board->ncp_mcu_target));
    json_address(manifest, "former_user_part", &board->former_user_part);
    TRY(read_usb(&from, manifest, board));
    TRY(read_slots(&from, manifest, board));
    TRY(read_memories(&from, manifest, board));
    return read_staging(&from, manifest, board);
}
