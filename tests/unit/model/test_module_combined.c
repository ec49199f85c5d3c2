/* Combined files that do not keep their promises. */
#include "unit/model/forms.h"

static void append_part(dice *from, bool flagged, buf *whole)
{
    BUF_OWNED part = buf_make(MODULE_FILE_MAX);
    shape_write(SHAPE_APPLICATION_NRF52840, from, 100, &part);
    if (flagged) {
        part.data[9] |= MODULE_COMBINED;
        reseal(&part);
    }
    buf_append(whole, buf_span(&part));
}

static osb_status split_status(span file, size_t *count, osb_error *error)
{
    ARENA_OWNED memory = {0};
    const module *modules;
    *error = (osb_error){0};
    return module_split(file, "sample.bin", &memory, &modules, count, error);
}

static void a_promised_module_that_is_missing_is_told(void **state)
{
    (void)state;
    dice from = {1};
    size_t count;
    osb_error error;
    BUF_OWNED whole = buf_make(MODULE_FILE_MAX);
    append_part(&from, true, &whole);
    append_part(&from, true, &whole);
    assert_int_equal(split_status(buf_span(&whole), &count, &error), OSB_ERR_INTEGRITY);
    assert_non_null(strstr(error.message, "module 2 in it says that another one follows"));
}

static void a_damaged_module_is_named_by_its_number(void **state)
{
    (void)state;
    dice from = {2};
    size_t count;
    osb_error error;
    BUF_OWNED whole = buf_make(MODULE_FILE_MAX);
    append_part(&from, true, &whole);
    append_part(&from, false, &whole);
    whole.data[whole.size - 50] ^= 1;
    assert_int_equal(split_status(buf_span(&whole), &count, &error), OSB_ERR_INTEGRITY);
    assert_non_null(strstr(error.message, "module 2 in it: its CRC-32 is"));
    whole.data[50] ^= 1;
    assert_int_equal(split_status(buf_span(&whole), &count, &error), OSB_ERR_INTEGRITY);
    assert_null(strstr(error.message, "module 2"));
}

static void noise_where_the_next_module_should_be_is_no_module(void **state)
{
    (void)state;
    dice from = {3};
    size_t count;
    osb_error error;
    BUF_OWNED whole = buf_make(MODULE_FILE_MAX);
    append_part(&from, true, &whole);
    buf_append_fill(&whole, 0xff, 4096);
    assert_int_equal(split_status(buf_span(&whole), &count, &error), OSB_ERR_INTEGRITY);
    assert_non_null(strstr(error.message, "module 2 in it: "));
}

static void bytes_behind_the_last_module_are_seen_there_alone(void **state)
{
    (void)state;
    dice from = {4};
    size_t count;
    const module *modules;
    ARENA_OWNED memory = {0};
    BUF_OWNED whole = buf_make(MODULE_FILE_MAX);
    append_part(&from, true, &whole);
    append_part(&from, false, &whole);
    buf_append_fill(&whole, 0xff, 77);
    MUST(module_split(buf_span(&whole), "x", &memory, &modules, &count, NULL));
    assert_int_equal(count, 2);
    assert_int_equal(modules[0].file.size, modules[0].image.size);
    assert_int_equal(modules[1].file.size, modules[1].image.size + 77);
    assert_ptr_equal(modules[1].image.data, whole.data + modules[0].image.size);
}

static void a_chain_has_an_end(void **state)
{
    (void)state;
    dice from = {5};
    size_t count;
    osb_error error;
    BUF_OWNED whole = buf_make(MODULE_FILE_MAX);
    for (int i = 0; i < MODULE_COMBINED_MAX - 1; i++)
        append_part(&from, true, &whole);
    BUF_OWNED most = buf_make(MODULE_FILE_MAX);
    buf_append(&most, buf_span(&whole));
    append_part(&from, false, &most);
    assert_int_equal(split_status(buf_span(&most), &count, &error), OSB_OK);
    assert_int_equal(count, MODULE_COMBINED_MAX);
    append_part(&from, true, &whole);
    append_part(&from, false, &whole);
    assert_int_equal(split_status(buf_span(&whole), &count, &error), OSB_ERR_REFUSED);
}

static void only_so_many_modules_are_combined(void **state)
{
    (void)state;
    osb_error error;
    static module modules[MODULE_COMBINED_MAX + 1];
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    assert_int_equal(module_combine(modules, 0, &file, &error), OSB_ERR_USAGE);
    assert_int_equal(module_combine(modules, MODULE_COMBINED_MAX + 1, &file, &error),
                     OSB_ERR_USAGE);
}

static void a_suffix_of_no_known_form_is_not_rewritten(void **state)
{
    (void)state;
    dice from = {6};
    osb_error error;
    BUF_OWNED part = buf_make(MODULE_FILE_MAX);
    BUF_OWNED whole = buf_make(MODULE_FILE_MAX);
    shape_write(SHAPE_APPLICATION_NRF52840, &from, 100, &part);
    buf_patch_u16le(&part, part.size - 6, 0);
    reseal(&part);
    module modules[2] = {parse_sound(buf_span(&part)), parse_sound(buf_span(&part))};
    assert_int_equal(module_combine(modules, 2, &whole, &error), OSB_ERR_REFUSED);
    assert_string_equal(error.subject, "user_part/2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_promised_module_that_is_missing_is_told),
        cmocka_unit_test(a_damaged_module_is_named_by_its_number),
        cmocka_unit_test(noise_where_the_next_module_should_be_is_no_module),
        cmocka_unit_test(bytes_behind_the_last_module_are_seen_there_alone),
        cmocka_unit_test(a_chain_has_an_end),
        cmocka_unit_test(only_so_many_modules_are_combined),
        cmocka_unit_test(a_suffix_of_no_known_form_is_not_rewritten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
