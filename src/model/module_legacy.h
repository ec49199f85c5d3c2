#pragma once
/**
 * The second header of newer nRF52840 system parts. From Device OS 6.2.0 they begin at 0x28000, and
 * contain another vector table at 0x30000 with a header behind it, an end of its own and a CRC-32
 * of its own, so that bootloaders that only know the former start still accept what is installed
 * (Device OS dynalib/inc/module_info.inc, modules/shared/nRF52840/linker_system_part1_common.ld).
 */
#include "model/module.h"

enum {
    LEGACY_OFFSET = 0x8000,       /**< of the inner image behind the start of the outer one */
    LEGACY_PREFIX_OFFSET = 0x8200 /**< of the second header in the file */
};

/**
 * Finds the second header. False: the module has none, or one that does not name the same module.
 * @param legacy header, image and both CRC-32 values of the inner image, which is a part of the
 *        outer one; it has no suffix. Whether the CRC-32 closes is for the caller to see.
 */
bool module_find_legacy(const module *parsed, module *legacy);

/**
 * Puts a second header with its CRC-32 into the body of a recipe that is about to be written.
 * @param body what recipe->body will point to: `prefix_offset` bytes, then what follows the prefix
 * @param size of the inner image with its CRC-32
 * @return OSB_ERR_USAGE when the body does not reach that far
 */
osb_status module_put_legacy(const module_recipe *recipe, uint32_t size, buf *body,
                             osb_error *error) OSB_MUST_CHECK;
