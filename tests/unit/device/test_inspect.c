/* Snapshots: from what a board reports in normal mode, and from its flash in DFU mode. */
#include "unit/device/held_fake.h"

static snapshot shot;

static const snapshot_module *find(uint8_t function, uint8_t index)
{
    return snapshot_find(&shot, (module_slot){function, index});
}

/* A system part 1 of version 5600 that misses bootloader 2400. */
static const char new_form[] = "12 1f 08 04 10 01 18 e0 2b 28 80 80 23 35 1e 00 00 00 3d 1a 00 00 "
                               "00 4a 05 08 02 18 e0 12 58 80 08";
static const char old_form[] = "0a 09 08 01 18 b0 09 20 80 f7 02";

static void normal_boards_report_all(void **state)
{
    (void)state;
    hold(FAKE_BORON);
    board->module_reply_size = fake_hex(new_form, board->module_reply);
    assert_int_equal(device_inspect(held, &shot, &error), OSB_OK);
    assert_string_equal(shot.device_id, FAKE_ID);
    assert_string_equal(shot.board->name, "boron");
    assert_string_equal(shot.port, "1-1");
    assert_string_equal(shot.os_version, "5.6.0");
    assert_int_equal(shot.mode, MODE_NORMAL);
    assert_int_equal(shot.guard, PROTECTION_OPEN);
    assert_true(shot.modules_known);
    assert_int_equal(shot.module_count, 1);
    const snapshot_module *system = find(MODULE_SYSTEM_PART, 1);
    assert_non_null(system);
    assert_int_equal(system->version, 5600);
    assert_int_equal(system->size, 1024);
    assert_int_equal(system->checked & ~system->passed, CHECK_DEPENDENCIES);
    assert_int_equal(system->dependency_count, 1);
    assert_int_equal(system->dependencies[0].version, 2400);
    assert_int_equal(snapshot_verdict(&shot, system, NULL), VERDICT_REQUIRED);
}

static void the_old_form_is_understood(void **state)
{
    (void)state;
    hold(FAKE_BORON);
    board->version = "4.2.0";
    fake_plug(&bus, board, true);
    assert_int_equal(device_reconnect(held, 1000, &error), OSB_OK);
    board->module_reply_size = fake_hex(old_form, board->module_reply);
    assert_int_equal(device_inspect(held, &shot, &error), OSB_OK);
    assert_string_equal(shot.os_version, "4.2.0");
    const snapshot_module *boot = find(MODULE_BOOTLOADER, 0);
    assert_int_equal(boot->version, 1200);
    assert_int_equal(boot->size, 48004);
    assert_int_equal(boot->checked, CHECK_INTEGRITY | CHECK_DEPENDENCIES);
    assert_int_equal(boot->passed, CHECK_INTEGRITY | CHECK_DEPENDENCIES);
    assert_false(boot->has_identity);
}

static void listening_and_service_mode_are_told(void **state)
{
    (void)state;
    hold(FAKE_P2);
    board->mode_reply = "08 01";
    board->guard_reply = "10 01";
    assert_int_equal(device_inspect(held, &shot, &error), OSB_OK);
    assert_int_equal(shot.mode, MODE_LISTENING);
    assert_int_equal(shot.guard, PROTECTION_SERVICE);
    assert_true(shot.modules_known);
    assert_int_equal(shot.module_count, 0);
}

static void protected_boards_tell_no_modules(void **state)
{
    (void)state;
    hold(FAKE_P2);
    board->guard_reply = "08 01";
    board->results[72] = board->results[90] = -1801;
    assert_int_equal(device_inspect(held, &shot, &error), OSB_OK);
    assert_int_equal(shot.guard, PROTECTION_PROTECTED);
    assert_int_equal(shot.mode, MODE_UNKNOWN);
    assert_false(shot.modules_known);
    assert_string_equal(shot.os_version, "5.6.0");
}

static void what_old_systems_cannot_tell_stays_unknown(void **state)
{
    (void)state;
    hold(FAKE_BORON);
    board->results[76] = board->results[72] = board->results[90] = -120;
    assert_int_equal(device_inspect(held, &shot, &error), OSB_OK);
    assert_int_equal(shot.guard, PROTECTION_OPEN);
    assert_int_equal(shot.mode, MODE_UNKNOWN);
    assert_false(shot.modules_known);
    /* It has a control channel: a stall is an error. */
    board->stall_type = 76;
    assert_int_equal(device_inspect(held, &shot, &error), OSB_ERR_STALL);
    /* One that has not even the raw requests. */
    board->version = NULL;
    fake_plug(&bus, board, true);
    assert_int_equal(device_reconnect(held, 1000, &error), OSB_OK);
    assert_int_equal(device_inspect(held, &shot, &error), OSB_OK);
    assert_int_equal(shot.guard, PROTECTION_UNKNOWN);
    assert_false(shot.modules_known);
}

static void gen_2_boards_before_0_8_0_have_no_control_channel(void **state)
{
    (void)state;
    board = fake_add(&bus, 0, "1-1", FAKE_PHOTON, FAKE_ID);
    board->version = "0.7.0";
    board->stall_type = 76;
    held = fake_hold(&bus, &platforms, NULL);
    assert_int_equal(device_inspect(held, &shot, &error), OSB_OK);
    assert_int_equal(shot.guard, PROTECTION_OPEN); /* protection came with 6.0.0 */
    assert_false(shot.modules_known);
}

static void other_boards_have_one_whatever_version_they_tell(void **state)
{
    (void)state;
    board = fake_add(&bus, 0, "1-1", FAKE_BORON, FAKE_ID);
    board->version = "0.0.1-own.build";
    board->module_reply_size = fake_hex(old_form, board->module_reply);
    held = fake_hold(&bus, &platforms, NULL);
    assert_int_equal(device_inspect(held, &shot, &error), OSB_OK);
    assert_true(shot.modules_known);
    assert_int_equal(find(MODULE_BOOTLOADER, 0)->version, 1200);
}

static void a_version_that_stalled_at_first_is_asked_again(void **state)
{
    (void)state;
    board = fake_add(&bus, 0, "1-1", FAKE_P2, FAKE_ID);
    board->version = NULL;
    held = fake_hold(&bus, &platforms, NULL);
    assert_int_equal(device_inspect(held, &shot, &error), OSB_OK);
    assert_string_equal(shot.os_version, "");
    board->version = "6.2.0";
    assert_int_equal(device_inspect(held, &shot, &error), OSB_OK);
    assert_string_equal(shot.os_version, "6.2.0");
}

static void garbage_module_tables_are_an_error(void **state)
{
    (void)state;
    hold(FAKE_BORON);
    board->module_reply_size = fake_hex("12 7f 00", board->module_reply);
    assert_int_equal(device_inspect(held, &shot, &error), OSB_ERR_PROTOCOL);
    assert_string_equal(error.subject, FAKE_ID);
}

/* Writes a module into the board's flash, as a programmer would. */
static void put(module_recipe recipe, size_t body_size, bool dynamic)
{
    static uint8_t body[8192];
    uint8_t location[12] = {0};
    module_extension extension = {.type = EXTENSION_DYNAMIC_LOCATION,
                                  .data = {location, sizeof location}};
    for (size_t i = 0; i < sizeof body; i++)
        body[i] = (uint8_t)(i * 13 + recipe.version);
    for (size_t i = 0; i < 4; i++)
        location[i] = (uint8_t)(recipe.start >> (8 * i));
    recipe.body = (span){body, body_size};
    recipe.extensions = &extension;
    recipe.extension_count = dynamic;
    BUF_OWNED file = buf_make(16384);
    assert_int_equal(module_write(&recipe, &file, &error), OSB_OK);
    memcpy(fake_memory(board, recipe.start, file.size), file.data, file.size);
}

static const module_recipe boron_system = {
    .prefix_offset = 0x200,
    .start = 0x30000,
    .version = 5600,
    .platform_id = 13,
    .slot = {MODULE_SYSTEM_PART, 1},
    .dependencies = {{{MODULE_BOOTLOADER, 0}, 2400}, {{MODULE_RADIO_STACK, 0}, 202}}};

static void nrf_modules_are_read_back_in_dfu_mode(void **state)
{
    (void)state;
    hold(FAKE_BORON_DFU);
    put(boron_system, 4000, false);
    put((module_recipe){.prefix_offset = 0x200,
                        .start = 0xf4000,
                        .version = 2400,
                        .platform_id = 13,
                        .slot = {MODULE_BOOTLOADER, 0}},
        3000, false);
    put(
        (module_recipe){
            .start = 0xb4000, .version = 6, .platform_id = 13, .slot = {MODULE_USER_PART, 2}},
        1000, false);
    fake_hex("2c ff ff ff db e5 b1 51 00 70 02 00 ca 00 ff ff", board->flash + 0x3000);
    assert_int_equal(device_inspect(held, &shot, &error), OSB_OK);
    assert_int_equal(shot.mode, MODE_DFU);
    assert_int_equal(shot.guard, PROTECTION_OPEN);
    assert_false(shot.modules_known);
    assert_int_equal(shot.module_count, 4);
    const snapshot_module *system = find(MODULE_SYSTEM_PART, 1);
    assert_int_equal(system->version, 5600);
    assert_int_equal(system->size, 4000 + 24 + 40);
    assert_int_equal(system->dependency_count, 2);
    assert_int_equal(system->checked, CHECK_RANGE | CHECK_PLATFORM);
    assert_int_equal(system->passed, system->checked);
    assert_true(system->has_identity);
    assert_int_equal(find(MODULE_BOOTLOADER, 0)->version, 2400);
    assert_int_equal(find(MODULE_USER_PART, 2)->version, 6);
    assert_int_equal(find(MODULE_RADIO_STACK, 0)->version, 202);
    assert_null(find(MODULE_USER_PART, 1));
}

static void a_floating_application_is_found_from_its_end(void **state)
{
    (void)state;
    hold(FAKE_P2_DFU);
    /* 24 prefix + body + 16 extension + 36 suffix + 4 CRC end exactly at 0x08600000 */
    put((module_recipe){.start = 0x08600000 - 8000,
                        .version = 6,
                        .platform_id = 32,
                        .slot = {MODULE_USER_PART, 1},
                        .dependencies = {{{MODULE_SYSTEM_PART, 1}, 5600}}},
        8000 - 24 - 16 - 36 - 4, true);
    assert_int_equal(device_inspect(held, &shot, &error), OSB_OK);
    const snapshot_module *app = find(MODULE_USER_PART, 1);
    assert_non_null(app);
    assert_int_equal(app->size, 8000);
    assert_int_equal(app->dependencies[0].version, 5600);
    /* A location that points outside of the region is not followed. */
    memset(board->flash + 0x600000 - 4 - 36 - 16 + 4, 0, 4);
    assert_int_equal(device_inspect(held, &shot, &error), OSB_OK);
    assert_null(find(MODULE_USER_PART, 1));
}

static void modules_that_do_not_belong_are_left_unknown(void **state)
{
    (void)state;
    hold(FAKE_BORON_DFU);
    module_recipe foreign = boron_system;
    foreign.platform_id = 12;
    put(foreign, 1000, false);
    assert_int_equal(device_inspect(held, &shot, &error), OSB_OK);
    assert_int_equal(shot.module_count, 0);
    foreign = boron_system;
    foreign.slot.index = 2;
    put(foreign, 1000, false);
    assert_int_equal(device_inspect(held, &shot, &error), OSB_OK);
    assert_int_equal(shot.module_count, 0);
}

static void a_header_that_belongs_elsewhere_is_left_unknown(void **state)
{
    (void)state;
    hold(FAKE_BORON_DFU);
    put(boron_system, 4000, false);
    /* What an image of 0x30000 looks like when it was written to 0x28000. */
    memmove(board->flash + 0x28000, board->flash + 0x30000, 0x8000);
    memset(board->flash + 0x30000, 0xff, 0x8000);
    assert_int_equal(device_inspect(held, &shot, &error), OSB_OK);
    assert_int_equal(shot.module_count, 0);
}

static void a_write_that_was_cut_short_fails_integrity(void **state)
{
    (void)state;
    hold(FAKE_BORON_DFU);
    put(boron_system, 8000, false);
    memset(board->flash + 0x31000, 0xff, 0x2000);
    assert_int_equal(device_inspect(held, &shot, &error), OSB_OK);
    const snapshot_module *system = find(MODULE_SYSTEM_PART, 1);
    assert_int_equal(system->version, 5600);
    assert_false(system->has_identity);
    assert_int_equal(system->checked & ~system->passed, CHECK_INTEGRITY);
    assert_int_equal(snapshot_verdict(&shot, system, NULL), VERDICT_REQUIRED);
}

static void of_two_system_parts_the_one_that_closes_counts(void **state)
{
    module_recipe moved = boron_system;
    moved.start = 0x28000;
    moved.version = 6200;
    (void)state;
    hold(FAKE_BORON_DFU);
    put(moved, 4000, false);
    put(boron_system, 6000, false);
    assert_int_equal(device_inspect(held, &shot, &error), OSB_OK);
    assert_int_equal(find(MODULE_SYSTEM_PART, 1)->version, 6200);
    /* A downgrade wrote over part of the lower one: its header is still there. */
    board->flash[0x28000 + 2000] ^= 1;
    assert_int_equal(device_inspect(held, &shot, &error), OSB_OK);
    assert_int_equal(find(MODULE_SYSTEM_PART, 1)->version, 5600);
    assert_int_equal(shot.module_count, 1);
}

static void protection_is_told_by_string_and_else_by_layout(void **state)
{
    static const struct {
        const char *text;
        protection guard;
    } cases[] = {{"sm=o", PROTECTION_OPEN},    {"sm=p", PROTECTION_PROTECTED},
                 {"sm=s", PROTECTION_SERVICE}, {"x=1;sm=s", PROTECTION_SERVICE},
                 {"sm=?", PROTECTION_OPEN}, /* nothing known: the layout decides */
                 {"", PROTECTION_OPEN},        {NULL, PROTECTION_OPEN}};
    (void)state;
    hold(FAKE_BORON_DFU);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        board->mode_string = cases[i].text;
        assert_int_equal(device_inspect(held, &shot, &error), OSB_OK);
        assert_int_equal(shot.guard, cases[i].guard);
    }
    board->layouts[0] = "@Internal Flash   /0x00000000/256*004Kb";
    fake_plug(&bus, board, true);
    assert_int_equal(device_reconnect(held, 1000, &error), OSB_OK);
    assert_int_equal(device_inspect(held, &shot, &error), OSB_OK);
    assert_int_equal(shot.guard, PROTECTION_PROTECTED);
    assert_int_equal(shot.module_count, 0);
}

static void random_flash_gives_no_modules_and_no_crash(void **state)
{
    (void)state;
    hold(FAKE_P2_DFU);
    uint32_t noise = 1;
    for (int round = 0; round < 20; round++) {
        for (size_t i = 0; i < board->flash_size; i += 4) {
            noise = noise * 1664525 + 1013904223;
            memcpy(board->flash + i, &noise, 4);
        }
        assert_int_equal(device_inspect(held, &shot, &error), OSB_OK);
        assert_int_equal(shot.module_count, 0);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(normal_boards_report_all),
        TEST(the_old_form_is_understood),
        TEST(listening_and_service_mode_are_told),
        TEST(protected_boards_tell_no_modules),
        TEST(what_old_systems_cannot_tell_stays_unknown),
        TEST(gen_2_boards_before_0_8_0_have_no_control_channel),
        TEST(other_boards_have_one_whatever_version_they_tell),
        TEST(a_version_that_stalled_at_first_is_asked_again),
        TEST(garbage_module_tables_are_an_error),
        TEST(nrf_modules_are_read_back_in_dfu_mode),
        TEST(a_floating_application_is_found_from_its_end),
        TEST(modules_that_do_not_belong_are_left_unknown),
        TEST(a_header_that_belongs_elsewhere_is_left_unknown),
        TEST(a_write_that_was_cut_short_fails_integrity),
        TEST(of_two_system_parts_the_one_that_closes_counts),
        TEST(protection_is_told_by_string_and_else_by_layout),
        TEST(random_flash_gives_no_modules_and_no_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
