/* What each state of flash makes of a board at its next start. */
#include "unit/sim/bench.h"

static const module_slot bootloader = {MODULE_BOOTLOADER, 0};
static const module_slot part1 = {MODULE_BOOTLOADER, 2};
static const module_slot system_part = {MODULE_SYSTEM_PART, 1};
static const module_slot user_256k = {MODULE_USER_PART, 2};
static const module_slot user_128k = {MODULE_USER_PART, 1};
static const module_dependency no_need = {0};

/** Changes one bit of flash that is set now. */
static void damage(bench *b, uint32_t address)
{
    flash *chip = board_memory(b->board, "internal");
    uint32_t offset;
    assert_true(flash_offset_of(chip, address, &offset));
    chip->bytes[offset] ^= 0x10;
    sim_board_power_cycle(b->board);
}

static void program(bench *b, const char *platform_name, module_slot slot, uint16_t version,
                    module_dependency need)
{
    BUF_OWNED file = bench_module(b, platform_name, slot, version, need);
    OK(sim_board_program(b->board, buf_span(&file), "test", &b->error));
}

static void a_fresh_board_of_every_platform_is_healthy(void **state)
{
    static const char *const boards[][2] = {
        {"argon", "5.3.1"},  {"boron", "2.0.0"}, {"boron", "6.3.4"},    {"xenon", "1.5.2"},
        {"bsom", "4.2.0"},   {"b5som", "6.2.0"}, {"esomx", "6.2.0"},    {"tracker", "5.9.0"},
        {"p2", "5.3.1"},     {"p2", "6.2.0"},    {"msom", "6.3.0"},     {"trackerm", "5.8.0"},
        {"photon", "2.3.1"}, {"p1", "3.3.1"},    {"electron", "3.3.1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof boards / sizeof *boards; i++) {
        bench b;
        bench_board(&b, boards[i][0], boards[i][1]);
        if (b.board->mode != BOARD_NORMAL)
            fail_msg("%s@%s: %s: %s", boards[i][0], boards[i][1], board_mode_name(b.board->mode),
                     b.board->notes[0]);
        assert_string_equal(b.board->running.os_version, boards[i][1]);
        bench_end(&b);
    }
}

static void a_damaged_bootloader_is_a_dead_board(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "5.3.1");
    damage(&b, 0xf5000);
    assert_int_equal(b.board->mode, BOARD_DEAD);
    assert_false(board_on_bus(b.board));
    assert_true(bench_has_reason(&b, "bootloader/0 is damaged"));
    sim_board_hold_button(b.board);
    assert_int_equal(b.board->mode, BOARD_DEAD);
    bench_end(&b);
}

static void a_touched_first_stage_is_a_dead_board(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "p2", "5.3.1");
    damage(&b, 0x08000800);
    assert_int_equal(b.board->mode, BOARD_DEAD);
    bench_end(&b);
    bench_board(&b, "boron", "5.3.1");
    damage(&b, 0x10);
    assert_int_equal(b.board->mode, BOARD_DEAD);
    bench_end(&b);
}

static void a_damaged_prebootloader_part_is_a_dead_board(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "p2", "5.3.1");
    damage(&b, 0x08015000);
    assert_int_equal(b.board->mode, BOARD_DEAD);
    bench_end(&b);
}

static void a_damaged_system_part_falls_back_to_dfu(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "5.3.1");
    damage(&b, 0x40000);
    assert_int_equal(b.board->mode, BOARD_DFU);
    assert_true(board_on_bus(b.board));
    bench_end(&b);
    bench_board(&b, "p2", "5.3.1");
    damage(&b, 0x08070000);
    assert_int_equal(b.board->mode, BOARD_DFU);
    bench_end(&b);
}

static void a_system_part_of_another_platform_falls_back_to_dfu(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "5.3.1");
    program(&b, "argon", system_part, 5301, no_need);
    assert_int_equal(b.board->mode, BOARD_DFU);
    bench_end(&b);
}

static void a_system_that_needs_a_newer_bootloader_is_in_safe_mode(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "5.3.1");
    program(&b, "boron", system_part, 5901, (module_dependency){bootloader, 2300});
    assert_int_equal(b.board->mode, BOARD_SAFE);
    assert_true(bench_has_reason(&b, "system_part/1 5901 needs bootloader/0 2300"));
    b.board->keeps.network_credentials = false;
    sim_board_power_cycle(b.board);
    assert_int_equal(b.board->mode, BOARD_LISTENING);
    bench_end(&b);
}

static void both_needs_count_at_boot(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "5.3.1");
    const platform *kind = platform_by_name(&b.platforms, "boron");
    const synth_request request = {.board = kind,
                                   .slot = platform_find_slot(kind, system_part),
                                   .version = 5301,
                                   .dependencies = {{bootloader, 2000}, {{8, 0}, 300}}};
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    OK(synth_module(&request, &file, &b.error));
    OK(sim_board_program(b.board, buf_span(&file), "test", &b.error));
    assert_int_equal(b.board->mode, BOARD_SAFE);
    assert_true(bench_has_reason(&b, "radio_stack/0 300"));
    bench_end(&b);
}

static void a_bootloader_that_needs_a_newer_first_part_is_in_safe_mode(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "p2", "5.3.1");
    program(&b, "p2", part1, 4, no_need);
    assert_int_equal(b.board->mode, BOARD_SAFE);
    assert_true(bench_has_reason(&b, "bootloader/0 2101 needs bootloader/2 5"));
    bench_end(&b);
}

static void an_application_for_a_newer_system_is_in_safe_mode(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "p2", "5.3.1");
    program(&b, "p2", user_128k, 6, (module_dependency){system_part, 6200});
    assert_int_equal(b.board->mode, BOARD_SAFE);
    assert_true(bench_has_reason(&b, "user_part/1 6 needs system_part/1 6200"));
    bench_end(&b);
}

static void a_damaged_application_is_in_safe_mode(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "5.3.1");
    damage(&b, 0xb4800);
    assert_int_equal(b.board->mode, BOARD_SAFE);
    assert_true(bench_has_reason(&b, "the application is damaged"));
    bench_end(&b);
}

static void no_application_is_healthy(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "5.3.1");
    flash_erase(board_memory(b.board, "internal"), 0xb4000, 0x1000);
    sim_board_power_cycle(b.board);
    assert_int_equal(b.board->mode, BOARD_NORMAL);
    assert_true(bench_has_reason(&b, "no application"));
    bench_end(&b);
}

static void a_valid_former_application_wins(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "5.3.1");
    program(&b, "boron", user_128k, 4, (module_dependency){system_part, 6000});
    assert_int_equal(b.board->mode, BOARD_SAFE);
    assert_true(bench_has_reason(&b, "user_part/1 4 needs"));
    damage(&b, 0xd4400);
    assert_int_equal(b.board->mode, BOARD_NORMAL);
    bench_end(&b);
}

static void systems_before_3_1_know_no_256k_application(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "2.0.0");
    flash_erase(board_memory(b.board, "internal"), 0xd4000, 0x1000);
    program(&b, "boron", user_256k, 6, no_need);
    assert_int_equal(b.board->mode, BOARD_NORMAL);
    assert_true(bench_has_reason(&b, "no application"));
    bench_end(&b);
}

static void a_damaged_or_missing_radio_stack_crashes_the_system(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "5.3.1");
    flash_erase(board_memory(b.board, "internal"), 0x5000, 0x800);
    sim_board_power_cycle(b.board);
    assert_int_equal(b.board->mode, BOARD_PANIC);
    assert_false(board_on_bus(b.board));
    assert_true(bench_has_reason(&b, "the radio stack is damaged"));
    sim_board_hold_button(b.board);
    assert_int_equal(b.board->mode, BOARD_DFU);
    flash_erase(board_memory(b.board, "internal"), 0x1000, 0x26000);
    sim_board_power_cycle(b.board);
    assert_true(bench_has_reason(&b, "the radio stack is missing"));
    bench_end(&b);
}

static void a_shorter_radio_stack_over_a_longer_one_is_whole(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "5.3.1");
    const platform *kind = platform_by_name(&b.platforms, "boron");
    const synth_request request = {.board = kind,
                                   .slot = platform_find_slot(kind, (module_slot){8, 0}),
                                   .version = 182,
                                   .size = 130000};
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    OK(synth_module(&request, &file, &b.error));
    OK(sim_board_program(b.board, buf_span(&file), "test", &b.error));
    assert_int_equal(b.board->mode, BOARD_SAFE);
    assert_true(bench_has_reason(&b, "radio_stack/0 202 or newer, the board has 182"));
    JSON_OWNED *json = sim_board_to_json(b.board);
    assert_int_equal(json_number(bench_region(json, "radio_stack/0"), "size", 0), 130000 - 24);
    bench_end(&b);
}

static void an_old_bootloader_starts_a_6_2_system_by_its_second_header(void **state)
{
    (void)state;
    bench b;
    bench_set newer;
    bench_board(&b, "boron", "5.3.1");
    bench_synthesise(&b, "boron", "6.2.0", &newer);
    OK(sim_board_program(b.board, bench_file(&newer, 4, 1), "system", &b.error));
    assert_int_equal(b.board->mode, BOARD_SAFE);
    assert_true(bench_has_reason(&b, "system_part/1 6200 needs bootloader/0 3100"));
    assert_int_equal(b.board->running.system_version, 6200);
    JSON_OWNED *json = sim_board_to_json(b.board);
    assert_int_equal(json_number(bench_region(json, "system_part/1"), "start", 0), 0x28000);
    damage(&b, 0x30500);
    assert_int_equal(b.board->mode, BOARD_PANIC);
    bench_set_free(&newer);
    bench_end(&b);
}

static void a_6_2_system_is_seen_whole_in_dfu_mode(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "6.3.4");
    sim_board_hold_button(b.board);
    JSON_OWNED *json = sim_board_to_json(b.board);
    assert_int_equal(json_number(bench_region(json, "system_part/1"), "start", 0), 0x28000);
    assert_int_equal(json_number(bench_region(json, "system_part/1"), "size", 0), 570164);
    assert_string_equal(json_text(json, "os_version", ""), "6.3.4");
    assert_string_equal(json_text(json_object_get(json, "led"), "text", ""), "blinking yellow");
    bench_end(&b);
}

static void an_old_system_over_a_new_one_is_found_behind_its_rest(void **state)
{
    (void)state;
    bench b;
    bench_set older;
    bench_board(&b, "boron", "6.3.4");
    bench_synthesise(&b, "boron", "5.3.1", &older);
    OK(sim_board_program(b.board, bench_file(&older, 4, 1), "system", &b.error));
    assert_int_equal(b.board->running.system_version, 5301);
    /* The application of 6.3.4 needs its system. */
    assert_int_equal(b.board->mode, BOARD_SAFE);
    JSON_OWNED *json = sim_board_to_json(b.board);
    assert_int_equal(json_number(bench_region(json, "system_part/1"), "start", 0), 0x30000);
    bench_set_free(&older);
    bench_end(&b);
}

static void an_unfinished_setup_listens_up_to_3_x(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "3.3.1");
    board_memory(b.board, "dct")->bytes[8134] = 0xff;
    sim_board_power_cycle(b.board);
    assert_int_equal(b.board->mode, BOARD_LISTENING);
    bench_end(&b);
    bench_board(&b, "boron", "4.2.0");
    board_memory(b.board, "dct")->bytes[8134] = 0xff;
    sim_board_power_cycle(b.board);
    assert_int_equal(b.board->mode, BOARD_NORMAL);
    bench_end(&b);
}

static void the_json_says_what_a_programmer_could_read(void **state)
{
    (void)state;
    bench b;
    bench_set made;
    uint8_t digest[SHA256_SIZE];
    char text[SHA256_HEX_SIZE];
    module parsed;
    bench_board(&b, "boron", "5.3.1");
    bench_synthesise(&b, "boron", "5.3.1", &made);
    JSON_OWNED *json = sim_board_to_json(b.board);
    assert_string_equal(json_text(json, "type", ""), "osbundle-sim-board");
    assert_string_equal(json_text(json, "device_id", ""), b.board->device_id);
    assert_true(text_starts_with(b.board->device_id, "e00fce68"));
    assert_string_equal(json_text(json_object_get(json, "led"), "text", ""), "breathing white");
    assert_string_equal(json_text(json, "os_version", ""), "5.3.1");
    for (size_t i = 0; i < made.count; i++) {
        char slot[MODULE_SLOT_TEXT];
        OK(module_parse(made.images[i].file, "x", &parsed, &b.error));
        slot_text(parsed.slot, slot);
        sha256(module_payload(&parsed), digest);
        text_hex(text, (span){digest, sizeof digest});
        assert_string_equal(json_text(bench_region(json, slot), "sha256", ""), text);
    }
    bench_set_free(&made);
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fresh_board_of_every_platform_is_healthy),
        cmocka_unit_test(a_damaged_bootloader_is_a_dead_board),
        cmocka_unit_test(a_touched_first_stage_is_a_dead_board),
        cmocka_unit_test(a_damaged_prebootloader_part_is_a_dead_board),
        cmocka_unit_test(a_damaged_system_part_falls_back_to_dfu),
        cmocka_unit_test(a_system_part_of_another_platform_falls_back_to_dfu),
        cmocka_unit_test(a_system_that_needs_a_newer_bootloader_is_in_safe_mode),
        cmocka_unit_test(both_needs_count_at_boot),
        cmocka_unit_test(a_bootloader_that_needs_a_newer_first_part_is_in_safe_mode),
        cmocka_unit_test(an_application_for_a_newer_system_is_in_safe_mode),
        cmocka_unit_test(a_damaged_application_is_in_safe_mode),
        cmocka_unit_test(no_application_is_healthy),
        cmocka_unit_test(a_valid_former_application_wins),
        cmocka_unit_test(systems_before_3_1_know_no_256k_application),
        cmocka_unit_test(a_damaged_or_missing_radio_stack_crashes_the_system),
        cmocka_unit_test(a_shorter_radio_stack_over_a_longer_one_is_whole),
        cmocka_unit_test(an_old_bootloader_starts_a_6_2_system_by_its_second_header),
        cmocka_unit_test(a_6_2_system_is_seen_whole_in_dfu_mode),
        cmocka_unit_test(an_old_system_over_a_new_one_is_found_behind_its_rest),
        cmocka_unit_test(an_unfinished_setup_listens_up_to_3_x),
        cmocka_unit_test(the_json_says_what_a_programmer_could_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
