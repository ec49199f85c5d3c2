/*
 * The bounded reader that all wire and file bytes are read through.
 *
 * Does not interpret. Invariant: offset <= bytes.size, whatever is asked of it.
 */
#include "base/cursor.h"

span cursor_take(cursor *reader, size_t size)
{
    if (reader->failed || size > reader->bytes.size - reader->offset) {
        reader->failed = true;
        return (span){0};
    }
    span taken = {reader->bytes.data + reader->offset, size};
    reader->offset += size;
    return taken;
}

uint8_t cursor_u8(cursor *reader)
{
    span taken = cursor_take(reader, 1);
    return taken.size ? taken.data[0] : 0;
}

uint16_t cursor_u16le(cursor *reader)
{
    span taken = cursor_take(reader, 2);
    if (!taken.size)
        return 0;
    return (uint16_t)(taken.data[0] | taken.data[1] << 8);
}

uint32_t cursor_u32le(cursor *reader)
{
    span taken = cursor_take(reader, 4);
    if (!taken.size)
        return 0;
    return (uint32_t)taken.data[0] | (uint32_t)taken.data[1] << 8 | (uint32_t)taken.data[2] << 16 |
           (uint32_t)taken.data[3] << 24;
}

uint32_t cursor_u32be(cursor *reader)
{
    span taken = cursor_take(reader, 4);
    if (!taken.size)
        return 0;
    return (uint32_t)taken.data[0] << 24 | (uint32_t)taken.data[1] << 16 |
           (uint32_t)taken.data[2] << 8 | (uint32_t)taken.data[3];
}

void cursor_seek(cursor *reader, size_t offset)
{
    if (offset > reader->bytes.size)
        reader->failed = true;
    else
        reader->offset = offset;
}

size_t cursor_rest(const cursor *reader)
{
    return reader->failed ? 0 : reader->bytes.size - reader->offset;
}
