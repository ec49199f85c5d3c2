/*
 * Whether a staged module may come in: the device's own checks in their order, with their gaps
 * (device-os hal/src/x/ota_flash_hal.cpp, ota_module.cpp).
 *
 * Changes nothing. Invariant: the first failed check decides the code: format, bounds, integrity,
 * dependencies, range, platform.
 */
#include "sim/firmware_update.h"

#include "sim/board.h"
#include "sim/control_requests.h"
#include "sim/installed.h"

enum {
    MAIN_MCU = 0x00,
    ANY_MCU = 0xff,
    TRACKER_NCP_CLOSED = 5600 /**< Device OS 5.6.0 took the Tracker's NCP out of updates */
};

/** Header and extent of the module at an offset of the staged bytes. */
static bool read_staged(const sim_board *board, span staged, uint32_t offset, staged_module *found)
{
    span room = span_slice(staged, offset, staged.size);
    module header;
    if (!module_peek(room, board->family->prefix_offset(room), &header))
        return false;
    uint64_t size = (uint64_t)header.end - header.start + MODULE_CRC_SIZE;
    if (size > room.size || size < header.prefix_offset + MODULE_PREFIX_SIZE + MODULE_SUFFIX_SIZE)
        return false;
    *found = (staged_module){.header = header, .offset = offset};
    found->header.image = span_slice(room, 0, (size_t)size);
    return true;
}

static bool find_all(const sim_board *board, uint32_t size, staged_list *list)
{
    const staging_room *room = &board->update.room;
    *list = (staged_list){0};
    span staged = {room->chip->bytes + room->start, size};
    uint32_t offset = 0;
    bool more = true;
    while (more && list->count < UPDATE_MODULES_MAX && offset < size) {
        staged_module *found = &list->modules[list->count];
        if (!read_staged(board, staged, offset, found))
            return false;
        offset += (uint32_t)found->header.image.size;
        found->offset += room->start;
        more = found->header.flags & MODULE_COMBINED;
        list->count++;
    }
    return list->count > 0;
}

static int32_t check_format(const module *header)
{
    const uint8_t function = header->slot.function;
    if (header->prefix_offset && header->flags & (MODULE_DROP_INFO | MODULE_COMPRESSED))
        return SYSTEM_OTA_INVALID_FORMAT;
    /* Devices take compressed user and system parts as well; nobody publishes any, and the
     * simulated bootloader does not inflate them. */
    if (header->flags & MODULE_COMPRESSED && function != MODULE_ASSET)
        return SYSTEM_OTA_UNSUPPORTED_MODULE;
    return SYSTEM_NONE;
}

static int32_t check_ncp(const sim_board *board, const module *header)
{
    const bool tracker = board->kind->wifi && board->kind->cellular;
    if (!board->keeps.ncp_version)
        return SYSTEM_OTA_MODULE_NOT_FOUND;
    if (header->mcu_target != board->kind->ncp_mcu_target)
        return SYSTEM_OTA_INVALID_PLATFORM;
    if (tracker && board->running.system_version >= TRACKER_NCP_CLOSED)
        return SYSTEM_OTA_UNSUPPORTED_MODULE;
    return SYSTEM_NONE;
}

/** Finds the place by function, index and end address; the start address is not looked at. */
static int32_t check_place(const sim_board *board, staged_module *staged)
{
    const module *header = &staged->header;
    staged->slot = platform_find_slot(board->kind, header->slot);
    if (header->slot.function == MODULE_NCP_FIRMWARE)
        return check_ncp(board, header);
    if (!staged->slot || (header->mcu_target != MAIN_MCU && header->mcu_target != ANY_MCU))
        return SYSTEM_OTA_MODULE_NOT_FOUND;
    uint32_t low, high;
    family_bounds(board->family, staged->slot, board->running.system_version, &low, &high);
    return header->end >= low && header->end <= high ? SYSTEM_NONE : SYSTEM_OTA_MODULE_NOT_FOUND;
}

static int32_t check_integrity(const module *header)
{
    const span image = header->image;
    const uint8_t *crc = image.data + image.size - MODULE_CRC_SIZE;
    uint32_t stored =
        (uint32_t)crc[0] << 24 | (uint32_t)crc[1] << 16 | (uint32_t)crc[2] << 8 | (uint32_t)crc[3];
    uint32_t computed = crc32_of(span_slice(image, 0, image.size - MODULE_CRC_SIZE));
    return stored == computed ? SYSTEM_NONE : SYSTEM_OTA_INTEGRITY;
}

/** No other installed system part may need a newer one than comes in. */
static bool others_stay_satisfied(const sim_board *board, const module *header)
{
    for (size_t i = 0; i < board->kind->slot_count; i++) {
        installed other;
        module_slot id = board->kind->slots[i].slot;
        if (id.function != MODULE_SYSTEM_PART || slot_equal(id, header->slot) ||
            !installed_find(board, id, &other))
            continue;
        for (size_t need = 0; need < 2; need++) {
            if (slot_equal(other.needs[need].slot, header->slot) &&
                other.needs[need].version > header->version)
                return false;
        }
    }
    return true;
}

static int32_t check_needs(const sim_board *board, const module *header)
{
    module_dependency needs[2] = {header->dependencies[0], header->dependencies[1]};
    if (header->slot.function == MODULE_USER_PART)
        return SYSTEM_NONE;
    if (header->slot.function == MODULE_BOOTLOADER)
        needs[1] = (module_dependency){0};
    if (!installed_needs_met(board, needs))
        return SYSTEM_OTA_DEPENDENCY;
    if (header->slot.function == MODULE_SYSTEM_PART && !others_stay_satisfied(board, header))
        return SYSTEM_OTA_DEPENDENCY;
    return SYSTEM_NONE;
}

static int32_t check_range(const sim_board *board, const staged_module *staged)
{
    uint32_t low, high;
    if (staged->header.slot.function == MODULE_NCP_FIRMWARE)
        return SYSTEM_NONE;
    family_bounds(board->family, staged->slot, board->running.system_version, &low, &high);
    return staged->header.end > high - MODULE_CRC_SIZE ? SYSTEM_OTA_INVALID_ADDRESS : SYSTEM_NONE;
}

/** An asset has no place and no platform; it needs its content's hash and its name. */
static int32_t check_asset(const module *header)
{
    module parsed;
    if (check_integrity(header) != SYSTEM_NONE)
        return SYSTEM_OTA_INTEGRITY;
    if (module_parse(header->image, "asset", &parsed, NULL) != OSB_OK ||
        !module_find_extension(&parsed, EXTENSION_HASH) ||
        !module_find_extension(&parsed, EXTENSION_NAME))
        return SYSTEM_OTA_VALIDATION_FAILED;
    return SYSTEM_NONE;
}

static int32_t check_one(const sim_board *board, staged_module *staged)
{
    const module *header = &staged->header;
    int32_t result = check_format(header);
    if (result == SYSTEM_NONE && header->slot.function == MODULE_ASSET)
        return check_asset(header);
    if (result == SYSTEM_NONE)
        result = check_place(board, staged);
    if (result == SYSTEM_NONE)
        result = check_integrity(header);
    if (result == SYSTEM_NONE)
        result = check_needs(board, header);
    if (result == SYSTEM_NONE)
        result = check_range(board, staged);
    if (result == SYSTEM_NONE && header->platform_id != board->kind->id)
        result = SYSTEM_OTA_INVALID_PLATFORM;
    if (result == SYSTEM_NONE && protection_refuses_module(board, header))
        result = SYSTEM_PROTECTED;
    return result;
}

int32_t update_check(const sim_board *board, uint32_t size, staged_list *list)
{
    if (!find_all(board, size, list))
        return SYSTEM_OTA_MODULE_NOT_FOUND;
    for (size_t i = 0; i < list->count; i++) {
        int32_t result = check_one(board, &list->modules[i]);
        if (result != SYSTEM_NONE)
            return result;
    }
    return SYSTEM_NONE;
}
