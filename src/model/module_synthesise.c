/*
 * Modules without firmware, for simulated boards: everything that the outside of a module tells is
 * true, and its inside says what it is.
 *
 * Invariant: the same recipe and size give the same bytes, and different recipes give different
 * ones, so that hashes tell releases apart as they do on real boards.
 */
#include "model/module.h"

#include <string.h>

#include "base/text.h"
#include "model/module_layout.h"

enum {
    PREFIX_AT_NRF52840 = 0x200,
    PREFIX_AT_STM32F2 = 0x184,
    PREFIX_AT_REALTEK = 0x20,
    DYNAMIC_LOCATION_SIZE = 12,
    PRODUCT_DATA_SIZE = 6,
    DYNALIB_BEHIND_START = 0x88 /**< as in published P2 applications */
};

/** A small generator of noise (splitmix64): quick, and the same everywhere. */
static uint64_t next_noise(uint64_t *state)
{
    uint64_t mixed = *state += 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebu;
    return mixed ^ mixed >> 31;
}

static void append_noise(uint64_t seed, size_t size, buf *body)
{
    while (size && !body->overflow) {
        uint64_t noise = next_noise(&seed);
        size_t piece = size < sizeof noise ? size : sizeof noise;
        uint8_t bytes[sizeof noise];
        for (size_t i = 0; i < sizeof noise; i++)
            bytes[i] = (uint8_t)(noise >> (8 * i));
        buf_append(body, (span){bytes, piece});
        size -= piece;
    }
}

static uint64_t seed_of(const module_recipe *recipe, uint32_t image_size)
{
    uint64_t seed = (uint64_t)recipe->platform_id << 48 | (uint64_t)recipe->version << 32 |
                    (uint64_t)recipe->slot.function << 24 | (uint64_t)recipe->slot.index << 16;
    return seed ^ (uint64_t)image_size << 20 ^ recipe->start;
}

/** Vector tables begin with the initial stack pointer, by which devices know that there is one. */
static void append_vector_table(uint32_t stack, const module_recipe *recipe, buf *body)
{
    buf_append_u32le(body, stack);
    for (uint32_t at = 4; at < recipe->prefix_offset; at += 4)
        buf_append_u32le(body, recipe->start + recipe->prefix_offset + MODULE_PREFIX_SIZE + 1);
}

static void append_realtek_header(const module_recipe *recipe, uint32_t image_size, buf *body)
{
    static const uint8_t signature[] = {0x99, 0x99, 0x96, 0x96, 0x3f, 0xcc, 0x66, 0xfc};
    buf_append(body, (span){signature, sizeof signature});
    buf_append_u32le(body, image_size - recipe->prefix_offset);
    buf_append_u32le(body, recipe->start + recipe->prefix_offset);
    buf_append_fill(body, 0xff, recipe->prefix_offset - body->size);
}

static void append_lead(const module_recipe *recipe, uint32_t image_size, buf *body)
{
    if (recipe->prefix_offset == PREFIX_AT_NRF52840)
        append_vector_table(0x2003fc00, recipe, body);
    else if (recipe->prefix_offset == PREFIX_AT_STM32F2)
        append_vector_table(0x2000fc00, recipe, body);
    else if (recipe->prefix_offset == PREFIX_AT_REALTEK)
        append_realtek_header(recipe, image_size, body);
    else
        buf_append_fill(body, 0xff, recipe->prefix_offset);
}

/** Body of exactly `size` bytes: what stands before the prefix, the marker, a description, noise.
 */
static osb_status make_body(const module_recipe *recipe, uint32_t image_size, size_t size,
                            buf *body, osb_error *error)
{
    char slot[MODULE_SLOT_TEXT];
    char description[64];
    slot_text(recipe->slot, slot);
    text_format(description, sizeof description, "platform %u %s version %u\n", recipe->platform_id,
                slot, recipe->version);
    append_lead(recipe, image_size, body);
    buf_append_text(body, MODULE_MARKER);
    if (body->size > size)
        return osb_fail(error, OSB_ERR_USAGE, slot, "ask for a larger one",
                        "%u bytes are too few for a synthetic module", image_size);
    if (size - body->size >= strlen(description))
        buf_append_text(body, description);
    append_noise(seed_of(recipe, image_size), size - body->size, body);
    return buf_check(body, slot, error);
}

static osb_status write_with_body(module_recipe *recipe, uint32_t image_size, size_t suffix_region,
                                  buf *file, osb_error *error)
{
    const size_t frame = MODULE_PREFIX_SIZE + MODULE_SUFFIX_SIZE + MODULE_CRC_SIZE + suffix_region;
    BUF_OWNED body = buf_make(MODULE_FILE_MAX);
    TRY(make_body(recipe, image_size, image_size > frame ? image_size - frame : 0, &body, error));
    recipe->body = buf_span(&body);
    return module_write(recipe, file, error);
}

/** RTL872x suffix: where the image runs, then its product, always in this order. */
static osb_status write_dynamic(module_recipe *recipe, uint32_t image_size, buf *file,
                                osb_error *error)
{
    BUF_OWNED location = buf_make(DYNAMIC_LOCATION_SIZE);
    BUF_OWNED product = buf_make(PRODUCT_DATA_SIZE);
    buf_append_u32le(&location, recipe->start);
    buf_append_u32le(&location, recipe->start + DYNALIB_BEHIND_START);
    buf_append_u32le(&location, 0);
    buf_append_u16le(&product, UINT16_MAX); /* filler: the field is wider than its value */
    buf_append_u16le(&product, recipe->has_product ? recipe->product_id : NO_PRODUCT);
    buf_append_u16le(&product, recipe->has_product ? recipe->product_version : NO_PRODUCT);
    const module_extension extensions[] = {
        {.type = EXTENSION_DYNAMIC_LOCATION, .data = buf_span(&location)},
        {.type = EXTENSION_PRODUCT_DATA, .data = buf_span(&product)},
    };
    recipe->extensions = extensions;
    recipe->extension_count = 2;
    recipe->has_product = false;
    const size_t region = 2 * EXTENSION_HEADER + location.size + product.size;
    return write_with_body(recipe, image_size, region, file, error);
}

osb_status module_synthesise(const module_recipe *recipe, uint32_t image_size,
                             bool with_dynamic_location, buf *file, osb_error *error)
{
    module_recipe whole = *recipe;
    if (image_size > MODULE_FILE_MAX)
        return osb_fail(error, OSB_ERR_USAGE, "synthetic module", "ask for a smaller one",
                        "%u bytes are more than any board holds", image_size);
    if (with_dynamic_location)
        return write_dynamic(&whole, image_size, file, error);
    size_t suffix_region = whole.has_product ? RAW_PRODUCT_SIZE : 0;
    for (size_t i = 0; i < whole.extension_count; i++)
        suffix_region += EXTENSION_HEADER + whole.extensions[i].data.size;
    return write_with_body(&whole, image_size, suffix_region, file, error);
}
