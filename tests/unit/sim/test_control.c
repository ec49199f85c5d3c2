/* The request channel on the wire, byte for byte, and what modules the board tells of. */
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

/** Offset of a byte sequence, or -1. */
static long find(span haystack, const void *needle, size_t size)
{
    for (size_t at = 0; at + size <= haystack.size; at++) {
        if (memcmp(haystack.data + at, needle, size) == 0)
            return (long)at;
    }
    return -1;
}

static void module_info_before_5_6_has_the_old_form(void **state)
{
    (void)state;
    bench b;
    BUF_OWNED reply = buf_make(4096);
    bench_board(&b, "p2", "5.3.1");
    bench_open(&b);
    assert_int_equal(bench_request(&b, 90, (span){0}, &reply), 0);
    /* Bootloader 2101 of 52476 bytes, without its CRC, needing bootloader/2 5. */
    static const uint8_t bootloader[] = {0x0a, 0x11, 0x08, 0x01, 0x18, 0xb5, 0x10, 0x20, 0xf8, 0x99,
                                         0x03, 0x32, 0x06, 0x08, 0x01, 0x10, 0x02, 0x18, 0x05};
    assert_int_equal(find(buf_span(&reply), bootloader, sizeof bootloader), 0);
    bench_end(&b);
}

static void module_info_since_5_6_has_the_new_form(void **state)
{
    (void)state;
    bench b;
    BUF_OWNED reply = buf_make(4096);
    bench_board(&b, "p2", "5.9.0");
    bench_open(&b);
    assert_int_equal(bench_request(&b, 90, (span){0}, &reply), 0);
    /* Bootloader 2700: type 2, max size 0x10000, all checks, then its 32-byte hash. */
    static const uint8_t bootloader[] = {0x08, 0x02, 0x18, 0x8c, 0x15, 0x28, 0x80,
                                         0x80, 0x04, 0x35, 0x1e, 0,    0,    0,
                                         0x3d, 0x1e, 0,    0,    0,    0x42, 0x20};
    assert_int_equal(find(buf_span(&reply), bootloader, sizeof bootloader), 2);
    bench_end(&b);
}

/** A module of that very size, in the board's flash. The caller frees it. */
static buf program(bench *b, module_slot slot, uint16_t version, uint32_t size,
                   module_dependency first, module_dependency second)
{
    const synth_request request = {.board = b->board->kind,
                                   .slot = platform_find_slot(b->board->kind, slot),
                                   .version = version,
                                   .dependencies = {first, second},
                                   .size = size};
    buf file = buf_make(MODULE_FILE_MAX);
    OK(synth_module(&request, &file, &b->error));
    OK(sim_board_program(b->board, buf_span(&file), "module", &b->error));
    return file;
}

/** The SHA-256 that a module carries, in hex: 34 bytes before its CRC. */
static void identity_text(const buf *file, char text[SHA256_HEX_SIZE])
{
    text_hex(text, (span){file->data + file->size - 4 - 34, SHA256_SIZE});
}

static void module_info_is_the_worked_example(void **state)
{
    static const module_dependency none = {0}, newer_bootloader = {{2, 0}, 3000},
                                   newer_radio = {{8, 0}, 202};
    (void)state;
    bench b;
    char text[600], hash[SHA256_HEX_SIZE], system_hash[SHA256_HEX_SIZE];
    uint8_t expected[134];
    BUF_OWNED reply = buf_make(4096);
    bench_board(&b, "boron", "6.2.0");
    buf bootloader = program(&b, (module_slot){2, 0}, 3100, 48000, none, none);
    buf radio = program(&b, (module_slot){8, 0}, 182, 0, none, none);
    buf system = program(&b, (module_slot){4, 1}, 6200, 573000, newer_bootloader, newer_radio);
    identity_text(&bootloader, hash);
    identity_text(&system, system_hash);
    bench_open(&b);
    assert_int_equal(bench_request(&b, 90, (span){0}, &reply), 0);
    text_format(text, sizeof text,
                "12 39 08 02 18 9c 18 28 80 80 03 35 1e 00 00 00 3d 1e 00 00 00 42 20 %s"
                "58 80 f7 02"
                "12 49 08 04 10 01 18 b8 30 28 80 80 23 35 1e 00 00 00 3d 1a 00 00 00 42 20 %s"
                "4a 05 08 02 18 b8 17 4a 05 08 08 18 ca 01 58 c8 fc 22",
                hash, system_hash);
    assert_int_equal(bench_unhex(text, expected, sizeof expected), sizeof expected);
    assert_true(reply.size > sizeof expected);
    assert_memory_equal(reply.data, expected, sizeof expected);
    buf_free(&bootloader);
    buf_free(&radio);
    buf_free(&system);
    bench_end(&b);
}

static void old_module_info_is_the_worked_example(void **state)
{
    static const uint8_t expected[] = {0x0a, 0x09, 0x08, 0x01, 0x18, 0xb0,
                                       0x09, 0x20, 0x80, 0xf7, 0x02};
    (void)state;
    bench b;
    BUF_OWNED reply = buf_make(4096);
    bench_board(&b, "boron", "4.2.0");
    buf bootloader = program(&b, (module_slot){2, 0}, 1200, 48004, (module_dependency){0},
                             (module_dependency){0});
    bench_open(&b);
    assert_int_equal(bench_request(&b, 90, (span){0}, &reply), 0);
    assert_memory_equal(reply.data, expected, sizeof expected);
    buf_free(&bootloader);
    bench_end(&b);
}

static void a_failed_need_and_a_bad_crc_show_in_module_info(void **state)
{
    (void)state;
    bench b;
    BUF_OWNED before = buf_make(4096);
    BUF_OWNED reply = buf_make(4096);
    bench_board(&b, "boron", "6.2.0");
    BUF_OWNED old = bench_module(&b, "boron", (module_slot){2, 0}, 3000, (module_dependency){0});
    OK(sim_board_program(b.board, buf_span(&old), "old bootloader", &b.error));
    assert_int_equal(b.board->mode, BOARD_SAFE);
    bench_open(&b);
    assert_int_equal(bench_request(&b, 90, (span){0}, &before), 0);
    /* System part 1 6200, region 0x8c000: checked 1e, passed 1a. */
    static const uint8_t system[] = {0x08, 0x04, 0x10, 0x01, 0x18, 0xb8, 0x30,
                                     0x28, 0x80, 0x80, 0x23, 0x35, 0x1e, 0,
                                     0,    0,    0x3d, 0x1a, 0,    0,    0};
    assert_true(find(buf_span(&before), system, sizeof system) > 0);
    /* An application that fails its CRC is left out. */
    static const uint8_t user[] = {0x08, 0x05, 0x10, 0x02};
    assert_true(find(buf_span(&before), user, sizeof user) > 0);
    board_memory(b.board, "internal")->bytes[0xb4800] ^= 1;
    assert_int_equal(bench_request(&b, 90, (span){0}, &reply), 0);
    assert_int_equal(find(buf_span(&reply), user, sizeof user), -1);
    bench_end(&b);
}

static void a_second_need_without_a_first_does_not_show(void **state)
{
    (void)state;
    bench b;
    BUF_OWNED reply = buf_make(4096);
    bench_board(&b, "boron", "6.2.0");
    const synth_request request = {
        .board = b.board->kind,
        .slot = platform_find_slot(b.board->kind, (module_slot){MODULE_USER_PART, 2}),
        .version = 6,
        .dependencies = {{{0}, 0}, {{4, 1}, 6300}}};
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    OK(synth_module(&request, &file, &b.error));
    OK(sim_board_program(b.board, buf_span(&file), "second need", &b.error));
    /* Safe mode it is, although the device itself calls the module fine. */
    assert_int_equal(b.board->mode, BOARD_SAFE);
    bench_open(&b);
    assert_int_equal(bench_request(&b, 90, (span){0}, &reply), 0);
    static const uint8_t user[] = {0x08, 0x05, 0x10, 0x02, 0x18, 0x06, 0x28, 0x80, 0x80, 0x10,
                                   0x35, 0x1e, 0,    0,    0,    0x3d, 0x1e, 0,    0,    0};
    assert_true(find(buf_span(&reply), user, sizeof user) > 0);
    bench_end(&b);
}

static void the_radio_stack_is_listed_last_by_its_firmware_id(void **state)
{
    (void)state;
    bench b;
    BUF_OWNED reply = buf_make(4096);
    bench_board(&b, "tracker", "6.2.0");
    bench_open(&b);
    assert_int_equal(bench_request(&b, 90, (span){0}, &reply), 0);
    static const uint8_t radio[] = {0x08, 0x08, 0x18, 0xca, 0x01};
    static const uint8_t ncp[] = {0x08, 0x07, 0x18, 0x07};
    long at = find(buf_span(&reply), radio, sizeof radio);
    assert_true(at > find(buf_span(&reply), ncp, sizeof ncp));
    assert_true(find(buf_span(&reply), ncp, sizeof ncp) > 0);
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
        cmocka_unit_test(module_info_before_5_6_has_the_old_form),
        cmocka_unit_test(module_info_since_5_6_has_the_new_form),
        cmocka_unit_test(module_info_is_the_worked_example),
        cmocka_unit_test(old_module_info_is_the_worked_example),
        cmocka_unit_test(a_failed_need_and_a_bad_crc_show_in_module_info),
        cmocka_unit_test(a_second_need_without_a_first_does_not_show),
        cmocka_unit_test(the_radio_stack_is_listed_last_by_its_firmware_id),
        cmocka_unit_test(normal_mode_descriptors_hold_together),
        cmocka_unit_test(a_protected_board_answers_few_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
