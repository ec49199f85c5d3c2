/* The request channel on the wire, byte for byte. */
#include "unit/sim/bench.h"

static void a_mode_request_goes_as_in_the_worked_example(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "6.2.0");
    bench_open(&b);
    bench_expect(&b, "c0 01 00 00 48 00 40 00", NULL, "03 00 00 00 00 00 01 00");
    bench_expect(&b, "c0 02 00 00 01 00 40 00", NULL, "01 00 00 00 02 00");
    OK(transport_wait(b.bus, 50, &b.error));
    bench_expect(&b, "c0 02 00 00 01 00 40 00", NULL, "09 00 00 00 00 00 00 00 00 00");
    /* Answered and read: the request is gone. */
    bench_expect(&b, "c0 02 00 00 01 00 40 00", NULL, "01 00 00 00 05 00");
    bench_end(&b);
}

static void refusals_end_as_in_the_worked_example(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "5.3.1");
    bench_open(&b);
    bench_expect(&b, "c0 01 00 00 4c 00 40 00", NULL, "03 00 00 00 00 00 01 00");
    OK(transport_wait(b.bus, 50, &b.error));
    bench_expect(&b, "c0 02 00 00 01 00 40 00", NULL, "09 00 00 00 00 00 88 ff ff ff");
    bench_end(&b);
    bench_board(&b, "boron", "6.2.0");
    BUF_OWNED guarded = bench_protected_bootloader(&b);
    OK(sim_board_program(b.board, buf_span(&guarded), "protected", &b.error));
    bench_open(&b);
    bench_expect(&b, "c0 01 00 00 48 00 40 00", NULL, "03 00 00 00 00 00 01 00");
    OK(transport_wait(b.bus, 50, &b.error));
    bench_expect(&b, "c0 02 00 00 01 00 40 00", NULL, "09 00 00 00 00 00 f7 f8 ff ff");
    bench_end(&b);
}

static void listening_mode_is_told_by_reply_data(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "6.2.0");
    bench_open(&b);
    assert_int_equal(bench_empty_request(&b, 70), 0);
    assert_int_equal(b.board->mode, BOARD_LISTENING);
    bench_expect(&b, "c0 01 00 00 48 00 40 00", NULL, "03 00 00 00 00 00 02 00");
    OK(transport_wait(b.bus, 50, &b.error));
    bench_expect(&b, "c0 02 00 00 02 00 40 00", NULL, "0d 00 00 00 00 00 02 00 00 00 00 00 00 00");
    bench_refused(&b, "c0 04 00 00 02 00 03 00", NULL);
    bench_refused(&b, "c0 04 00 00 02 00 00 00", NULL);
    bench_expect(&b, "c0 04 00 00 02 00 02 00", NULL, "08 01");
    bench_expect(&b, "c0 02 00 00 02 00 40 00", NULL, "01 00 00 00 05 00");
    assert_int_equal(bench_empty_request(&b, 71), 0);
    assert_int_equal(b.board->mode, BOARD_NORMAL);
    bench_end(&b);
}

static void raw_requests_and_reset_all_go_as_in_the_worked_example(void **state)
{
    (void)state;
    bench b;
    char answer[200], id[80] = "";
    bench_board(&b, "boron", "6.2.0");
    bench_open(&b);
    bench_expect(&b, "c0 05 00 00 00 00 40 00", NULL, "01 00 00 00 00 00");
    bench_expect(&b, "c0 05 00 00 09 00 40 00", NULL, "01 00 00 00 05 00");
    bench_expect(&b, "c0 50 00 00 1e 00 40 00", NULL, "36 2e 32 2e 30");
    bench_expect(&b, "c0 50 00 00 1e 00 05 00", NULL, "36 2e 32 2e 30");
    bench_refused(&b, "c0 50 00 00 1e 00 04 00", NULL);
    bench_refused(&b, "c0 50 00 00 14 00 17 00", NULL);
    for (size_t i = 0; i < 24; i++) {
        char digit = b.board->device_id[i];
        digit = digit >= 'a' ? (char)(digit - 'a' + 'A') : digit;
        text_append(id, sizeof id, i ? " %02x" : "%02x", digit);
    }
    OK(bench_transfer(&b, "c0 50 00 00 14 00 40 00", NULL, answer, sizeof answer));
    assert_string_equal(answer, id);
    assert_int_equal(bench_transfer(&b, "40 50 00 00 28 00 00 00", NULL, answer, sizeof answer),
                     OSB_ERR_DISCONNECTED);
    assert_false(board_on_bus(b.board));
    bench_await(&b, BOARD_NORMAL, 3000);
    bench_end(&b);
}

static void rtl_boards_hang_on_an_out_without_data(void **state)
{
    (void)state;
    bench b;
    char answer[64];
    bench_board(&b, "p2", "6.2.0");
    bench_open(&b);
    uint64_t before = transport_now_ms(b.bus);
    assert_int_equal(bench_transfer(&b, "40 50 00 00 28 00 00 00", NULL, answer, sizeof answer),
                     OSB_ERR_TIMEOUT);
    assert_in_range(transport_now_ms(b.bus) - before, 5000, 5010);
    assert_int_equal(bench_transfer(&b, "40 50 00 00 28 00 01 00", "00", answer, sizeof answer),
                     OSB_ERR_DISCONNECTED);
    bench_end(&b);
}

static void services_want_exactly_64_bytes_of_room(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "6.2.0");
    bench_open(&b);
    bench_refused(&b, "c0 01 00 00 48 00 3f 00", NULL);
    bench_refused(&b, "c0 01 00 00 48 00 41 00", NULL);
    bench_refused(&b, "c0 02 00 00 01 00 08 00", NULL);
    bench_refused(&b, "c0 05 00 00 00 00 80 00", NULL);
    bench_refused(&b, "c0 06 00 00 00 00 40 00", NULL);
    bench_refused(&b, "c0 51 00 00 00 00 40 00", NULL);
    bench_end(&b);
}

static void a_fifth_request_is_told_to_wait(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "6.2.0");
    bench_open(&b);
    for (int i = 1; i <= 4; i++) {
        char expected[64];
        text_format(expected, sizeof expected, "03 00 00 00 00 00 %02x 00", i);
        bench_expect(&b, "c0 01 04 00 01 00 40 00", NULL, expected);
    }
    bench_expect(&b, "c0 01 04 00 01 00 40 00", NULL, "01 00 00 00 03 00");
    bench_expect(&b, "c0 05 00 00 03 00 40 00", NULL, "01 00 00 00 00 00");
    bench_expect(&b, "c0 01 04 00 01 00 40 00", NULL, "03 00 00 00 00 00 05 00");
    bench_end(&b);
}

static void large_payloads_wait_for_memory(void **state)
{
    (void)state;
    bench b;
    char out[2 * 65 + 1] = "";
    bench_board(&b, "boron", "6.2.0");
    bench_open(&b);
    bench_expect(&b, "c0 01 41 00 01 00 40 00", NULL, "03 00 00 00 02 00 01 00");
    bench_expect(&b, "c0 02 00 00 01 00 40 00", NULL, "01 00 00 00 02 00");
    OK(transport_wait(b.bus, 50, &b.error));
    bench_expect(&b, "c0 02 00 00 01 00 40 00", NULL, "01 00 00 00 00 00");
    for (int i = 0; i < 65; i++)
        text_append(out, sizeof out, "%02x", i);
    /* In two pieces, then more than was declared. */
    bench_expect(&b, "40 03 00 00 01 00 40 00", out, "");
    bench_expect(&b, "40 03 00 00 01 00 01 00", "40", "");
    OK(transport_wait(b.bus, 50, &b.error));
    bench_expect(&b, "c0 02 00 00 01 00 40 00", NULL, "0d 00 00 00 00 00 41 00 00 00 00 00 00 00");
    bench_expect(&b, "c0 04 00 00 01 00 02 00", NULL, "00 01");
    bench_refused(&b, "c0 04 00 00 01 00 40 00", NULL);
    bench_end(&b);
}

static void a_wrong_small_send_looks_fine_and_a_large_one_does_not(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "6.2.0");
    bench_open(&b);
    bench_expect(&b, "40 03 00 00 07 00 02 00", "0800", "");
    bench_refused(&b, "40 03 00 00 07 00 41 00", NULL);
    bench_end(&b);
}

static void a_reset_waits_until_its_reply_was_read(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "6.2.0");
    bench_open(&b);
    bench_expect(&b, "c0 01 00 00 32 00 40 00", NULL, "03 00 00 00 00 00 01 00");
    OK(transport_wait(b.bus, 20000, &b.error));
    assert_int_equal(b.board->mode, BOARD_NORMAL);
    bench_expect(&b, "c0 02 00 00 01 00 40 00", NULL, "09 00 00 00 00 00 00 00 00 00");
    OK(transport_wait(b.bus, 990, &b.error));
    assert_true(board_on_bus(b.board));
    OK(transport_wait(b.bus, 20, &b.error));
    assert_false(board_on_bus(b.board));
    OK(transport_wait(b.bus, 290, &b.error));
    assert_false(board_on_bus(b.board));
    bench_await(&b, BOARD_DFU, 1000);
    bench_end(&b);
}

static void cancelling_a_finished_reset_still_resets(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "p2", "6.2.0");
    bench_open(&b);
    bench_expect(&b, "c0 01 00 00 28 00 40 00", NULL, "03 00 00 00 00 00 01 00");
    OK(transport_wait(b.bus, 50, &b.error));
    bench_expect(&b, "c0 05 00 00 01 00 40 00", NULL, "01 00 00 00 00 00");
    OK(transport_wait(b.bus, 1010, &b.error));
    assert_int_equal(b.board->mode, BOARD_BOOTING);
    bench_end(&b);
}

static void safe_mode_is_entered_on_request_and_left_by_reset(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "6.2.0");
    bench_open(&b);
    assert_int_equal(bench_empty_request(&b, 60), 0);
    bench_await(&b, BOARD_SAFE, 5000);
    bench_open(&b);
    assert_int_equal(bench_empty_request(&b, 40), 0);
    bench_await(&b, BOARD_NORMAL, 5000);
    bench_end(&b);
}

static void the_14400_baud_touch_leads_into_dfu(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "p2", "6.2.0");
    bench_open(&b);
    char answer[16];
    assert_int_equal(bench_transfer(&b, "21 20 00 00 01 00 07 00", "40380000000008", answer, 16),
                     OSB_ERR_DEVICE);
    OK(transport_claim(b.handle, 1, &b.error));
    bench_expect(&b, "21 20 00 00 01 00 07 00", "40380000000008", "");
    bench_await(&b, BOARD_DFU, 3000);
    bench_end(&b);
}

static void requests_that_a_version_lacks_are_not_supported(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "5.3.1");
    bench_open(&b);
    assert_int_equal(bench_empty_request(&b, 76), -120);
    assert_int_equal(bench_empty_request(&b, 91), -120);
    assert_int_equal(bench_empty_request(&b, 260), -120);
    assert_int_equal(bench_empty_request(&b, 32), 0);
    bench_end(&b);
    bench_board(&b, "boron", "6.2.0");
    bench_open(&b);
    assert_int_equal(bench_empty_request(&b, 76), 0);
    assert_int_equal(bench_empty_request(&b, 91), 0);
    bench_end(&b);
}

static void systems_before_1_5_take_payloads_in_one_piece(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "1.5.2");
    BUF_OWNED system = bench_module(&b, "boron", (module_slot){4, 1}, 1406, (module_dependency){0});
    OK(sim_board_program(b.board, buf_span(&system), "1.4.4", &b.error));
    bench_open(&b);
    assert_int_equal(bench_empty_request(&b, 1), -120);
    bench_expect(&b, "c0 01 04 00 fa 00 40 00", NULL, "03 00 00 00 00 00 02 00");
    bench_expect(&b, "40 03 00 00 02 00 02 00", "08e8", "");
    OK(transport_wait(b.bus, 50, &b.error));
    /* The half payload was ignored: the board still waits for all of it. */
    bench_expect(&b, "c0 02 00 00 02 00 40 00", NULL, "01 00 00 00 00 00");
    bench_end(&b);
}

static void identity_requests_answer_text(void **state)
{
    (void)state;
    bench b;
    BUF_OWNED reply = buf_make(64);
    BUF_OWNED version = buf_make(64);
    bench_board(&b, "p2", "5.9.0");
    bench_open(&b);
    assert_int_equal(bench_request(&b, 20, (span){0}, &reply), 0);
    assert_int_equal(reply.size, 26);
    assert_memory_equal(reply.data + 2, b.board->device_id, 24);
    assert_int_equal(bench_request(&b, 30, (span){0}, &version), 0);
    assert_memory_equal(version.data,
                        "\x0a\x05"
                        "5.9.0",
                        7);
    bench_end(&b);
}

static void a_protected_board_answers_few_requests(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "6.2.0");
    BUF_OWNED file = bench_protected_bootloader(&b);
    OK(sim_board_program(b.board, buf_span(&file), "protected", &b.error));
    bench_open(&b);
    assert_int_equal(bench_empty_request(&b, 72), -1801);
    assert_int_equal(bench_empty_request(&b, 250), -1801);
    assert_int_equal(bench_empty_request(&b, 20), 0);
    assert_int_equal(bench_empty_request(&b, 76), 0);
    bench_end(&b);
}

static void normal_mode_descriptors_hold_together(void **state)
{
    static const char *const boards[] = {"boron", "p2", "photon"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        bench b;
        uint8_t bytes[USB_CONTROL_MAX];
        size_t moved, interfaces = 0, at = 0;
        bench_board(&b, boards[i], i == 2 ? "3.3.1" : "6.2.0");
        bench_open(&b);
        OK(bench_raw(&b, (usb_setup){0x80, 6, 0x0200, 0, 255}, NULL, bytes, &moved));
        assert_int_equal(bytes[2] | bytes[3] << 8, moved);
        for (; at < moved; at += bytes[at]) {
            assert_true(bytes[at] >= 4);
            interfaces += bytes[at + 1] == 4;
        }
        assert_int_equal(at, moved);
        assert_int_equal(interfaces, bytes[4]);
        OK(bench_raw(&b, (usb_setup){0x80, 6, 0x0100, 0, 18}, NULL, bytes, &moved));
        assert_int_equal(bytes[10] | bytes[11] << 8, b.board->kind->product_id);
        bench_end(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mode_request_goes_as_in_the_worked_example),
        cmocka_unit_test(refusals_end_as_in_the_worked_example),
        cmocka_unit_test(listening_mode_is_told_by_reply_data),
        cmocka_unit_test(raw_requests_and_reset_all_go_as_in_the_worked_example),
        cmocka_unit_test(rtl_boards_hang_on_an_out_without_data),
        cmocka_unit_test(services_want_exactly_64_bytes_of_room),
        cmocka_unit_test(a_fifth_request_is_told_to_wait),
        cmocka_unit_test(large_payloads_wait_for_memory),
        cmocka_unit_test(a_wrong_small_send_looks_fine_and_a_large_one_does_not),
        cmocka_unit_test(a_reset_waits_until_its_reply_was_read),
        cmocka_unit_test(cancelling_a_finished_reset_still_resets),
        cmocka_unit_test(safe_mode_is_entered_on_request_and_left_by_reset),
        cmocka_unit_test(the_14400_baud_touch_leads_into_dfu),
        cmocka_unit_test(requests_that_a_version_lacks_are_not_supported),
        cmocka_unit_test(systems_before_1_5_take_payloads_in_one_piece),
        cmocka_unit_test(identity_requests_answer_text),
        cmocka_unit_test(normal_mode_descriptors_hold_together),
        cmocka_unit_test(a_protected_board_answers_few_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
