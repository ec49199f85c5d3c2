/* Firmware update by control requests: what is refused and why, and what the next start does. */
#include "unit/sim/bench.h"

static const module_slot bootloader = {MODULE_BOOTLOADER, 0};
static const module_slot part1 = {MODULE_BOOTLOADER, 2};
static const module_slot system_part = {MODULE_SYSTEM_PART, 1};
static const module_dependency no_need = {0};

/** CRC-32 anew, after a test has changed the module. */
static void restamp(buf *file)
{
    uint32_t crc = crc32_of(span_slice(buf_span(file), 0, file->size - 4));
    const uint8_t bytes[] = {(uint8_t)(crc >> 24), (uint8_t)(crc >> 16), (uint8_t)(crc >> 8),
                             (uint8_t)crc};
    buf_patch(file, file->size - 4, (span){bytes, 4});
}

static uint16_t version_of(const bench *b, module_slot slot)
{
    char name[MODULE_SLOT_TEXT];
    slot_text(slot, name);
    JSON_OWNED *json = sim_board_to_json(b->board);
    return (uint16_t)json_number(bench_region(json, name), "version", 0);
}

/** INIT, memory for the payload, SEND with `head` in front of the data, CHECK: chunk number `n`. */
static void expect_chunk(bench *b, size_t n, const char *head, span data)
{
    char init[32], taken[32], check[32], send[32], bytes[2 * 1027 + 1];
    const unsigned id = (unsigned)n + 3, size = (unsigned)(strlen(head) / 2 + data.size);
    text_format(init, sizeof init, "c0 01 %02x %02x fd 00 40 00", size & 255, size >> 8);
    text_format(taken, sizeof taken, "03 00 00 00 02 00 %02x 00", id);
    text_format(check, sizeof check, "c0 02 00 00 %02x 00 40 00", id);
    text_format(send, sizeof send, "40 03 00 00 %02x 00 %02x %02x", id, size & 255, size >> 8);
    text_copy(bytes, sizeof bytes, head);
    text_hex(bytes + strlen(head), data);
    bench_expect(b, init, NULL, taken);
    bench_expect(b, check, NULL, "01 00 00 00 02 00");
    OK(transport_wait(b->bus, 50, &b->error));
    bench_expect(b, check, NULL, "01 00 00 00 00 00");
    bench_expect(b, send, bytes, "");
    OK(transport_wait(b->bus, 50, &b->error));
    bench_expect(b, check, NULL, "09 00 00 00 00 00 00 00 00 00");
}

/** START, all DATA and FINISH of a module of 50152 bytes; `finish` is how FINISH ends. */
static void expect_whole_update(bench *b, span file, const char *finish)
{
    assert_int_equal(file.size, 50152);
    assert_int_equal(bench_empty_request(b, 72), 0);
    bench_expect(b, "c0 01 04 00 fa 00 40 00", NULL, "03 00 00 00 00 00 02 00");
    bench_expect(b, "40 03 00 00 02 00 04 00", "08e88703", "");
    bench_expect(b, "c0 02 00 00 02 00 40 00", NULL, "01 00 00 00 02 00");
    OK(transport_wait(b->bus, 200, &b->error));
    bench_expect(b, "c0 02 00 00 02 00 40 00", NULL, "01 00 00 00 02 00");
    OK(transport_wait(b->bus, 2000, &b->error));
    bench_expect(b, "c0 02 00 00 02 00 40 00", NULL, "0d 00 00 00 00 00 03 00 00 00 00 00 00 00");
    bench_expect(b, "c0 04 00 00 02 00 03 00", NULL, "08 80 08");
    for (size_t n = 0; n < 48; n++)
        expect_chunk(b, n, "0a8008", span_slice(file, n * 1024, 1024));
    expect_chunk(b, 48, "0ae807", span_slice(file, 49152, 1000));
    bench_expect(b, "c0 01 02 00 fb 00 40 00", NULL, "03 00 00 00 00 00 34 00");
    bench_expect(b, "40 03 00 00 34 00 02 00", "0800", "");
    OK(transport_wait(b->bus, 50, &b->error));
    bench_expect(b, "c0 02 00 00 34 00 40 00", NULL, finish);
}

static void an_update_goes_as_in_the_worked_example(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "p2", "5.3.1");
    bench_open(&b);
    synth_request request = {.board = b.board->kind,
                             .slot = platform_find_slot(b.board->kind, bootloader),
                             .version = 2300,
                             .size = 50152};
    BUF_OWNED file = buf_make(65536);
    OK(synth_module(&request, &file, &b.error));
    expect_whole_update(&b, buf_span(&file), "09 00 00 00 00 00 00 00 00 00");
    OK(transport_wait(b.bus, 1500, &b.error));
    world_settle(b.world, b.board);
    assert_int_equal(version_of(&b, bootloader), 2300);
    bench_end(&b);
}

static void an_unmet_need_ends_as_in_the_worked_example(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "p2", "5.3.1");
    bench_open(&b);
    synth_request request = {.board = b.board->kind,
                             .slot = platform_find_slot(b.board->kind, bootloader),
                             .version = 2300,
                             .dependencies = {{{MODULE_BOOTLOADER, 2}, 999}},
                             .size = 50152};
    BUF_OWNED file = buf_make(65536);
    OK(synth_module(&request, &file, &b.error));
    expect_whole_update(&b, buf_span(&file), "09 00 00 00 00 00 c4 fa ff ff");
    /* The board stays, and has forgotten the update. */
    OK(transport_wait(b.bus, 5000, &b.error));
    assert_true(board_on_bus(b.board));
    assert_int_equal(bench_finish(&b, 0), -210);
    bench_end(&b);
}

static void a_bootloader_is_staged_handed_over_and_copied(void **state)
{
    static const char *const boards[] = {"boron", "p2"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        bench b;
        bench_board(&b, boards[i], "5.3.1");
        BUF_OWNED file = bench_module(&b, boards[i], bootloader, 2300, no_need);
        bench_open(&b);
        bench_update_and_wait(&b, buf_span(&file));
        assert_int_equal(version_of(&b, bootloader), 2300);
        assert_int_equal(b.board->mode, BOARD_NORMAL);
        assert_true(bench_has_reason(&b, "bootloader/0 was copied"));
        JSON_OWNED *json = sim_board_to_json(b.board);
        assert_int_equal(json_array_size(json_object_get(json, "pending")), 0);
        bench_end(&b);
    }
}

static void the_board_resets_a_second_after_the_reply(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "p2", "5.3.1");
    BUF_OWNED file = bench_module(&b, "p2", bootloader, 2300, no_need);
    bench_open(&b);
    assert_int_equal(bench_update(&b, buf_span(&file)), 0);
    OK(transport_wait(b.bus, 990, &b.error));
    assert_true(board_on_bus(b.board));
    OK(transport_wait(b.bus, 20, &b.error));
    assert_false(board_on_bus(b.board));
    bench_end(&b);
}

static void a_radio_stack_goes_in_without_its_header(void **state)
{
    (void)state;
    bench b;
    bench_set made;
    bench_board(&b, "boron", "5.3.1");
    bench_synthesise(&b, "boron", "5.3.1", &made);
    bench_open(&b);
    span file = bench_file(&made, MODULE_RADIO_STACK, 0);
    bench_update_and_wait(&b, file);
    assert_int_equal(b.board->mode, BOARD_NORMAL);
    assert_memory_equal(sim_board_flash(b.board, "internal").data + 0x1000, file.data + 24,
                        file.size - 24);
    bench_set_free(&made);
    bench_end(&b);
}

static void applications_go_in_whatever_they_need(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "5.3.1");
    BUF_OWNED former = bench_module(&b, "boron", (module_slot){5, 1}, 4, no_need);
    OK(sim_board_program(b.board, buf_span(&former), "former", &b.error));
    BUF_OWNED file =
        bench_module(&b, "boron", (module_slot){5, 2}, 6, (module_dependency){system_part, 6200});
    bench_open(&b);
    bench_update_and_wait(&b, buf_span(&file));
    assert_int_equal(b.board->mode, BOARD_SAFE);
    assert_true(bench_has_reason(&b, "user_part/2 6 needs system_part/1 6200"));
    bench_end(&b);
}

typedef struct refusal {
    const char *board;
    module_slot slot;
    uint16_t version;
    module_dependency need;
    size_t patch_at; /**< 0: none */
    uint8_t patch;
    int32_t result;
} refusal;

static void each_refusal_has_its_code(void **state)
{
    static const refusal rows[] = {
        {"p2", {2, 0}, 2300, {{0}, 0}, 0, 0, 0},
        {"p2", {2, 0}, 2400, {{2, 2}, 7}, 0, 0, -1340},
        {"p2", {4, 1}, 6200, {{2, 0}, 3100}, 0, 0, -1340},
        /* Platform id, behind the 0x20 bytes before the header. */
        {"p2", {2, 0}, 2300, {{0}, 0}, 0x20 + 12, 23, -1360},
        /* Function and index: no such place. */
        {"p2", {2, 0}, 2300, {{0}, 0}, 0x20 + 14, 1, -1300},
        {"p2", {2, 0}, 2300, {{0}, 0}, 0x20 + 15, 9, -1300},
        /* A main module for another processor. */
        {"p2", {2, 0}, 2300, {{0}, 0}, 0x20 + 8, 0x21, -1300},
        /* Flags: dropped header behind an offset; compressed. */
        {"p2", {2, 0}, 2300, {{0}, 0}, 0x20 + 9, 0x01, -1370},
        {"p2", {2, 2}, 5, {{0}, 0}, 9, 0x02, -1310},
        {"boron", {4, 1}, 5301, {{2, 0}, 2300}, 0, 0, -1340},
        {"boron", {7, 0}, 7, {{0}, 0}, 0, 0, -1300},
        {"argon", {7, 0}, 7, {{0}, 0}, 0, 0, 0},
        {"argon", {7, 0}, 7, {{0}, 0}, 8, 0x22, -1360},
        {"tracker", {7, 0}, 7, {{0}, 0}, 0, 0, -1310},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const refusal *row = &rows[i];
        bench b;
        bench_board(&b, row->board, text_equal(row->board, "tracker") ? "5.6.0" : "5.3.1");
        const char *maker = row->slot.function == 7 && !row->result ? "argon" : row->board;
        maker = text_equal(row->board, "boron") && row->slot.function == 7 ? "argon" : maker;
        BUF_OWNED file = bench_module(&b, maker, row->slot, row->version, row->need);
        if (row->patch_at) {
            buf_patch(&file, row->patch_at, (span){&row->patch, 1});
            restamp(&file);
        }
        bench_open(&b);
        int32_t result = bench_update(&b, buf_span(&file));
        if (result != row->result)
            fail_msg("row %zu: %d instead of %d", i, result, row->result);
        if (row->result) {
            OK(transport_wait(b.bus, 5000, &b.error));
            assert_int_equal(b.board->mode, BOARD_NORMAL);
            assert_int_equal(bench_finish(&b, 0), -210);
        }
        bench_end(&b);
    }
}

static void a_wrong_crc_is_refused_before_a_wrong_platform(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "p2", "5.3.1");
    BUF_OWNED file = bench_module(&b, "p2", part1, 6, no_need);
    buf_patch(&file, 12, (span){(const uint8_t *)"\x17", 1});
    bench_open(&b);
    assert_int_equal(bench_update(&b, buf_span(&file)), -1330);
    bench_end(&b);
}

static void an_end_outside_its_place_is_not_found(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "p2", "5.3.1");
    const platform *kind = platform_by_name(&b.platforms, "p2");
    synth_request request = {.board = kind,
                             .slot = platform_find_slot(kind, bootloader),
                             .version = 2300,
                             .size = 0x10100};
    BUF_OWNED beyond = buf_make(MODULE_FILE_MAX);
    OK(synth_module(&request, &beyond, &b.error));
    bench_open(&b);
    assert_int_equal(bench_update(&b, buf_span(&beyond)), -1300);
    request.size = 0x10002;
    BUF_OWNED crc_beyond = buf_make(MODULE_FILE_MAX);
    OK(synth_module(&request, &crc_beyond, &b.error));
    assert_int_equal(bench_update(&b, buf_span(&crc_beyond)), -1350);
    bench_end(&b);
}

static void other_system_parts_must_stay_satisfied(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "photon", "2.3.1");
    BUF_OWNED older = bench_module(&b, "photon", system_part, 2301, no_need);
    BUF_OWNED newer = bench_module(&b, "photon", system_part, 2303, no_need);
    bench_open(&b);
    assert_int_equal(bench_update(&b, buf_span(&older)), -1340);
    bench_update_and_wait(&b, buf_span(&newer));
    assert_int_equal(version_of(&b, system_part), 2303);
    bench_end(&b);
}

static void start_and_data_refuse_wrong_sizes(void **state)
{
    (void)state;
    bench b;
    uint8_t chunk[1024] = {0};
    bench_board(&b, "boron", "6.2.0");
    bench_open(&b);
    static const uint8_t compressed[] = {0x08, 0x10, 0x10, 0x01};
    assert_int_equal(bench_request(&b, 250, (span){compressed, 4}, NULL), -120);
    assert_int_equal(bench_start(&b, 0), -1351);
    assert_int_equal(bench_start(&b, 0x177001), -1351);
    assert_int_equal(bench_chunk(&b, (span){chunk, 16}), -210);
    assert_int_equal(bench_finish(&b, 0), -210);
    assert_int_equal(bench_start(&b, 1500), 0);
    assert_int_equal(bench_chunk(&b, (span){chunk, 1024}), 0);
    assert_int_equal(bench_chunk(&b, (span){chunk, 1024}), -290);
    assert_int_equal(bench_chunk(&b, (span){chunk, 476}), -210);
    assert_int_equal(bench_start(&b, 1500), 0);
    assert_int_equal(bench_chunk(&b, (span){chunk, 0}), -290);
    assert_int_equal(bench_start(&b, 1500), 0);
    assert_int_equal(bench_finish(&b, 0), -210);
    assert_int_equal(bench_chunk(&b, (span){chunk, 16}), -210);
    assert_int_equal(bench_start(&b, 1500), 0);
    assert_int_equal(bench_empty_request(&b, 252), 0);
    assert_int_equal(bench_chunk(&b, (span){chunk, 16}), -210);
    assert_int_equal(bench_start(&b, 16), 0);
    assert_int_equal(bench_chunk(&b, (span){chunk, 16}), 0);
    assert_int_equal(bench_finish(&b, 0), -1300);
    bench_end(&b);
}

static void validating_only_discards_the_update(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "p2", "5.3.1");
    BUF_OWNED file = bench_module(&b, "p2", bootloader, 2300, no_need);
    bench_open(&b);
    assert_int_equal(bench_send(&b, buf_span(&file)), 0);
    assert_int_equal(bench_finish(&b, 1), 0);
    assert_int_equal(bench_finish(&b, 0), -210);
    OK(transport_wait(b.bus, 3000, &b.error));
    assert_true(board_on_bus(b.board));
    bench_end(&b);
}

static void an_empty_finish_applies(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "p2", "5.3.1");
    BUF_OWNED file = bench_module(&b, "p2", bootloader, 2300, no_need);
    bench_open(&b);
    assert_int_equal(bench_send(&b, buf_span(&file)), 0);
    assert_int_equal(bench_empty_request(&b, 251), 0);
    OK(transport_wait(b.bus, 1010, &b.error));
    assert_int_equal(b.board->mode, BOARD_BOOTING);
    bench_end(&b);
}

/** INIT and SEND of FINISH, but the result is never read. */
static void finish_without_reading(bench *b)
{
    uint8_t reply[64];
    size_t moved;
    OK(bench_raw(b, (usb_setup){USB_VENDOR_IN, 1, 0, 251, 64}, NULL, reply, &moved));
    OK(transport_wait(b->bus, 5000, &b->error));
}

static void a_reply_that_is_not_read_holds_the_update_back(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "p2", "5.3.1");
    BUF_OWNED file = bench_module(&b, "p2", bootloader, 2300, no_need);
    bench_open(&b);
    assert_int_equal(bench_send(&b, buf_span(&file)), 0);
    finish_without_reading(&b);
    assert_true(board_on_bus(b.board));
    sim_board_power_cycle(b.board);
    assert_int_equal(version_of(&b, bootloader), 2101);
    bench_end(&b);
    /* Systems before 3.0.0 apply first and answer after. */
    bench_board(&b, "boron", "2.3.1");
    BUF_OWNED older = bench_module(&b, "boron", bootloader, 1100, no_need);
    bench_open(&b);
    assert_int_equal(bench_send(&b, buf_span(&older)), 0);
    finish_without_reading(&b);
    world_settle(b.world, b.board);
    assert_int_equal(version_of(&b, bootloader), 1100);
    bench_end(&b);
}

static void start_drops_what_waited_for_the_bootloader(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "p2", "5.3.1");
    BUF_OWNED file = bench_module(&b, "p2", bootloader, 2300, no_need);
    bench_open(&b);
    assert_int_equal(bench_update(&b, buf_span(&file)), 0);
    JSON_OWNED *waiting = sim_board_to_json(b.board);
    assert_int_equal(json_array_size(json_object_get(waiting, "pending")), 1);
    assert_int_equal(bench_start(&b, 100), 0);
    JSON_OWNED *dropped = sim_board_to_json(b.board);
    assert_int_equal(json_array_size(json_object_get(dropped, "pending")), 0);
    bench_end(&b);
}

static void dfu_mode_leaves_waiting_updates_alone(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "p2", "5.3.1");
    BUF_OWNED file = bench_module(&b, "p2", part1, 9, no_need);
    bench_open(&b);
    assert_int_equal(bench_update(&b, buf_span(&file)), 0);
    sim_board_hold_button(b.board);
    assert_int_equal(b.board->mode, BOARD_DFU);
    assert_int_equal(version_of(&b, part1), 5);
    bench_open_dfu(&b);
    bench_leave_dfu(&b);
    assert_int_equal(b.board->mode, BOARD_NORMAL);
    assert_int_equal(version_of(&b, part1), 9);
    bench_end(&b);
}

static void two_modules_in_one_file_are_both_taken(void **state)
{
    (void)state;
    bench b;
    static const uint8_t combined = MODULE_COMBINED;
    bench_board(&b, "p2", "5.3.1");
    BUF_OWNED both = bench_module(&b, "p2", system_part, 5302, no_need);
    buf_patch(&both, 9, (span){&combined, 1});
    restamp(&both);
    BUF_OWNED user =
        bench_module(&b, "p2", (module_slot){5, 1}, 6, (module_dependency){system_part, 5302});
    buf_append(&both, buf_span(&user));
    bench_open(&b);
    bench_update_and_wait(&b, buf_span(&both));
    assert_int_equal(version_of(&b, system_part), 5302);
    assert_int_equal(b.board->mode, BOARD_NORMAL);
    bench_end(&b);
}

static void a_co_processor_takes_minutes_and_then_tells_its_version(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "argon", "5.3.1");
    BUF_OWNED file = bench_module(&b, "argon", (module_slot){7, 0}, 8, no_need);
    bench_open(&b);
    assert_int_equal(bench_update(&b, buf_span(&file)), 0);
    OK(transport_wait(b.bus, 60000, &b.error));
    assert_true(board_on_bus(b.board));
    assert_int_equal(version_of(&b, (module_slot){7, 0}), 5);
    OK(transport_wait(b.bus, 60000, &b.error));
    world_settle(b.world, b.board);
    assert_int_equal(version_of(&b, (module_slot){7, 0}), 8);
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_update_goes_as_in_the_worked_example),
        cmocka_unit_test(an_unmet_need_ends_as_in_the_worked_example),
        cmocka_unit_test(a_bootloader_is_staged_handed_over_and_copied),
        cmocka_unit_test(the_board_resets_a_second_after_the_reply),
        cmocka_unit_test(a_radio_stack_goes_in_without_its_header),
        cmocka_unit_test(applications_go_in_whatever_they_need),
        cmocka_unit_test(each_refusal_has_its_code),
        cmocka_unit_test(a_wrong_crc_is_refused_before_a_wrong_platform),
        cmocka_unit_test(an_end_outside_its_place_is_not_found),
        cmocka_unit_test(other_system_parts_must_stay_satisfied),
        cmocka_unit_test(start_and_data_refuse_wrong_sizes),
        cmocka_unit_test(validating_only_discards_the_update),
        cmocka_unit_test(an_empty_finish_applies),
        cmocka_unit_test(a_reply_that_is_not_read_holds_the_update_back),
        cmocka_unit_test(start_drops_what_waited_for_the_bootloader),
        cmocka_unit_test(dfu_mode_leaves_waiting_updates_alone),
        cmocka_unit_test(two_modules_in_one_file_are_both_taken),
        cmocka_unit_test(a_co_processor_takes_minutes_and_then_tells_its_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
