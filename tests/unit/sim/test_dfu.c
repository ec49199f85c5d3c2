/* DFU mode: descriptors, states, DfuSe commands, and how it is left. */
#include "unit/sim/bench.h"

static void descriptors_are_exact_on_nrf(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "6.2.0");
    bench_open_dfu(&b);
    bench_expect(&b, "80 06 00 01 00 00 12 00", NULL,
                 "12 01 00 02 00 00 00 40 04 2b 0d d0 51 02 01 02 03 01");
    bench_expect(&b, "80 06 00 02 00 00 ff 00", NULL,
                 "09 02 2d 00 01 01 04 c0 32 09 04 00 00 00 fe 01 02 06 09 04 00 01 00 fe 01 02 "
                 "07 09 04 00 02 00 fe 01 02 08 09 21 0b ff 00 00 10 1a 01");
    bench_expect(&b, "80 06 00 02 00 00 04 00", NULL, "09 02 2d 00");
    bench_expect(&b, "81 06 00 21 00 00 09 00", NULL, "09 21 0b ff 00 00 10 1a 01");
    bench_expect(&b, "80 06 00 03 00 00 ff 00", NULL, "04 03 09 04");
    bench_expect(&b, "80 06 06 03 09 04 01 00", NULL, "a2");
    bench_refused(&b, "80 06 09 03 09 04 ff 00", NULL);
    bench_refused(&b, "80 06 00 06 00 00 0a 00", NULL);
    bench_end(&b);
}

static void descriptors_are_exact_on_rtl(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "p2", "6.2.0");
    bench_open_dfu(&b);
    bench_expect(&b, "80 06 00 02 00 00 ff 00", NULL,
                 "09 02 24 00 01 01 04 c0 32 09 04 00 00 00 fe 01 02 05 09 04 00 01 00 fe 01 02 "
                 "06 09 21 0b ff 00 00 10 1a 01");
    bench_expect(&b, "80 06 02 03 09 04 ff 00", NULL,
                 "18 03 50 00 32 00 20 00 44 00 46 00 55 00 20 00 4d 00 6f 00 64 00 65 00");
    bench_end(&b);
}

static void the_security_string_comes_with_6_2(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "6.2.0");
    bench_open_dfu(&b);
    bench_expect(&b, "80 06 fa 03 09 04 12 00", NULL,
                 "12 03 73 00 6d 00 3d 00 6f 00 00 00 00 00 00 00 00 00");
    bench_end(&b);
    bench_board(&b, "boron", "6.1.1");
    bench_open_dfu(&b);
    bench_refused(&b, "80 06 fa 03 09 04 12 00", NULL);
    bench_end(&b);
}

static void commands_are_listed_by_version(void **state)
{
    static const char *const lists[][2] = {{"5.3.1", "00 21 41"},
                                           {"6.0.0", "00 21 41"},
                                           {"6.1.1", "00 21 41 fa"},
                                           {"6.2.0", "00 21 41 fa fb"}};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        bench b;
        bench_board(&b, "boron", lists[i][0]);
        bench_open_dfu(&b);
        bench_expect(&b, "a1 02 00 00 00 00 00 10", NULL, lists[i][1]);
        bench_expect(&b, "a1 05 00 00 00 00 01 00", NULL, "02");
        bench_end(&b);
    }
}

static void a_page_is_written_as_in_the_worked_example(void **state)
{
    (void)state;
    bench b;
    char block[2 * 4096 + 1];
    bench_board(&b, "boron", "6.2.0");
    bench_open_dfu(&b);
    const uint8_t *flash_bytes = sim_board_flash(b.board, "internal").data + 0x28000;
    OK(transport_set_alternate(b.handle, 0, 0, &b.error));
    bench_expect(&b, "21 01 00 00 00 00 05 00", "41 00 80 02 00", "");
    assert_int_not_equal(flash_bytes[0x200], 0xff);
    bench_expect(&b, "a1 03 00 00 00 00 06 00", NULL, "00 00 00 00 04 00");
    /* Only behind that answer does the erase begin. */
    assert_int_not_equal(flash_bytes[0x200], 0xff);
    bench_expect(&b, "a1 03 00 00 00 00 06 00", NULL, "00 00 00 00 05 00");
    for (size_t i = 0; i < 4096; i++)
        assert_int_equal(flash_bytes[i], 0xff);
    bench_expect(&b, "21 01 00 00 00 00 05 00", "21 00 80 02 00", "");
    bench_expect(&b, "a1 03 00 00 00 00 06 00", NULL, "00 00 00 00 04 00");
    bench_expect(&b, "a1 03 00 00 00 00 06 00", NULL, "00 00 00 00 05 00");
    for (size_t i = 0; i < 4096; i++)
        text_format(block + 2 * i, 3, "%02x", (unsigned)(i * 7 & 0xff));
    bench_expect(&b, "21 01 02 00 00 00 00 10", block, "");
    bench_expect(&b, "a1 03 00 00 00 00 06 00", NULL, "00 00 00 00 04 00");
    bench_expect(&b, "a1 03 00 00 00 00 06 00", NULL, "00 00 00 00 05 00");
    for (size_t i = 0; i < 4096; i++)
        assert_int_equal(flash_bytes[i], i * 7 & 0xff);
    bench_expect(&b, "21 01 02 00 00 00 00 00", NULL, "");
    bench_expect(&b, "a1 03 00 00 00 00 06 00", NULL, "00 00 00 00 07 00");
    OK(transport_wait(b.bus, 490, &b.error));
    assert_true(board_on_bus(b.board));
    OK(transport_wait(b.bus, 20, &b.error));
    assert_false(board_on_bus(b.board));
    bench_end(&b);
}

static void an_rtl_application_lies_as_in_the_worked_example(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "p2", "5.3.1");
    const synth_request request = {
        .board = b.board->kind,
        .slot = platform_find_slot(b.board->kind, (module_slot){MODULE_USER_PART, 1}),
        .version = 6,
        .size = 49152};
    BUF_OWNED file = buf_make(65536);
    OK(synth_module(&request, &file, &b.error));
    assert_int_equal(bench_u32(file.data), 0x085f4000);
    assert_int_equal(bench_u32(file.data + 4), 0x085ffffc);
    bench_open_dfu(&b);
    assert_true(bench_dfu_write(&b, 0x085f4000, buf_span(&file)));
    assert_memory_equal(sim_board_flash(b.board, "internal").data + 0x5f4000, file.data, 49152);
    bench_leave_dfu(&b);
    assert_int_equal(b.board->mode, BOARD_NORMAL);
    JSON_OWNED *json = sim_board_to_json(b.board);
    const json_t *region = bench_region(json, "user_part/1");
    assert_int_equal(json_number(region, "start", 0), 0x085f4000);
    assert_int_equal(json_number(region, "size", 0), 49152);
    bench_end(&b);
}

static void nothing_happens_without_a_status_request(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "6.2.0");
    bench_open_dfu(&b);
    bench_expect(&b, "21 01 00 00 00 00 05 00", "41 00 80 02 00", "");
    OK(transport_wait(b.bus, 5000, &b.error));
    assert_int_not_equal(sim_board_flash(b.board, "internal").data[0x28200], 0xff);
    bench_expect(&b, "21 06 00 00 00 00 00 00", NULL, "");
    assert_int_equal(bench_dfu_state(&b), 2);
    bench_end(&b);
}

static void writing_only_clears_bits(void **state)
{
    (void)state;
    bench b;
    uint8_t bytes[256];
    bench_board(&b, "boron", "6.2.0");
    bench_open_dfu(&b);
    assert_true(bench_dfu_command(&b, 0x41, 0xb4000));
    assert_true(bench_dfu_command(&b, 0x21, 0xb4000));
    memset(bytes, 0xf0, sizeof bytes);
    assert_true(bench_dnload(&b, 2, bytes, sizeof bytes));
    memset(bytes, 0x3c, sizeof bytes);
    assert_true(bench_dnload(&b, 2, bytes, sizeof bytes));
    assert_int_equal(sim_board_flash(b.board, "internal").data[0xb4010], 0x30);
    bench_end(&b);
}

static void stray_clear_status_stalls_and_then_clears(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "6.2.0");
    bench_open_dfu(&b);
    bench_refused(&b, "21 04 00 00 00 00 00 00", NULL);
    bench_expect(&b, "a1 03 00 00 00 00 06 00", NULL, "0e 00 00 00 0a 00");
    bench_refused(&b, "21 06 00 00 00 00 00 00", NULL);
    bench_refused(&b, "21 01 00 00 00 00 05 00", "41 00 80 02 00");
    bench_expect(&b, "21 04 00 00 00 00 00 00", NULL, "");
    bench_expect(&b, "a1 03 00 00 00 00 06 00", NULL, "00 00 00 00 02 00");
    bench_end(&b);
}

static void commands_it_does_not_know_end_in_errors(void **state)
{
    static const struct {
        const char *setup, *out, *status;
    } rows[] = {
        {"21 01 00 00 00 00 01 00", "41", "01 00 00 00 0a 00"},
        {"21 01 00 00 00 00 01 00", "92", "0e 00 00 00 0a 00"},
        {"21 01 00 00 00 00 01 00", "77", "0f 00 00 00 0a 00"},
        {"21 01 00 00 00 00 05 00", "41 00 00 00 10", "0e 00 00 00 0a 00"},
        {"21 01 00 00 00 00 03 00", "41 00 00", "0e 00 00 00 0a 00"},
        {"21 01 00 00 00 00 04 00", "21 00 00 00", "0e 00 00 00 0a 00"},
        {"21 01 01 00 00 00 01 00", "00", "01 00 00 00 0a 00"},
    };
    (void)state;
    bench b;
    bench_board(&b, "boron", "5.3.1");
    bench_open_dfu(&b);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bench_expect(&b, rows[i].setup, rows[i].out, "");
        bench_expect(&b, "a1 03 00 00 00 00 06 00", NULL, "00 00 00 00 04 00");
        bench_expect(&b, "a1 03 00 00 00 00 06 00", NULL, rows[i].status);
        bench_expect(&b, "21 04 00 00 00 00 00 00", NULL, "");
    }
    /* The command that lists commands never leaves dfuDNBUSY. */
    bench_expect(&b, "21 01 00 00 00 00 01 00", "00", "");
    bench_expect(&b, "a1 03 00 00 00 00 06 00", NULL, "00 00 00 00 04 00");
    bench_refused(&b, "a1 05 00 00 00 00 01 00", NULL);
    bench_refused(&b, "a1 03 00 00 00 00 06 00", NULL);
    bench_expect(&b, "a1 03 00 00 00 00 06 00", NULL, "0e 00 00 00 0a 00");
    bench_end(&b);
}

static void uploads_count_blocks_of_4096_from_the_pointer(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "p2", "5.3.1");
    bench_open_dfu(&b);
    const uint8_t *chip = sim_board_flash(b.board, "internal").data;
    uint8_t bytes[USB_CONTROL_MAX];
    size_t moved;
    assert_true(bench_dfu_command(&b, 0x21, 0x08060000));
    bench_refused(&b, "a1 02 02 00 00 00 00 10", NULL);
    bench_expect(&b, "21 04 00 00 00 00 00 00", NULL, "");
    OK(bench_raw(&b, (usb_setup){0xa1, 2, 5, 0, 4096}, NULL, bytes, &moved));
    assert_int_equal(moved, 4096);
    assert_memory_equal(bytes, chip + 0x60000 + 3 * 4096, 4096);
    OK(bench_raw(&b, (usb_setup){0xa1, 2, 2, 0, 16}, NULL, bytes, &moved));
    assert_int_equal(moved, 16);
    assert_memory_equal(bytes, chip + 0x60000, 16);
    assert_int_equal(bench_dfu_state(&b), 9);
    bench_refused(&b, "21 01 00 00 00 00 05 00", "21 00 00 00 00");
    bench_end(&b);
}

static void setting_the_configuration_forgets_the_pointer(void **state)
{
    (void)state;
    bench b;
    uint8_t bytes[64];
    size_t moved;
    bench_board(&b, "boron", "6.2.0");
    bench_open_dfu(&b);
    assert_true(bench_dfu_command(&b, 0x21, 0x30000));
    bench_expect(&b, "00 09 01 00 00 00 00 00", NULL, "");
    OK(bench_raw(&b, (usb_setup){0xa1, 2, 2, 0, 8}, NULL, bytes, &moved));
    assert_memory_equal(bytes, "osbundle", 8);
    bench_end(&b);
}

static void alternates_reach_their_own_memories(void **state)
{
    (void)state;
    bench b;
    static const uint8_t value = 0x5a;
    bench_board(&b, "boron", "6.2.0");
    bench_open_dfu(&b);
    OK(transport_set_alternate(b.handle, 0, 1, &b.error));
    assert_true(bench_dfu_command(&b, 0x21, 8134));
    assert_true(bench_dnload(&b, 2, &value, 1));
    assert_int_equal(sim_board_flash(b.board, "dct").data[8134], 0x5a);
    assert_true(bench_dfu_command(&b, 0x41, 8134));
    assert_int_equal(sim_board_flash(b.board, "dct").data[8134], 0x5a);
    OK(transport_set_alternate(b.handle, 0, 2, &b.error));
    assert_true(bench_dfu_command(&b, 0x21, 0x80200000));
    assert_true(bench_dnload(&b, 2, &value, 1));
    assert_int_equal(sim_board_flash(b.board, "external").data[0x200000], 0x5a);
    assert_false(bench_dfu_command(&b, 0x41, 0x200000));
    assert_int_equal(transport_set_alternate(b.handle, 0, 3, &b.error), OSB_ERR_STALL);
    bench_end(&b);
}

static void a_claim_is_needed_and_short_timeouts_end_in_time(void **state)
{
    (void)state;
    bench b;
    uint8_t data[6];
    bench_board(&b, "boron", "6.2.0");
    bench_open_dfu(&b);
    assert_true(bench_dfu_command(&b, 0x21, 0x28000));
    bench_expect(&b, "21 01 00 00 00 00 05 00", "41 00 80 02 00", "");
    bench_expect(&b, "a1 03 00 00 00 00 06 00", NULL, "00 00 00 00 04 00");
    const usb_setup get_status = {0xa1, 3, 0, 0, 6};
    assert_int_equal(transport_control(b.handle, &get_status, data, 20, NULL, &b.error),
                     OSB_ERR_TIMEOUT);
    bench_expect(&b, "a1 03 00 00 00 00 06 00", NULL, "00 00 00 00 05 00");
    bench_open(&b);
    assert_int_equal(transport_control(b.handle, &get_status, data, 5000, NULL, &b.error),
                     OSB_ERR_DEVICE);
    bench_end(&b);
}

static void safe_mode_is_entered_from_dfu_since_6_1_1(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "6.1.1");
    bench_open_dfu(&b);
    bench_expect(&b, "21 01 00 00 00 00 01 00", "fa", "");
    bench_expect(&b, "a1 03 00 00 00 00 06 00", NULL, "00 00 00 00 04 00");
    bench_expect(&b, "a1 03 00 00 00 00 06 00", NULL, "00 00 00 00 07 00");
    bench_await(&b, BOARD_SAFE, 3000);
    bench_end(&b);
    bench_board(&b, "boron", "5.3.1");
    bench_open_dfu(&b);
    bench_expect(&b, "21 01 00 00 00 00 01 00", "fa", "");
    bench_expect(&b, "a1 03 00 00 00 00 06 00", NULL, "00 00 00 00 04 00");
    bench_expect(&b, "a1 03 00 00 00 00 06 00", NULL, "0f 00 00 00 0a 00");
    bench_end(&b);
}

static void a_256k_application_takes_the_former_one_away(void **state)
{
    (void)state;
    bench b;
    bench_set made;
    bench_board(&b, "boron", "6.2.0");
    bench_synthesise(&b, "boron", "6.2.0", &made);
    BUF_OWNED former = bench_module(&b, "boron", (module_slot){5, 1}, 4, (module_dependency){0});
    OK(sim_board_program(b.board, buf_span(&former), "former", &b.error));
    bench_open_dfu(&b);
    assert_true(bench_dfu_write(&b, 0xb4000, bench_file(&made, 5, 2)));
    assert_int_equal(sim_board_flash(b.board, "internal").data[0xd4000], 0xff);
    bench_leave_dfu(&b);
    assert_int_equal(b.board->mode, BOARD_NORMAL);
    bench_set_free(&made);
    bench_end(&b);
    /* Bootloaders before 3.1.0 leave it: it goes on winning. */
    bench_board(&b, "boron", "2.3.1");
    bench_synthesise(&b, "boron", "6.2.0", &made);
    bench_open_dfu(&b);
    assert_true(bench_dfu_write(&b, 0xb4000, bench_file(&made, 5, 2)));
    assert_int_not_equal(sim_board_flash(b.board, "internal").data[0xd4000], 0xff);
    bench_set_free(&made);
    bench_end(&b);
}

static void leaving_with_a_bad_system_comes_back_to_dfu(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "p2", "6.2.0");
    bench_open_dfu(&b);
    assert_true(bench_dfu_command(&b, 0x41, 0x08061000));
    bench_leave_dfu(&b);
    assert_int_equal(b.board->mode, BOARD_DFU);
    assert_true(bench_has_reason(&b, "no valid system part"));
    bench_end(&b);
}

static void dfu_by_request_does_not_outlive_a_power_cut(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "p2", "6.2.0");
    bench_open_dfu(&b);
    sim_board_power_cycle(b.board);
    assert_int_equal(b.board->mode, BOARD_NORMAL);
    bench_end(&b);
}

static void detach_comes_back_in_dfu(void **state)
{
    (void)state;
    bench b;
    char answer[16];
    bench_board(&b, "p2", "6.2.0");
    bench_open_dfu(&b);
    bench_expect(&b, "21 00 00 00 00 00 00 00", NULL, "");
    assert_int_equal(bench_transfer(&b, "a1 03 00 00 00 00 06 00", NULL, answer, 16),
                     OSB_ERR_DISCONNECTED);
    OK(transport_wait(b.bus, 400, &b.error));
    bench_open_dfu(&b);
    assert_int_equal(bench_dfu_state(&b), 2);
    bench_end(&b);
}

static void vendor_requests_stall_in_dfu(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "p2", "6.2.0");
    bench_open_dfu(&b);
    bench_refused(&b, "c0 50 00 00 1e 00 40 00", NULL);
    bench_refused(&b, "c0 01 00 00 48 00 40 00", NULL);
    bench_end(&b);
}

static void a_protected_board_denies_everything_but_safe_mode(void **state)
{
    (void)state;
    bench b;
    char answer[400];
    bench_board(&b, "boron", "6.2.0");
    BUF_OWNED file = bench_protected_bootloader(&b);
    OK(sim_board_program(b.board, buf_span(&file), "protected", &b.error));
    sim_board_hold_button(b.board);
    bench_open_dfu(&b);
    bench_expect(&b, "80 06 fa 03 09 04 12 00", NULL,
                 "12 03 73 00 6d 00 3d 00 70 00 00 00 00 00 00 00 00 00");
    OK(bench_transfer(&b, "80 06 06 03 09 04 ff 00", NULL, answer, sizeof answer));
    assert_non_null(strstr(answer, "4b 00 62 00 2c 00")); /* "Kb," */
    assert_null(strstr(answer, "4b 00 67 00"));           /* "Kg" */
    bench_expect(&b, "21 01 00 00 00 00 05 00", "41 00 80 02 00", "");
    bench_expect(&b, "a1 03 00 00 00 00 06 00", NULL, "0b 00 00 00 0a 0a");
    bench_expect(&b, "21 04 00 00 00 00 00 00", NULL, "");
    bench_expect(&b, "a1 02 02 00 00 00 10 00", NULL, "");
    bench_expect(&b, "a1 03 00 00 00 00 06 00", NULL, "0b 00 00 00 0a 0a");
    bench_expect(&b, "21 04 00 00 00 00 00 00", NULL, "");
    bench_expect(&b, "a1 02 00 00 00 00 00 04", NULL, "00 21 41 fa fb");
    bench_expect(&b, "21 01 00 00 00 00 01 00", "fa", "");
    bench_expect(&b, "a1 03 00 00 00 00 06 00", NULL, "00 00 00 00 04 00");
    bench_expect(&b, "a1 03 00 00 00 00 06 00", NULL, "00 00 00 00 07 00");
    bench_end(&b);
}

static void old_names_and_gen_2_manners(void **state)
{
    (void)state;
    bench b;
    char answer[400];
    bench_board(&b, "boron", "2.2.0");
    bench_open_dfu(&b);
    OK(bench_transfer(&b, "80 06 07 03 09 04 0a 00", NULL, answer, sizeof answer));
    assert_string_equal(answer, "42 03 40 00 44 00 43 00 44 00"); /* "@DCD" */
    bench_end(&b);
    bench_board(&b, "boron", "4.0.2");
    bench_open_dfu(&b);
    OK(bench_transfer(&b, "80 06 07 03 09 04 0a 00", NULL, answer, sizeof answer));
    assert_string_equal(answer, "42 03 40 00 44 00 43 00 54 00"); /* "@DCT" */
    bench_end(&b);
    bench_board(&b, "photon", "3.3.1");
    bench_open_dfu(&b);
    /* Refused writes do not show; CLRSTATUS sets the error without a stall. */
    assert_true(bench_dfu_command(&b, 0x41, 0x08000000));
    assert_int_not_equal(sim_board_flash(b.board, "internal").data[0x184], 0xff);
    assert_true(bench_dfu_command(&b, 0x41, 0x080a0000));
    assert_int_equal(b.board->dfu.pointer, 0x080a0000);
    bench_expect(&b, "21 04 00 00 00 00 00 00", NULL, "");
    bench_expect(&b, "a1 03 00 00 00 00 06 00", NULL, "0e 00 00 00 0a 00");
    bench_expect(&b, "21 04 00 00 00 00 00 00", NULL, "");
    bench_expect(&b, "21 01 02 00 00 00 00 00", NULL, "");
    bench_expect(&b, "a1 03 00 00 00 00 06 00", NULL, "00 00 00 00 05 00");
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(descriptors_are_exact_on_nrf),
        cmocka_unit_test(descriptors_are_exact_on_rtl),
        cmocka_unit_test(the_security_string_comes_with_6_2),
        cmocka_unit_test(commands_are_listed_by_version),
        cmocka_unit_test(a_page_is_written_as_in_the_worked_example),
        cmocka_unit_test(an_rtl_application_lies_as_in_the_worked_example),
        cmocka_unit_test(nothing_happens_without_a_status_request),
        cmocka_unit_test(writing_only_clears_bits),
        cmocka_unit_test(stray_clear_status_stalls_and_then_clears),
        cmocka_unit_test(commands_it_does_not_know_end_in_errors),
        cmocka_unit_test(uploads_count_blocks_of_4096_from_the_pointer),
        cmocka_unit_test(setting_the_configuration_forgets_the_pointer),
        cmocka_unit_test(alternates_reach_their_own_memories),
        cmocka_unit_test(a_claim_is_needed_and_short_timeouts_end_in_time),
        cmocka_unit_test(safe_mode_is_entered_from_dfu_since_6_1_1),
        cmocka_unit_test(a_256k_application_takes_the_former_one_away),
        cmocka_unit_test(leaving_with_a_bad_system_comes_back_to_dfu),
        cmocka_unit_test(dfu_by_request_does_not_outlive_a_power_cut),
        cmocka_unit_test(detach_comes_back_in_dfu),
        cmocka_unit_test(vendor_requests_stall_in_dfu),
        cmocka_unit_test(a_protected_board_denies_everything_but_safe_mode),
        cmocka_unit_test(old_names_and_gen_2_manners),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
