#pragma once
/** Modules of genuine shape, made on the spot: no vendor's bytes are needed to test a format. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/arena.h"
#include "base/cursor.h"
#include "model/module.h"
#include "model/platform.h"
#include "model/release.h"

#define BYTES(text) ((span){(const uint8_t *)(text), sizeof(text) - 1})

/** DYNAMIC_LOCATION and PRODUCT_DATA as every RTL872x module ends: product 32, version 4. */
static const module_extension p2_extensions[] = {
    {.type = EXTENSION_DYNAMIC_LOCATION,
     .data = BYTES("\x00\x40\x5f\x08\x88\x40\x5f\x08\xf8\x51\x3f\x02")},
    {.type = EXTENSION_PRODUCT_DATA, .data = BYTES("\xff\xff\x20\x00\x04\x00")},
};

static const uint8_t sample_body[8192] = {0x5a, 0xa5, 0x01};

/** An nRF52840 system part as published: vector table, plain product bytes. */
static inline module_recipe boron_system_recipe(void)
{
    return (module_recipe){
        .prefix_offset = 0x200,
        .start = 0x30000,
        .version = 4006,
        .platform_id = 13,
        .slot = {MODULE_SYSTEM_PART, 1},
        .dependencies = {{{MODULE_BOOTLOADER, 0}, 1101}, {{MODULE_RADIO_STACK, 0}, 202}},
        .body = {sample_body, 2000},
        .has_product = true,
        .product_id = 13,
        .product_version = 3,
    };
}

/** A P2 application as published: extensions in the suffix, no vector table. */
static inline module_recipe p2_app_recipe(void)
{
    return (module_recipe){
        .start = 0x085ff000,
        .version = 6,
        .platform_id = 32,
        .slot = {MODULE_USER_PART, 1},
        .dependencies = {{{MODULE_SYSTEM_PART, 1}, 5301}},
        .body = {sample_body, 4096 - 24 - 62 - 4},
        .extensions = p2_extensions,
        .extension_count = 2,
    };
}

static inline void write_module(const module_recipe *recipe, buf *file)
{
    osb_error error = {0};
    if (module_write(recipe, file, &error) != OSB_OK)
        fail_msg("%s", error.message);
}

/** Puts the right CRC-32 behind bytes that a test has changed. */
static inline void reseal(buf *file)
{
    uint32_t crc = crc32_of(span_slice(buf_span(file), 0, file->size - MODULE_CRC_SIZE));
    for (size_t i = 0; i < MODULE_CRC_SIZE; i++)
        file->data[file->size - 1 - i] = (uint8_t)(crc >> (8 * i));
}

static inline module parse_sound(span file)
{
    module parsed;
    osb_error error = {0};
    if (module_parse(file, "sample.bin", &parsed, &error) != OSB_OK)
        fail_msg("%s", error.message);
    return parsed;
}

static inline osb_status parse_status(span file, osb_error *error)
{
    module parsed;
    *error = (osb_error){0};
    return module_parse(file, "sample.bin", &parsed, error);
}

/** Noise that is the same in every run. */
typedef struct dice {
    uint64_t state;
} dice;

static inline uint32_t roll(dice *from, uint32_t below)
{
    from->state = from->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(from->state >> 33) % below;
}

/** Platforms and catalog, loaded once a test program. */
typedef struct facts {
    arena memory;
    platform_list platforms;
    catalog known;
} facts;

static inline int load_facts(void **state)
{
    static facts loaded;
    osb_error error;
    *state = &loaded;
    return platform_load_all(&loaded.memory, &loaded.platforms, &error) != OSB_OK ||
           catalog_load(&loaded.known, &error) != OSB_OK;
}

static inline int free_facts(void **state)
{
    facts *loaded = *state;
    catalog_free(&loaded->known);
    arena_free(&loaded->memory);
    return 0;
}
