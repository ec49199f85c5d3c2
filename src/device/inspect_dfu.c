/*
 * The modules of a board in DFU mode, read back from its flash: headers and suffixes only.
 *
 * Whole images are read in one case alone: two valid headers that claim one slot (nRF52840 system
 * parts moved from 0x30000 to 0x28000, and a downgrade leaves the upper header behind).
 * Invariant: a slot whose header does not fit slot, platform and region is left unknown.
 */
#include <string.h>

#include "base/cursor.h"
#include "device/held.h"

enum {
    STARTS_MAX = 4,
    HEADER_SPAN_MAX = 0x200 + MODULE_PREFIX_SIZE,
    SUFFIX_SPAN = MODULE_SUFFIX_SIZE + MODULE_CRC_SIZE,
    /* What a floating image is found by: suffix with DYNAMIC_LOCATION first, and room for more. */
    TAIL_SPAN = 512,
    DYNAMIC_LOCATION_SIZE = 16,
    SUFFIX_MAX = 4096,
    /* Nordic SoftDevice information structure, 0x2000 behind the image's start. */
    RADIO_INFO_OFFSET = 0x2000,
    RADIO_INFO_SIZE = 16,
    REGION_MIN = 0x4000, /* no slot is smaller; tail and radio structure fit into it */
    RADIO_INFO_MAGIC = 0x51b1e5db
};

/* A header found in flash. */
typedef struct finding {
    module header;
    bool whole; /* its suffix is there too */
    uint8_t identity[SHA256_SIZE];
} finding;

static osb_status piece_read(device *held, uint32_t address, uint16_t size, uint8_t *bytes,
                             osb_error *error)
{
    return dfu_read(&held->dfu, address, size, bytes, error);
}

/* Whether the image of a header lies in its slot and begins where it was found. */
static bool header_fits(const device *held, const platform_slot *slot, const module *header,
                        uint32_t start)
{
    return slot_equal(header->slot, slot->slot) && header->platform_id == held->board->id &&
           header->start == start && header->end > start &&
           header->end <= UINT32_MAX - MODULE_CRC_SIZE &&
           header->end + MODULE_CRC_SIZE <= slot->end &&
           header->end - start >= slot->prefix_offset + MODULE_PREFIX_SIZE + MODULE_SUFFIX_SIZE;
}

static osb_status suffix_read(device *held, finding *found, osb_error *error)
{
    uint8_t bytes[SUFFIX_SPAN];
    TRY(piece_read(held, found->header.end - MODULE_SUFFIX_SIZE, sizeof bytes, bytes, error));
    cursor reader = cursor_make((span){bytes, sizeof bytes});
    cursor_u16le(&reader); /* reserved */
    memcpy(found->identity, cursor_take(&reader, SHA256_SIZE).data, SHA256_SIZE);
    uint16_t size = cursor_u16le(&reader);
    found->whole = size >= MODULE_SUFFIX_SIZE && size <= SUFFIX_MAX;
    return OSB_OK;
}

/* Looks for the slot's module with its image at `start`. */
static osb_status finding_read(device *held, const platform_slot *slot, uint32_t start,
                               finding *found, bool *fits, osb_error *error)
{
    uint8_t bytes[HEADER_SPAN_MAX];
    uint32_t size = slot->prefix_offset + MODULE_PREFIX_SIZE;
    *fits = false;
    if (size > sizeof bytes || start < slot->start || start >= slot->end ||
        slot->end - start < size)
        return OSB_OK;
    TRY(piece_read(held, start, (uint16_t)size, bytes, error));
    *fits = module_peek((span){bytes, size}, slot->prefix_offset, &found->header) &&
            header_fits(held, slot, &found->header, start);
    return *fits ? suffix_read(held, found, error) : OSB_OK;
}

/* Where the image begins that ends at the region's end: its DYNAMIC_LOCATION says so. */
static osb_status floating_start(device *held, const platform_slot *slot, uint32_t *start,
                                 bool *known, osb_error *error)
{
    uint8_t bytes[TAIL_SPAN];
    *known = false;
    TRY(piece_read(held, slot->end - TAIL_SPAN, TAIL_SPAN, bytes, error));
    cursor reader = cursor_make((span){bytes, sizeof bytes});
    cursor_seek(&reader, TAIL_SPAN - MODULE_CRC_SIZE - 2);
    uint16_t suffix_size = cursor_u16le(&reader);
    if (suffix_size < MODULE_SUFFIX_SIZE + DYNAMIC_LOCATION_SIZE ||
        suffix_size > TAIL_SPAN - MODULE_CRC_SIZE)
        return OSB_OK;
    cursor_seek(&reader, (size_t)TAIL_SPAN - MODULE_CRC_SIZE - suffix_size);
    bool first = cursor_u16le(&reader) == EXTENSION_DYNAMIC_LOCATION;
    *known = first && cursor_u16le(&reader) == DYNAMIC_LOCATION_SIZE;
    *start = cursor_u32le(&reader);
    return OSB_OK;
}

/* Where images of the slot may begin, lowest first. */
static osb_status starts_of(device *held, const platform_slot *slot, uint32_t starts[STARTS_MAX],
                            size_t *count, osb_error *error)
{
    *count = 0;
    if (slot->grows_left) {
        bool known;
        TRY(floating_start(held, slot, &starts[0], &known, error));
        *count = known;
        return OSB_OK;
    }
    starts[(*count)++] = slot->image_start_count ? slot->image_starts[0] : slot->start;
    for (size_t i = 1; i < slot->image_start_count && *count < STARTS_MAX; i++) {
        size_t at = (*count)++;
        for (; at > 0 && starts[at - 1] > slot->image_starts[i]; at--)
            starts[at] = starts[at - 1];
        starts[at] = slot->image_starts[i];
    }
    return OSB_OK;
}

static osb_status checksum_closes(device *held, const platform_slot *slot, const finding *found,
                                  bool *closes, osb_error *error)
{
    uint32_t size = found->header.end - found->header.start + MODULE_CRC_SIZE;
    BUF_OWNED image = buf_make(size);
    TRY(device_read_flash(held, slot->alternate, found->header.start, size, NULL, &image, error));
    cursor reader = cursor_make(buf_span(&image));
    span body = cursor_take(&reader, size - MODULE_CRC_SIZE);
    *closes = crc32_of(body) == cursor_u32be(&reader);
    return OSB_OK;
}

/* Of two headers, the one that stands for what is really there. `lower` has the lower start. */
static osb_status finding_choose(device *held, const platform_slot *slot, finding *lower,
                                 const finding *upper, osb_error *error)
{
    bool lower_is_it = lower->whole;
    /* New system parts keep a header for old bootloaders inside: same end, same suffix. */
    if (lower->whole && upper->whole && lower->header.end != upper->header.end)
        TRY(checksum_closes(held, slot, lower, &lower_is_it, error));
    if (!lower_is_it && upper->whole)
        *lower = *upper;
    return OSB_OK;
}

static void module_add(const platform_slot *slot, const finding *found, snapshot *state)
{
    const module *header = &found->header;
    snapshot_module *entry = &state->modules[state->module_count++];
    *entry = (snapshot_module){.slot = header->slot,
                               .version = header->version,
                               .store = STORE_MAIN,
                               .size = header->end - header->start + MODULE_CRC_SIZE,
                               .max_size = slot->end - slot->start,
                               .has_identity = found->whole,
                               .checked = CHECK_RANGE | CHECK_PLATFORM,
                               .passed = CHECK_RANGE | CHECK_PLATFORM};
    if (found->whole)
        memcpy(entry->identity, found->identity, SHA256_SIZE);
    else
        entry->checked |= CHECK_INTEGRITY; /* a write that was cut short leaves no suffix */
    for (size_t i = 0; i < 2; i++)
        if (header->dependencies[i].slot.function != MODULE_NONE)
            entry->dependencies[entry->dependency_count++] = header->dependencies[i];
}

/* The SoftDevice is stored without its prefix, but tells its own id, which is its version. */
static osb_status radio_inspect(device *held, const platform_slot *slot, snapshot *state,
                                osb_error *error)
{
    uint8_t bytes[RADIO_INFO_SIZE];
    TRY(piece_read(held, slot->start + RADIO_INFO_OFFSET, sizeof bytes, bytes, error));
    cursor reader = cursor_make((span){bytes, sizeof bytes});
    cursor_u32le(&reader); /* sizes of structure and reserved bytes */
    uint32_t magic = cursor_u32le(&reader);
    cursor_u32le(&reader); /* end of the SoftDevice in flash */
    uint16_t firmware_id = cursor_u16le(&reader);
    if (magic == RADIO_INFO_MAGIC)
        state->modules[state->module_count++] = (snapshot_module){
            .slot = slot->slot, .version = firmware_id, .max_size = slot->end - slot->start};
    return OSB_OK;
}

static osb_status slot_inspect(device *held, const platform_slot *slot, snapshot *state,
                               osb_error *error)
{
    uint32_t starts[STARTS_MAX];
    size_t count;
    finding best = {0};
    bool any = false;
    TRY(starts_of(held, slot, starts, &count, error));
    for (size_t i = 0; i < count; i++) {
        finding next = {0};
        bool fits;
        TRY(finding_read(held, slot, starts[i], &next, &fits, error));
        if (fits && any)
            TRY(finding_choose(held, slot, &best, &next, error));
        else if (fits)
            best = next;
        any |= fits;
    }
    if (any)
        module_add(slot, &best, state);
    return OSB_OK;
}

/* Co-processor images and assets are not in this flash; regions must be readable as a whole. */
static bool is_readable(const device *held, const platform_slot *slot)
{
    return slot->slot.function != MODULE_NCP_FIRMWARE && slot->slot.function != MODULE_ASSET &&
           slot->end > slot->start && slot->end - slot->start >= REGION_MIN &&
           dfuse_map_allows(&held->map, slot->start, slot->end - slot->start, DFUSE_READ);
}

osb_status inspect_flash(device *held, snapshot *state, osb_error *error)
{
    const platform *board = held->board;
    for (size_t i = 0; i < board->slot_count && state->module_count < SNAPSHOT_MODULES_MAX; i++) {
        const platform_slot *slot = &board->slots[i];
        TRY(held_select(held, slot->alternate, error));
        if (!is_readable(held, slot))
            continue;
        TRY(slot->flash_offset ? radio_inspect(held, slot, state, error)
                               : slot_inspect(held, slot, state, error));
    }
    return OSB_OK;
}
