/*
 * Parses one module: prefix, extensions, suffix, CRC-32.
 *
 * Does not judge whether a module fits a board (platform_accepts.c). Invariant: nothing is read
 * outside the extent that the module's own prefix names, so bytes behind it - padding, or the next
 * module of a combined file - never change the answer.
 */
#include "model/module.h"

#include <string.h>

#include "base/cursor.h"
#include "base/text.h"
#include "model/module_foreign.h"
#include "model/module_layout.h"
#include "model/module_prefix.h"

enum {
    SUFFIX_TAIL = MODULE_SUFFIX_SIZE + MODULE_CRC_SIZE /**< bytes behind extensions and product */
};

static osb_status broken_extension(const char *name, const char *where, osb_error *error)
{
    return osb_fail(error, OSB_ERR_INTEGRITY, name, "get this file again from where it was made",
                    "the extension list in its %s is broken", where);
}

/**
 * Reads type-length-value entries up to an END entry or the end of `region`.
 * @param ended whether there was an END entry; then bytes may follow it
 */
static bool read_extensions(span region, bool in_prefix, module *parsed, bool *ended)
{
    cursor reader = cursor_make(region);
    *ended = false;
    while (cursor_rest(&reader) && !*ended) {
        uint16_t type = cursor_u16le(&reader);
        uint16_t length = cursor_u16le(&reader);
        if (reader.failed || type == EXTENSION_INVALID || length < EXTENSION_HEADER ||
            parsed->extension_count == MODULE_EXTENSIONS_MAX)
            return false;
        span data = cursor_take(&reader, length - EXTENSION_HEADER);
        if (reader.failed)
            return false;
        parsed->extensions[parsed->extension_count++] =
            (module_extension){.in_prefix = in_prefix, .type = type, .data = data};
        *ended = type == EXTENSION_END;
    }
    return true;
}

static osb_status read_prefix_extensions(module *parsed, const char *name, osb_error *error)
{
    if (!(parsed->flags & MODULE_PREFIX_EXTENSIONS))
        return OSB_OK;
    size_t start = parsed->prefix_offset + MODULE_PREFIX_SIZE;
    size_t room = parsed->image.size - start;
    span region = span_slice(parsed->image, start, room > SUFFIX_TAIL ? room - SUFFIX_TAIL : 0);
    bool ended;
    if (!read_extensions(region, true, parsed, &ended) || !ended)
        return broken_extension(name, "prefix", error);
    return OSB_OK;
}

static void take_product(span bytes, module *parsed)
{
    cursor reader = cursor_make(bytes);
    parsed->product_id = cursor_u16le(&reader);
    parsed->product_version = cursor_u16le(&reader);
    /* Builds up to 4.x write FFFF for "no product", later ones 0. */
    parsed->has_product = bytes.size == RAW_PRODUCT_SIZE && parsed->product_id != 0 &&
                          parsed->product_id != NO_PRODUCT;
}

/** RTL872x says it in an extension, behind two filler bytes; others in the last four raw bytes. */
static void read_product(span region, bool ended, module *parsed)
{
    const module_extension *product = module_find_extension(parsed, EXTENSION_PRODUCT_DATA);
    if (product)
        take_product(span_slice(product->data, 2, product->data.size), parsed);
    else if (ended || region.size == RAW_PRODUCT_SIZE)
        take_product(span_slice(region, region.size - RAW_PRODUCT_SIZE, RAW_PRODUCT_SIZE), parsed);
}

/** What stands between the body and the plain suffix: extensions, product, or nothing. */
static osb_status read_suffix_region(span region, module *parsed, const char *name,
                                     osb_error *error)
{
    /* Devices look for extensions only in more than 8 bytes; 4 are the raw product, 6 a historic
     * form of it. */
    bool ended = false;
    if (region.size > LONGEST_RAW_REGION && !read_extensions(region, false, parsed, &ended))
        return broken_extension(name, "suffix", error);
    read_product(region, ended, parsed);
    return OSB_OK;
}

static osb_status read_suffix(module *parsed, const char *name, osb_error *error)
{
    size_t body = parsed->prefix_offset + MODULE_PREFIX_SIZE;
    size_t room = parsed->image.size - body;
    cursor reader = cursor_make(parsed->image);
    cursor_seek(&reader, parsed->image.size - MODULE_CRC_SIZE - sizeof(uint16_t));
    parsed->suffix_size = cursor_u16le(&reader);
    if (room < SUFFIX_TAIL)
        return OSB_OK;
    cursor_seek(&reader, parsed->image.size - SUFFIX_TAIL + sizeof(uint16_t));
    memcpy(parsed->sha256, cursor_take(&reader, SHA256_SIZE).data, SHA256_SIZE);
    /* Early release candidates carry a meaningless size there: it is shown, not believed. */
    if (parsed->suffix_size < MODULE_SUFFIX_SIZE || parsed->suffix_size > room - MODULE_CRC_SIZE)
        return OSB_OK;
    size_t start = parsed->image.size - MODULE_CRC_SIZE - parsed->suffix_size;
    span region = span_slice(parsed->image, start, parsed->suffix_size - MODULE_SUFFIX_SIZE);
    return read_suffix_region(region, parsed, name, error);
}

/** Looks behind prefix and prefix extensions; nothing else has been read by then. */
static bool is_synthetic(const module *parsed)
{
    size_t body = parsed->prefix_offset + MODULE_PREFIX_SIZE;
    for (size_t i = 0; i < parsed->extension_count; i++)
        body += EXTENSION_HEADER + parsed->extensions[i].data.size;
    span marker = span_slice(parsed->image, body, strlen(MODULE_MARKER));
    return marker.size == strlen(MODULE_MARKER) &&
           memcmp(marker.data, MODULE_MARKER, marker.size) == 0;
}

static osb_status fail_not_a_module(span file, const char *name, osb_error *error)
{
    foreign_kind kind = foreign_recognise(file);
    return osb_fail(error, OSB_ERR_NOT_A_MODULE, name, kind.hint, "%s", kind.what);
}

static osb_status fail_damaged(prefix_fit fit, const module *found, const char *name,
                               osb_error *error)
{
    const char *hint = "the file is damaged: get it again from where it was made";
    if (fit == PREFIX_CUT_SHORT)
        return osb_fail(error, OSB_ERR_INTEGRITY, name, hint,
                        "cut short: its header says %llu bytes, the file has %zu",
                        (unsigned long long)prefix_extent(found), found->file.size);
    return osb_fail(error, OSB_ERR_INTEGRITY, name, hint, "its CRC-32 is %08x, should be %08x",
                    found->crc_stored, found->crc_computed);
}

osb_status module_parse(span file, const char *name, module *parsed, osb_error *error)
{
    *parsed = (module){.file = file};
    prefix_fit fit = prefix_find(file, parsed);
    switch (fit) {
    case PREFIX_NONE:
        return fail_not_a_module(file, name, error);
    case PREFIX_WRONG_CRC:
    case PREFIX_CUT_SHORT:
        return fail_damaged(fit, parsed, name, error);
    case PREFIX_CLOSES:
        break;
    }
    TRY(read_prefix_extensions(parsed, name, error));
    parsed->synthetic = is_synthetic(parsed);
    return read_suffix(parsed, name, error);
}

bool module_peek(span flash, uint32_t prefix_offset, module *header)
{
    *header = (module){0};
    if (!prefix_read(flash, prefix_offset, header) || !prefix_extent(header))
        return false;
    header->image = span_slice(flash, 0, (size_t)prefix_extent(header));
    return header->slot.function > MODULE_NONE && header->slot.function <= MODULE_ASSET;
}
