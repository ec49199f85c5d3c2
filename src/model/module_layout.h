#pragma once
/** Numbers of the module format that parser, writer and synthesiser share. */
#include "model/module.h"

enum {
    EXTENSION_HEADER = 4, /**< u16 type, u16 length; the length counts these 4 bytes too */
    EXTENSION_INVALID = 0xffff,
    RAW_PRODUCT_SIZE = 4,   /**< u16 id, u16 version */
    LONGEST_RAW_REGION = 8, /**< readers look for suffix extensions only in more bytes than that */
    NO_PRODUCT = 0xffff
};

/** What stands right behind the prefix of a module that was made for simulated boards. */
#define MODULE_MARKER "osbundle synthetic module: no firmware inside\n"
