#pragma once
/**
 * A Device OS module: the unit that a release is made of and a board's slots hold.
 *
 * Format facts: 24-byte prefix at a platform-dependent offset, body, suffix read backwards from
 * the module's own end, CRC-32 big-endian behind it (Device OS dynalib/inc/module_info.h;
 * binary-version-reader lib/HalModuleParser.js). All integers little-endian but the CRC.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/span.h"

enum module_function {
    MODULE_NONE = 0,
    MODULE_RESOURCE = 1,
    MODULE_BOOTLOADER = 2,
    MODULE_MONO_FIRMWARE = 3,
    MODULE_SYSTEM_PART = 4,
    MODULE_USER_PART = 5,
    MODULE_SETTINGS = 6,
    MODULE_NCP_FIRMWARE = 7,
    MODULE_RADIO_STACK = 8,
    MODULE_ASSET = 9
};

enum module_flag {
    MODULE_DROP_INFO = 0x01, /**< prefix is left out when written to flash */
    MODULE_COMPRESSED = 0x02,
    MODULE_COMBINED = 0x04, /**< another module follows in the same file */
    MODULE_ENCRYPTED = 0x08,
    MODULE_PREFIX_EXTENSIONS = 0x10
};

enum module_extension_type {
    EXTENSION_END = 0x0000,
    EXTENSION_PRODUCT_DATA = 0x0001,
    EXTENSION_DYNAMIC_LOCATION = 0x0002,
    EXTENSION_DEPENDENCY = 0x0003,
    EXTENSION_HASH = 0x0010,
    EXTENSION_NAME = 0x0011,
    EXTENSION_ASSET_DEPENDENCY = 0x0012,
    EXTENSION_SECURITY_MODE = 0x0013,
    EXTENSION_ASSET_TYPE = 0x0014
};

enum {
    MODULE_PREFIX_SIZE = 24,
    MODULE_SUFFIX_SIZE = 36, /**< the part every suffix has: reserved, SHA-256, size */
    MODULE_CRC_SIZE = 4,
    MODULE_EXTENSIONS_MAX = 512, /**< boards have fewer places for assets, one extension each */
    MODULE_FILE_MAX = 16 * 1024 * 1024, /**< larger than any board's flash */
    MODULE_SLOT_TEXT = 24               /**< "system_part/255" with NUL */
};

/** What distinguishes modules on one board. Unknown functions are legal and shown as numbers. */
typedef struct module_slot {
    uint8_t function; /**< enum module_function, or any other number */
    uint8_t index;
} module_slot;

typedef struct module_dependency {
    module_slot slot; /**< function MODULE_NONE: there is no dependency */
    uint16_t version; /**< the least version that will do */
} module_dependency;

typedef struct module_extension {
    bool in_prefix; /**< else in the suffix */
    uint16_t type;
    span data; /**< behind the 4-byte header */
} module_extension;

/** A parsed module. Spans point into the file that was parsed; the caller keeps it alive. */
typedef struct module {
    span file;  /**< everything that was given */
    span image; /**< the module's own extent with its CRC: file bytes [0, end - start + 4) */
    uint32_t prefix_offset;
    uint32_t start; /**< flash address of file byte 0; 0 for NCP images and assets */
    uint32_t end;   /**< exclusive; the CRC stands there */
    uint8_t mcu_target;
    uint8_t flags; /**< enum module_flag */
    uint16_t version;
    uint16_t platform_id;
    module_slot slot;
    module_dependency dependencies[2];
    uint16_t suffix_size; /**< from the first suffix extension up to the CRC */
    bool has_product;     /**< the suffix names a product: its id is neither 0 nor 0xFFFF */
    uint16_t product_id;
    uint16_t product_version;
    uint8_t sha256[SHA256_SIZE]; /**< as stored in the suffix: an identity, not a proof */
    uint32_t crc_stored;
    uint32_t crc_computed;
    size_t extension_count;
    module_extension extensions[MODULE_EXTENSIONS_MAX];
    bool synthetic; /**< made by this project for simulated boards; carries no firmware */
} module;

static inline bool slot_equal(module_slot a, module_slot b)
{
    return a.function == b.function && a.index == b.index;
}

/** "bootloader" ... "asset", or NULL for a number without a name. */
const char *module_function_name(uint8_t function);

/** "system_part/1"; "function129/2" where the function has no name. */
void slot_text(module_slot slot, char target[MODULE_SLOT_TEXT]);
/** The reverse of slot_text. False for anything else. */
bool slot_from_text(const char *text, module_slot *slot);

/**
 * Parses the first module of a file and checks that its CRC-32 and lengths close.
 * @param name the file's name, for the error only
 * @return OSB_ERR_NOT_A_MODULE when no prefix can be found at any known offset;
 *         OSB_ERR_INTEGRITY when there is one, but the file is cut short or its CRC-32 is wrong.
 *         Then `parsed` holds what could be read.
 */
osb_status module_parse(span file, const char *name, module *parsed,
                        osb_error *error) OSB_MUST_CHECK;

/** Whether the header alone can be read: for flash read back from a board, CRC not looked at. */
bool module_peek(span flash, uint32_t prefix_offset, module *header);

/** The bytes that go to flash: the image, without the prefix when MODULE_DROP_INFO is set. */
span module_payload(const module *parsed);

/** The first extension of a type, or NULL. */
const module_extension *module_find_extension(const module *parsed, uint16_t type);

/** What the writer needs. The writer computes end address, SHA-256, suffix size and CRC-32. */
typedef struct module_recipe {
    uint32_t prefix_offset; /**< body bytes that stand before the prefix (vector table) */
    uint32_t start;
    uint8_t mcu_target;
    uint8_t flags;
    uint16_t version;
    uint16_t platform_id;
    module_slot slot;
    module_dependency dependencies[2];
    span body; /**< everything but prefix and suffix: `prefix_offset` bytes, then what follows it */
    /** Of the suffix, in order. Prefix ones (MODULE_PREFIX_EXTENSIONS) are part of `body`. */
    const module_extension *extensions;
    size_t extension_count;
    bool has_product; /**< 4 raw product bytes in the suffix; behind extensions they need END */
    uint16_t product_id;
    uint16_t product_version;
} module_recipe;

/**
 * Appends a whole module to `file`. parse(write(recipe)) gives the recipe back.
 * @return OSB_ERR_USAGE for a recipe that no reader would understand
 */
osb_status module_write(const module_recipe *recipe, buf *file, osb_error *error) OSB_MUST_CHECK;

/**
 * A module without firmware, for simulated boards: true header and numbers, a body that says what
 * it is and is otherwise noise of `recipe` and `image_size`. Real boards are never given one.
 * @param recipe body is ignored; extensions may be empty (RTL872x: DYNAMIC_LOCATION and
 *        PRODUCT_DATA are added when `with_dynamic_location`)
 * @param image_size bytes of the whole file
 */
osb_status module_synthesise(const module_recipe *recipe, uint32_t image_size,
                             bool with_dynamic_location, buf *file,
                             osb_error *error) OSB_MUST_CHECK;

/** The "osbundle-module" object of the JSON contract. `os_version` may be NULL. */
struct json_t *module_to_json(const module *parsed, const char *file_name,
                              const char *platform_name, const char *os_version);
