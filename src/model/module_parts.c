/*
 * Takes modules apart and puts them together: the ground that all rewriting of modules stands on.
 *
 * Judges nothing but whether the parts can be told from each other. Invariant: the parts in their
 * order are the module's bytes without its seal, none left out, none twice.
 */
#include "model/module_parts.h"

#include <string.h>

#include "model/module_extension.h"
#include "model/module_frame.h"
#include "model/module_layout.h"

enum {
    START_AT = 0, /**< in the prefix */
    END_AT = 4,
    FLAGS_AT = 9
};

static size_t list_size(const module *parsed, bool in_prefix)
{
    size_t size = 0;
    for (size_t i = 0; i < parsed->extension_count; i++) {
        if (parsed->extensions[i].in_prefix == in_prefix)
            size += extension_size(&parsed->extensions[i]);
    }
    return size;
}

static osb_status take_suffix(const module *parsed, const char *name, size_t body_start,
                              module_parts *parts, osb_error *error)
{
    uint8_t digest[SHA256_SIZE];
    size_t room = parsed->image.size - body_start;
    if (room < MODULE_CRC_SIZE || parsed->suffix_size < MODULE_SUFFIX_SIZE ||
        parsed->suffix_size > room - MODULE_CRC_SIZE)
        return osb_fail(error, OSB_ERR_REFUSED, name, "use a file of a later build",
                        "its suffix is of no known form, so it cannot be rewritten");
    size_t start = parsed->image.size - MODULE_CRC_SIZE - parsed->suffix_size;
    size_t listed = list_size(parsed, false);
    size_t region = parsed->suffix_size - MODULE_SUFFIX_SIZE;
    parts->body = span_slice(parsed->image, body_start, start - body_start);
    parts->suffix_extensions = span_slice(parsed->image, start, listed);
    parts->suffix_tail = span_slice(parsed->image, start + listed, region - listed);
    sha256(parts->body, digest);
    parts->hashes_body = memcmp(digest, parsed->sha256, SHA256_SIZE) == 0;
    return OSB_OK;
}

osb_status module_take_apart(const module *parsed, const char *name, module_parts *parts,
                             osb_error *error)
{
    size_t behind_prefix = parsed->prefix_offset + MODULE_PREFIX_SIZE;
    size_t listed = list_size(parsed, true);
    *parts = (module_parts){.start = parsed->start, .flags = parsed->flags};
    parts->lead = span_slice(parsed->image, 0, parsed->prefix_offset);
    memcpy(parts->prefix, parsed->image.data + parsed->prefix_offset, MODULE_PREFIX_SIZE);
    parts->prefix_extensions = span_slice(parsed->image, behind_prefix, listed);
    return take_suffix(parsed, name, behind_prefix + listed, parts, error);
}

static osb_status check_sizes(const module_parts *parts, size_t region, size_t image_size,
                              osb_error *error)
{
    const char *hint = "put less into it";
    if (region > UINT16_MAX - MODULE_SUFFIX_SIZE)
        return osb_fail(error, OSB_ERR_REFUSED, "module", hint,
                        "its suffix would be longer than its length field can say");
    if (image_size > MODULE_FILE_MAX || image_size > UINT32_MAX - parts->start)
        return osb_fail(error, OSB_ERR_REFUSED, "module", hint, "it would be too large");
    return OSB_OK;
}

osb_status module_assemble(const module_parts *parts, buf *file, osb_error *error)
{
    size_t region = parts->suffix_extensions.size + parts->suffix_tail.size;
    size_t image_size = parts->lead.size + MODULE_PREFIX_SIZE + parts->prefix_extensions.size +
                        parts->body.size + region + MODULE_SUFFIX_SIZE + MODULE_CRC_SIZE;
    size_t start = file->size, prefix = start + parts->lead.size;
    TRY(check_sizes(parts, region, image_size, error));
    buf_append(file, parts->lead);
    buf_append(file, (span){parts->prefix, MODULE_PREFIX_SIZE});
    buf_patch_u32le(file, prefix + START_AT, parts->start);
    buf_patch_u32le(file, prefix + END_AT, parts->start + (uint32_t)image_size - MODULE_CRC_SIZE);
    buf_patch(file, prefix + FLAGS_AT, (span){&parts->flags, 1});
    buf_append(file, parts->prefix_extensions);
    buf_append(file, parts->body);
    buf_append(file, parts->suffix_extensions);
    buf_append(file, parts->suffix_tail);
    frame_append_seal(start, region, parts->hashes_body ? &parts->body : NULL, file);
    return buf_check(file, "module file", error);
}

/** Appends the suffix extensions to keep. Returns whether there was an END among the old ones. */
static bool append_kept(const module *parsed, uint16_t replaced, buf *list)
{
    bool ended = false;
    for (size_t i = 0; i < parsed->extension_count; i++) {
        const module_extension *extension = &parsed->extensions[i];
        if (extension->in_prefix)
            continue;
        ended = ended || extension->type == EXTENSION_END;
        if (extension->type != replaced && extension->type != EXTENSION_END)
            extension_append(list, extension->type, extension->data);
    }
    return ended;
}

osb_status module_replace_in_suffix(const module *parsed, const module_parts *parts,
                                    uint16_t replaced, span added, buf *list, osb_error *error)
{
    size_t tail = parts->suffix_tail.size;
    if (tail && tail != RAW_PRODUCT_SIZE)
        return osb_fail(error, OSB_ERR_REFUSED, "module", "use a file of a later build",
                        "its product data is of a form that has no room for extensions");
    buf_append(list, added);
    bool ended = append_kept(parsed, replaced, list);
    if (!list->size)
        return OSB_OK; /* nothing left that END would have to close */
    /* Zero padding also stands where readers look for a product, and means none. */
    bool short_list = list->size + EXTENSION_HEADER + tail <= LONGEST_RAW_REGION;
    if (ended || tail || list->size <= LONGEST_RAW_REGION)
        extension_append_end(list, short_list ? RAW_PRODUCT_SIZE : 0);
    return buf_check(list, "suffix extensions", error);
}
