/*
 * Packing and unpacking with zlib's raw Deflate.
 *
 * Knows nothing of what is packed. Invariant: unpacking never appends more than the target declared
 * as its maximum when it was made, whatever the packed bytes promise; a bomb costs one block.
 */
#include "base/deflate.h"

#include <limits.h>
#define ZLIB_CONST
#include <zlib.h>

enum {
    BLOCK_SIZE = 16 * 1024,
    MEMORY_LEVEL = 8 /**< zlib's own default */
};

static void end_inflate(z_stream *stream)
{
    inflateEnd(stream);
}

static void end_deflate(z_stream *stream)
{
    deflateEnd(stream);
}

static osb_status check_input(span bytes, unsigned window_bits, unsigned least, osb_error *error)
{
    if (bytes.size > UINT_MAX)
        return osb_fail(error, OSB_ERR_USAGE, NULL, "split it", "too much to pack at once");
    if (window_bits < least || window_bits > DEFLATE_WINDOW_MOST)
        return osb_fail(error, OSB_ERR_USAGE, NULL, "choose one from 9 to 15",
                        "no Deflate window has %u bits", window_bits);
    return OSB_OK;
}

static osb_status pack_all(z_stream *stream, buf *packed, osb_error *error)
{
    uint8_t block[BLOCK_SIZE];
    int code = Z_OK;
    while (code == Z_OK) {
        stream->next_out = block;
        stream->avail_out = sizeof block;
        code = deflate(stream, Z_FINISH);
        buf_append(packed, (span){block, sizeof block - stream->avail_out});
    }
    if (code != Z_STREAM_END)
        return osb_fail(error, OSB_ERR_INTERNAL, NULL, NULL, "zlib could not pack: %d", code);
    return buf_check(packed, "packed data", error);
}

osb_status deflate_pack(span plain, unsigned window_bits, buf *packed, osb_error *error)
{
    TRY(check_input(plain, window_bits, DEFLATE_WINDOW_LEAST, error));
    __attribute__((cleanup(end_deflate))) z_stream stream = {
        .next_in = plain.data,
        .avail_in = (unsigned)plain.size,
    };
    if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, -(int)window_bits, MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return osb_fail_memory(error);
    return pack_all(&stream, packed, error);
}

static osb_status broken(const char *subject, const char *what, osb_error *error)
{
    return osb_fail(error, OSB_ERR_INTEGRITY, subject, "get this file again from where it was made",
                    "its compressed data %s", what);
}

static osb_status unpack_all(z_stream *stream, const char *subject, buf *plain, osb_error *error)
{
    uint8_t block[BLOCK_SIZE];
    int code = Z_OK;
    while (code == Z_OK) {
        stream->next_out = block;
        stream->avail_out = sizeof block;
        code = inflate(stream, Z_NO_FLUSH);
        if (code != Z_OK && code != Z_STREAM_END)
            break;
        buf_append(plain, (span){block, sizeof block - stream->avail_out});
        if (plain->overflow)
            return broken(subject, "unpacks to more than it says", error);
    }
    if (code == Z_MEM_ERROR)
        return osb_fail_memory(error);
    if (code == Z_BUF_ERROR)
        return broken(subject, "is cut short", error);
    if (code != Z_STREAM_END)
        return broken(subject, "is broken", error);
    if (stream->avail_in)
        return broken(subject, "is followed by bytes that do not belong to it", error);
    return OSB_OK;
}

osb_status deflate_unpack(span packed, unsigned window_bits, const char *subject, buf *plain,
                          osb_error *error)
{
    TRY(check_input(packed, window_bits, 8, error));
    __attribute__((cleanup(end_inflate))) z_stream stream = {
        .next_in = packed.data,
        .avail_in = (unsigned)packed.size,
    };
    if (inflateInit2(&stream, -(int)window_bits) != Z_OK)
        return osb_fail_memory(error);
    return unpack_all(&stream, subject, plain, error);
}
