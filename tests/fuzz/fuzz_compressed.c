/*
 * Compressed modules: the input is what stands between prefix and suffix, behind one byte that
 * chooses what is built around it. With its highest bit set the rest is packed first.
 */
#include "fuzz/fuzz.h"

#include <string.h>

#include "base/deflate.h"
#include "model/module_compressed.h"

enum {
    CHOICE_DROP = 0x01,
    CHOICE_USER_PART = 0x02,
    CHOICE_PACK = 0x80
};

static module_recipe recipe_for(uint8_t choice, span body)
{
    return (module_recipe){
        .start = 0x30000,
        .flags = choice & CHOICE_DROP ? MODULE_DROP_INFO : 0,
        .version = 1,
        .platform_id = 13,
        .slot = {choice & CHOICE_USER_PART ? MODULE_USER_PART : MODULE_ASSET, 1},
        .body = body,
        .has_product = true,
    };
}

static module write_and_parse(const module_recipe *recipe, buf *file)
{
    module parsed;
    PROMISE(module_write(recipe, file, NULL) == OSB_OK);
    PROMISE(module_parse(buf_span(file), "input", &parsed, NULL) == OSB_OK);
    return parsed;
}

static void expand(uint8_t choice, span body)
{
    module inner;
    osb_error error = {0};
    module_recipe recipe = recipe_for(choice, body);
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    BUF_OWNED original = buf_make(MODULE_FILE_MAX);
    recipe.flags |= MODULE_COMPRESSED;
    module packed = write_and_parse(&recipe, &file);
    if (module_expand(&packed, "input", &original, &inner, &error) != OSB_OK) {
        PROMISE(*error.message && *error.hint);
        return;
    }
    PROMISE(inner.image.size == original.size && !(inner.flags & MODULE_COMPRESSED));
    PROMISE(inner.version == packed.version);
}

static void pack(uint8_t choice, span body)
{
    module inner;
    module_recipe recipe = recipe_for(choice, body);
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    BUF_OWNED packed = buf_make(MODULE_FILE_MAX);
    BUF_OWNED original = buf_make(MODULE_FILE_MAX);
    module plain = write_and_parse(&recipe, &file);
    unsigned bits = DEFLATE_WINDOW_LEAST + (unsigned)(choice >> 2 & 7) % 7;
    PROMISE(module_compress(&plain, "input", bits, &packed, NULL) == OSB_OK);
    module outer;
    PROMISE(module_parse(buf_span(&packed), "packed", &outer, NULL) == OSB_OK);
    PROMISE(module_expand(&outer, "packed", &original, &inner, NULL) == OSB_OK);
    PROMISE(original.size == file.size && memcmp(original.data, file.data, file.size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    span body = {data + 1, size - 1};
    if (size < 1 || size > MODULE_FILE_MAX / 2)
        return 0;
    if (data[0] & CHOICE_PACK)
        pack(data[0], body);
    else
        expand(data[0], body);
    return 0;
}
