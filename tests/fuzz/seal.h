#pragma once
/** Seals arbitrary bytes as a module, so that fuzzing gets past the CRC-32. */
#include "model/module.h"

/** Appends `bytes` to `file` with an end address and a CRC-32 that fit the header found in them. */
static inline void seal_as_module(span bytes, buf *file)
{
    static const uint32_t offsets[] = {0, 0x200, 0x184, 0x20, 0x10c, 0xc0};
    uint32_t prefix = 0;
    module header;
    buf_append(file, bytes);
    if (bytes.size < MODULE_PREFIX_SIZE + MODULE_CRC_SIZE)
        return;
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        if (module_peek(bytes, offsets[i], &header) &&
            offsets[i] + MODULE_PREFIX_SIZE + MODULE_CRC_SIZE <= bytes.size) {
            prefix = offsets[i];
            break;
        }
    }
    uint32_t start = (uint32_t)file->data[prefix] | (uint32_t)file->data[prefix + 1] << 8 |
                     (uint32_t)file->data[prefix + 2] << 16 |
                     (uint32_t)(file->data[prefix + 3] & 0x7f) << 24;
    buf_patch_u32le(file, prefix, start);
    buf_patch_u32le(file, prefix + 4, start + (uint32_t)bytes.size - MODULE_CRC_SIZE);
    uint32_t crc = crc32_of(span_slice(buf_span(file), 0, bytes.size - MODULE_CRC_SIZE));
    for (size_t i = 0; i < MODULE_CRC_SIZE; i++)
        file->data[bytes.size - 1 - i] = (uint8_t)(crc >> (8 * i));
}
