/*
 * Modules: parse whatever comes, as it is and sealed, and do with what was parsed everything that
 * can be done with a module.
 */
#include "fuzz/fuzz.h"

#include <string.h>

#include "base/json.h"
#include "fuzz/seal.h"
#include "model/asset_needs.h"
#include "model/module_combined.h"
#include "model/module_compressed.h"
#include "model/module_legacy.h"
#include "model/module_location.h"
#include "model/module_parts.h"
#include "model/module_product.h"
#include "model/module_protect.h"

static module parse_again(const buf *file)
{
    module parsed;
    PROMISE(module_parse(buf_span(file), "again", &parsed, NULL) == OSB_OK);
    PROMISE(parsed.image.size == file->size);
    return parsed;
}

static void check_spans(const module *parsed)
{
    PROMISE(fuzz_inside(parsed->image, parsed->file));
    PROMISE(fuzz_inside(module_payload(parsed), parsed->image));
    PROMISE(parsed->extension_count <= MODULE_EXTENSIONS_MAX);
    for (size_t i = 0; i < parsed->extension_count; i++)
        PROMISE(fuzz_inside(parsed->extensions[i].data, parsed->image));
}

/** Whether putting it together again has to give the very same bytes. */
static bool is_of_known_form(const module *parsed, const module_parts *parts)
{
    uint8_t digest[SHA256_SIZE];
    size_t hash = parsed->image.size - MODULE_CRC_SIZE - 2 - SHA256_SIZE;
    if (parsed->image.data[hash - 1] || parsed->image.data[hash - 2])
        return false;
    sha256(span_slice(parsed->image, 0, hash), digest);
    return parts->hashes_body || memcmp(digest, parsed->sha256, SHA256_SIZE) == 0;
}

static void rebuild(const module *parsed)
{
    module_parts parts;
    BUF_OWNED again = buf_make(MODULE_FILE_MAX);
    if (module_take_apart(parsed, "input", &parts, NULL) != OSB_OK)
        return;
    PROMISE(fuzz_inside(parts.body, parsed->image));
    PROMISE(module_assemble(&parts, &again, NULL) == OSB_OK);
    PROMISE(again.size == parsed->image.size);
    if (is_of_known_form(parsed, &parts))
        PROMISE(memcmp(again.data, parsed->image.data, again.size) == 0);
    module parsed_again = parse_again(&again);
    PROMISE(parsed_again.extension_count == parsed->extension_count);
}

static void split(span file)
{
    ARENA_OWNED memory = {0};
    const module *modules;
    size_t count, total = 0;
    if (module_split(file, "input", &memory, &modules, &count, NULL) != OSB_OK)
        return;
    PROMISE(count > 0 && count <= MODULE_COMBINED_MAX);
    for (size_t i = 0; i < count; i++) {
        BUF_OWNED single = buf_make(MODULE_FILE_MAX);
        total += modules[i].image.size;
        if (module_write_single(&modules[i], "input", &single, NULL) == OSB_OK)
            PROMISE(!(parse_again(&single).flags & MODULE_COMBINED));
    }
    PROMISE(total <= file.size);
}

static void protect(const module *parsed)
{
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    static const uint8_t certificate[] = {0x30, 3, 1, 2, 3};
    if (module_protect(parsed, "input", (span){certificate, sizeof certificate}, &file, NULL) !=
        OSB_OK)
        return;
    module guarded = parse_again(&file);
    PROMISE(module_is_protected(&guarded));
}

static void change_needs(const module *parsed)
{
    ARENA_OWNED memory = {0};
    const asset_need *needs;
    size_t count;
    const asset_need wanted = {.name = "cat.txt"};
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    (void)!asset_needs_list(parsed, "input", &memory, &needs, &count, NULL);
    if (asset_needs_write(parsed, &wanted, 1, &file, NULL) != OSB_OK)
        return;
    module wanting = parse_again(&file);
    PROMISE(asset_needs_list(&wanting, "again", &memory, &needs, &count, NULL) == OSB_OK);
    PROMISE(count == 1 && strcmp(needs[0].name, "cat.txt") == 0);
}

static void change_product(const module *parsed)
{
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    if (module_write_product(parsed, "input", (product_data){7, 8}, &file, NULL) != OSB_OK)
        return;
    module changed = parse_again(&file);
    PROMISE(changed.product_id == 7 && changed.product_version == 8);
}

static void unpack(const module *parsed)
{
    asset read;
    module inner;
    BUF_OWNED original = buf_make(MODULE_FILE_MAX);
    BUF_OWNED storage = buf_make(MODULE_FILE_MAX);
    if (module_expand(parsed, "input", &original, &inner, NULL) == OSB_OK)
        PROMISE(inner.image.size == original.size);
    (void)!asset_read(parsed, "input", &storage, &read, NULL);
}

static void look(span file)
{
    module parsed, legacy;
    osb_error error = {0};
    split(file);
    if (module_parse(file, "input", &parsed, &error) != OSB_OK) {
        PROMISE(*error.message && *error.hint && error.status != OSB_OK);
        PROMISE(fuzz_inside(parsed.image, file));
        return;
    }
    check_spans(&parsed);
    JSON_OWNED *told = module_to_json(&parsed, "input", NULL, NULL);
    PROMISE(told);
    rebuild(&parsed);
    protect(&parsed);
    change_needs(&parsed);
    change_product(&parsed);
    unpack(&parsed);
    if (module_find_legacy(&parsed, &legacy))
        PROMISE(fuzz_inside(legacy.image, parsed.image));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    BUF_OWNED sealed = buf_make(MODULE_FILE_MAX);
    look((span){data, size});
    seal_as_module((span){data, size}, &sealed);
    look(buf_span(&sealed));
    return 0;
}
