#pragma once
/** A read-only view of bytes. It owns nothing: whoever made the bytes keeps them alive. */
#include <stddef.h>
#include <stdint.h>

typedef struct span {
    const uint8_t *data;
    size_t size;
} span;

/** The part [offset, offset + size), clamped to what is there. */
static inline span span_slice(span whole, size_t offset, size_t size)
{
    size_t start = offset < whole.size ? offset : whole.size;
    size_t rest = whole.size - start;
    return (span){whole.data ? whole.data + start : NULL, size < rest ? size : rest};
}
