#pragma once
/**
 * A growable byte buffer that declares its maximum when it is made, so that no input can grow
 * memory without bound. The first failed append sticks: check once, at the end, with buf_check.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"

typedef struct buf {
    uint8_t *data;
    size_t size;
    size_t capacity;
    size_t maximum;
    bool overflow; /**< an append did not fit or memory ran out */
} buf;

/** An empty buffer for at most `maximum` bytes. Nothing is allocated yet. */
static inline buf buf_make(size_t maximum)
{
    return (buf){.maximum = maximum};
}

void buf_free(buf *buffer);
#define BUF_OWNED __attribute__((cleanup(buf_free))) buf

/** Takes memory for `more` bytes at once, where so many are known to come. */
void buf_reserve(buf *buffer, size_t more);
void buf_append(buf *buffer, span bytes);
void buf_append_text(buf *buffer, const char *text);
void buf_append_format(buf *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_append_u8(buf *buffer, uint8_t value);
void buf_append_u16le(buf *buffer, uint16_t value);
void buf_append_u32le(buf *buffer, uint32_t value);
void buf_append_u32be(buf *buffer, uint32_t value);
/** Appends `count` bytes of `value`. */
void buf_append_fill(buf *buffer, uint8_t value, size_t count);

/** Overwrites bytes that are already there; sticks as overflow where they are not. */
void buf_patch(buf *buffer, size_t offset, span bytes);
void buf_patch_u16le(buf *buffer, size_t offset, uint16_t value);
void buf_patch_u32le(buf *buffer, size_t offset, uint32_t value);

static inline span buf_span(const buf *buffer)
{
    return (span){buffer->data, buffer->size};
}

/** OSB_ERR_INTERNAL naming `subject` when any append failed. */
osb_status buf_check(const buf *buffer, const char *subject, osb_error *error) OSB_MUST_CHECK;
