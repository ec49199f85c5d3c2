/* Open, protected, service mode: what each tells, lets through and how it ends. */
#include "unit/sim/bench.h"

static const module_dependency no_need = {0};
static const char server_key[] = "osbundle simulated server key";

enum {
    PREPARE_REPLY_SIZE = 2 + 3 * 34
};

static void protect(bench *b)
{
    BUF_OWNED file = bench_protected_bootloader(b);
    OK(sim_board_program(b->board, buf_span(&file), "protected", &b->error));
    bench_open(b);
}

static void open_protected_board(bench *b)
{
    bench_board(b, "boron", "6.2.0");
    protect(b);
}

/** What request 76 answers, in hex. */
static void expect_state(bench *b, const char *expected)
{
    uint8_t bytes[8];
    BUF_OWNED reply = buf_make(64);
    size_t size = bench_unhex(expected, bytes, sizeof bytes);
    assert_int_equal(bench_request(b, 76, (span){0}, &reply), 0);
    assert_int_equal(reply.size, size);
    if (size)
        assert_memory_equal(reply.data, bytes, size);
}

static int32_t prepare(bench *b, buf *reply)
{
    uint8_t message[38] = {0x08, 0x01, 0x12, 0x22, 0x0a, 0x20};
    memset(message + 6, 0x5a, 32);
    return bench_request(b, 77, (span){message, sizeof message}, reply);
}

static void sha256_text(const char *text, uint8_t digest[SHA256_SIZE])
{
    sha256((span){(const uint8_t *)text, strlen(text)}, digest);
}

static void add_counted(sha256_state *state, const uint8_t bytes[SHA256_SIZE])
{
    static const uint8_t size[] = {SHA256_SIZE, 0, 0, 0};
    sha256_add(state, (span){size, sizeof size});
    sha256_add(state, (span){bytes, SHA256_SIZE});
}

/** "server", device id, then the two nonces and the device's key, each behind its length. */
static void sign_as_server(const bench *b, const buf *prepared, uint8_t digest[SHA256_SIZE])
{
    uint8_t id[12], server_nonce[SHA256_SIZE];
    sha256_state state;
    assert_true(text_unhex(id, sizeof id, b->board->device_id));
    memset(server_nonce, 0x5a, sizeof server_nonce);
    sha256_begin(&state);
    sha256_add(&state, (span){(const uint8_t *)"server", 6});
    sha256_add(&state, (span){id, sizeof id});
    add_counted(&state, server_nonce);
    add_counted(&state, prepared->data + 4);      /* device nonce */
    add_counted(&state, prepared->data + 4 + 68); /* fingerprint of the device's key */
    sha256_end(&state, digest);
}

static int32_t confirm(bench *b, const uint8_t *signature, uint8_t size, const uint8_t *key)
{
    uint8_t message[128] = {0x08, 0x02, 0x1a, (uint8_t)(2 + size + 34), 0x0a, size};
    size_t at = 6;
    memcpy(message + at, signature, size);
    at += size;
    message[at++] = 0x12;
    message[at++] = SHA256_SIZE;
    memcpy(message + at, key, SHA256_SIZE);
    return bench_request(b, 77, (span){message, at + SHA256_SIZE}, NULL);
}

static void the_state_is_told_in_both_modes(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "6.2.0");
    bench_open(&b);
    expect_state(&b, "");
    protect(&b);
    expect_state(&b, "08 01");
    assert_int_equal(bench_empty_request(&b, 90), -1801);
    sim_board_open_service(b.board);
    expect_state(&b, "10 01");
    assert_int_equal(bench_empty_request(&b, 90), 0);
    sim_board_hold_button(b.board);
    bench_open_dfu(&b);
    bench_expect(&b, "80 06 fa 03 09 04 12 00", NULL,
                 "12 03 73 00 6d 00 3d 00 73 00 00 00 00 00 00 00 00 00");
    char answer[400];
    OK(bench_transfer(&b, "80 06 06 03 09 04 ff 00", NULL, answer, sizeof answer));
    assert_non_null(strstr(answer, "4b 00 67 00")); /* "Kg" */
    /* DfuSe 0xfb ends it. */
    assert_true(bench_dnload(&b, 0, "\xfb", 1));
    bench_expect(&b, "80 06 fa 03 09 04 12 00", NULL,
                 "12 03 73 00 6d 00 3d 00 70 00 00 00 00 00 00 00 00 00");
    bench_end(&b);
}

static void service_mode_is_opened_by_a_signed_challenge(void **state)
{
    (void)state;
    bench b;
    uint8_t key[SHA256_SIZE], signature[SHA256_SIZE];
    open_protected_board(&b);
    BUF_OWNED prepared = buf_make(256);
    sha256_text(server_key, key);
    assert_int_equal(prepare(&b, &prepared), 0);
    assert_int_equal(prepared.size, PREPARE_REPLY_SIZE);
    sign_as_server(&b, &prepared, signature);
    assert_int_equal(confirm(&b, signature, SHA256_SIZE, key), 0);
    expect_state(&b, "10 01");
    /* Action 0 ends it. */
    assert_int_equal(bench_request(&b, 77, (span){(const uint8_t *)"\x08\x00", 2}, NULL), 0);
    expect_state(&b, "08 01");
    bench_end(&b);
}

static void every_wrong_answer_to_the_challenge_has_its_code(void **state)
{
    (void)state;
    bench b;
    uint8_t key[SHA256_SIZE], signature[SHA256_SIZE] = {0};
    open_protected_board(&b);
    BUF_OWNED prepared = buf_make(256);
    sha256_text(server_key, key);
    assert_int_equal(confirm(&b, signature, SHA256_SIZE, key), -210);
    assert_int_equal(bench_request(&b, 77, (span){(const uint8_t *)"\x08\x01", 2}, NULL), -270);
    assert_int_equal(bench_request(&b, 77, (span){(const uint8_t *)"\x08\x07", 2}, NULL), -270);
    assert_int_equal(prepare(&b, &prepared), 0);
    assert_int_equal(confirm(&b, signature, 0, key), -270);
    assert_int_equal(confirm(&b, signature, SHA256_SIZE, key), -1803);
    assert_int_equal(confirm(&b, signature, SHA256_SIZE, signature), -1802);
    sign_as_server(&b, &prepared, signature);
    OK(transport_wait(b.bus, 60000, &b.error));
    assert_int_equal(confirm(&b, signature, SHA256_SIZE, key), -160);
    assert_int_equal(confirm(&b, signature, SHA256_SIZE, key), -210);
    expect_state(&b, "08 01");
    bench_end(&b);
}

static void boards_without_protection_have_no_challenge(void **state)
{
    (void)state;
    bench b;
    BUF_OWNED reply = buf_make(256);
    bench_board(&b, "boron", "6.2.0");
    bench_open(&b);
    assert_int_equal(prepare(&b, &reply), 0);
    assert_int_equal(reply.size, 0);
    sim_board_open_service(b.board);
    expect_state(&b, "");
    bench_end(&b);
    bench_board(&b, "boron", "5.3.1");
    bench_open(&b);
    assert_int_equal(prepare(&b, NULL), -120);
    assert_int_equal(bench_empty_request(&b, 76), -120);
    bench_end(&b);
}

static void service_mode_lasts_twenty_starts_or_a_day(void **state)
{
    (void)state;
    bench b;
    open_protected_board(&b);
    sim_board_open_service(b.board);
    for (int start = 1; start < 20; start++)
        sim_board_power_cycle(b.board);
    bench_open(&b);
    expect_state(&b, "10 01");
    sim_board_power_cycle(b.board);
    bench_open(&b);
    expect_state(&b, "08 01");
    sim_board_open_service(b.board);
    OK(transport_wait(b.bus, 24 * 3600 * 1000 - 1000, &b.error));
    expect_state(&b, "10 01");
    OK(transport_wait(b.bus, 1000, &b.error));
    expect_state(&b, "08 01");
    bench_end(&b);
}

static void updates_that_would_weaken_it_are_refused(void **state)
{
    (void)state;
    bench b;
    open_protected_board(&b);
    sim_board_open_service(b.board);
    buf plain = bench_module(&b, "boron", (module_slot){MODULE_BOOTLOADER, 0}, 3101, no_need);
    buf old = bench_module(&b, "boron", (module_slot){MODULE_SYSTEM_PART, 1}, 5901, no_need);
    buf new = bench_module(&b, "boron", (module_slot){MODULE_SYSTEM_PART, 1}, 6201, no_need);
    BUF_OWNED guarded = bench_protected_bootloader(&b);
    assert_int_equal(bench_update(&b, buf_span(&plain)), -1801);
    /* A former system part ends elsewhere: it is refused for its place already. */
    assert_true(bench_update(&b, buf_span(&old)) < 0);
    assert_int_equal(bench_send(&b, buf_span(&new)), 0);
    assert_int_equal(bench_finish(&b, 1), 0);
    assert_int_equal(bench_send(&b, buf_span(&guarded)), 0);
    assert_int_equal(bench_finish(&b, 1), 0);
    buf_free(&plain);
    buf_free(&old);
    buf_free(&new);
    bench_end(&b);
}

static void in_service_mode_a_system_part_has_to_begin_with_its_header(void **state)
{
    (void)state;
    bench b;
    open_protected_board(&b);
    sim_board_open_service(b.board);
    buf old = bench_module(&b, "boron", (module_slot){MODULE_SYSTEM_PART, 1}, 5901, no_need);
    buf new = bench_module(&b, "boron", (module_slot){MODULE_SYSTEM_PART, 1}, 6201, no_need);
    const uint8_t *chip = sim_board_flash(b.board, "internal").data;
    bench_open_dfu(&b);
    /* Erasing does nothing; an old beginning is refused, and so is what follows it. */
    assert_true(bench_dfu_command(&b, 0x41, 0x28000));
    assert_int_not_equal(chip[0x28000 + 0x200], 0xff);
    assert_true(bench_dfu_command(&b, 0x21, 0x28000));
    assert_false(bench_dnload(&b, 2, old.data, 4096));
    bench_expect(&b, "a1 03 00 00 00 00 06 00", NULL, "0b 00 00 00 0a 0a");
    bench_expect(&b, "21 04 00 00 00 00 00 00", NULL, "");
    assert_false(bench_dnload(&b, 3, new.data + 4096, 4096));
    bench_expect(&b, "21 04 00 00 00 00 00 00", NULL, "");
    /* So is one that is too short to show its header. */
    assert_false(bench_dnload(&b, 2, new.data, 0x200));
    bench_expect(&b, "21 04 00 00 00 00 00 00", NULL, "");
    /* A new one opens the region, and pages are erased as they are written. */
    assert_true(bench_dfu_write(&b, 0x28000, buf_span(&new)));
    assert_memory_equal(chip + 0x28000, new.data, new.size);
    buf_free(&old);
    buf_free(&new);
    bench_end(&b);
}

static void in_service_mode_staged_updates_are_out_of_reach(void **state)
{
    (void)state;
    bench b;
    open_protected_board(&b);
    sim_board_open_service(b.board);
    bench_open_dfu(&b);
    OK(transport_set_alternate(b.handle, 0, 2, &b.error));
    assert_true(bench_dfu_command(&b, 0x21, 0x8024c000));
    bench_expect(&b, "21 06 00 00 00 00 00 00", NULL, "");
    bench_refused(&b, "a1 02 02 00 00 00 10 00", NULL);
    bench_expect(&b, "21 04 00 00 00 00 00 00", NULL, "");
    assert_false(bench_dfu_command(&b, 0x41, 0x8024c000));
    bench_expect(&b, "a1 03 00 00 00 00 06 00", NULL, "0e 00 00 00 0a 00");
    bench_expect(&b, "21 04 00 00 00 00 00 00", NULL, "");
    assert_true(bench_dfu_command(&b, 0x41, 0x80200000));
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_state_is_told_in_both_modes),
        cmocka_unit_test(service_mode_is_opened_by_a_signed_challenge),
        cmocka_unit_test(every_wrong_answer_to_the_challenge_has_its_code),
        cmocka_unit_test(boards_without_protection_have_no_challenge),
        cmocka_unit_test(service_mode_lasts_twenty_starts_or_a_day),
        cmocka_unit_test(updates_that_would_weaken_it_are_refused),
        cmocka_unit_test(in_service_mode_a_system_part_has_to_begin_with_its_header),
        cmocka_unit_test(in_service_mode_staged_updates_are_out_of_reach),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
