/* The "osbundle-module" object: the contract's members in the contract's order. */
#include "unit/model/samples.h"

#include "base/json.h"
#include "base/text.h"

/** A recipe whose JSON the contract shows, at a smaller size. */
static module_recipe contract_recipe(void)
{
    static const module_extension extensions[] = {
        {.type = EXTENSION_DYNAMIC_LOCATION,
         .data = BYTES("\x00\x40\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00")},
        {.type = EXTENSION_PRODUCT_DATA, .data = BYTES("\xff\xff\xff\xff\xff\xff")},
    };
    return (module_recipe){
        .prefix_offset = 32,
        .start = 0x08004000,
        .version = 2400,
        .platform_id = 32,
        .slot = {MODULE_BOOTLOADER, 0},
        .dependencies = {{{MODULE_BOOTLOADER, 2}, 7}},
        .body = {sample_body, 400},
        .extensions = extensions,
        .extension_count = 2,
    };
}

static void the_object_is_the_contracts(void **state)
{
    (void)state;
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    BUF_OWNED line = buf_make(1 << 16);
    char wanted[2048], suffix_hash[SHA256_HEX_SIZE], file_hash[SHA256_HEX_SIZE];
    uint8_t digest[SHA256_SIZE];
    osb_error error;
    module_recipe recipe = contract_recipe();
    write_module(&recipe, &file);
    module parsed = parse_sound(buf_span(&file));
    JSON_OWNED *object = module_to_json(&parsed, "p2-bootloader@5.6.0.bin", "p2", "5.6.0");
    assert_int_equal(json_to_line(object, &line, &error), OSB_OK);
    buf_append_u8(&line, 0);
    sha256(buf_span(&file), digest);
    text_hex(file_hash, (span){digest, SHA256_SIZE});
    text_hex(suffix_hash, (span){parsed.sha256, SHA256_SIZE});
    text_format(
        wanted, sizeof wanted,
        "{\"type\":\"osbundle-module\",\"schema\":1,\"file\":\"p2-bootloader@5.6.0.bin\","
        "\"file_size\":490,\"module_size\":490,\"prefix_offset\":32,"
        "\"platform\":{\"id\":32,\"name\":\"p2\"},\"function\":{\"id\":2,\"name\":\"bootloader\"},"
        "\"index\":0,\"version\":2400,\"start\":134234112,\"end\":134234598,\"mcu_target\":0,"
        "\"flags\":{\"value\":0,\"names\":[]},\"dependencies\":[{\"function\":{\"id\":2,"
        "\"name\":\"bootloader\"},\"index\":2,\"version\":7}],\"suffix\":{\"size\":62,"
        "\"product_id\":null,\"product_version\":null,\"sha256\":\"%s\"},\"extensions\":[{"
        "\"where\":\"suffix\",\"type\":2,\"name\":\"dynamic_location\",\"module_start\":134234112,"
        "\"dynalib_load\":0,\"dynalib_start\":0},{\"where\":\"suffix\",\"type\":1,"
        "\"name\":\"product_data\",\"product_id\":65535,\"product_version\":65535}],"
        "\"crc32\":{\"stored\":\"%08x\",\"computed\":\"%08x\",\"ok\":true},\"sha256\":\"%s\","
        "\"os_version\":\"5.6.0\",\"trailing_bytes\":0}",
        suffix_hash, parsed.crc_stored, parsed.crc_stored, file_hash);
    assert_string_equal((const char *)line.data, wanted);
}

static void what_is_not_known_is_null(void **state)
{
    (void)state;
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    module_recipe recipe = contract_recipe();
    recipe.slot.function = 77;
    recipe.flags = 0x80 | MODULE_DROP_INFO;
    write_module(&recipe, &file);
    module parsed = parse_sound(buf_span(&file));
    JSON_OWNED *object = module_to_json(&parsed, "x.bin", NULL, NULL);
    const json_t *platform_object = json_object_get(object, "platform");
    assert_true(json_is_null(json_object_get(platform_object, "name")));
    assert_true(json_is_null(json_object_get(object, "os_version")));
    assert_string_equal(json_text(json_object_get(object, "function"), "name", ""), "unknown");
    const json_t *flags = json_object_get(object, "flags");
    assert_int_equal(json_number(flags, "value", 0), 0x81);
    assert_int_equal(json_array_size(json_object_get(flags, "names")), 1);
    assert_null(json_object_get(object, "synthetic"));
}

static void a_synthetic_module_is_marked(void **state)
{
    (void)state;
    osb_error error;
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    module_recipe recipe = contract_recipe();
    assert_int_equal(module_synthesise(&recipe, 1000, true, &file, &error), OSB_OK);
    buf_append_fill(&file, 0xff, 24);
    module parsed = parse_sound(buf_span(&file));
    JSON_OWNED *object = module_to_json(&parsed, "x.bin", "p2", NULL);
    assert_true(json_true_at(object, "synthetic"));
    assert_int_equal(json_number(object, "trailing_bytes", 0), 24);
}

/** One extension through file and JSON; the caller releases the module's object. */
static json_t *shown(uint16_t type, span data)
{
    const module_extension extensions[] = {{.type = type, .data = data}, {.type = EXTENSION_END}};
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    module_recipe recipe = boron_system_recipe();
    recipe.extensions = extensions;
    recipe.extension_count = 2;
    write_module(&recipe, &file);
    module parsed = parse_sound(buf_span(&file));
    return module_to_json(&parsed, "x.bin", "boron", NULL);
}

static const json_t *first_extension(const json_t *object)
{
    return json_array_get(json_object_get(object, "extensions"), 0);
}

static void product_data_is_shown_without_its_filler(void **state)
{
    (void)state;
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    module_recipe recipe = p2_app_recipe();
    write_module(&recipe, &file);
    module parsed = parse_sound(buf_span(&file));
    JSON_OWNED *object = module_to_json(&parsed, "app.bin", "p2", NULL);
    const json_t *product = json_array_get(json_object_get(object, "extensions"), 1);
    assert_int_equal(json_number(product, "product_id", 0), 32);
    assert_int_equal(json_number(json_object_get(object, "suffix"), "product_version", 0), 4);
}

static void every_extension_is_shown_in_words(void **state)
{
    (void)state;
    JSON_OWNED *need = shown(EXTENSION_DEPENDENCY, BYTES("\x02\x00\xb5\x0b\x00\x00\x00\x00"));
    assert_int_equal(json_number(first_extension(need), "version", 0), 2997);
    JSON_OWNED *hash = shown(EXTENSION_HASH, BYTES("\x00\x02\xab\xcd"));
    assert_string_equal(json_text(first_extension(hash), "hash", ""), "abcd");
    JSON_OWNED *name = shown(EXTENSION_NAME, BYTES("cat.jpg"));
    assert_string_equal(json_text(first_extension(name), "text", ""), "cat.jpg");
    JSON_OWNED *asset = shown(EXTENSION_ASSET_DEPENDENCY, BYTES("\x00\x01\xee"
                                                                "cat.txt"));
    assert_string_equal(json_text(first_extension(asset), "hash", ""), "ee");
    assert_string_equal(json_text(first_extension(asset), "asset", ""), "cat.txt");
    JSON_OWNED *mode = shown(EXTENSION_SECURITY_MODE, BYTES("\x01"
                                                            "certificate"));
    assert_true(json_true_at(first_extension(mode), "protected"));
    assert_int_equal(json_number(first_extension(mode), "certificate_size", 0), 11);
    JSON_OWNED *kind = shown(EXTENSION_ASSET_TYPE, BYTES("\x01\x00"));
    assert_int_equal(json_number(first_extension(kind), "asset_type", 0), 1);
    JSON_OWNED *other = shown(0x1234, BYTES("\x01\x02"));
    assert_string_equal(json_text(first_extension(other), "name", ""), "unknown");
    assert_string_equal(json_text(first_extension(other), "data", ""), "0102");
}

static void text_that_is_no_utf8_does_not_spoil_the_object(void **state)
{
    (void)state;
    JSON_OWNED *name = shown(EXTENSION_NAME, BYTES("a\xff\x1b[31m"));
    assert_string_equal(json_text(first_extension(name), "text", ""), "a??[31m");
    JSON_OWNED *short_hash = shown(EXTENSION_HASH, BYTES("\x00\xff\x01\x02"));
    assert_string_equal(json_text(first_extension(short_hash), "hash", "?"), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_object_is_the_contracts),
        cmocka_unit_test(what_is_not_known_is_null),
        cmocka_unit_test(a_synthetic_module_is_marked),
        cmocka_unit_test(product_data_is_shown_without_its_filler),
        cmocka_unit_test(every_extension_is_shown_in_words),
        cmocka_unit_test(text_that_is_no_utf8_does_not_spoil_the_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
