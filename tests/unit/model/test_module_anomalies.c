/*
 * What files in the wild have been seen to be, one test for each kind, all of them made here: no
 * vendor's bytes. A reader has to survive them and to say the right thing about each.
 */
#include "unit/model/forms.h"

enum {
    PREFIX_AT = 0x184 /**< of STM32F2 modules with a vector table */
};

static module_recipe photon_bootloader_recipe(void)
{
    return (module_recipe){.prefix_offset = PREFIX_AT,
                           .start = 0x08000000,
                           .version = 2,
                           .platform_id = 6,
                           .slot = {MODULE_BOOTLOADER, 0},
                           .body = {sample_body, 7000}};
}

/** The header is to be told, though the bytes are not to be trusted. */
static void assert_damaged_photon_bootloader(span file)
{
    module parsed;
    osb_error error;
    assert_int_equal(module_parse(file, "pad.bin", &parsed, &error), OSB_ERR_INTEGRITY);
    assert_non_null(strstr(error.message, "CRC-32"));
    assert_int_equal(parsed.platform_id, 6);
    assert_int_equal(parsed.slot.function, MODULE_BOOTLOADER);
    assert_int_equal(parsed.prefix_offset, PREFIX_AT);
}

/** Builds that were never sealed hold SHA-256 01..20 and CRC-32 12345678, and are padded with FF.
 */
static void an_unsealed_and_padded_build_is_damaged_but_recognised(void **state)
{
    (void)state;
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    module_recipe recipe = photon_bootloader_recipe();
    write_module(&recipe, &file);
    for (uint8_t i = 0; i < SHA256_SIZE; i++)
        file.data[file.size - 38 + i] = i + 1;
    buf_patch_u32le(&file, file.size - 4, 0x12345678);
    buf_append_fill(&file, 0xff, 100);
    assert_damaged_photon_bootloader(buf_span(&file));
}

/** Early candidates name a suffix size of 0 and have unrelated bytes appended. */
static void a_suffix_size_of_zero_with_bytes_appended_is_survived(void **state)
{
    (void)state;
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    module_recipe recipe = photon_bootloader_recipe();
    write_module(&recipe, &file);
    buf_patch_u16le(&file, file.size - 6, 0);
    size_t size = file.size;
    buf_append_fill(&file, 0x37, 360);
    assert_damaged_photon_bootloader(buf_span(&file));
    file.size = size;
    reseal(&file);
    module parsed = parse_sound(buf_span(&file));
    module_parts parts;
    assert_int_equal(parsed.suffix_size, 0);
    assert_int_equal(module_take_apart(&parsed, "x", &parts, NULL), OSB_ERR_REFUSED);
}

/** A release once shipped a web server's error page, and once an empty file. */
static void empty_files_and_web_pages_are_no_modules(void **state)
{
    (void)state;
    osb_error error;
    BUF_OWNED page = buf_make(MODULE_FILE_MAX);
    assert_int_equal(parse_status((span){0}, &error), OSB_ERR_NOT_A_MODULE);
    assert_non_null(strstr(error.message, "empty"));
    buf_append_text(&page, "\n\n<!DOCTYPE html>\n<html lang=\"en\">");
    while (page.size < 129195)
        buf_append_text(&page, "<p>Page not found</p>\n");
    assert_int_equal(parse_status(buf_span(&page), &error), OSB_ERR_NOT_A_MODULE);
    assert_true(*error.hint);
}

/** Numbers that nobody assigned, at a place where no board has a prefix, but sealed. */
static void numbers_without_a_meaning_are_shown(void **state)
{
    (void)state;
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    module_recipe recipe = {.prefix_offset = 0x10,
                            .start = 0x20003000,
                            .mcu_target = 0x81,
                            .flags = 0x80,
                            .version = 9999,
                            .platform_id = 129,
                            .slot = {129, 99},
                            .dependencies = {{{129, 99}, 999}, {{129, 29}, 129}},
                            .body = {sample_body, 8192}};
    write_module(&recipe, &file);
    module parsed = parse_sound(buf_span(&file));
    char text[MODULE_SLOT_TEXT];
    slot_text(parsed.slot, text);
    assert_string_equal(text, "function129/99");
    JSON_OWNED *told = module_to_json(&parsed, "unknown.bin", NULL, NULL);
    assert_string_equal(json_text(json_object_get(told, "function"), "name", ""), "unknown");
    assert_int_equal(json_number(json_object_get(told, "platform"), "id", 0), 129);
}

/** Machine code in which something looks like a header by chance, as other tools believe it. */
static void raw_machine_code_is_no_module_though_it_looks_like_one_inside(void **state)
{
    (void)state;
    osb_error error;
    dice from = {61};
    BUF_OWNED code = buf_make(MODULE_FILE_MAX);
    BUF_OWNED inside = buf_make(MODULE_FILE_MAX);
    append_body(&from, 40000, &code);
    module_recipe recipe = p2_app_recipe();
    write_module(&recipe, &inside);
    buf_patch(&code, 6088, span_slice(buf_span(&inside), 0, MODULE_PREFIX_SIZE));
    assert_int_equal(parse_status(buf_span(&code), &error), OSB_ERR_NOT_A_MODULE);
    assert_int_equal(parse_status(BYTES("\xa5"), &error), OSB_ERR_NOT_A_MODULE);
}

/** Electron from 0.6.0: the file named part 1 holds index 3 and has no vector table. */
static void what_a_part_is_called_says_nothing_about_what_it_is(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t prefix_offset, start;
        uint8_t index;
    } parts[] = {
        {"system-part1-0.6.0-electron.bin", 0, 0x08060000, 3},
        {"system-part2-0.6.0-electron.bin", 0x184, 0x08020000, 1},
        {"system-part3-0.6.0-electron.bin", 0x184, 0x08040000, 2},
    };
    for (size_t i = 0; i < 3; i++) {
        module parsed;
        BUF_OWNED file = buf_make(MODULE_FILE_MAX);
        module_recipe recipe = {.prefix_offset = parts[i].prefix_offset,
                                .start = parts[i].start,
                                .version = 102,
                                .platform_id = 10,
                                .slot = {MODULE_SYSTEM_PART, parts[i].index},
                                .body = {sample_body, 5000}};
        write_module(&recipe, &file);
        MUST(module_parse(buf_span(&file), parts[i].name, &parsed, NULL));
        assert_int_equal(parsed.slot.index, parts[i].index);
        assert_int_equal(parsed.prefix_offset, parts[i].prefix_offset);
    }
}

/** One co-processor image for two platforms; its SHA-256 covers this or that. */
static void co_processor_firmware_has_no_address_and_either_hash(void **state)
{
    (void)state;
    static const uint16_t platforms[] = {12, 22};
    for (int alone = 0; alone < 2; alone++) {
        BUF_OWNED file = buf_make(MODULE_FILE_MAX);
        BUF_OWNED again = buf_make(MODULE_FILE_MAX);
        module_parts parts;
        module_recipe recipe = {.mcu_target = 0x21,
                                .version = 5,
                                .platform_id = platforms[alone],
                                .slot = {MODULE_NCP_FIRMWARE, 0},
                                .body = {sample_body, 4000}};
        write_module(&recipe, &file);
        if (alone)
            hash_body_alone(&file);
        module parsed = assert_sealed(buf_span(&file));
        assert_int_equal(parsed.start, 0);
        assert_int_equal(parsed.suffix_size, 36);
        MUST(module_take_apart(&parsed, "ncp", &parts, NULL));
        assert_int_equal(parts.hashes_body, alone);
        MUST(module_assemble(&parts, &again, NULL));
        assert_same_bytes(buf_span(&again), buf_span(&file));
    }
}

/** 169 and 202 are the vendor's numbers of a radio stack; they are not 1.6.9 and 2.0.2. */
static void a_radio_stack_number_names_no_device_os(void **state)
{
    facts *loaded = *state;
    static const uint16_t numbers[] = {169, 182, 202};
    const platform *boron = platform_by_name(&loaded->platforms, "boron");
    for (size_t i = 0; i < 3; i++) {
        const char *release = catalog_os_version(&loaded->known, boron,
                                                 (module_slot){MODULE_RADIO_STACK, 0}, numbers[i]);
        assert_null(release);
    }
}

/** One module in eight of the real ones ends at an address that 4 does not divide. */
static void odd_lengths_put_the_checksum_at_odd_places(void **state)
{
    (void)state;
    dice from = {62};
    for (uint32_t size = 1; size < 9; size++) {
        BUF_OWNED body = buf_make(MODULE_FILE_MAX);
        BUF_OWNED file = buf_make(MODULE_FILE_MAX);
        append_body(&from, 0x200 + size, &body);
        module_recipe recipe = boron_system_recipe();
        recipe.body = buf_span(&body);
        write_module(&recipe, &file);
        module parsed = assert_sealed(buf_span(&file));
        assert_int_equal(parsed.end % 4, (0x30000 + file.size) % 4);
    }
}

/** The largest application there is: 2 bytes short of the region, end at 0xf3ffa. */
static void an_application_may_fill_its_region(void **state)
{
    facts *loaded = *state;
    osb_error error = {0};
    BUF_OWNED body = buf_make(MODULE_FILE_MAX);
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    buf_append_fill(&body, 0x5a, 262142 - 24 - 40 - 4);
    module_recipe recipe = {.start = 0xb4000,
                            .version = 6,
                            .platform_id = 26,
                            .slot = {MODULE_USER_PART, 2},
                            .dependencies = {{{MODULE_SYSTEM_PART, 1}, 5500}},
                            .body = buf_span(&body),
                            .has_product = true};
    write_module(&recipe, &file);
    assert_int_equal(file.size, 262142);
    module parsed = assert_sealed(buf_span(&file));
    assert_int_equal(parsed.end, 0xf3ffa);
    const platform *tracker = platform_by_name(&loaded->platforms, "tracker");
    if (platform_accepts(tracker, &parsed, "max.bin", &error) != OSB_OK)
        fail_msg("%s", error.message);
}

/** Reading a suffix from the end of the file would mix the first header with the last suffix. */
static void a_combined_file_is_sliced_by_its_headers(void **state)
{
    (void)state;
    module modules[2];
    const module *split;
    size_t count;
    ARENA_OWNED memory = {0};
    BUF_OWNED first = buf_make(MODULE_FILE_MAX);
    BUF_OWNED second = buf_make(MODULE_FILE_MAX);
    BUF_OWNED whole = buf_make(MODULE_FILE_MAX);
    module_recipe system = boron_system_recipe(), app = p2_app_recipe();
    write_module(&system, &first);
    write_module(&app, &second);
    modules[0] = parse_sound(buf_span(&first));
    modules[1] = parse_sound(buf_span(&second));
    MUST(module_combine(modules, 2, &whole, NULL));
    module parsed = parse_sound(buf_span(&whole));
    assert_int_equal(parsed.suffix_size, 40);
    assert_int_equal(parsed.product_id, 13);
    MUST(module_split(buf_span(&whole), "x", &memory, &split, &count, NULL));
    assert_int_equal(split[1].suffix_size, 62);
    assert_int_equal(split[1].product_id, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unsealed_and_padded_build_is_damaged_but_recognised),
        cmocka_unit_test(a_suffix_size_of_zero_with_bytes_appended_is_survived),
        cmocka_unit_test(empty_files_and_web_pages_are_no_modules),
        cmocka_unit_test(numbers_without_a_meaning_are_shown),
        cmocka_unit_test(raw_machine_code_is_no_module_though_it_looks_like_one_inside),
        cmocka_unit_test(what_a_part_is_called_says_nothing_about_what_it_is),
        cmocka_unit_test(co_processor_firmware_has_no_address_and_either_hash),
        cmocka_unit_test(a_radio_stack_number_names_no_device_os),
        cmocka_unit_test(odd_lengths_put_the_checksum_at_odd_places),
        cmocka_unit_test(an_application_may_fill_its_region),
        cmocka_unit_test(a_combined_file_is_sliced_by_its_headers),
    };
    return cmocka_run_group_tests(tests, load_facts, free_facts);
}
