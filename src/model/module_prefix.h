#pragma once
/** Reading the 24-byte prefix, and finding where in a file it stands. Used by the parser only. */
#include "model/module.h"

typedef enum prefix_fit {
    PREFIX_NONE,      /**< no known place holds a header */
    PREFIX_CLOSES,    /**< its extent fits the file and the CRC-32 is right */
    PREFIX_WRONG_CRC, /**< its extent fits, but the CRC-32 is wrong */
    PREFIX_CUT_SHORT  /**< its extent is larger than the file */
} prefix_fit;

/** Fills the header members of `header` from the prefix at `offset`. False when it cannot be. */
bool prefix_read(span file, uint32_t offset, module *header);

/** Bytes from the image's start to behind its CRC-32; 0 when the addresses make no sense. */
uint64_t prefix_extent(const module *header);

/** Finds the prefix and fills header, image and CRC-32 of `found`; on PREFIX_NONE only the file. */
prefix_fit prefix_find(span file, module *found);
