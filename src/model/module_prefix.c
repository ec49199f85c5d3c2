/*
 * Finds the module prefix, which stands at a place that depends on platform and kind of module.
 *
 * A place is believed when the CRC-32 closes over the extent that its header names: weaker signs
 * also fit raw machine code. Only when none closes do weaker signs decide, and then only about
 * what is wrong with the file. Work is bounded: the scan computes few checksums whatever it reads.
 */
#include "model/module_prefix.h"

#include "base/cursor.h"

enum {
    SCAN_END = 8 * 1024,   /**< binary-version-reader looks no further either */
    SCAN_CHECKSUMS_MAX = 8 /**< different extents that the scan may hash */
};

/* Vector tables: nRF52840 512 bytes, STM32F2 0x184, STM32F1 0x10c, Bluz 0xc0; Realtek header 32
 * bytes (Device OS platform/MCU/x/inc/flash_mal.h; binary-version-reader HalModuleParser). */
static const uint32_t known_offsets[] = {0, 0x200, 0x184, 0x20, 0x10c, 0xc0};

enum {
    KNOWN_COUNT = sizeof known_offsets / sizeof *known_offsets
};

static module_dependency read_dependency(cursor *reader)
{
    module_dependency need = {0};
    need.slot.function = cursor_u8(reader);
    need.slot.index = cursor_u8(reader);
    need.version = cursor_u16le(reader);
    return need;
}

bool prefix_read(span file, uint32_t offset, module *header)
{
    cursor reader = cursor_make(file);
    cursor_seek(&reader, offset);
    header->file = file;
    header->prefix_offset = offset;
    header->start = cursor_u32le(&reader);
    header->end = cursor_u32le(&reader);
    header->mcu_target = cursor_u8(&reader);
    header->flags = cursor_u8(&reader);
    header->version = cursor_u16le(&reader);
    header->platform_id = cursor_u16le(&reader);
    header->slot.function = cursor_u8(&reader);
    header->slot.index = cursor_u8(&reader);
    header->dependencies[0] = read_dependency(&reader);
    header->dependencies[1] = read_dependency(&reader);
    return !reader.failed;
}

uint64_t prefix_extent(const module *header)
{
    if (header->end <= header->start)
        return 0;
    uint64_t extent = (uint64_t)header->end - header->start + MODULE_CRC_SIZE;
    uint64_t least = (uint64_t)header->prefix_offset + MODULE_PREFIX_SIZE + MODULE_CRC_SIZE;
    return extent < least || extent > MODULE_FILE_MAX ? 0 : extent;
}

static bool has_known_numbers(const module *header)
{
    const unsigned flags = MODULE_DROP_INFO | MODULE_COMPRESSED | MODULE_COMBINED |
                           MODULE_ENCRYPTED | MODULE_PREFIX_EXTENSIONS;
    return header->slot.function > MODULE_NONE && header->slot.function <= MODULE_ASSET &&
           header->dependencies[0].slot.function <= MODULE_ASSET &&
           header->dependencies[1].slot.function <= MODULE_ASSET && !(header->flags & ~flags);
}

/** Takes image and both checksums of a header whose extent fits the file. */
static bool checksum_closes(module *header, size_t extent)
{
    header->image = span_slice(header->file, 0, extent);
    cursor reader = cursor_make(header->image);
    cursor_seek(&reader, extent - MODULE_CRC_SIZE);
    header->crc_stored = cursor_u32be(&reader);
    header->crc_computed = crc32_of(span_slice(header->image, 0, extent - MODULE_CRC_SIZE));
    return header->crc_stored == header->crc_computed;
}

static prefix_fit fit_at(span file, uint32_t offset, module *header)
{
    *header = (module){0};
    if (!prefix_read(file, offset, header))
        return PREFIX_NONE;
    uint64_t extent = prefix_extent(header);
    if (!extent)
        return PREFIX_NONE;
    if (extent > file.size) {
        header->image = file;
        return has_known_numbers(header) ? PREFIX_CUT_SHORT : PREFIX_NONE;
    }
    if (checksum_closes(header, (size_t)extent))
        return PREFIX_CLOSES;
    return extent == file.size || has_known_numbers(header) ? PREFIX_WRONG_CRC : PREFIX_NONE;
}

/** The scan hashes a place only when its header claims the whole file or looks like one of ours. */
static bool worth_hashing(span file, uint32_t offset, module *header)
{
    if (!prefix_read(file, offset, header))
        return false;
    uint64_t extent = prefix_extent(header);
    return extent && extent <= file.size && (extent == file.size || has_known_numbers(header));
}

static prefix_fit scan(span file, module *found)
{
    uint64_t hashed_extent = 0;
    size_t checksums = 0;
    const size_t end = file.size < SCAN_END ? file.size : SCAN_END;
    module header = {0}; /* large: cleared once, since each look sets all of it that is used */
    for (uint32_t offset = 4; offset < end && checksums < SCAN_CHECKSUMS_MAX; offset += 4) {
        if (!worth_hashing(file, offset, &header) || prefix_extent(&header) == hashed_extent)
            continue;
        hashed_extent = prefix_extent(&header);
        checksums++;
        if (checksum_closes(&header, (size_t)hashed_extent)) {
            *found = header;
            return PREFIX_CLOSES;
        }
    }
    return PREFIX_NONE;
}

prefix_fit prefix_find(span file, module *found)
{
    module weak = {.file = file, .image = file};
    prefix_fit weak_fit = PREFIX_NONE;
    for (size_t i = 0; i < KNOWN_COUNT; i++) {
        prefix_fit fit = fit_at(file, known_offsets[i], found);
        if (fit == PREFIX_CLOSES)
            return fit;
        bool better =
            weak_fit == PREFIX_NONE || (weak_fit == PREFIX_CUT_SHORT && fit == PREFIX_WRONG_CRC);
        if (fit != PREFIX_NONE && better) {
            weak = *found;
            weak_fit = fit;
        }
    }
    if (scan(file, found) == PREFIX_CLOSES)
        return PREFIX_CLOSES;
    *found = weak;
    return weak_fit;
}
