#pragma once
/**
 * A bounded reader over bytes that nobody vouches for. A read past the end yields zeros and
 * sticks in `failed`, so a parser reads a whole structure and checks once.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

typedef struct cursor {
    span bytes;
    size_t offset;
    bool failed; /**< a read went past the end */
} cursor;

static inline cursor cursor_make(span bytes)
{
    return (cursor){.bytes = bytes};
}

/** The next `size` bytes; an empty span when there are fewer. */
span cursor_take(cursor *reader, size_t size);
uint8_t cursor_u8(cursor *reader);
uint16_t cursor_u16le(cursor *reader);
uint32_t cursor_u32le(cursor *reader);
uint32_t cursor_u32be(cursor *reader);
/** Moves to an absolute offset, which may be the very end. */
void cursor_seek(cursor *reader, size_t offset);
/** Bytes not yet read; 0 after a failure. */
size_t cursor_rest(const cursor *reader);
