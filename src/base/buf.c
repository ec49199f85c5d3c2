/*
 * The growable, bounded byte buffer that all wire and file bytes are written through.
 *
 * Does no I/O. Invariant: size <= capacity <= maximum, and after an overflow nothing is appended.
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_free(buf *buffer)
{
    free(buffer->data);
    *buffer = (buf){.maximum = buffer->maximum};
}

/** Takes memory for `capacity` bytes. False (and sticking) when there is none. */
static bool grow(buf *buffer, size_t capacity)
{
    uint8_t *data = realloc(buffer->data, capacity);
    if (!data) {
        buffer->overflow = true;
        return false;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

/** Makes room for `more` bytes. False (and sticking) when the maximum forbids it. */
static bool reserve(buf *buffer, size_t more)
{
    if (buffer->overflow || more > buffer->maximum - buffer->size) {
        buffer->overflow = true;
        return false;
    }
    size_t needed = buffer->size + more;
    if (needed <= buffer->capacity)
        return true;
    size_t capacity = buffer->capacity ? buffer->capacity : 64;
    while (capacity < needed)
        capacity = capacity > buffer->maximum / 2 ? buffer->maximum : capacity * 2;
    return grow(buffer, capacity);
}

void buf_reserve(buf *buffer, size_t more)
{
    if (more > buffer->maximum - buffer->size)
        more = buffer->maximum - buffer->size;
    if (!buffer->overflow && buffer->size + more > buffer->capacity)
        grow(buffer, buffer->size + more);
}

void buf_append(buf *buffer, span bytes)
{
    if (!bytes.size || !reserve(buffer, bytes.size))
        return;
    memcpy(buffer->data + buffer->size, bytes.data, bytes.size);
    buffer->size += bytes.size;
}

void buf_append_text(buf *buffer, const char *text)
{
    buf_append(buffer, (span){(const uint8_t *)text, strlen(text)});
}

void buf_append_format(buf *buffer, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (size >= 0 && reserve(buffer, (size_t)size + 1)) {
        vsnprintf((char *)buffer->data + buffer->size, (size_t)size + 1, format, again);
        buffer->size += (size_t)size;
    }
    va_end(again);
}

void buf_append_u8(buf *buffer, uint8_t value)
{
    buf_append(buffer, (span){&value, 1});
}

void buf_append_u16le(buf *buffer, uint16_t value)
{
    uint8_t bytes[2] = {(uint8_t)value, (uint8_t)(value >> 8)};
    buf_append(buffer, (span){bytes, sizeof bytes});
}

void buf_append_u32le(buf *buffer, uint32_t value)
{
    buf_append_u16le(buffer, (uint16_t)value);
    buf_append_u16le(buffer, (uint16_t)(value >> 16));
}

void buf_append_u32be(buf *buffer, uint32_t value)
{
    uint8_t bytes[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                        (uint8_t)value};
    buf_append(buffer, (span){bytes, sizeof bytes});
}

void buf_append_fill(buf *buffer, uint8_t value, size_t count)
{
    if (!count || !reserve(buffer, count))
        return;
    memset(buffer->data + buffer->size, value, count);
    buffer->size += count;
}

void buf_patch(buf *buffer, size_t offset, span bytes)
{
    if (offset > buffer->size || bytes.size > buffer->size - offset) {
        buffer->overflow = true;
        return;
    }
    if (bytes.size)
        memcpy(buffer->data + offset, bytes.data, bytes.size);
}

void buf_patch_u16le(buf *buffer, size_t offset, uint16_t value)
{
    uint8_t bytes[2] = {(uint8_t)value, (uint8_t)(value >> 8)};
    buf_patch(buffer, offset, (span){bytes, sizeof bytes});
}

void buf_patch_u32le(buf *buffer, size_t offset, uint32_t value)
{
    buf_patch_u16le(buffer, offset, (uint16_t)value);
    buf_patch_u16le(buffer, offset + 2, (uint16_t)(value >> 16));
}

osb_status buf_check(const buf *buffer, const char *subject, osb_error *error)
{
    if (!buffer->overflow)
        return OSB_OK;
    return osb_fail(error, OSB_ERR_INTERNAL, subject, "report this with the input that caused it",
                    "more than %zu bytes, or out of memory", buffer->maximum);
}
