/* What modules the board tells of, in the forms of both ages of protobuf. */
#include "unit/sim/bench.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(module_info_before_5_6_has_the_old_form),
        cmocka_unit_test(module_info_since_5_6_has_the_new_form),
        cmocka_unit_test(module_info_is_the_worked_example),
        cmocka_unit_test(old_module_info_is_the_worked_example),
        cmocka_unit_test(a_failed_need_and_a_bad_crc_show_in_module_info),
        cmocka_unit_test(a_second_need_without_a_first_does_not_show),
        cmocka_unit_test(the_radio_stack_is_listed_last_by_its_firmware_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
