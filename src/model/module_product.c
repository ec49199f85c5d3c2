/*
 * Writes product data into modules; module_parse.c reads them.
 *
 * Invariant: the four bytes stand where they stood. On RTL872x they are the end of an extension
 * that comes last, so that both forms lie at the same distance from the end of the file.
 */
#include "model/module_product.h"

#include "model/module_layout.h"
#include "model/module_parts.h"

enum {
    SUFFIX_MAX = UINT16_MAX,
    FILLER_SIZE = 2 /**< the extension's field is wider than the id in it */
};

/** Where the four bytes stand in extensions and tail; false when they stand nowhere. */
static bool find_place(const module *parsed, const module_parts *parts, size_t *place)
{
    product_data stored;
    const module_extension *extension = module_find_extension(parsed, EXTENSION_PRODUCT_DATA);
    if (extension && !extension->in_prefix && extension_read_product(extension, &stored)) {
        *place = (size_t)(extension->data.data - parts->suffix_extensions.data) + FILLER_SIZE;
        return true;
    }
    *place = parts->suffix_extensions.size;
    return !extension && parts->suffix_tail.size == RAW_PRODUCT_SIZE;
}

osb_status module_write_product(const module *parsed, const char *name, product_data product,
                                buf *file, osb_error *error)
{
    size_t place;
    module_parts parts;
    BUF_OWNED suffix = buf_make(SUFFIX_MAX);
    if (parsed->flags & (MODULE_COMPRESSED | MODULE_COMBINED | MODULE_ENCRYPTED))
        return osb_fail(error, OSB_ERR_REFUSED, name, "give the module as the compiler made it",
                        "a compressed, combined or encrypted one cannot change its product");
    TRY(module_take_apart(parsed, name, &parts, error));
    if (!find_place(parsed, &parts, &place))
        return osb_fail(error, OSB_ERR_REFUSED, name, "build it with a later Device OS",
                        "it has no place for a product");
    buf_append(&suffix, parts.suffix_extensions);
    buf_append(&suffix, parts.suffix_tail);
    buf_patch_u16le(&suffix, place, product.id);
    buf_patch_u16le(&suffix, place + sizeof product.id, product.version);
    parts.suffix_extensions = buf_span(&suffix);
    parts.suffix_tail = (span){0};
    return module_assemble(&parts, file, error);
}
