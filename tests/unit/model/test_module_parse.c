/* Reading modules: every place a prefix may stand at, and every way a file may be damaged. */
#include "unit/model/samples.h"

static void the_prefix_is_found_at_every_known_place(void **state)
{
    (void)state;
    static const uint32_t offsets[] = {0, 0x200, 0x184, 0x20, 0x10c, 0xc0};
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        BUF_OWNED file = buf_make(MODULE_FILE_MAX);
        module_recipe recipe = boron_system_recipe();
        recipe.prefix_offset = offsets[i];
        write_module(&recipe, &file);
        module parsed = parse_sound(buf_span(&file));
        assert_int_equal(parsed.prefix_offset, offsets[i]);
        assert_int_equal(parsed.version, 4006);
        assert_int_equal(parsed.image.size, file.size);
    }
}

static void unknown_numbers_at_an_odd_place_are_shown(void **state)
{
    (void)state;
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    module_recipe recipe = {
        .prefix_offset = 0x10,
        .start = 0x20003000,
        .mcu_target = 0x81,
        .flags = 0x80,
        .version = 9999,
        .platform_id = 129,
        .slot = {129, 99},
        .dependencies = {{{129, 99}, 999}, {{129, 29}, 129}},
        .body = {sample_body, 8000},
    };
    write_module(&recipe, &file);
    module parsed = parse_sound(buf_span(&file));
    assert_int_equal(parsed.prefix_offset, 0x10);
    assert_int_equal(parsed.slot.function, 129);
    assert_int_equal(parsed.dependencies[1].version, 129);
    assert_int_equal(parsed.flags, 0x80);
}

static void lengths_need_not_be_even(void **state)
{
    (void)state;
    for (size_t size = 601; size < 609; size++) {
        BUF_OWNED file = buf_make(MODULE_FILE_MAX);
        module_recipe recipe = boron_system_recipe();
        recipe.body.size = size;
        write_module(&recipe, &file);
        module parsed = parse_sound(buf_span(&file));
        assert_int_equal(parsed.end - parsed.start + 4, file.size);
    }
}

static void bytes_behind_the_module_change_nothing(void **state)
{
    (void)state;
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    module_recipe recipe = p2_app_recipe();
    write_module(&recipe, &file);
    size_t size = file.size;
    buf_append_fill(&file, 0xff, 377);
    module parsed = parse_sound(buf_span(&file));
    assert_int_equal(parsed.image.size, size);
    assert_int_equal(parsed.file.size, size + 377);
    assert_int_equal(parsed.suffix_size, 62);
    assert_int_equal(parsed.product_id, 32);
}

static void of_a_combined_file_the_first_module_is_read(void **state)
{
    (void)state;
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    module_recipe first = boron_system_recipe(), second = p2_app_recipe();
    first.flags = MODULE_COMBINED;
    write_module(&first, &file);
    size_t size = file.size;
    write_module(&second, &file);
    module parsed = parse_sound(buf_span(&file));
    assert_int_equal(parsed.image.size, size);
    assert_int_equal(parsed.platform_id, 13);
    parsed = parse_sound(span_slice(buf_span(&file), size, file.size));
    assert_int_equal(parsed.platform_id, 32);
}

static void a_file_cut_short_says_by_how_much(void **state)
{
    (void)state;
    osb_error error;
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    module_recipe recipe = boron_system_recipe();
    write_module(&recipe, &file);
    assert_int_equal(parse_status(span_slice(buf_span(&file), 0, 1000), &error), OSB_ERR_INTEGRITY);
    assert_non_null(strstr(error.message, "its header says 2068 bytes, the file has 1000"));
    for (size_t size = 0x200 + 24; size < file.size; size++)
        assert_int_equal(parse_status(span_slice(buf_span(&file), 0, size), &error),
                         OSB_ERR_INTEGRITY);
    for (size_t size = 0; size < 0x200 + 24; size++)
        assert_int_equal(parse_status(span_slice(buf_span(&file), 0, size), &error),
                         OSB_ERR_NOT_A_MODULE);
}

static void every_flipped_bit_is_noticed(void **state)
{
    (void)state;
    osb_error error;
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    module_recipe recipe = boron_system_recipe();
    recipe.body.size = 0x200 + 100;
    write_module(&recipe, &file);
    for (size_t i = 0; i < file.size * 8; i++) {
        file.data[i / 8] ^= (uint8_t)(1u << i % 8);
        osb_status status = parse_status(buf_span(&file), &error);
        bool in_prefix = i / 8 >= 0x200 && i / 8 < 0x200 + 24;
        assert_true(status == OSB_ERR_INTEGRITY || (in_prefix && status == OSB_ERR_NOT_A_MODULE));
        file.data[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    assert_int_equal(parse_status(buf_span(&file), &error), OSB_OK);
}

static void a_wrong_checksum_is_told_with_both_values(void **state)
{
    (void)state;
    module parsed;
    osb_error error;
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    module_recipe recipe = p2_app_recipe();
    write_module(&recipe, &file);
    file.data[700] ^= 1;
    assert_int_equal(module_parse(buf_span(&file), "app.bin", &parsed, &error), OSB_ERR_INTEGRITY);
    assert_string_equal(error.subject, "app.bin");
    assert_non_null(strstr(error.message, "CRC-32"));
    assert_int_not_equal(parsed.crc_stored, parsed.crc_computed);
    assert_int_equal(parsed.slot.function, MODULE_USER_PART);
}

static void damage_shows_also_where_numbers_are_unknown(void **state)
{
    (void)state;
    osb_error error;
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    module_recipe recipe = boron_system_recipe();
    recipe.slot.function = 129;
    write_module(&recipe, &file);
    file.data[1000] ^= 1;
    assert_int_equal(parse_status(buf_span(&file), &error), OSB_ERR_INTEGRITY);
}

static void what_is_no_module_is_called_so(void **state)
{
    (void)state;
    osb_error error;
    uint8_t noise[20000];
    dice from = {7};
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (uint8_t)roll(&from, 256);
    assert_int_equal(parse_status((span){0}, &error), OSB_ERR_NOT_A_MODULE);
    assert_non_null(strstr(error.message, "empty"));
    assert_int_equal(parse_status(BYTES("<!DOCTYPE html><title>404"), &error),
                     OSB_ERR_NOT_A_MODULE);
    assert_non_null(strstr(error.message, "web page"));
    assert_int_equal(parse_status(BYTES("\xa5"), &error), OSB_ERR_NOT_A_MODULE);
    assert_int_equal(parse_status((span){noise, sizeof noise}, &error), OSB_ERR_NOT_A_MODULE);
    memset(noise, 0xff, sizeof noise);
    assert_int_equal(parse_status((span){noise, sizeof noise}, &error), OSB_ERR_NOT_A_MODULE);
    memset(noise, 0, sizeof noise);
    assert_int_equal(parse_status((span){noise, sizeof noise}, &error), OSB_ERR_NOT_A_MODULE);
}

static void rtl_product_data_is_read_behind_its_filler(void **state)
{
    (void)state;
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    module_recipe recipe = p2_app_recipe();
    write_module(&recipe, &file);
    module parsed = parse_sound(buf_span(&file));
    assert_int_equal(parsed.suffix_size, 62);
    assert_int_equal(parsed.extension_count, 2);
    assert_true(parsed.has_product);
    assert_int_equal(parsed.product_id, 32);
    assert_int_equal(parsed.product_version, 4);
    const module_extension *location = module_find_extension(&parsed, EXTENSION_DYNAMIC_LOCATION);
    cursor reader = cursor_make(location->data);
    assert_int_equal(cursor_u32le(&reader), 0x085f4000);
}

static void a_product_of_0_or_ffff_is_none(void **state)
{
    (void)state;
    static const uint16_t ids[] = {0, 0xffff};
    for (size_t i = 0; i < 2; i++) {
        BUF_OWNED file = buf_make(MODULE_FILE_MAX);
        module_recipe recipe = boron_system_recipe();
        recipe.product_id = ids[i];
        write_module(&recipe, &file);
        module parsed = parse_sound(buf_span(&file));
        assert_int_equal(parsed.suffix_size, 40);
        assert_false(parsed.has_product);
    }
}

static void a_protected_bootloader_shows_its_security_mode(void **state)
{
    (void)state;
    const module_extension extensions[] = {
        {.type = EXTENSION_SECURITY_MODE, .data = BYTES("\x01")},
        {.type = EXTENSION_END},
    };
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    module_recipe recipe = boron_system_recipe();
    recipe.extensions = extensions;
    recipe.extension_count = 2;
    write_module(&recipe, &file);
    module parsed = parse_sound(buf_span(&file));
    assert_int_equal(parsed.suffix_size, 49);
    assert_int_equal(module_find_extension(&parsed, EXTENSION_SECURITY_MODE)->data.data[0], 1);
    assert_int_equal(parsed.product_id, 13);
    assert_null(module_find_extension(&parsed, EXTENSION_HASH));
}

static void prefix_extensions_are_read_up_to_their_end(void **state)
{
    (void)state;
    static const uint8_t body[] = "\x12\x00\x06\x00\x00\x00\x00\x00\x05\x00\x77rest of the body";
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    module_recipe recipe = p2_app_recipe();
    recipe.flags = MODULE_PREFIX_EXTENSIONS;
    recipe.body = (span){body, sizeof body};
    write_module(&recipe, &file);
    module parsed = parse_sound(buf_span(&file));
    assert_int_equal(parsed.extension_count, 4);
    assert_true(parsed.extensions[0].in_prefix);
    assert_int_equal(parsed.extensions[0].type, EXTENSION_ASSET_DEPENDENCY);
    assert_int_equal(parsed.extensions[1].data.size, 1);
    assert_false(parsed.extensions[2].in_prefix);
}

static void prefix_extensions_without_an_end_are_broken(void **state)
{
    (void)state;
    osb_error error;
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    module_recipe recipe = p2_app_recipe();
    recipe.flags = MODULE_PREFIX_EXTENSIONS;
    recipe.body = BYTES("\x12\x00\x06\x00\x00\x00");
    recipe.extension_count = 0;
    write_module(&recipe, &file);
    assert_int_equal(parse_status(buf_span(&file), &error), OSB_ERR_INTEGRITY);
    assert_non_null(strstr(error.message, "prefix"));
}

static void a_broken_suffix_list_is_told_though_the_checksum_closes(void **state)
{
    (void)state;
    static const uint8_t lengths[] = {0, 3, 200};
    for (size_t i = 0; i < sizeof lengths; i++) {
        osb_error error;
        BUF_OWNED file = buf_make(MODULE_FILE_MAX);
        module_recipe recipe = p2_app_recipe();
        write_module(&recipe, &file);
        file.data[file.size - 4 - 62 + 2] = lengths[i];
        reseal(&file);
        assert_int_equal(parse_status(buf_span(&file), &error), OSB_ERR_INTEGRITY);
        assert_non_null(strstr(error.message, "suffix"));
    }
}

static void a_meaningless_suffix_size_is_shown_not_believed(void **state)
{
    (void)state;
    static const uint16_t sizes[] = {0, 35, 60000};
    for (size_t i = 0; i < 3; i++) {
        BUF_OWNED file = buf_make(MODULE_FILE_MAX);
        module_recipe recipe = p2_app_recipe();
        write_module(&recipe, &file);
        buf_patch_u16le(&file, file.size - 6, sizes[i]);
        reseal(&file);
        module parsed = parse_sound(buf_span(&file));
        assert_int_equal(parsed.suffix_size, sizes[i]);
        assert_int_equal(parsed.extension_count, 0);
        assert_false(parsed.has_product);
    }
}

static void a_dropped_prefix_is_not_part_of_the_payload(void **state)
{
    (void)state;
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    module_recipe recipe = {.start = 0x1000,
                            .flags = MODULE_DROP_INFO,
                            .version = 202,
                            .platform_id = 13,
                            .slot = {MODULE_RADIO_STACK, 0},
                            .body = {sample_body, 500}};
    write_module(&recipe, &file);
    module parsed = parse_sound(buf_span(&file));
    assert_int_equal(module_payload(&parsed).size, file.size - 24);
    assert_ptr_equal(module_payload(&parsed).data, file.data + 24);
    recipe.flags = MODULE_DROP_INFO | MODULE_COMPRESSED;
    buf_free(&file);
    write_module(&recipe, &file);
    parsed = parse_sound(buf_span(&file));
    assert_int_equal(module_payload(&parsed).size, file.size - 24);
}

static void flash_read_back_is_recognised_by_its_header(void **state)
{
    (void)state;
    module header;
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    module_recipe recipe = boron_system_recipe();
    write_module(&recipe, &file);
    assert_true(module_peek(span_slice(buf_span(&file), 0, 0x200 + 24), 0x200, &header));
    assert_int_equal(header.version, 4006);
    assert_int_equal(header.end - header.start + 4, file.size);
    assert_false(module_peek(span_slice(buf_span(&file), 0, 0x200 + 23), 0x200, &header));
    memset(file.data, 0xff, file.size);
    assert_false(module_peek(buf_span(&file), 0x200, &header));
    memset(file.data, 0, file.size);
    assert_false(module_peek(buf_span(&file), 0x200, &header));
}

static void slots_are_written_and_read_the_same_way(void **state)
{
    (void)state;
    for (unsigned function = 0; function < 256; function++) {
        char text[MODULE_SLOT_TEXT];
        module_slot read, slot = {(uint8_t)function, (uint8_t)(255 - function)};
        slot_text(slot, text);
        assert_true(slot_from_text(text, &read));
        assert_true(slot_equal(read, slot));
    }
    module_slot slot;
    static const char *const wrong[] = {"",
                                        "/",
                                        "bootloader",
                                        "bootloader/",
                                        "bootloader/256",
                                        "boot/0",
                                        "function2/0",
                                        "function256/0",
                                        "system_part/1/1",
                                        "system_part_that_is_far_too_long/1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(slot_from_text(wrong[i], &slot));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_prefix_is_found_at_every_known_place),
        cmocka_unit_test(unknown_numbers_at_an_odd_place_are_shown),
        cmocka_unit_test(lengths_need_not_be_even),
        cmocka_unit_test(bytes_behind_the_module_change_nothing),
        cmocka_unit_test(of_a_combined_file_the_first_module_is_read),
        cmocka_unit_test(a_file_cut_short_says_by_how_much),
        cmocka_unit_test(every_flipped_bit_is_noticed),
        cmocka_unit_test(a_wrong_checksum_is_told_with_both_values),
        cmocka_unit_test(damage_shows_also_where_numbers_are_unknown),
        cmocka_unit_test(what_is_no_module_is_called_so),
        cmocka_unit_test(rtl_product_data_is_read_behind_its_filler),
        cmocka_unit_test(a_product_of_0_or_ffff_is_none),
        cmocka_unit_test(a_protected_bootloader_shows_its_security_mode),
        cmocka_unit_test(prefix_extensions_are_read_up_to_their_end),
        cmocka_unit_test(prefix_extensions_without_an_end_are_broken),
        cmocka_unit_test(a_broken_suffix_list_is_told_though_the_checksum_closes),
        cmocka_unit_test(a_meaningless_suffix_size_is_shown_not_believed),
        cmocka_unit_test(a_dropped_prefix_is_not_part_of_the_payload),
        cmocka_unit_test(flash_read_back_is_recognised_by_its_header),
        cmocka_unit_test(slots_are_written_and_read_the_same_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
