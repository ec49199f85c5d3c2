/* Asset modules, and the lists of assets that applications carry. */
#include "unit/model/forms.h"

static void write_asset(const asset *made, bool compressed, buf *file)
{
    MUST(asset_write(made, compressed, file, NULL));
}

static asset sample_asset(void)
{
    return (asset){.name = "cat.txt", .content = BYTES("meow, meow, meow, meow")};
}

static osb_status read_status(span file, osb_error *error)
{
    asset read;
    module parsed = parse_sound(file);
    BUF_OWNED storage = buf_make(MODULE_FILE_MAX);
    *error = (osb_error){0};
    return asset_read(&parsed, "cat.bin", &storage, &read, error);
}

static void an_asset_has_the_form_that_tools_give_it(void **state)
{
    (void)state;
    asset made = sample_asset();
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    write_asset(&made, false, &file);
    module parsed = assert_sealed(buf_span(&file));
    assert_int_equal(parsed.start, 0);
    assert_int_equal(parsed.platform_id, 0);
    assert_int_equal(parsed.version, 0);
    assert_int_equal(parsed.flags, MODULE_DROP_INFO);
    assert_int_equal(parsed.suffix_size, 36 + 38 + (4 + 7) + 10);
    assert_int_equal(parsed.extensions[0].type, EXTENSION_HASH);
    assert_int_equal(parsed.extensions[1].type, EXTENSION_NAME);
    assert_int_equal(parsed.extensions[2].type, EXTENSION_PRODUCT_DATA);
    assert_false(parsed.has_product);
    buf_free(&file);
    made.type = ASSET_TYPE_ENVIRONMENT;
    write_asset(&made, true, &file);
    parsed = assert_sealed(buf_span(&file));
    assert_int_equal(parsed.flags, MODULE_DROP_INFO | MODULE_COMPRESSED);
    assert_int_equal(parsed.extensions[2].type, EXTENSION_ASSET_TYPE);
}

static void another_content_than_the_hash_says_is_told(void **state)
{
    (void)state;
    osb_error error;
    asset made = sample_asset();
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    write_asset(&made, false, &file);
    file.data[24] = 'M';
    reseal(&file);
    assert_int_equal(read_status(buf_span(&file), &error), OSB_ERR_INTEGRITY);
    assert_non_null(strstr(error.message, "not what its SHA-256 says"));
}

static void an_asset_without_name_or_hash_is_none(void **state)
{
    (void)state;
    osb_error error;
    asset made = sample_asset();
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    write_asset(&made, false, &file);
    size_t hash = 24 + made.content.size, name = hash + 38;
    file.data[name] = 0x77;
    reseal(&file);
    assert_int_equal(read_status(buf_span(&file), &error), OSB_ERR_INTEGRITY);
    assert_non_null(strstr(error.message, "no name"));
    file.data[name] = EXTENSION_NAME;
    file.data[name + 4] = '/';
    reseal(&file);
    assert_int_equal(read_status(buf_span(&file), &error), OSB_ERR_INTEGRITY);
    file.data[name + 4] = 0;
    reseal(&file);
    assert_int_equal(read_status(buf_span(&file), &error), OSB_ERR_INTEGRITY);
    file.data[name + 4] = 'c';
    file.data[hash + 4] = 1; /* a hash of another type */
    reseal(&file);
    assert_int_equal(read_status(buf_span(&file), &error), OSB_ERR_INTEGRITY);
    assert_non_null(strstr(error.message, "no SHA-256"));
    file.data[hash + 4] = 0;
    reseal(&file);
    assert_int_equal(read_status(buf_span(&file), &error), OSB_OK);
}

static void what_is_no_asset_is_not_read_as_one(void **state)
{
    (void)state;
    dice from = {21};
    osb_error error;
    asset made = sample_asset();
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    shape_write(SHAPE_APPLICATION_RTL872X, &from, 100, &file);
    assert_int_equal(read_status(buf_span(&file), &error), OSB_ERR_USAGE);
    buf_free(&file);
    write_asset(&made, false, &file);
    file.data[9] = 0;
    reseal(&file);
    assert_int_equal(read_status(buf_span(&file), &error), OSB_ERR_INTEGRITY);
    assert_non_null(strstr(error.message, "header"));
}

static void names_that_are_no_file_names_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", ".", "..", "a/b", "a\\b", "\n", "../../etc/passwd"};
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        asset made = sample_asset();
        asset_need need = {.name = wrong[i]};
        text_copy(made.name, sizeof made.name, wrong[i]);
        assert_int_equal(asset_write(&made, true, &file, NULL), OSB_ERR_USAGE);
        dice from = {22};
        BUF_OWNED app = buf_make(MODULE_FILE_MAX);
        shape_write(SHAPE_APPLICATION_RTL872X, &from, 100, &app);
        module parsed = parse_sound(buf_span(&app));
        assert_int_equal(asset_needs_write(&parsed, &need, 1, &file, NULL), OSB_ERR_USAGE);
    }
    assert_int_equal(file.size, 0);
}

/** As in published bundles: three names, each 38 bytes and its length; END and 4 raw bytes. */
static void nrf_applications_list_their_assets_in_the_suffix(void **state)
{
    (void)state;
    dice from = {23};
    const asset_need needs[] = {{.name = "cat.txt"}, {.name = "house.txt"}, {.name = "water.txt"}};
    BUF_OWNED app = buf_make(MODULE_FILE_MAX);
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    shape_write(SHAPE_APPLICATION_NRF52840, &from, 500, &app);
    module parsed = parse_sound(buf_span(&app));
    MUST(asset_needs_write(&parsed, needs, 3, &file, NULL));
    module wanting = assert_sealed(buf_span(&file));
    assert_int_equal(wanting.suffix_size, 183);
    assert_int_equal(wanting.start, parsed.start);
    assert_int_equal(wanting.extensions[3].type, EXTENSION_END);
    assert_int_equal(wanting.product_id, parsed.product_id);
}

/** As in a published P2 application: 112 bytes further to the left, END padded by one byte. */
static void rtl_applications_list_their_assets_in_the_prefix_and_grow_left(void **state)
{
    (void)state;
    module_recipe recipe = p2_app_recipe();
    const asset_need needs[] = {{.name = "103_system-part1.bin"}, {.name = "unknown.bin"}};
    BUF_OWNED app = buf_make(MODULE_FILE_MAX);
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    recipe.start = 0x085f4000;
    write_module(&recipe, &app);
    module parsed = parse_sound(buf_span(&app));
    MUST(asset_needs_write(&parsed, needs, 2, &file, NULL));
    module wanting = assert_sealed(buf_span(&file));
    assert_int_equal(wanting.start, 0x085f3f90);
    assert_int_equal(wanting.end, parsed.end);
    assert_int_equal(wanting.flags, MODULE_PREFIX_EXTENSIONS);
    assert_int_equal(wanting.extensions[2].type, EXTENSION_END);
    assert_int_equal(extension_size(&wanting.extensions[2]), 5);
    dynamic_location location;
    assert_true(extension_read_location(module_find_extension(&wanting, EXTENSION_DYNAMIC_LOCATION),
                                        &location));
    assert_int_equal(location.module_start, 0x085f3f90);
    assert_int_equal(location.dynalib_load, 0x085f4088);
    assert_int_equal(wanting.suffix_size, 62);
    assert_int_equal(wanting.product_id, 32);
}

/** A list in the other place would be read as well, so rewriting it must not leave that one. */
static void a_list_in_the_suffix_moves_to_where_it_belongs(void **state)
{
    (void)state;
    ARENA_OWNED memory = {0};
    const asset_need need = {.name = "new.txt"};
    const asset_need *read;
    size_t count;
    BUF_OWNED app = buf_make(MODULE_FILE_MAX);
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    BUF_OWNED old = buf_make(100);
    module_recipe recipe = p2_app_recipe();
    extension_append_sha256(&old, need.sha256, "old.txt");
    const module_extension extensions[] = {
        {.type = EXTENSION_ASSET_DEPENDENCY, .data = span_slice(buf_span(&old), 4, old.size)},
        p2_extensions[0],
        p2_extensions[1],
    };
    recipe.extensions = extensions;
    recipe.extension_count = 3;
    write_module(&recipe, &app);
    module parsed = parse_sound(buf_span(&app));
    MUST(asset_needs_write(&parsed, &need, 1, &file, NULL));
    parsed = assert_sealed(buf_span(&file));
    MUST(asset_needs_list(&parsed, "app.bin", &memory, &read, &count, NULL));
    assert_int_equal(count, 1);
    assert_string_equal(read[0].name, "new.txt");
    assert_true(read[0].in_prefix);
    assert_int_not_equal(module_check_location(&parsed), LOCATION_START);
    assert_int_equal(parsed.start % 8, 0);
}

/** Or a synthetic application could reach a real board, once it wants an asset. */
static void a_synthetic_application_stays_recognisable(void **state)
{
    (void)state;
    const asset_need need = {.name = "cat.txt"};
    BUF_OWNED app = buf_make(MODULE_FILE_MAX);
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    module_recipe recipe = p2_app_recipe();
    MUST(module_synthesise(&recipe, 4096, true, &app, NULL));
    module parsed = parse_sound(buf_span(&app));
    assert_true(parsed.synthetic);
    MUST(asset_needs_write(&parsed, &need, 1, &file, NULL));
    assert_true(parse_sound(buf_span(&file)).synthetic);
}

/** As many as a board has blocks to keep them in. */
static void hundreds_of_assets_are_listed(void **state)
{
    (void)state;
    enum {
        MANY = 500
    };
    dice from = {26};
    ARENA_OWNED memory = {0};
    static char names[MANY][ASSET_NAME_SIZE];
    static asset_need needs[MANY];
    const asset_need *read;
    size_t count;
    BUF_OWNED app = buf_make(MODULE_FILE_MAX);
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    for (unsigned i = 0; i < MANY; i++) {
        random_name(&from, i, names[i]);
        needs[i] = (asset_need){.name = names[i]};
    }
    shape_write(SHAPE_APPLICATION_NRF52840, &from, 500, &app);
    module parsed = parse_sound(buf_span(&app));
    MUST(asset_needs_write(&parsed, needs, MANY, &file, NULL));
    parsed = assert_sealed(buf_span(&file));
    MUST(asset_needs_list(&parsed, "app.bin", &memory, &read, &count, NULL));
    assert_int_equal(count, MANY);
    assert_string_equal(read[MANY - 1].name, names[MANY - 1]);
}

static void a_list_that_cannot_be_read_is_told(void **state)
{
    (void)state;
    dice from = {24};
    osb_error error;
    const asset_need need = {.name = "cat.txt"};
    ARENA_OWNED memory = {0};
    const asset_need *read;
    size_t count;
    BUF_OWNED app = buf_make(MODULE_FILE_MAX);
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    shape_write(SHAPE_APPLICATION_NRF52840, &from, 500, &app);
    module parsed = parse_sound(buf_span(&app));
    MUST(asset_needs_write(&parsed, &need, 1, &file, NULL));
    size_t list = file.size - 4 - (36 + 4 + 4 + 38 + 7);
    file.data[list + 5] = 200; /* the hash's length */
    reseal(&file);
    parsed = parse_sound(buf_span(&file));
    assert_int_equal(asset_needs_list(&parsed, "app.bin", &memory, &read, &count, &error),
                     OSB_ERR_INTEGRITY);
    file.data[list + 5] = 32;
    file.data[list + 4] = 9; /* a type that only newer boards know */
    reseal(&file);
    parsed = parse_sound(buf_span(&file));
    MUST(asset_needs_list(&parsed, "app.bin", &memory, &read, &count, &error));
    assert_int_equal(count, 1);
    assert_false(read[0].checkable);
}

static void what_cannot_carry_a_list_is_refused(void **state)
{
    (void)state;
    dice from = {25};
    osb_error error;
    asset_need needs[MODULE_EXTENSIONS_MAX];
    BUF_OWNED app = buf_make(MODULE_FILE_MAX);
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    for (size_t i = 0; i < MODULE_EXTENSIONS_MAX; i++)
        needs[i] = (asset_need){.name = "a"};
    shape_write(SHAPE_APPLICATION_RTL872X, &from, 100, &app);
    module parsed = parse_sound(buf_span(&app));
    assert_int_equal(asset_needs_write(&parsed, needs, MODULE_EXTENSIONS_MAX, &file, &error),
                     OSB_ERR_REFUSED);
    parsed.flags |= MODULE_COMPRESSED;
    assert_int_equal(asset_needs_write(&parsed, needs, 1, &file, &error), OSB_ERR_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_asset_has_the_form_that_tools_give_it),
        cmocka_unit_test(another_content_than_the_hash_says_is_told),
        cmocka_unit_test(an_asset_without_name_or_hash_is_none),
        cmocka_unit_test(what_is_no_asset_is_not_read_as_one),
        cmocka_unit_test(names_that_are_no_file_names_are_refused),
        cmocka_unit_test(nrf_applications_list_their_assets_in_the_suffix),
        cmocka_unit_test(rtl_applications_list_their_assets_in_the_prefix_and_grow_left),
        cmocka_unit_test(a_list_in_the_suffix_moves_to_where_it_belongs),
        cmocka_unit_test(a_synthetic_application_stays_recognisable),
        cmocka_unit_test(hundreds_of_assets_are_listed),
        cmocka_unit_test(a_list_that_cannot_be_read_is_told),
        cmocka_unit_test(what_cannot_carry_a_list_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
