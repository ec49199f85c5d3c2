/*
 * Finds modules in a board's flash by their headers, with the device's own lax and strict points.
 *
 * Judges nothing: what follows from a missing or broken module is boot.c's business. Invariant: a
 * module counts as present only when its header stands at its own start address, names this very
 * slot and ends inside the slot's bounds (device-os hal/src/x/ota_module_bounds.c).
 */
#include "sim/installed.h"

#include <string.h>

#include "base/cursor.h"
#include "sim/board.h"
#include "sim/radio.h"

enum {
    RTL_SUFFIX_SIZE = 62, /**< an RTL872x application is found from its end by this suffix */
    LOCATION_LENGTH = 16
};

static const module_slot ncp_slot = {MODULE_NCP_FIRMWARE, 0};

/** The SHA-256 stands 34 bytes before the CRC: 32 of it, 2 of suffix size. */
static void read_identity(span image, installed *found)
{
    span digest = span_slice(image, image.size - MODULE_CRC_SIZE - 2 - SHA256_SIZE, SHA256_SIZE);
    memcpy(found->identity, digest.data, digest.size);
}

static bool crc_closes(span image)
{
    cursor reader = cursor_make(image);
    cursor_seek(&reader, image.size - MODULE_CRC_SIZE);
    return cursor_u32be(&reader) == crc32_of(span_slice(image, 0, image.size - MODULE_CRC_SIZE));
}

bool installed_at(const sim_board *board, const platform_slot *slot, uint32_t start,
                  installed *found)
{
    uint32_t low, high;
    family_bounds(board->family, slot, board->running.system_version, &low, &high);
    *found = (installed){.slot = slot, .id = slot->slot, .start = start};
    if (start < low || start >= high)
        return false;
    found->max_size = high - (slot->grows_left ? low : start);
    span room = board_internal(board, start, high - start);
    module header;
    if (!module_peek(room, slot->prefix_offset, &header) || header.start != start ||
        !slot_equal(header.slot, slot->slot))
        return false;
    uint64_t size = (uint64_t)header.end - header.start + MODULE_CRC_SIZE;
    if (size > room.size || size < slot->prefix_offset + MODULE_PREFIX_SIZE + MODULE_SUFFIX_SIZE)
        return false;
    found->present = true;
    found->size = (uint32_t)size;
    found->version = header.version;
    found->own = header.platform_id == board->kind->id;
    found->needs[0] = header.dependencies[0];
    found->needs[1] = header.dependencies[1];
    span image = span_slice(room, 0, found->size);
    found->intact = crc_closes(image);
    read_identity(image, found);
    return true;
}

/** An RTL872x application tells its start in the first extension of its suffix. */
static bool find_floating(const sim_board *board, const platform_slot *slot, installed *found)
{
    *found = (installed){.slot = slot, .id = slot->slot};
    uint32_t suffix = slot->end - MODULE_CRC_SIZE - RTL_SUFFIX_SIZE;
    cursor reader = cursor_make(board_internal(board, suffix, RTL_SUFFIX_SIZE));
    uint16_t type = cursor_u16le(&reader);
    uint16_t length = cursor_u16le(&reader);
    uint32_t start = cursor_u32le(&reader);
    if (reader.failed || type != EXTENSION_DYNAMIC_LOCATION || length != LOCATION_LENGTH)
        return false;
    return installed_at(board, slot, start, found);
}

/** An intact module before a damaged one; a whole image before the second header inside it. */
static bool is_better(const installed *candidate, const installed *found)
{
    if (!found->present || candidate->intact != found->intact)
        return !found->present || candidate->intact;
    return candidate->size > found->size;
}

/** The best of several allowed starts. */
static bool find_among(const sim_board *board, const platform_slot *slot, const uint32_t *starts,
                       size_t count, installed *found)
{
    installed candidate = {0};
    *found = (installed){.slot = slot, .id = slot->slot};
    for (size_t i = 0; i < count; i++) {
        if (!installed_at(board, slot, starts[i], &candidate))
            continue;
        if (is_better(&candidate, found))
            *found = candidate;
    }
    return found->present;
}

static bool find_ncp(const sim_board *board, const platform_slot *slot, installed *found)
{
    *found = (installed){.slot = slot,
                         .id = ncp_slot,
                         .present = board->keeps.ncp_version != 0,
                         .intact = true,
                         .own = true,
                         .synthesised = true,
                         .version = board->keeps.ncp_version};
    if (slot)
        found->max_size = slot->end - slot->start;
    /* device-os reports the version, repeated, where others have a hash. */
    for (size_t i = 0; i < SHA256_SIZE; i += 2) {
        found->identity[i] = (uint8_t)found->version;
        found->identity[i + 1] = (uint8_t)(found->version >> 8);
    }
    return found->present;
}

bool installed_find(const sim_board *board, module_slot id, installed *found)
{
    const platform_slot *slot = platform_find_slot(board->kind, id);
    if (slot_equal(id, ncp_slot))
        return find_ncp(board, slot, found);
    *found = (installed){.id = id};
    if (!slot)
        return false;
    if (slot->slot.function == MODULE_RADIO_STACK)
        return radio_find(board, slot, found);
    if (slot->grows_left)
        return find_floating(board, slot, found);
    if (slot->image_start_count && !board->running.system_version)
        return find_among(board, slot, slot->image_starts, slot->image_start_count, found);
    return installed_at(
        board, slot, family_image_start(board->family, slot, board->running.system_version), found);
}

bool installed_user(const sim_board *board, installed *found)
{
    installed compat, current;
    bool has_compat = installed_find(board, (module_slot){MODULE_USER_PART, 1}, &compat);
    bool has_current = installed_find(board, (module_slot){MODULE_USER_PART, 2}, &current);
    /* The former 128 KB place wins when it is valid (device-os ota_flash_hal.cpp, nRF52840). */
    bool former_wins = has_compat && (compat.intact || !has_current);
    *found = former_wins ? compat : current;
    if (!has_compat && !has_current)
        *found = (installed){.slot = compat.slot ? compat.slot : current.slot};
    return found->present;
}

bool installed_bootable(const sim_board *board, uint16_t bootloader_version, installed *found)
{
    *found = (installed){0};
    for (size_t i = 0; i < board->kind->slot_count; i++) {
        const platform_slot *slot = &board->kind->slots[i];
        if (slot->slot.function != MODULE_SYSTEM_PART)
            continue;
        uint32_t starts[2];
        size_t count = family_system_starts(board->family, slot, bootloader_version, starts);
        if (!find_among(board, slot, starts, count, found) || !found->intact || !found->own)
            return false;
    }
    return found->present;
}

bool installed_meets(const sim_board *board, module_dependency need)
{
    if (need.slot.function == MODULE_NONE)
        return true;
    installed other;
    return installed_find(board, need.slot, &other) && other.version >= need.version;
}

bool installed_needs_met(const sim_board *board, const module_dependency needs[2])
{
    if (needs[0].slot.function == MODULE_NONE)
        return true;
    return installed_meets(board, needs[0]) && installed_meets(board, needs[1]);
}

uint32_t installed_checks(const sim_board *board, const installed *found)
{
    if (found->synthesised)
        return CHECK_INTEGRITY | CHECK_DEPENDENCIES | CHECK_RANGE | CHECK_PLATFORM;
    return CHECK_RANGE | (found->intact ? CHECK_INTEGRITY : 0u) |
           (installed_needs_met(board, found->needs) ? CHECK_DEPENDENCIES : 0u) |
           (found->own ? CHECK_PLATFORM : 0u);
}

bool installed_factory(const sim_board *board, installed *found)
{
    const flash *chip;
    uint32_t offset;
    module header;
    *found = (installed){0};
    if (!board->family->factory_image || !board->family->factory_image(board, &chip, &offset))
        return false;
    span room = {chip->bytes + offset, chip->size - offset};
    if (!module_peek(room, 0, &header) || header.slot.function != MODULE_USER_PART)
        return false;
    uint64_t size = (uint64_t)header.end - header.start + MODULE_CRC_SIZE;
    const platform_slot *slot = platform_find_slot(board->kind, header.slot);
    if (!slot || size > slot->end - slot->start || size > room.size ||
        size < MODULE_PREFIX_SIZE + MODULE_SUFFIX_SIZE + MODULE_CRC_SIZE)
        return false;
    span image = span_slice(room, 0, (size_t)size);
    *found = (installed){.slot = slot,
                         .id = header.slot,
                         .present = true,
                         .intact = crc_closes(image),
                         .own = header.platform_id == board->kind->id,
                         .start = header.start,
                         .size = (uint32_t)size,
                         .max_size = slot->end - slot->start,
                         .version = header.version,
                         .needs = {header.dependencies[0], header.dependencies[1]}};
    read_identity(image, found);
    return found->intact;
}

bool installed_parse(const sim_board *board, const installed *found, module *parsed)
{
    if (!found->present || !found->intact || found->synthesised)
        return false;
    span image = board_internal(board, found->start, found->size);
    return module_parse(image, "flash", parsed, NULL) == OSB_OK;
}
