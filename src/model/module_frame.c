/*
 * Prefix and seal, for all who write modules.
 *
 * The seal's SHA-256 covers all before itself in ordinary builds (Device OS build/module.mk), the
 * body alone in packaged radio stacks and co-processor firmware (build/create_module.py). The
 * CRC-32 covers all before it, and is the one big-endian number in a module. Invariant: digests
 * cover the module from its start, not what the buffer held before it.
 */
#include "model/module_frame.h"

static void append_dependency(module_dependency need, buf *file)
{
    buf_append_u8(file, need.slot.function);
    buf_append_u8(file, need.slot.index);
    buf_append_u16le(file, need.version);
}

void frame_append_prefix(const module_recipe *recipe, size_t image_size, buf *file)
{
    buf_append_u32le(file, recipe->start);
    buf_append_u32le(file, recipe->start + (uint32_t)image_size - MODULE_CRC_SIZE);
    buf_append_u8(file, recipe->mcu_target);
    buf_append_u8(file, recipe->flags);
    buf_append_u16le(file, recipe->version);
    buf_append_u16le(file, recipe->platform_id);
    buf_append_u8(file, recipe->slot.function);
    buf_append_u8(file, recipe->slot.index);
    append_dependency(recipe->dependencies[0], file);
    append_dependency(recipe->dependencies[1], file);
}

void frame_append_seal(size_t start, size_t region_size, const span *hashed, buf *file)
{
    uint8_t digest[SHA256_SIZE];
    buf_append_u16le(file, 0); /* reserved */
    sha256(hashed ? *hashed : span_slice(buf_span(file), start, file->size), digest);
    buf_append(file, (span){digest, sizeof digest});
    buf_append_u16le(file, (uint16_t)(MODULE_SUFFIX_SIZE + region_size));
    buf_append_u32be(file, crc32_of(span_slice(buf_span(file), start, file->size)));
}
