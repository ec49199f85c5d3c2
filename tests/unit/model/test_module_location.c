/* Addresses that a module states more than once: DYNAMIC_LOCATION, and the second header. */
#include "unit/model/forms.h"

enum {
    LEGACY_END = LEGACY_PREFIX_OFFSET + 24 + 300, /**< file offset behind the inner CRC-32 */
    LEGACY_SIZE = LEGACY_END - LEGACY_OFFSET
};

/** An nRF52840 system part as of 6.2.0: from 0x28000, another header at 0x30200. */
static void write_with_legacy(buf *file)
{
    BUF_OWNED body = buf_make(MODULE_FILE_MAX);
    module_recipe recipe = boron_system_recipe();
    recipe.start = 0x28000;
    recipe.version = 6200;
    buf_append_fill(&body, 0x5a, LEGACY_END + 5000);
    MUST(module_put_legacy(&recipe, LEGACY_SIZE, &body, NULL));
    recipe.body = buf_span(&body);
    write_module(&recipe, file);
}

static void the_first_header_wins_and_the_second_is_found(void **state)
{
    (void)state;
    module legacy;
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    write_with_legacy(&file);
    module parsed = assert_sealed(buf_span(&file));
    assert_int_equal(parsed.prefix_offset, 0x200);
    assert_int_equal(parsed.start, 0x28000);
    assert_int_equal(parsed.image.size, file.size);
    assert_true(module_find_legacy(&parsed, &legacy));
    assert_int_equal(legacy.start, 0x30000);
    assert_int_equal(legacy.end, 0x28000 + LEGACY_END - 4);
    assert_int_equal(legacy.version, 6200);
    assert_int_equal(legacy.crc_stored, legacy.crc_computed);
    assert_ptr_equal(legacy.image.data, file.data + LEGACY_OFFSET);
    assert_int_equal(legacy.image.size, LEGACY_SIZE);
}

/** A former bootloader sees the flash from 0x30000 on, and that alone is a module to it. */
static void the_inner_image_is_a_module_by_itself(void **state)
{
    (void)state;
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    write_with_legacy(&file);
    module inner = parse_sound(span_slice(buf_span(&file), LEGACY_OFFSET, file.size));
    assert_int_equal(inner.start, 0x30000);
    assert_int_equal(inner.prefix_offset, 0x200);
    assert_int_equal(inner.image.size, LEGACY_SIZE);
}

static void a_broken_second_header_is_seen_as_such(void **state)
{
    (void)state;
    module legacy;
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    write_with_legacy(&file);
    file.data[LEGACY_OFFSET + 100] ^= 1;
    reseal(&file);
    module parsed = parse_sound(buf_span(&file));
    assert_true(module_find_legacy(&parsed, &legacy));
    assert_int_not_equal(legacy.crc_stored, legacy.crc_computed);
}

static void what_is_not_there_is_not_found(void **state)
{
    (void)state;
    module legacy;
    dice from = {41};
    for (unsigned i = 0; i < SHAPE_COUNT; i++) {
        BUF_OWNED file = buf_make(MODULE_FILE_MAX);
        shape_write((shape)i, &from, 60000, &file);
        module parsed = parse_sound(buf_span(&file));
        assert_false(module_find_legacy(&parsed, &legacy));
    }
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    write_with_legacy(&file);
    static const uint32_t changed[] = {0, 4, 7, 10, 12, 14, 15};
    for (size_t i = 0; i < sizeof changed / sizeof *changed; i++) {
        uint8_t *byte = &file.data[LEGACY_PREFIX_OFFSET + changed[i]];
        *byte ^= 0x80;
        reseal(&file);
        module parsed = parse_sound(buf_span(&file));
        bool found = module_find_legacy(&parsed, &legacy);
        assert_true(!found || (changed[i] == 4 && legacy.crc_stored != legacy.crc_computed));
        *byte ^= 0x80;
    }
}

static void a_second_header_needs_room(void **state)
{
    (void)state;
    osb_error error;
    BUF_OWNED body = buf_make(MODULE_FILE_MAX);
    module_recipe recipe = boron_system_recipe();
    buf_append_fill(&body, 0, LEGACY_END - MODULE_PREFIX_SIZE);
    assert_int_equal(module_put_legacy(&recipe, LEGACY_SIZE, &body, &error), OSB_OK);
    assert_int_equal(module_put_legacy(&recipe, LEGACY_SIZE + 1, &body, &error), OSB_ERR_USAGE);
    assert_int_equal(module_put_legacy(&recipe, 0x200 + 24, &body, &error), OSB_ERR_USAGE);
    recipe.prefix_offset = 0;
    assert_int_equal(module_put_legacy(&recipe, LEGACY_SIZE, &body, &error), OSB_ERR_USAGE);
}

static location_finding location_with(const char *bytes, size_t size)
{
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    module_recipe recipe = p2_app_recipe();
    const module_extension extensions[] = {
        {.type = EXTENSION_DYNAMIC_LOCATION, .data = {(const uint8_t *)bytes, size}},
        p2_extensions[1],
    };
    recipe.extensions = extensions;
    write_module(&recipe, &file);
    module parsed = parse_sound(buf_span(&file));
    return module_check_location(&parsed);
}

static void a_location_is_held_against_the_header(void **state)
{
    (void)state;
    assert_int_equal(location_with("\x00\xf0\x5f\x08\x88\xf0\x5f\x08\x00\x00\x3f\x02", 12),
                     LOCATION_AGREES);
    assert_int_equal(location_with("\x00\xf0\x5f\x08\0\0\0\0\0\0\0\0", 12), LOCATION_AGREES);
    assert_int_equal(location_with("\x00\x40\x5f\x08\x88\xf0\x5f\x08\x00\x00\x3f\x02", 12),
                     LOCATION_START);
    assert_int_equal(location_with("\x00\xf0\x5f\x08\x88\xe0\x5f\x08\x00\x00\x3f\x02", 12),
                     LOCATION_DYNALIB);
    assert_int_equal(location_with("\x00\xf0\x5f\x08\xfc\xff\x5f\x08\x00\x00\x3f\x02", 12),
                     LOCATION_DYNALIB);
    assert_int_equal(location_with("\x00\xf0\x5f\x08\x88\xf0\x5f\x08\x00\x00\x3f", 11),
                     LOCATION_BROKEN);
    dice from = {42};
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    shape_write(SHAPE_SYSTEM_NRF52840, &from, 100, &file);
    module parsed = parse_sound(buf_span(&file));
    assert_int_equal(module_check_location(&parsed), LOCATION_ABSENT);
}

static void there_must_be_room_to_the_left(void **state)
{
    (void)state;
    osb_error error;
    module_recipe recipe = p2_app_recipe();
    asset_need need = {.name = "a"};
    BUF_OWNED app = buf_make(MODULE_FILE_MAX);
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    recipe.start = 16;
    write_module(&recipe, &app);
    module parsed = parse_sound(buf_span(&app));
    assert_int_equal(asset_needs_write(&parsed, &need, 1, &file, &error), OSB_ERR_REFUSED);
    assert_non_null(strstr(error.message, "no room to the left"));
}

static void a_start_without_a_location_to_follow_does_not_move(void **state)
{
    (void)state;
    osb_error error;
    module_recipe recipe = p2_app_recipe();
    asset_need need = {.name = "a"};
    const module_extension broken[] = {
        {.type = EXTENSION_DYNAMIC_LOCATION, .data = BYTES("\x00\xf0\x5f\x08")},
        p2_extensions[1],
    };
    BUF_OWNED app = buf_make(MODULE_FILE_MAX);
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    recipe.extensions = broken;
    write_module(&recipe, &app);
    module parsed = parse_sound(buf_span(&app));
    assert_int_equal(asset_needs_write(&parsed, &need, 1, &file, &error), OSB_ERR_REFUSED);
    assert_non_null(strstr(error.message, "cannot move"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_header_wins_and_the_second_is_found),
        cmocka_unit_test(the_inner_image_is_a_module_by_itself),
        cmocka_unit_test(a_broken_second_header_is_seen_as_such),
        cmocka_unit_test(what_is_not_there_is_not_found),
        cmocka_unit_test(a_second_header_needs_room),
        cmocka_unit_test(a_location_is_held_against_the_header),
        cmocka_unit_test(there_must_be_room_to_the_left),
        cmocka_unit_test(a_start_without_a_location_to_follow_does_not_move),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
