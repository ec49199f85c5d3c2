/*
 * Reads a SoftDevice back from flash.
 *
 * MODULE_DROP_INFO strips the prefix, and the CRC-32 behind it covers that prefix: it cannot be
 * checked in flash. What can: Nordic's information block (magic and firmware id 0x3004 and 0x300c
 * in genuine images), the suffix, its SHA-256 where it covers the payload alone, and that no part
 * is blank. Invariant: a stack of which a page is blank or half written never counts as intact.
 */
#include "sim/radio.h"

#include <string.h>

#include "base/cursor.h"
#include "sim/board.h"

enum {
    INFO_OFFSET = 0x2000, /**< behind the stack's start, 0x1000 */
    INFO_MAGIC = 0x51b1e5db,
    INFO_UNIQUE_OFFSET = 0x18,
    INFO_UNIQUE_SIZE = 20,
    RADIO_ROOM = 0x26000, /**< 0x1000 to 0x27000 */
    BLANK_RUN = 256       /**< genuine images have at most 4 blank bytes in a row */
};

/** Firmware id of the information block; false when there is no such block. */
static bool read_info(span room, uint16_t *version)
{
    cursor reader = cursor_make(room);
    cursor_seek(&reader, INFO_OFFSET + 4);
    uint32_t magic = cursor_u32le(&reader);
    cursor_u32le(&reader);
    *version = cursor_u16le(&reader);
    return !reader.failed && magic == INFO_MAGIC && *version != UINT16_MAX;
}

/** Whether a suffix ends at `end`: reserved 0, SHA-256, its size, and the CRC-32 behind. */
static bool ends_with_suffix(span room, uint32_t end)
{
    if (end < INFO_OFFSET || end > room.size)
        return false;
    cursor reader = cursor_make(room);
    cursor_seek(&reader, end - MODULE_CRC_SIZE - MODULE_SUFFIX_SIZE);
    uint16_t reserved = cursor_u16le(&reader);
    cursor_take(&reader, SHA256_SIZE);
    uint16_t size = cursor_u16le(&reader);
    return reserved == 0 && (size == MODULE_SUFFIX_SIZE || size == MODULE_SUFFIX_SIZE + 4);
}

static bool has_blank_run(span image)
{
    size_t run = 0;
    for (size_t i = 0; i < image.size && run < BLANK_RUN; i++)
        run = image.data[i] == 0xff ? run + 1 : 0;
    return run >= BLANK_RUN;
}

/** Packaging scripts hash the payload alone: then the hash proves it (module-format facts). */
static bool hash_proves(span image)
{
    uint8_t digest[SHA256_SIZE];
    const size_t tail = MODULE_CRC_SIZE + MODULE_SUFFIX_SIZE;
    sha256(span_slice(image, 0, image.size - tail), digest);
    span stored = span_slice(image, image.size - tail + 2, SHA256_SIZE);
    return memcmp(digest, stored.data, SHA256_SIZE) == 0;
}

/** Behind the last programmed byte of the page that begins at `page`; `page` when it is blank. */
static uint32_t programmed_end(span room, uint32_t page)
{
    uint32_t end = page + WORK_PAGE < room.size ? page + WORK_PAGE : (uint32_t)room.size;
    while (end > page && room.data[end - 1] == 0xff)
        end--;
    return end;
}

/** The image that ends in this page; empty when none does. Its CRC may itself end with 0xff. */
static span image_ending_in(span room, uint32_t page)
{
    const uint32_t last = programmed_end(room, page);
    for (uint32_t end = last; last > page && end < last + MODULE_CRC_SIZE; end++) {
        if (ends_with_suffix(room, end))
            return span_slice(room, 0, end);
    }
    return (span){0};
}

/** The whole image: the first end that fits. Pages of a longer one before may stand behind. */
static span find_image(span room)
{
    for (uint32_t page = 0; page < room.size; page += WORK_PAGE) {
        span image = image_ending_in(room, page);
        if (image.size && (hash_proves(image) || !has_blank_run(image)))
            return image;
    }
    return (span){0};
}

uint32_t radio_extent(const sim_board *board, const platform_slot *slot)
{
    return (uint32_t)find_image(board_internal(board, slot->start, RADIO_ROOM)).size;
}

bool radio_find(const sim_board *board, const platform_slot *slot, installed *found)
{
    span room = board_internal(board, slot->start, RADIO_ROOM);
    *found = (installed){.slot = slot,
                         .id = slot->slot,
                         .own = true,
                         .synthesised = true,
                         .start = slot->start,
                         .max_size = RADIO_ROOM};
    found->present = read_info(room, &found->version);
    if (!found->present)
        return false;
    span unique = span_slice(room, INFO_OFFSET + INFO_UNIQUE_OFFSET, INFO_UNIQUE_SIZE);
    memcpy(found->identity, unique.data, unique.size);
    found->intact = find_image(room).size > 0;
    return true;
}

void radio_dress(uint16_t version, buf *file)
{
    const uint32_t block[] = {0xffffff2c, INFO_MAGIC, 0x00027000, 0xffff0000u | version, 140};
    for (size_t i = 0; i < sizeof block / sizeof *block; i++)
        buf_patch_u32le(file, MODULE_PREFIX_SIZE + INFO_OFFSET + 4 * i, block[i]);
}

const char *radio_fault(const sim_board *board)
{
    installed radio;
    if (!platform_find_slot(board->kind, (module_slot){MODULE_RADIO_STACK, 0}))
        return NULL;
    if (!installed_find(board, (module_slot){MODULE_RADIO_STACK, 0}, &radio))
        return "the radio stack is missing";
    return radio.intact ? NULL : "the radio stack is damaged";
}
