/*
 * Writes a module: the exact counterpart of module_parse.c.
 *
 * For simulated boards and for tests; nothing here knows a board. Invariant: what was written
 * parses back to the recipe, so a recipe that readers would read differently is refused.
 */
#include "model/module.h"

#include "model/module_frame.h"
#include "model/module_layout.h"

static osb_status refuse(osb_error *error, const char *message)
{
    return osb_fail(error, OSB_ERR_USAGE, "module recipe", "change the recipe", "%s", message);
}

static size_t extensions_size(const module_recipe *recipe)
{
    size_t size = 0;
    for (size_t i = 0; i < recipe->extension_count; i++)
        size += EXTENSION_HEADER + recipe->extensions[i].data.size;
    return size;
}

static bool ends_with_end(const module_recipe *recipe)
{
    return recipe->extension_count &&
           recipe->extensions[recipe->extension_count - 1].type == EXTENSION_END;
}

static osb_status check_extensions(const module_recipe *recipe, osb_error *error)
{
    if (recipe->extension_count > MODULE_EXTENSIONS_MAX)
        return refuse(error, "it has more extensions than readers keep");
    for (size_t i = 0; i < recipe->extension_count; i++) {
        const module_extension *extension = &recipe->extensions[i];
        bool last = i + 1 == recipe->extension_count;
        if (extension->data.size > UINT16_MAX - EXTENSION_HEADER)
            return refuse(error, "an extension is longer than its length field can say");
        if (extension->type == EXTENSION_END && !last)
            return refuse(error, "readers would not look behind its END extension");
        if (extension->type == EXTENSION_PRODUCT_DATA && recipe->has_product)
            return refuse(error, "it names its product twice");
    }
    if (recipe->extension_count && recipe->has_product && !ends_with_end(recipe))
        return refuse(error, "raw product bytes behind extensions need an END extension before");
    return OSB_OK;
}

static size_t suffix_region_size(const module_recipe *recipe)
{
    return extensions_size(recipe) + (recipe->has_product ? RAW_PRODUCT_SIZE : 0);
}

static osb_status check_recipe(const module_recipe *recipe, size_t image_size, osb_error *error)
{
    TRY(check_extensions(recipe, error));
    size_t region = suffix_region_size(recipe);
    if (recipe->extension_count && region <= LONGEST_RAW_REGION)
        return refuse(error, "its extensions are too short for readers to look for them");
    if (region > UINT16_MAX - MODULE_SUFFIX_SIZE)
        return refuse(error, "its suffix is longer than its length field can say");
    if (recipe->prefix_offset > recipe->body.size)
        return refuse(error, "its body ends before the prefix");
    if (image_size > MODULE_FILE_MAX || image_size > UINT32_MAX - recipe->start)
        return refuse(error, "it is too large");
    return OSB_OK;
}

static void append_suffix_region(const module_recipe *recipe, buf *file)
{
    for (size_t i = 0; i < recipe->extension_count; i++) {
        const module_extension *extension = &recipe->extensions[i];
        buf_append_u16le(file, extension->type);
        buf_append_u16le(file, (uint16_t)(EXTENSION_HEADER + extension->data.size));
        buf_append(file, extension->data);
    }
    if (!recipe->has_product)
        return;
    buf_append_u16le(file, recipe->product_id);
    buf_append_u16le(file, recipe->product_version);
}

osb_status module_write(const module_recipe *recipe, buf *file, osb_error *error)
{
    size_t image_size = recipe->body.size + MODULE_PREFIX_SIZE + suffix_region_size(recipe) +
                        MODULE_SUFFIX_SIZE + MODULE_CRC_SIZE;
    TRY(check_recipe(recipe, image_size, error));
    size_t start = file->size;
    buf_append(file, span_slice(recipe->body, 0, recipe->prefix_offset));
    frame_append_prefix(recipe, image_size, file);
    buf_append(file, span_slice(recipe->body, recipe->prefix_offset, recipe->body.size));
    append_suffix_region(recipe, file);
    frame_append_seal(start, suffix_region_size(recipe), NULL, file);
    return buf_check(file, "module file", error);
}
