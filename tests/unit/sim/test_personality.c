/* Systems of old: which requests they know, in which form they tell their modules. */
#include "unit/sim/bench.h"

static const module_dependency no_need = {0};

static void program(bench *b, const char *board, module_slot slot, uint16_t version)
{
    buf file = bench_module(b, board, slot, version, no_need);
    OK(sim_board_program(b->board, buf_span(&file), "module", &b->error));
    buf_free(&file);
}

/** A Photon with both system parts and an application of that time. */
static void open_photon(bench *b, uint16_t system)
{
    bench_board(b, "photon", "2.3.1");
    program(b, "photon", (module_slot){MODULE_USER_PART, 1}, 4);
    program(b, "photon", (module_slot){MODULE_SYSTEM_PART, 1}, system);
    program(b, "photon", (module_slot){MODULE_SYSTEM_PART, 2}, system);
    assert_int_equal(b->board->mode, BOARD_NORMAL);
    bench_open(b);
}

static void nothing_answers_before_0_6_0(void **state)
{
    (void)state;
    bench b;
    open_photon(&b, 21);
    bench_refused(&b, "c0 50 00 00 1e 00 40 00", NULL);
    bench_refused(&b, "c0 01 00 00 48 00 40 00", NULL);
    bench_refused(&b, "40 50 00 00 32 00 00 00", NULL);
    bench_end(&b);
}

static void the_legacy_channel_tells_version_and_id_with_nul(void **state)
{
    (void)state;
    bench b;
    char answer[200], id[80] = "";
    open_photon(&b, 207);
    bench_expect(&b, "c0 50 00 00 1e 00 40 00", NULL, "30 2e 37 2e 30 00 00");
    for (size_t i = 0; i < 25; i++) {
        char digit = b.board->device_id[i];
        digit = digit >= 'a' ? (char)(digit - 'a' + 'A') : digit;
        text_append(id, sizeof id, i ? " %02x" : "%02x", digit);
    }
    bench_expect(&b, "c0 50 00 00 14 00 40 00", NULL, id);
    OK(bench_transfer(&b, "c0 50 01 00 14 00 40 00", NULL, answer, sizeof answer));
    assert_int_equal(strlen(answer), 12 * 3 - 1);
    bench_refused(&b, "c0 50 00 00 14 00 18 00", NULL); /* no room for the NUL */
    bench_refused(&b, "c0 50 00 00 14 00 41 00", NULL);
    bench_refused(&b, "c0 01 00 00 48 00 40 00", NULL);
    bench_refused(&b, "c0 05 00 00 00 00 40 00", NULL);
    bench_end(&b);
}

static void a_legacy_request_is_handed_over_and_fetched_once(void **state)
{
    (void)state;
    bench b;
    uint8_t bytes[512];
    size_t moved;
    open_photon(&b, 207);
    const usb_setup ask = {USB_VENDOR_OUT, 0x50, 0, 90, 0};
    const usb_setup fetch = {USB_VENDOR_IN, 0x50, 0, 90, 512};
    bench_refused(&b, "c0 50 00 00 5a 00 00 02", NULL); /* nothing was asked */
    OK(bench_raw(&b, ask, NULL, NULL, &moved));
    bench_refused(&b, "40 50 00 00 5a 00 00 00", NULL); /* one at a time */
    OK(transport_wait(b.bus, 10, &b.error));
    bench_refused(&b, "c0 50 00 00 50 00 00 02", NULL); /* another type */
    bench_refused(&b, "c0 50 00 00 5a 00 40 00", NULL); /* no room */
    OK(bench_raw(&b, fetch, NULL, bytes, &moved));
    static const char begin[] = "\"p\":6,\"m\":[{\"s\":16384,\"l\":\"m\",\"vc\":30,\"vv\":30,"
                                "\"f\":\"b\",\"n\":\"0\",\"v\":";
    assert_memory_equal(bytes, begin, sizeof begin - 1);
    assert_memory_equal(bytes + moved - 2, "}]", 2);
    bench_refused(&b, "c0 50 00 00 5a 00 00 02", NULL); /* it was fetched */
    bench_end(&b);
}

/** Programs a module with two needs. */
static void program_needing(bench *b, module_slot slot, module_dependency first,
                            module_dependency second)
{
    const synth_request request = {.board = b->board->kind,
                                   .slot = platform_find_slot(b->board->kind, slot),
                                   .version = 207,
                                   .dependencies = {first, second}};
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    OK(synth_module(&request, &file, &b->error));
    OK(sim_board_program(b->board, buf_span(&file), "module", &b->error));
}

static void a_long_describe_is_cut_at_512_bytes(void **state)
{
    static const module_dependency part1 = {{MODULE_SYSTEM_PART, 1}, 207},
                                   part2 = {{MODULE_SYSTEM_PART, 2}, 207},
                                   loader = {{MODULE_BOOTLOADER, 0}, 7};
    (void)state;
    bench b;
    uint8_t bytes[514] = "{";
    size_t moved;
    open_photon(&b, 207);
    program_needing(&b, (module_slot){MODULE_SYSTEM_PART, 1}, part2, loader);
    program_needing(&b, (module_slot){MODULE_SYSTEM_PART, 2}, part1, loader);
    program_needing(&b, (module_slot){MODULE_USER_PART, 1}, part2, part1);
    bench_open(&b);
    OK(bench_raw(&b, (usb_setup){USB_VENDOR_OUT, 0x50, 0, 90, 0}, NULL, NULL, &moved));
    OK(transport_wait(b.bus, 10, &b.error));
    OK(bench_raw(&b, (usb_setup){USB_VENDOR_IN, 0x50, 0, 90, 512}, NULL, bytes + 1, &moved));
    assert_in_range(moved, 500, 512);
    bytes[moved + 1] = '}';
    JSON_OWNED *document = NULL;
    assert_int_not_equal(json_parse((span){bytes, moved + 2}, "describe", &document, &b.error),
                         OSB_OK);
    bench_end(&b);
}

static void legacy_orders_happen_without_an_answer(void **state)
{
    (void)state;
    bench b;
    open_photon(&b, 300);
    bench_expect(&b, "40 50 00 00 46 00 00 00", NULL, ""); /* listening */
    assert_int_equal(b.board->mode, BOARD_LISTENING);
    OK(transport_wait(b.bus, 10, &b.error));
    bench_expect(&b, "40 50 01 00 46 00 00 00", NULL, "");
    assert_int_equal(b.board->mode, BOARD_NORMAL);
    OK(transport_wait(b.bus, 10, &b.error));
    bench_expect(&b, "40 50 00 00 0a 00 00 00", NULL, ""); /* no application handler */
    OK(transport_wait(b.bus, 10, &b.error));
    bench_refused(&b, "c0 50 00 00 0a 00 00 02", NULL);
    bench_expect(&b, "40 50 00 00 32 00 00 00", NULL, "");
    bench_await(&b, BOARD_DFU, 2000);
    bench_end(&b);
}

static void the_first_channel_has_few_requests_and_large_chunks(void **state)
{
    static const uint16_t unknown[] = {1, 20, 21, 30, 32, 72, 73, 74, 76, 77, 91};
    (void)state;
    bench b;
    BUF_OWNED reply = buf_make(2048);
    open_photon(&b, 1002);
    bench_expect(&b, "c0 50 00 00 1e 00 40 00", NULL, "31 2e 30 2e 31");
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        assert_int_equal(bench_empty_request(&b, unknown[i]), -120);
    bench_refused(&b, "40 50 00 00 28 00 00 00", NULL); /* raw reset came with 2.0.0 */
    const uint8_t start[] = {0x08, 0xe8, 0x07};
    assert_int_equal(bench_request(&b, 250, (span){start, sizeof start}, &reply), 0);
    assert_int_equal(reply.size, 3);
    assert_memory_equal(reply.data, "\x08\x80\x20", 3); /* 4096 */
    bench_end(&b);
}

static void the_first_channel_tells_modules_as_one_whole_json_text(void **state)
{
    (void)state;
    bench b;
    BUF_OWNED reply = buf_make(4096);
    open_photon(&b, 1002);
    assert_int_equal(bench_request(&b, 90, (span){0}, &reply), 0);
    JSON_OWNED *document = NULL;
    OK(json_parse(buf_span(&reply), "describe", &document, &b.error));
    assert_int_equal(json_number(document, "p", 0), 6);
    const json_t *modules = json_object_get(document, "m");
    assert_int_equal(json_array_size(modules), 5);
    const json_t *system = json_array_get(modules, 2);
    assert_string_equal(json_text(system, "f", ""), "s");
    assert_string_equal(json_text(system, "n", ""), "2");
    assert_int_equal(json_number(system, "v", 0), 1002);
    const json_t *user = json_array_get(modules, 3);
    assert_int_equal(strlen(json_text(user, "u", "")), 64);
    /* The factory's place is empty: told, but not what it is for. */
    const json_t *factory = json_array_get(modules, 4);
    assert_string_equal(json_text(factory, "l", ""), "f");
    assert_null(json_object_get(factory, "f"));
    assert_int_equal(json_number(factory, "vv", -1), 0);
    bench_end(&b);
}

static void from_1_1_0_on_it_is_protobuf(void **state)
{
    (void)state;
    bench b;
    BUF_OWNED reply = buf_make(4096);
    open_photon(&b, 1102);
    assert_int_equal(bench_empty_request(&b, 72), 0);
    assert_int_equal(bench_empty_request(&b, 20), 0);
    assert_int_equal(bench_empty_request(&b, 1), -120);
    assert_int_equal(bench_request(&b, 90, (span){0}, &reply), 0);
    assert_int_equal(reply.data[0], 0x0a); /* field 1: the old list */
    const uint8_t start[] = {0x08, 0xe8, 0x07};
    BUF_OWNED chunk = buf_make(16);
    assert_int_equal(bench_request(&b, 250, (span){start, sizeof start}, &chunk), 0);
    assert_memory_equal(chunk.data, "\x08\x80\x08", 3);
    bench_end(&b);
}

static void a_system_of_unknown_number_tells_the_release_before_it(void **state)
{
    (void)state;
    bench b;
    open_photon(&b, 1498);
    assert_string_equal(b.board->running.os_version, "1.4.4");
    bench_end(&b);
    open_photon(&b, 250);
    assert_string_equal(b.board->running.os_version, "0.7.0");
    bench_end(&b);
    open_photon(&b, 2299);
    assert_string_equal(b.board->running.os_version, "2.2.0");
    bench_end(&b);
    open_photon(&b, 2300);
    assert_string_equal(b.board->running.os_version, "2.3.0-rc.1");
    bench_end(&b);
}

static void the_set_up_mark_can_be_set_and_taken_away_before_4_0_0(void **state)
{
    (void)state;
    bench b;
    BUF_OWNED reply = buf_make(16);
    bench_board(&b, "boron", "2.3.1");
    bench_open(&b);
    assert_int_equal(bench_request(&b, 74, (span){0}, &reply), 0);
    assert_memory_equal(reply.data, "\x08\x01", 2);
    assert_int_equal(bench_request(&b, 73, (span){(const uint8_t *)"\x08\x00", 2}, NULL), 0);
    reply.size = 0;
    assert_int_equal(bench_request(&b, 74, (span){0}, &reply), 0);
    assert_int_equal(reply.size, 0);
    sim_board_power_cycle(b.board);
    assert_int_equal(b.board->mode, BOARD_LISTENING);
    bench_open(&b);
    assert_int_equal(bench_request(&b, 73, (span){(const uint8_t *)"\x08\x01", 2}, NULL), 0);
    sim_board_power_cycle(b.board);
    assert_int_equal(b.board->mode, BOARD_NORMAL);
    bench_end(&b);
    bench_board(&b, "boron", "5.9.0");
    bench_open(&b);
    assert_int_equal(bench_request(&b, 73, (span){(const uint8_t *)"\x08\x01", 2}, NULL), 0);
    assert_int_equal(bench_request(&b, 73, (span){(const uint8_t *)"\x08\x00", 2}, NULL), -120);
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_answers_before_0_6_0),
        cmocka_unit_test(the_legacy_channel_tells_version_and_id_with_nul),
        cmocka_unit_test(a_legacy_request_is_handed_over_and_fetched_once),
        cmocka_unit_test(a_long_describe_is_cut_at_512_bytes),
        cmocka_unit_test(legacy_orders_happen_without_an_answer),
        cmocka_unit_test(the_first_channel_has_few_requests_and_large_chunks),
        cmocka_unit_test(the_first_channel_tells_modules_as_one_whole_json_text),
        cmocka_unit_test(from_1_1_0_on_it_is_protobuf),
        cmocka_unit_test(a_system_of_unknown_number_tells_the_release_before_it),
        cmocka_unit_test(the_set_up_mark_can_be_set_and_taken_away_before_4_0_0),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
