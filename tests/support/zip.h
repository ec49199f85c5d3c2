#pragma once
/** Writes .zip archives for tests, also such as no honest program writes. */
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/deflate.h"
#include "base/digest.h"

/** One entry. Zeroes make an ordinary, deflated file. */
typedef struct zip_entry {
    const char *name;
    span content;
    bool stored;
    bool streamed;          /**< sizes stand behind the data, as tools write that cannot seek */
    uint16_t flags;         /**< 1: encrypted; 0x800: the name is UTF-8 */
    uint16_t method;        /**< told instead of the true one; 0: the true one */
    uint16_t unix_mode;     /**< 0: a regular file */
    uint32_t told_size;     /**< told instead of the true size; 0: the true one */
    uint32_t told_crc_flip; /**< bits of the CRC-32 that are told wrong */
} zip_entry;

typedef struct zip {
    buf bytes;
    buf directory;
    uint16_t count;
} zip;

static inline void zip_begin(zip *made, size_t maximum)
{
    *made = (zip){.bytes = buf_make(maximum), .directory = buf_make(maximum)};
}

static inline void zip_free(zip *made)
{
    buf_free(&made->bytes);
    buf_free(&made->directory);
}
#define ZIP_OWNED __attribute__((cleanup(zip_free))) zip

enum {
    ZIP_STREAMED = 8 /**< flag: local header without sizes, a descriptor behind the data */
};

/** CRC-32 and both sizes, or zeros. */
static inline void zip_put_sizes(buf *target, const zip_entry *entry, size_t packed_size, bool told)
{
    uint32_t size = entry->told_size ? entry->told_size : (uint32_t)entry->content.size;
    buf_append_u32le(target, told ? crc32_of(entry->content) ^ entry->told_crc_flip : 0);
    buf_append_u32le(target, told ? (uint32_t)packed_size : 0);
    buf_append_u32le(target, told ? size : 0);
}

/** The fields that a local header and the central directory have in common. */
static inline void zip_put_common(buf *target, const zip_entry *entry, size_t packed_size,
                                  bool sized)
{
    uint16_t method = entry->method ? entry->method : entry->stored ? 0 : 8;
    buf_append_u16le(target, 20);
    buf_append_u16le(target, entry->flags | (entry->streamed ? ZIP_STREAMED : 0));
    buf_append_u16le(target, method);
    buf_append_u32le(target, 0x5a210000); /* 2025-01-01 00:00 */
    zip_put_sizes(target, entry, packed_size, sized);
    buf_append_u16le(target, (uint16_t)strlen(entry->name));
    buf_append_u16le(target, 0);
}

static inline void zip_put_local(buf *target, const zip_entry *entry, span packed)
{
    buf_append_u32le(target, 0x04034b50);
    zip_put_common(target, entry, packed.size, !entry->streamed);
    buf_append_text(target, entry->name);
    buf_append(target, packed);
    if (!entry->streamed)
        return;
    buf_append_u32le(target, 0x08074b50);
    zip_put_sizes(target, entry, packed.size, true);
}

static inline void zip_put_central(buf *target, const zip_entry *entry, size_t packed_size,
                                   uint32_t offset)
{
    buf_append_u32le(target, 0x02014b50);
    buf_append_u16le(target, 3 << 8 | 20); /* made on Unix */
    zip_put_common(target, entry, packed_size, true);
    buf_append_fill(target, 0, 6);
    buf_append_u32le(target, (uint32_t)(entry->unix_mode ? entry->unix_mode : 0100644) << 16);
    buf_append_u32le(target, offset);
    buf_append_text(target, entry->name);
}

static inline void zip_add(zip *made, const zip_entry *entry)
{
    uint32_t offset = (uint32_t)made->bytes.size;
    BUF_OWNED packed = buf_make(made->bytes.maximum);
    if (entry->stored)
        buf_append(&packed, entry->content);
    else
        packed.overflow |= deflate_pack(entry->content, 15, &packed, NULL) != OSB_OK;
    zip_put_local(&made->bytes, entry, buf_span(&packed));
    zip_put_central(&made->directory, entry, packed.size, offset);
    made->count++;
}

static inline void zip_add_file(zip *made, const char *name, span content)
{
    zip_add(made, &(zip_entry){.name = name, .content = content});
}

/** Closes the archive; the bytes stay the zip's. */
static inline span zip_end(zip *made)
{
    uint32_t offset = (uint32_t)made->bytes.size;
    buf_append(&made->bytes, buf_span(&made->directory));
    buf_append_u32le(&made->bytes, 0x06054b50);
    buf_append_u32le(&made->bytes, 0);
    buf_append_u16le(&made->bytes, made->count);
    buf_append_u16le(&made->bytes, made->count);
    buf_append_u32le(&made->bytes, (uint32_t)made->directory.size);
    buf_append_u32le(&made->bytes, offset);
    buf_append_u16le(&made->bytes, 0);
    return buf_span(&made->bytes);
}
