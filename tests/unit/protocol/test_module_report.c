/* The module table in its three forms, from worked examples and from boards that talk nonsense. */
#include "unit/protocol/script.h"

#include "protocol/module_report.h"

static module_table table;
static osb_error error;

#define HASH                                                                                       \
    "00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10 11 12 13 14 15 16 17 18 19 1a 1b 1c 1d "   \
    "1e "                                                                                          \
    "1f"
#define BOOTLOADER                                                                                 \
    "12 39 08 02 18 9c 18 28 80 80 03 35 1e 00 00 00 3d 1e 00 00 00 42 20 " HASH " 58 80 f7 02 "
#define SYSTEM_PART                                                                                \
    "12 49 08 04 10 01 18 b8 30 28 80 80 23 35 1e 00 00 00 3d 1a 00 00 00 42 20 " HASH             \
    " 4a 05 08 02 18 b8 17 4a 05 08 08 18 ca 01 58 c8 fc 22"

static osb_status parse_hex(const char *hex)
{
    static uint8_t bytes[8192];
    size_t size = script_bytes(hex, bytes);
    return module_table_parse((span){bytes, size}, "dev", &table, &error);
}

static osb_status parse_text(const char *text)
{
    return module_table_parse((span){(const uint8_t *)text, strlen(text)}, "dev", &table, &error);
}

static void new_form_is_the_worked_example(void **state)
{
    (void)state;
    assert_int_equal(parse_hex(BOOTLOADER SYSTEM_PART), OSB_OK);
    assert_int_equal(table.count, 2);
    const module_report *boot = &table.modules[0], *system = &table.modules[1];
    assert_int_equal(boot->function, 2);
    assert_int_equal(boot->index, 0);
    assert_int_equal(boot->version, 3100);
    assert_int_equal(boot->max_size, 49152);
    assert_int_equal(boot->size, 48000);
    assert_int_equal(boot->checked, 0x1e);
    assert_int_equal(boot->passed, 0x1e);
    assert_true(boot->has_hash);
    assert_int_equal(boot->hash[31], 0x1f);
    assert_int_equal(system->function, 4);
    assert_int_equal(system->index, 1);
    assert_int_equal(system->version, 6200);
    assert_int_equal(system->size, 573000);
    assert_int_equal(system->passed, 0x1a);
    assert_int_equal(system->dependency_count, 2);
    assert_int_equal(system->dependencies[0].function, 2);
    assert_int_equal(system->dependencies[0].version, 3000);
    assert_int_equal(system->dependencies[1].function, 8);
    assert_int_equal(system->dependencies[1].version, 202);
}

static void old_form_claims_only_the_two_checks_it_tells(void **state)
{
    (void)state;
    assert_int_equal(parse_hex("0a 09 08 01 18 b0 09 20 80 f7 02"), OSB_OK);
    assert_int_equal(table.count, 1);
    assert_int_equal(table.modules[0].function, 2);
    assert_int_equal(table.modules[0].version, 1200);
    assert_int_equal(table.modules[0].size, 48004); /* with the CRC */
    assert_int_equal(table.modules[0].checked, 0x06);
    assert_int_equal(table.modules[0].passed, 0x06);
    assert_false(table.modules[0].has_hash);
    /* system part 1 with failed dependencies on bootloader 501 */
    assert_int_equal(parse_hex("0a 10 08 02 10 01 18 dc 0b 28 04 32 05 08 01 18 f5 03 20 00"),
                     OSB_OK);
    assert_int_equal(table.modules[0].function, 4);
    assert_int_equal(table.modules[0].size, 0);
    assert_int_equal(table.modules[0].passed, 0x02);
    assert_int_equal(table.modules[0].dependencies[0].function, 2);
    assert_int_equal(table.modules[0].dependencies[0].version, 501);
}

static void every_old_type_has_its_header_function(void **state)
{
    static const uint8_t functions[] = {0, 2, 4, 5, 3, 7, 8};
    (void)state;
    for (unsigned type = 0; type < sizeof functions; type++) {
        char hex[32];
        snprintf(hex, sizeof hex, "0a 02 08 %02x", type);
        assert_int_equal(parse_hex(hex), OSB_OK);
        assert_int_equal(table.modules[0].function, functions[type]);
    }
    assert_int_equal(parse_hex("0a 02 08 07"), OSB_ERR_PROTOCOL);
}

static void unknown_functions_are_kept(void **state)
{
    (void)state;
    assert_int_equal(parse_hex("12 04 08 81 01 10"), OSB_ERR_PROTOCOL); /* cut */
    assert_int_equal(parse_hex("12 03 08 81 01"), OSB_OK);
    assert_int_equal(table.modules[0].function, 129);
}

static void empty_dependency_slots_are_left_out_and_long_lists_cut(void **state)
{
    (void)state;
    assert_int_equal(parse_hex("12 08 08 04 4a 00 4a 02 08 02"), OSB_OK);
    assert_int_equal(table.modules[0].dependency_count, 1);
    assert_int_equal(parse_hex("12 16 08 04 4a 02 08 02 4a 02 08 02 4a 02 08 02 4a 02 08 02 4a 02 "
                               "08 02"),
                     OSB_OK);
    assert_int_equal(table.modules[0].dependency_count, REPORT_DEPENDENCIES_MAX);
}

static void numbers_wider_than_in_a_header_are_refused(void **state)
{
    static const char *const wide[] = {
        "12 03 08 80 02",             /* function 256 */
        "12 03 10 80 02",             /* index 256 */
        "12 04 18 80 80 04",          /* version 65536 */
        "12 03 20 80 02",             /* store 256 */
        "12 07 08 04 4a 03 08 80 02", /* dependency on function 256 */
        "12 03 42 01 00",             /* hash of 1 byte */
        "0a 04 18 80 80 04",          /* old: version 65536 */
        "0a 06 20 ff ff ff ff 0f",    /* old: size that overflows with its CRC */
    };
    (void)state;
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        if (parse_hex(wide[i]) != OSB_ERR_PROTOCOL)
            fail_msg("accepted: %s", wide[i]);
    assert_string_equal(error.subject, "dev");
}

static void lists_longer_than_any_board_are_refused(void **state)
{
    char hex[6 * (REPORT_MODULES_MAX + 1) + 1] = "";
    (void)state;
    for (int i = 0; i < REPORT_MODULES_MAX; i++)
        memcpy(hex + 6 * i, "12 00 ", 7);
    assert_int_equal(parse_hex(hex), OSB_OK);
    assert_int_equal(table.count, REPORT_MODULES_MAX);
    memcpy(hex + 6 * REPORT_MODULES_MAX, "12 00 ", 7);
    assert_int_equal(parse_hex(hex), OSB_ERR_PROTOCOL);
}

static void any_cut_of_a_reply_is_no_crash(void **state)
{
    static uint8_t bytes[256];
    (void)state;
    size_t size = script_bytes(BOOTLOADER SYSTEM_PART, bytes);
    assert_int_equal(size, 134);
    for (size_t cut = 0; cut < size; cut++) {
        osb_status status = module_table_parse((span){bytes, cut}, "dev", &table, &error);
        assert_true(status == OSB_ERR_PROTOCOL || (status == OSB_OK && table.count < 2));
    }
}

static void empty_reply_is_an_empty_table(void **state)
{
    (void)state;
    assert_int_equal(parse_hex(""), OSB_OK);
    assert_int_equal(table.count, 0);
}

static void describe_text_of_old_systems_is_read(void **state)
{
    (void)state;
    assert_int_equal(
        parse_text("{\"p\":6,\"imei\":\"1\",\"m\":["
                   "{\"s\":16384,\"l\":\"m\",\"vc\":30,\"vv\":30,\"f\":\"b\",\"n\":\"0\","
                   "\"v\":1003,\"d\":[]},"
                   "{\"s\":262144,\"l\":\"m\",\"vc\":30,\"vv\":26,\"f\":\"s\",\"n\":\"2\","
                   "\"v\":207,\"d\":[{\"f\":\"s\",\"n\":\"1\",\"v\":207,\"_\":\"\"},"
                   "{\"f\":\"n\",\"n\":\"0\",\"v\":0}]},"
                   "{\"s\":131072,\"l\":\"f\",\"u\":"
                   "\"000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F\","
                   "\"f\":\"u\",\"n\":\"1\",\"v\":6}]}"),
        OSB_OK);
    assert_int_equal(table.count, 3);
    assert_int_equal(table.modules[0].function, 2);
    assert_int_equal(table.modules[1].function, 4);
    assert_int_equal(table.modules[1].index, 2);
    assert_int_equal(table.modules[1].passed, 26);
    assert_int_equal(table.modules[1].dependency_count, 1);
    assert_int_equal(table.modules[1].max_size, 262144);
    assert_int_equal(table.modules[1].size, 0);
    assert_true(table.modules[2].has_hash);
    assert_int_equal(table.modules[2].store, 1);
}

static void describe_texts_that_are_off_are_refused(void **state)
{
    static const char *const texts[] = {
        "{",
        "{}",
        "{\"m\":{}}",
        "{\"m\":[1]}",
        "{\"m\":[{\"f\":\"z\",\"n\":\"0\",\"v\":1}]}",
        "{\"m\":[{\"f\":\"\",\"n\":\"0\",\"v\":1}]}",
        "{\"m\":[{\"f\":\"bb\",\"n\":\"0\",\"v\":1}]}",
        "{\"m\":[{\"f\":\"b\",\"n\":\"256\",\"v\":1}]}",
        "{\"m\":[{\"f\":\"b\",\"n\":0,\"v\":1}]}",
        "{\"m\":[{\"f\":\"b\",\"n\":\"0\",\"v\":65536}]}",
        "{\"m\":[{\"f\":\"b\",\"n\":\"0\"}]}",
        "{\"m\":[{\"f\":\"b\",\"n\":\"0\",\"v\":1,\"s\":-1}]}",
        "{\"m\":[{\"f\":\"b\",\"n\":\"0\",\"v\":1,\"l\":\"q\"}]}",
        "{\"m\":[{\"f\":\"b\",\"n\":\"0\",\"v\":1,\"d\":[{}]}]}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (parse_text(texts[i]) != OSB_ERR_PROTOCOL)
            fail_msg("accepted: %s", texts[i]);
    assert_string_equal(error.subject, "dev");
}

static void the_table_is_asked_for_by_request_90(void **state)
{
    static const script_step steps[] = {
        {"c0 01 00 00 5a 00 40 00", .in = "03 00 00 00 00 00 07 00"},
        {"c0 02 00 00 07 00 40 00", .in = "0d 00 00 00 00 00 86 00 00 00 00 00 00 00"},
        {"c0 04 00 00 07 00 86 00", .in = BOOTLOADER SYSTEM_PART}};
    static script_bus bus;
    (void)state;
    SCRIPT(&bus, steps);
    usb_link link_ = script_link(&bus);
    control_channel channel = {.link = &link_};
    assert_int_equal(request_module_info(&channel, &table, &error), OSB_OK);
    assert_int_equal(table.count, 2);
    script_finished(&bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_form_is_the_worked_example),
        cmocka_unit_test(old_form_claims_only_the_two_checks_it_tells),
        cmocka_unit_test(every_old_type_has_its_header_function),
        cmocka_unit_test(unknown_functions_are_kept),
        cmocka_unit_test(empty_dependency_slots_are_left_out_and_long_lists_cut),
        cmocka_unit_test(numbers_wider_than_in_a_header_are_refused),
        cmocka_unit_test(lists_longer_than_any_board_are_refused),
        cmocka_unit_test(any_cut_of_a_reply_is_no_crash),
        cmocka_unit_test(empty_reply_is_an_empty_table),
        cmocka_unit_test(describe_text_of_old_systems_is_read),
        cmocka_unit_test(describe_texts_that_are_off_are_refused),
        cmocka_unit_test(the_table_is_asked_for_by_request_90),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
