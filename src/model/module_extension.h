#pragma once
/**
 * What extensions of prefix and suffix hold, as values both ways. Layouts as in Device OS
 * dynalib/inc/module_info.h; ASSET_TYPE as in binary-version-reader lib/moduleEncoding.js.
 *
 * Readers take an extension (NULL: there is none) and answer false for one that is not there or
 * too short for what it should hold. Writers append a whole entry, header included, to a list.
 */
#include "model/module.h"

enum {
    HASH_TYPE_SHA256 = 0,
    SECURITY_MODE_PROTECTED = 1
};

/** Where an RTL872x image runs. It repeats the module's start, so both must move together. */
typedef struct dynamic_location {
    uint32_t module_start;
    uint32_t dynalib_load;  /**< in flash; 0 where the image has no dynamic library */
    uint32_t dynalib_start; /**< in RAM */
} dynamic_location;

typedef struct security_mode {
    uint8_t mode;     /**< SECURITY_MODE_PROTECTED, or a number that only newer boards know */
    span certificate; /**< DER; empty when there is none */
} security_mode;

/** A hash and, in asset dependencies, the name of what it is the hash of. */
typedef struct named_hash {
    uint8_t type; /**< HASH_TYPE_SHA256, or a number that only newer boards know */
    span hash;
    span name; /**< UTF-8 without NUL, nobody has checked it */
} named_hash;

typedef struct product_data {
    uint16_t id;
    uint16_t version;
} product_data;

bool extension_read_location(const module_extension *extension, dynamic_location *location);
bool extension_read_security(const module_extension *extension, security_mode *security);
bool extension_read_product(const module_extension *extension, product_data *product);
/** HASH and ASSET_DEPENDENCY. */
bool extension_read_hash(const module_extension *extension, named_hash *hash);

void extension_append(buf *list, uint16_t type, span data);
void extension_append_security(buf *list, const security_mode *security);
/** HASH when `name` is NULL, else ASSET_DEPENDENCY. */
void extension_append_sha256(buf *list, const uint8_t sha256[SHA256_SIZE], const char *name);
/** END with `padding` zero bytes. */
void extension_append_end(buf *list, uint16_t padding);

/** Bytes that an extension takes in its list. */
size_t extension_size(const module_extension *extension);
