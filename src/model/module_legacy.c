/*
 * Finds and writes the second header of newer nRF52840 system parts.
 *
 * The first header always wins: this one only ever adds to what is known of a module. Invariant:
 * the inner image lies wholly inside the outer one.
 */
#include "model/module_legacy.h"

#include "base/cursor.h"
#include "model/module_frame.h"
#include "model/module_prefix.h"

enum {
    VECTOR_TABLE_SIZE = LEGACY_PREFIX_OFFSET - LEGACY_OFFSET,
    CRC_AT_LEAST = VECTOR_TABLE_SIZE + MODULE_PREFIX_SIZE
};

static bool is_same_module(const module *outer, const module *inner)
{
    return inner->start == outer->start + LEGACY_OFFSET && inner->version == outer->version &&
           inner->platform_id == outer->platform_id && slot_equal(inner->slot, outer->slot);
}

bool module_find_legacy(const module *parsed, module *legacy)
{
    span inside = span_slice(parsed->image, LEGACY_OFFSET, parsed->image.size);
    *legacy = (module){0};
    if (parsed->slot.function != MODULE_SYSTEM_PART || parsed->prefix_offset != VECTOR_TABLE_SIZE ||
        !prefix_read(inside, VECTOR_TABLE_SIZE, legacy) || !is_same_module(parsed, legacy))
        return false;
    uint64_t extent = prefix_extent(legacy);
    if (!extent || extent > inside.size)
        return false;
    cursor reader = cursor_make(inside);
    legacy->image = span_slice(inside, 0, (size_t)extent);
    cursor_seek(&reader, (size_t)extent - MODULE_CRC_SIZE);
    legacy->crc_stored = cursor_u32be(&reader);
    legacy->crc_computed = crc32_of(span_slice(inside, 0, (size_t)extent - MODULE_CRC_SIZE));
    return true;
}

osb_status module_put_legacy(const module_recipe *recipe, uint32_t size, buf *body,
                             osb_error *error)
{
    BUF_OWNED prefix = buf_make(MODULE_PREFIX_SIZE);
    const size_t image = LEGACY_OFFSET - MODULE_PREFIX_SIZE; /* a body lacks the first prefix */
    if (recipe->prefix_offset != VECTOR_TABLE_SIZE || size < CRC_AT_LEAST + MODULE_CRC_SIZE ||
        image + size > body->size)
        return osb_fail(error, OSB_ERR_USAGE, "module recipe", "change the recipe",
                        "its body has no room for a second header");
    module_recipe inner = *recipe;
    inner.start += LEGACY_OFFSET;
    frame_append_prefix(&inner, size, &prefix);
    buf_patch(body, image + VECTOR_TABLE_SIZE, buf_span(&prefix));
    uint32_t crc = crc32_of(span_slice(buf_span(body), image, size - MODULE_CRC_SIZE));
    const uint8_t sealed[MODULE_CRC_SIZE] = {(uint8_t)(crc >> 24), (uint8_t)(crc >> 16),
                                             (uint8_t)(crc >> 8), (uint8_t)crc};
    buf_patch(body, image + size - MODULE_CRC_SIZE, (span){sealed, sizeof sealed});
    return buf_check(body, "module body", error);
}
