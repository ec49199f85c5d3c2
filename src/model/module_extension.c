/*
 * The payloads of extensions, read and written at one place.
 *
 * Does not know where in a module a list stands (module_parse.c, module_parts.c). Invariant: what
 * an append function wrote, the reader of the same name reads back.
 */
#include "model/module_extension.h"

#include <string.h>

#include "base/cursor.h"
#include "model/module_layout.h"

static span text_span(const char *text)
{
    return (span){(const uint8_t *)text, strlen(text)};
}

static cursor payload_of(const module_extension *extension)
{
    cursor reader = cursor_make(extension ? extension->data : (span){0});
    reader.failed = !extension;
    return reader;
}

bool extension_read_location(const module_extension *extension, dynamic_location *location)
{
    cursor reader = payload_of(extension);
    location->module_start = cursor_u32le(&reader);
    location->dynalib_load = cursor_u32le(&reader);
    location->dynalib_start = cursor_u32le(&reader);
    return !reader.failed;
}

bool extension_read_security(const module_extension *extension, security_mode *security)
{
    cursor reader = payload_of(extension);
    security->mode = cursor_u8(&reader);
    security->certificate = cursor_take(&reader, cursor_rest(&reader));
    return !reader.failed;
}

bool extension_read_product(const module_extension *extension, product_data *product)
{
    cursor reader = payload_of(extension);
    cursor_u16le(&reader); /* filler: the field is wider than its value */
    product->id = cursor_u16le(&reader);
    product->version = cursor_u16le(&reader);
    return !reader.failed;
}

bool extension_read_hash(const module_extension *extension, named_hash *hash)
{
    cursor reader = payload_of(extension);
    hash->type = cursor_u8(&reader);
    hash->hash = cursor_take(&reader, cursor_u8(&reader));
    hash->name = cursor_take(&reader, cursor_rest(&reader));
    return !reader.failed;
}

static void append_header(buf *list, uint16_t type, size_t size)
{
    if (size > UINT16_MAX - EXTENSION_HEADER) {
        list->overflow = true; /* no length field could say so */
        return;
    }
    buf_append_u16le(list, type);
    buf_append_u16le(list, (uint16_t)(EXTENSION_HEADER + size));
}

void extension_append(buf *list, uint16_t type, span data)
{
    append_header(list, type, data.size);
    buf_append(list, data);
}

void extension_append_security(buf *list, const security_mode *security)
{
    append_header(list, EXTENSION_SECURITY_MODE, 1 + security->certificate.size);
    buf_append_u8(list, security->mode);
    buf_append(list, security->certificate);
}

void extension_append_sha256(buf *list, const uint8_t sha256[SHA256_SIZE], const char *name)
{
    span text = name ? text_span(name) : (span){0};
    append_header(list, name ? EXTENSION_ASSET_DEPENDENCY : EXTENSION_HASH,
                  2 + SHA256_SIZE + text.size);
    buf_append_u8(list, HASH_TYPE_SHA256);
    buf_append_u8(list, SHA256_SIZE);
    buf_append(list, (span){sha256, SHA256_SIZE});
    buf_append(list, text);
}

void extension_append_end(buf *list, uint16_t padding)
{
    append_header(list, EXTENSION_END, padding);
    buf_append_fill(list, 0, padding);
}

size_t extension_size(const module_extension *extension)
{
    return EXTENSION_HEADER + extension->data.size;
}
