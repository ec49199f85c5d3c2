/* Writing modules: what was written parses back, and what nobody could read is refused. */
#include "unit/model/samples.h"

enum {
    RECIPES = 4000,
    BODY_MAX = sizeof sample_body
};

/** A random recipe with everything it points to. */
typedef struct random_recipe {
    module_recipe recipe;
    uint8_t body[BODY_MAX];
    uint8_t data[64];
    module_extension extensions[4];
} random_recipe;

static module_dependency random_dependency(dice *from)
{
    module_dependency need = {{(uint8_t)roll(from, 10), (uint8_t)roll(from, 3)},
                              (uint16_t)roll(from, 65536)};
    return need;
}

/** None, RTL872x, asset-like, or closed by END as nRF52840 suffixes are. */
static void add_random_extensions(dice *from, random_recipe *made)
{
    module_recipe *recipe = &made->recipe;
    for (size_t i = 0; i < sizeof made->data; i++)
        made->data[i] = (uint8_t)roll(from, 256);
    recipe->extensions = made->extensions;
    recipe->extension_count = roll(from, 4);
    for (size_t i = 0; i < recipe->extension_count; i++)
        made->extensions[i] = (module_extension){.type = (uint16_t)(2 + roll(from, 0x100)),
                                                 .data = {made->data, 5 + roll(from, 50)}};
    recipe->has_product = roll(from, 2);
    if (recipe->extension_count && recipe->has_product)
        made->extensions[recipe->extension_count++] =
            (module_extension){.type = EXTENSION_END, .data = {made->data, roll(from, 5)}};
    recipe->product_id = (uint16_t)(1 + roll(from, 65534));
    recipe->product_version = (uint16_t)roll(from, 65536);
}

static void make_random(dice *from, random_recipe *made)
{
    static const uint32_t offsets[] = {0, 0x200, 0x184, 0x20, 0x10c, 0xc0, 0x10, 0x1ffc};
    static const uint8_t flags[] = {0, 1, 2, 3, 4, 8, 9};
    for (size_t i = 0; i < BODY_MAX; i++)
        made->body[i] = (uint8_t)roll(from, 256);
    made->recipe = (module_recipe){
        .prefix_offset = offsets[roll(from, 8)],
        .start = roll(from, 0x7fffffff),
        .mcu_target = (uint8_t)roll(from, 256),
        .flags = flags[roll(from, 7)],
        .version = (uint16_t)roll(from, 65536),
        .platform_id = (uint16_t)roll(from, 65536),
        .slot = {(uint8_t)(1 + roll(from, 9)), (uint8_t)roll(from, 256)},
        .dependencies = {random_dependency(from), random_dependency(from)},
    };
    size_t least = made->recipe.prefix_offset;
    made->recipe.body = (span){made->body, least + roll(from, (uint32_t)(BODY_MAX - least))};
    add_random_extensions(from, made);
}

static void assert_same_extensions(const module_recipe *recipe, const module *parsed)
{
    assert_int_equal(parsed->extension_count, recipe->extension_count);
    for (size_t i = 0; i < recipe->extension_count; i++) {
        const module_extension *wanted = &recipe->extensions[i], *read = &parsed->extensions[i];
        assert_false(read->in_prefix);
        assert_int_equal(read->type, wanted->type);
        assert_int_equal(read->data.size, wanted->data.size);
        assert_memory_equal(read->data.data, wanted->data.data, wanted->data.size);
    }
}

static void assert_same_header(const module_recipe *recipe, const module *parsed)
{
    assert_int_equal(parsed->prefix_offset, recipe->prefix_offset);
    assert_int_equal(parsed->start, recipe->start);
    assert_int_equal(parsed->mcu_target, recipe->mcu_target);
    assert_int_equal(parsed->flags, recipe->flags);
    assert_int_equal(parsed->version, recipe->version);
    assert_int_equal(parsed->platform_id, recipe->platform_id);
    assert_true(slot_equal(parsed->slot, recipe->slot));
    for (size_t i = 0; i < 2; i++) {
        assert_true(slot_equal(parsed->dependencies[i].slot, recipe->dependencies[i].slot));
        assert_int_equal(parsed->dependencies[i].version, recipe->dependencies[i].version);
    }
}

static void assert_same(const module_recipe *recipe, const module *parsed)
{
    span lead = span_slice(parsed->image, 0, recipe->prefix_offset);
    span rest = span_slice(parsed->image, recipe->prefix_offset + MODULE_PREFIX_SIZE,
                           recipe->body.size - recipe->prefix_offset);
    assert_same_header(recipe, parsed);
    assert_same_extensions(recipe, parsed);
    assert_memory_equal(lead.data, recipe->body.data, lead.size);
    assert_memory_equal(rest.data, recipe->body.data + recipe->prefix_offset, rest.size);
    assert_int_equal(parsed->has_product, recipe->has_product);
    if (recipe->has_product) {
        assert_int_equal(parsed->product_id, recipe->product_id);
        assert_int_equal(parsed->product_version, recipe->product_version);
    }
    uint8_t digest[SHA256_SIZE];
    sha256(span_slice(parsed->image, 0, parsed->image.size - 38), digest);
    assert_memory_equal(parsed->sha256, digest, SHA256_SIZE);
}

static void whatever_is_written_parses_back_to_its_recipe(void **state)
{
    (void)state;
    static random_recipe made;
    dice from = {20240611};
    for (size_t i = 0; i < RECIPES; i++) {
        BUF_OWNED file = buf_make(MODULE_FILE_MAX);
        make_random(&from, &made);
        write_module(&made.recipe, &file);
        module parsed = parse_sound(buf_span(&file));
        assert_int_equal(parsed.image.size, file.size);
        assert_false(parsed.synthetic);
        assert_same(&made.recipe, &parsed);
    }
}

static void a_module_is_appended_to_what_is_there(void **state)
{
    (void)state;
    BUF_OWNED alone = buf_make(MODULE_FILE_MAX);
    BUF_OWNED behind = buf_make(MODULE_FILE_MAX);
    module_recipe recipe = boron_system_recipe();
    write_module(&recipe, &alone);
    buf_append_text(&behind, "before");
    write_module(&recipe, &behind);
    assert_int_equal(behind.size, alone.size + 6);
    assert_memory_equal(behind.data + 6, alone.data, alone.size);
}

static void assert_refused(const module_recipe *recipe)
{
    osb_error error = {0};
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    assert_int_equal(module_write(recipe, &file, &error), OSB_ERR_USAGE);
    assert_true(*error.message && *error.hint);
    assert_int_equal(file.size, 0);
}

static void recipes_that_readers_would_misread_are_refused(void **state)
{
    (void)state;
    const module_extension end_first[] = {{.type = EXTENSION_END}, p2_extensions[0]};
    const module_extension tiny[] = {{.type = EXTENSION_SECURITY_MODE, .data = BYTES("\x01")}};
    module_recipe recipe = p2_app_recipe();
    recipe.has_product = true;
    assert_refused(&recipe);
    recipe = p2_app_recipe();
    recipe.extensions = end_first;
    assert_refused(&recipe);
    recipe.extensions = tiny;
    recipe.extension_count = 1;
    assert_refused(&recipe);
    recipe = boron_system_recipe();
    recipe.body.size = 0x1ff;
    assert_refused(&recipe);
    recipe = boron_system_recipe();
    recipe.start = UINT32_MAX - 100;
    assert_refused(&recipe);
}

static module_recipe synthetic_recipe(void)
{
    return (module_recipe){.prefix_offset = 0x20,
                           .start = 0x08004000,
                           .version = 2101,
                           .platform_id = 32,
                           .slot = {MODULE_BOOTLOADER, 0},
                           .dependencies = {{{MODULE_BOOTLOADER, 2}, 5}}};
}

static void a_synthetic_module_says_so_and_has_the_size_asked_for(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {300, 52476, 20024, 1006748};
    for (size_t i = 0; i < 4; i++) {
        osb_error error;
        BUF_OWNED file = buf_make(MODULE_FILE_MAX);
        module_recipe recipe = synthetic_recipe();
        assert_int_equal(module_synthesise(&recipe, sizes[i], true, &file, &error), OSB_OK);
        module parsed = parse_sound(buf_span(&file));
        assert_int_equal(file.size, sizes[i]);
        assert_true(parsed.synthetic);
        assert_int_equal(parsed.suffix_size, 62);
        assert_false(parsed.has_product);
        assert_memory_equal(file.data, "\x99\x99\x96\x96\x3f\xcc\x66\xfc", 8);
        recipe.body = span_slice(buf_span(&file), 0, 0);
        assert_same_header(&recipe, &parsed);
    }
}

static void synthetic_modules_begin_as_devices_expect(void **state)
{
    (void)state;
    static const struct {
        uint32_t prefix_offset, mask;
    } tables[] = {{0x200, 0x2ffc0000}, {0x184, 0x2ff10000}};
    for (size_t i = 0; i < 2; i++) {
        osb_error error;
        BUF_OWNED file = buf_make(MODULE_FILE_MAX);
        module_recipe recipe = synthetic_recipe();
        recipe.prefix_offset = tables[i].prefix_offset;
        assert_int_equal(module_synthesise(&recipe, 4000, false, &file, &error), OSB_OK);
        cursor reader = cursor_make(buf_span(&file));
        assert_int_equal(cursor_u32le(&reader) & tables[i].mask, 0x20000000);
        assert_int_equal(parse_sound(buf_span(&file)).suffix_size, 36);
    }
}

static void synthetic_modules_differ_as_their_recipes_do(void **state)
{
    (void)state;
    osb_error error;
    BUF_OWNED one = buf_make(MODULE_FILE_MAX);
    BUF_OWNED same = buf_make(MODULE_FILE_MAX);
    BUF_OWNED other = buf_make(MODULE_FILE_MAX);
    module_recipe recipe = synthetic_recipe();
    recipe.has_product = true;
    recipe.product_id = 32;
    assert_int_equal(module_synthesise(&recipe, 5000, true, &one, &error), OSB_OK);
    assert_int_equal(module_synthesise(&recipe, 5000, true, &same, &error), OSB_OK);
    assert_int_equal(parse_sound(buf_span(&one)).product_id, 32);
    assert_memory_equal(one.data, same.data, 5000);
    recipe.version++;
    assert_int_equal(module_synthesise(&recipe, 5000, true, &other, &error), OSB_OK);
    assert_memory_not_equal(one.data + 1000, other.data + 1000, 3900);
}

static void a_size_that_cannot_be_is_refused(void **state)
{
    (void)state;
    osb_error error;
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    module_recipe recipe = synthetic_recipe();
    assert_int_equal(module_synthesise(&recipe, 100, true, &file, &error), OSB_ERR_USAGE);
    assert_int_equal(module_synthesise(&recipe, 0, false, &file, &error), OSB_ERR_USAGE);
    assert_int_equal(module_synthesise(&recipe, UINT32_MAX, false, &file, &error), OSB_ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_is_written_parses_back_to_its_recipe),
        cmocka_unit_test(a_module_is_appended_to_what_is_there),
        cmocka_unit_test(recipes_that_readers_would_misread_are_refused),
        cmocka_unit_test(a_synthetic_module_says_so_and_has_the_size_asked_for),
        cmocka_unit_test(synthetic_modules_begin_as_devices_expect),
        cmocka_unit_test(synthetic_modules_differ_as_their_recipes_do),
        cmocka_unit_test(a_size_that_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
