#pragma once
/** Random modules of every shape that builds and tools give, made with the project's own writers.
 */
#include "unit/model/samples.h"

#include "base/text.h"
#include "model/asset_needs.h"
#include "model/module_asset.h"
#include "model/module_combined.h"
#include "model/module_compressed.h"
#include "model/module_extension.h"
#include "model/module_legacy.h"
#include "model/module_location.h"
#include "model/module_parts.h"
#include "model/module_product.h"
#include "model/module_protect.h"

#define MUST(expression)                                                                           \
    do {                                                                                           \
        if ((expression) != OSB_OK)                                                                \
            fail_msg(#expression);                                                                 \
    } while (0)

typedef enum shape {
    SHAPE_SYSTEM_STM32F2,
    SHAPE_SYSTEM_NRF52840,
    SHAPE_SYSTEM_RTL872X,
    SHAPE_BOOTLOADER_NRF52840,
    SHAPE_BOOTLOADER_RTL872X,
    SHAPE_APPLICATION_NRF52840,
    SHAPE_APPLICATION_RTL872X,
    SHAPE_RADIO_STACK,
    SHAPE_NCP,
    SHAPE_MONOLITHIC_CORE,
    SHAPE_ENCRYPTED,
    SHAPE_COUNT
} shape;

/** What makes a shape; RTL872x ones end in DYNAMIC_LOCATION and PRODUCT_DATA. */
typedef struct shape_fact {
    uint32_t prefix_offset, start;
    uint16_t platform_id;
    module_slot slot;
    uint8_t flags, mcu_target;
    bool product, realtek;
} shape_fact;

static const shape_fact shape_facts[SHAPE_COUNT] = {
    [SHAPE_SYSTEM_STM32F2] = {0x184, 0x08020000, 6, {MODULE_SYSTEM_PART, 1}, .product = false},
    [SHAPE_SYSTEM_NRF52840] = {0x200, 0x30000, 13, {MODULE_SYSTEM_PART, 1}, .product = true},
    [SHAPE_SYSTEM_RTL872X] = {0, 0x08060000, 32, {MODULE_SYSTEM_PART, 1}, .realtek = true},
    [SHAPE_BOOTLOADER_NRF52840] = {0x200, 0xf4000, 26, {MODULE_BOOTLOADER, 0}, .product = true},
    [SHAPE_BOOTLOADER_RTL872X] = {0x20, 0x08004000, 32, {MODULE_BOOTLOADER, 0}, .realtek = true},
    [SHAPE_APPLICATION_NRF52840] = {0, 0xb4000, 12, {MODULE_USER_PART, 2}, .product = true},
    [SHAPE_APPLICATION_RTL872X] = {0, 0x085f0000, 32, {MODULE_USER_PART, 1}, .realtek = true},
    [SHAPE_RADIO_STACK] = {0, 0x1000, 13, {MODULE_RADIO_STACK, 0}, MODULE_DROP_INFO},
    [SHAPE_NCP] = {0, 0, 12, {MODULE_NCP_FIRMWARE, 0}, 0, 0x21},
    [SHAPE_MONOLITHIC_CORE] = {0x10c, 0x08005000, 0, {MODULE_MONO_FIRMWARE, 0}, .product = true},
    [SHAPE_ENCRYPTED] =
        {0, 0x08000000, 32, {MODULE_BOOTLOADER, 1}, MODULE_DROP_INFO | MODULE_ENCRYPTED},
};

/** Half noise, half repetition, so that packing has something to do. */
static inline void append_body(dice *from, size_t size, buf *body)
{
    for (size_t i = 0; i < size; i++) {
        uint32_t noise = roll(from, 512);
        buf_append_u8(body, noise < 256 || i < 16 ? (uint8_t)noise : body->data[body->size - 16]);
    }
}

/** Makes a module's SHA-256 cover its body alone, as packaging scripts do. */
static inline void hash_body_alone(buf *file)
{
    module_parts parts;
    BUF_OWNED ordinary = *file;
    module parsed = parse_sound(buf_span(&ordinary));
    *file = buf_make(ordinary.maximum);
    MUST(module_take_apart(&parsed, "sample", &parts, NULL));
    parts.hashes_body = true;
    MUST(module_assemble(&parts, file, NULL));
}

/** Appends a random module of a shape, with a body of at most `most` bytes behind the prefix. */
static inline void shape_write(shape wanted, dice *from, uint32_t most, buf *file)
{
    const shape_fact *fact = &shape_facts[wanted];
    BUF_OWNED body = buf_make(MODULE_FILE_MAX);
    BUF_OWNED location = buf_make(12);
    append_body(from, fact->prefix_offset + roll(from, most + 1), &body);
    uint32_t start = fact->start + (wanted == SHAPE_APPLICATION_RTL872X ? 8 * roll(from, 99) : 0);
    buf_append_u32le(&location, start);
    buf_append_u32le(&location, start + roll(from, 2) * 30);
    buf_append_u32le(&location, roll(from, 1000));
    uint8_t product[] = {0xff, 0xff, (uint8_t)roll(from, 256), 1, (uint8_t)roll(from, 256), 0};
    const module_extension realtek[] = {
        {.type = EXTENSION_DYNAMIC_LOCATION, .data = buf_span(&location)},
        {.type = EXTENSION_PRODUCT_DATA, .data = {product, sizeof product}},
    };
    module_recipe recipe = {
        .prefix_offset = fact->prefix_offset,
        .start = start,
        .mcu_target = fact->mcu_target,
        .flags = fact->flags,
        .version = (uint16_t)(1 + roll(from, 7000)),
        .platform_id = fact->platform_id,
        .slot = fact->slot,
        .dependencies = {{{(uint8_t)roll(from, 10), (uint8_t)roll(from, 3)}, 5501}},
        .body = buf_span(&body),
        .extensions = realtek,
        .extension_count = fact->realtek ? 2 : 0,
        .has_product = fact->product,
        .product_id = (uint16_t)(1 + roll(from, 65534)),
        .product_version = (uint16_t)roll(from, 65536),
    };
    write_module(&recipe, file);
    if (!fact->product && !fact->realtek && roll(from, 2))
        hash_body_alone(file);
}

/** A random plain file name of up to 40 bytes; `number` makes it different from others. */
static inline void random_name(dice *from, unsigned number, char target[ASSET_NAME_SIZE])
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789 -_.,";
    char tail[32] = "";
    for (uint32_t i = roll(from, sizeof tail - 1); i > 0; i--)
        tail[i - 1] = letters[roll(from, sizeof letters - 1)];
    text_format(target, ASSET_NAME_SIZE, "a%u%s", number, tail);
}

/** The very same header, but for what differs by form: flags, start, end. */
static inline void assert_same_module(const module *one, const module *other)
{
    assert_true(slot_equal(one->slot, other->slot));
    assert_int_equal(one->version, other->version);
    assert_int_equal(one->platform_id, other->platform_id);
    assert_int_equal(one->mcu_target, other->mcu_target);
    assert_memory_equal(one->dependencies, other->dependencies, sizeof one->dependencies);
    assert_int_equal(one->has_product, other->has_product);
    assert_int_equal(one->product_id, other->product_id);
    assert_int_equal(one->product_version, other->product_version);
}

static inline void assert_same_bytes(span one, span other)
{
    assert_int_equal(one.size, other.size);
    if (one.size)
        assert_memory_equal(one.data, other.data, one.size);
}

/** Digests of a known form, length that closes: what every writer promises. */
static inline module assert_sealed(span file)
{
    uint8_t digest[SHA256_SIZE];
    module_parts parts;
    module parsed = parse_sound(file);
    assert_int_equal(parsed.image.size, file.size);
    MUST(module_take_apart(&parsed, "sample", &parts, NULL));
    sha256(parts.hashes_body ? parts.body : span_slice(file, 0, file.size - 38), digest);
    assert_memory_equal(parsed.sha256, digest, SHA256_SIZE);
    return parsed;
}
