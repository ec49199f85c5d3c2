/*
 * Reads and writes compressed modules.
 *
 * Never believes a size: unpacking is bounded by what the header states and that by what any board
 * holds. Invariant: what expand gives is a whole module, of the same slot, version, platform and
 * address as the outside says, and is not compressed itself.
 */
#include "model/module_compressed.h"

#include "base/cursor.h"
#include "base/deflate.h"
#include "model/module_parts.h"

enum {
    HEADER_SIZE = 8,
    METHOD_DEFLATE = 0,
    WINDOW_LEAST = 8 /**< the least that a header may name; zlib reads it, but cannot write it */
};

static osb_status broken(const char *name, const char *what, osb_error *error)
{
    return osb_fail(error, OSB_ERR_INTEGRITY, name, "get this file again from where it was made",
                    "its compression header %s", what);
}

static osb_status check_compression(const module_compression *read, const char *name,
                                    osb_error *error)
{
    if (read->header_size < HEADER_SIZE)
        return broken(name, "is too short", error);
    if (read->method != METHOD_DEFLATE)
        return broken(name, "names a method that no board knows", error);
    if (read->window_bits &&
        (read->window_bits < WINDOW_LEAST || read->window_bits > DEFLATE_WINDOW_MOST))
        return broken(name, "names a window that Deflate does not have", error);
    if (read->original_size > MODULE_FILE_MAX)
        return broken(name, "states an original that is larger than any board", error);
    return OSB_OK;
}

static osb_status read_header(span body, const char *name, module_compression *read,
                              osb_error *error)
{
    cursor reader = cursor_make(body);
    read->header_size = cursor_u16le(&reader);
    read->method = cursor_u8(&reader);
    read->window_bits = cursor_u8(&reader);
    read->original_size = cursor_u32le(&reader);
    cursor_seek(&reader, read->header_size);
    if (reader.failed)
        return broken(name, "is longer than the module", error);
    read->data = cursor_take(&reader, cursor_rest(&reader));
    return check_compression(read, name, error);
}

osb_status module_read_compression(const module *packed, const char *name, module_compression *read,
                                   osb_error *error)
{
    module_parts parts;
    *read = (module_compression){0};
    if (!(packed->flags & MODULE_COMPRESSED))
        return osb_fail(error, OSB_ERR_USAGE, name, "use it as it is", "is not compressed");
    if (packed->prefix_offset)
        return osb_fail(error, OSB_ERR_INTEGRITY, name,
                        "get this file again from where it was made",
                        "is compressed, but does not begin with its header");
    TRY(module_take_apart(packed, name, &parts, error));
    return read_header(parts.body, name, read, error);
}

static osb_status unpack(const module *packed, const char *name, buf *plain, osb_error *error)
{
    module_compression read;
    TRY(module_read_compression(packed, name, &read, error));
    *plain = buf_make(read.original_size);
    TRY(deflate_unpack(read.data, read.window_bits ? read.window_bits : DEFLATE_WINDOW_MOST, name,
                       plain, error));
    if (plain->size == read.original_size)
        return OSB_OK;
    return osb_fail(error, OSB_ERR_INTEGRITY, name, "get this file again from where it was made",
                    "it unpacks to %zu bytes, but states %u", plain->size, read.original_size);
}

/** Puts prefix and suffix of a dropped-header module around its unpacked body. */
static osb_status restore(const module *packed, const char *name, span body, buf *original,
                          osb_error *error)
{
    module_parts parts;
    TRY(module_take_apart(packed, name, &parts, error));
    parts.body = body;
    parts.flags &= (uint8_t) ~(MODULE_COMPRESSED | MODULE_COMBINED);
    return module_assemble(&parts, original, error);
}

static bool is_same_module(const module *packed, const module *inner)
{
    return slot_equal(packed->slot, inner->slot) && packed->version == inner->version &&
           packed->platform_id == inner->platform_id && packed->start == inner->start &&
           packed->mcu_target == inner->mcu_target;
}

static osb_status check_inner(const module *packed, const char *name, const module *inner,
                              osb_error *error)
{
    const char *hint = "do not use this file: its outside and its inside disagree";
    const unsigned around = MODULE_COMPRESSED | MODULE_COMBINED;
    if (inner->flags & around)
        return osb_fail(error, OSB_ERR_INTEGRITY, name, hint,
                        "the module inside is compressed or combined once more");
    if (!is_same_module(packed, inner) || (packed->flags & ~around) != inner->flags)
        return osb_fail(error, OSB_ERR_INTEGRITY, name, hint,
                        "the module inside is another one than its header says");
    if (inner->image.size != inner->file.size)
        return osb_fail(error, OSB_ERR_INTEGRITY, name, hint,
                        "bytes stand behind the module inside");
    return OSB_OK;
}

osb_status module_expand(const module *packed, const char *name, buf *original, module *inner,
                         osb_error *error)
{
    BUF_OWNED plain = buf_make(0);
    size_t start = original->size;
    *inner = (module){0};
    TRY(unpack(packed, name, &plain, error));
    if (packed->flags & MODULE_DROP_INFO) {
        TRY(restore(packed, name, buf_span(&plain), original, error));
    } else {
        buf_append(original, buf_span(&plain));
        TRY(buf_check(original, name, error));
    }
    span whole = span_slice(buf_span(original), start, original->size);
    if (module_parse(whole, name, inner, error) != OSB_OK)
        return osb_fail(error, OSB_ERR_INTEGRITY, name,
                        "get this file again from where it was made",
                        "what it unpacks to is no sound module");
    return check_inner(packed, name, inner, error);
}

static osb_status check_plain(const module *plain, const char *name, osb_error *error)
{
    const char *hint = "send it as it is";
    uint8_t function = plain->slot.function;
    if (function != MODULE_SYSTEM_PART && function != MODULE_USER_PART && function != MODULE_ASSET)
        return osb_fail(error, OSB_ERR_REFUSED, name, hint,
                        "boards take only system parts, user parts and assets compressed");
    if (plain->flags & (MODULE_COMPRESSED | MODULE_COMBINED | MODULE_ENCRYPTED))
        return osb_fail(error, OSB_ERR_REFUSED, name, hint,
                        "a compressed, combined or encrypted module cannot be compressed");
    if (plain->flags & MODULE_DROP_INFO && plain->prefix_offset)
        return osb_fail(error, OSB_ERR_REFUSED, name, hint,
                        "its header is to be dropped, but does not stand at its beginning");
    return OSB_OK;
}

osb_status module_compress(const module *plain, const char *name, unsigned window_bits, buf *file,
                           osb_error *error)
{
    module_parts parts;
    BUF_OWNED body = buf_make(MODULE_FILE_MAX);
    TRY(check_plain(plain, name, error));
    TRY(module_take_apart(plain, name, &parts, error));
    span original = plain->flags & MODULE_DROP_INFO ? parts.body : plain->image;
    buf_append_u16le(&body, HEADER_SIZE);
    buf_append_u8(&body, METHOD_DEFLATE);
    buf_append_u8(&body, window_bits == DEFLATE_WINDOW_MOST ? 0 : (uint8_t)window_bits);
    buf_append_u32le(&body, (uint32_t)original.size);
    TRY(deflate_pack(original, window_bits, &body, error));
    parts.lead = (span){0};
    parts.body = buf_span(&body);
    parts.flags |= MODULE_COMPRESSED;
    return module_assemble(&parts, file, error);
}
