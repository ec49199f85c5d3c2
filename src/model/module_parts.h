#pragma once
/**
 * A module taken apart, so that one thing in it can be changed and it be put together anew with
 * end address, SHA-256, suffix size and CRC-32 that fit.
 */
#include "model/module.h"

typedef struct module_parts {
    span lead; /**< file bytes before the prefix: vector table or Realtek header */
    /** As in the file; start, end and flags are written anew from the members below. */
    uint8_t prefix[MODULE_PREFIX_SIZE];
    uint32_t start;
    uint8_t flags;
    span prefix_extensions; /**< raw, with their END; empty without MODULE_PREFIX_EXTENSIONS */
    span body;
    span suffix_extensions; /**< raw, up to and with END where there is one */
    span suffix_tail;       /**< what follows END, or a region too short for extensions: product */
    bool hashes_body;       /**< its SHA-256 covers the body alone, and will again */
} module_parts;

/**
 * Spans point into the file of `parsed`.
 * @return OSB_ERR_REFUSED when its suffix is of no known form and so cannot be kept
 */
osb_status module_take_apart(const module *parsed, const char *name, module_parts *parts,
                             osb_error *error) OSB_MUST_CHECK;

/**
 * Appends the module to `file`, which must not hold what the parts point to. Parts that were not
 * changed give the very bytes of a module whose SHA-256 is of one of the two known forms and whose
 * reserved bytes are 0, as they are in all modules seen.
 */
osb_status module_assemble(const module_parts *parts, buf *file, osb_error *error) OSB_MUST_CHECK;

/**
 * Makes the suffix's extensions anew into `list`: `added` first, then those of `parsed` but for the
 * type `replaced`, then END where raw bytes follow or there was one. Readers look for extensions
 * only in more than 8 bytes: END is padded where that is needed.
 */
osb_status module_replace_in_suffix(const module *parsed, const module_parts *parts,
                                    uint16_t replaced, span added, buf *list,
                                    osb_error *error) OSB_MUST_CHECK;
