/* Identity read from a serial console: what boards of every age say, and what disturbs it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "protocol/console.h"

enum {
    PIECE = 5 /* bytes that come at once */
};

/* A console that answers letters with texts, and may talk without being asked. */
static struct {
    const char *on_i, *on_v;
    const char *chatter; /* for ever, some bytes at a time */
    bool listens, wakes; /* by 28800 baud */
    uint64_t now_ms;
    uint64_t i_takes_ms;
    char waiting[1024];
    uint64_t due_ms;
    char said[64];
} board;

static osb_error error;
static transport bus;
static serial_port port = {.bus = &bus};

static uint64_t board_now_ms(transport *unused)
{
    (void)unused;
    return board.now_ms;
}

static osb_status board_set_rate(serial_port *unused, uint32_t baud_rate, osb_error *reason)
{
    (void)unused;
    (void)reason;
    if (baud_rate == 28800 && board.wakes)
        board.listens = true;
    return OSB_OK;
}

static osb_status board_read(serial_port *unused, uint8_t *data, size_t capacity,
                             uint32_t timeout_ms, size_t *received, osb_error *reason)
{
    (void)unused;
    (void)reason;
    if (board.chatter) {
        board.now_ms += 100;
        *received = strlen(board.chatter) < capacity ? strlen(board.chatter) : capacity;
        memcpy(data, board.chatter, *received);
        return OSB_OK;
    }
    if (!board.waiting[0] || board.due_ms > board.now_ms + timeout_ms) {
        board.now_ms += timeout_ms;
        return OSB_OK;
    }
    if (board.due_ms > board.now_ms)
        board.now_ms = board.due_ms;
    size_t size = strlen(board.waiting);
    *received = size < PIECE ? size : PIECE;
    memcpy(data, board.waiting, *received);
    memmove(board.waiting, board.waiting + *received, size - *received + 1);
    return OSB_OK;
}

static osb_status board_write(serial_port *unused, span bytes, uint32_t timeout_ms,
                              osb_error *reason)
{
    (void)unused;
    (void)timeout_ms;
    (void)reason;
    text_append(board.said, sizeof board.said, "%c", bytes.data[0]);
    if (!board.listens)
        return OSB_OK;
    const char *answer = bytes.data[0] == 'i' ? board.on_i : bytes.data[0] == 'v' ? board.on_v : "";
    board.due_ms = board.now_ms + (bytes.data[0] == 'i' ? board.i_takes_ms : 5);
    text_append(board.waiting, sizeof board.waiting, "%s", answer);
    return OSB_OK;
}

static osb_status board_drain(serial_port *unused, uint32_t timeout_ms, osb_error *reason)
{
    (void)unused;
    (void)timeout_ms;
    (void)reason;
    return OSB_OK;
}

static int set_up(void **state)
{
    static const transport_operations operations = {.now_ms = board_now_ms};
    static const serial_operations serial = {
        .set_rate = board_set_rate, .read = board_read, .write = board_write, .drain = board_drain};
    (void)state;
    memset(&board, 0, sizeof board);
    board.on_v = "system firmware version: 1.2.1\n\r\n";
    board.on_i = "Your device id is 3f0021000551353432383931\r\n";
    board.listens = true;
    bus = (transport){.operations = &operations, .serial = &serial};
    error = (osb_error){0};
    return 0;
}

static void expect(const char *id, const char *version)
{
    console_identity told;
    assert_int_equal(console_identify(&port, "/dev/ttyACM0", &told, &error), OSB_OK);
    assert_string_equal(told.device_id, id);
    assert_string_equal(told.os_version, version);
}

static void boards_of_every_age_tell_their_id(void **state)
{
    static const char *const answers[] = {"Your device id is 3f0021000551353432383931\r\n",
                                          "Your core id is 3f0021000551353432383931\r\n",
                                          "Device ID: 3F0021000551353432383931\r\n"};
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        board.on_i = answers[i];
        expect("3f0021000551353432383931", "1.2.1");
    }
    board.on_v = "system firmware version: 0.4.9 minimal\r\n";
    expect("3f0021000551353432383931", "0.4.9");
}

static void a_cellular_board_has_time_to_start_its_modem(void **state)
{
    console_identity told;
    (void)state;
    board.i_takes_ms = 18000;
    board.on_i = "Device ID: e00fce68123456789abcdef0\r\nIMEI: 352753090000001\r\n"
                 "ICCID: 89014103211118510720\r\nSerial Number: B40KAB000000000\r\n";
    assert_int_equal(console_identify(&port, "/dev/ttyACM0", &told, &error), OSB_OK);
    assert_string_equal(told.device_id, "e00fce68123456789abcdef0");
    assert_string_equal(told.imei, "352753090000001");
    assert_string_equal(told.iccid, "89014103211118510720");
}

static void a_log_between_the_lines_does_no_harm(void **state)
{
    (void)state;
    board.on_v = "0000012345 [app] INFO: hello\r\nsystem firmware version: 5.9.0\n\r\n";
    board.on_i =
        "\r\nloop\r\nDevice ID: what?\r\nDevice ID: e00fce68123456789abcdef0\r\n\x1b[2J\r\n";
    text_copy(board.waiting, sizeof board.waiting, "system firmware version: 9.9.9\r\nDevi");
    expect("e00fce68123456789abcdef0", "5.9.0");
}

static void what_a_board_says_is_bounded_and_printable(void **state)
{
    console_identity told;
    char long_line[600] = "system firmware version: ";
    (void)state;
    memset(long_line + strlen(long_line), 'x', 500);
    text_copy(long_line + 520, 8, "\x1b[31m\r\n");
    board.on_v = long_line;
    board.on_i = "Device ID: e00fce68123456789abcdef0\r\nIMEI: \x1b]0;gotcha\x07\r\n";
    assert_int_equal(console_identify(&port, "/dev/ttyACM0", &told, &error), OSB_OK);
    assert_int_equal(strlen(told.os_version), CONSOLE_WORD_SIZE - 1);
    assert_string_equal(told.imei, "?]0;gotcha?");
}

static void a_board_that_does_not_listen_is_named_in_time(void **state)
{
    console_identity told;
    (void)state;
    board.listens = false;
    assert_int_equal(console_identify(&port, "/dev/ttyACM0", &told, &error), OSB_ERR_TIMEOUT);
    assert_string_equal(error.subject, "/dev/ttyACM0");
    assert_non_null(strstr(error.hint, "dark blue"));
    assert_string_equal(board.said, "v"); /* one letter at most reaches an application */
    assert_in_range(board.now_ms, 2000, 5000);
}

static void endless_chatter_ends(void **state)
{
    console_identity told;
    (void)state;
    board.chatter = "tick\r\n";
    assert_int_equal(console_identify(&port, "/dev/ttyACM0", &told, &error), OSB_ERR_TIMEOUT);
    assert_in_range(board.now_ms, 2000, 10000);
    board.chatter = "x";
    assert_int_equal(console_identify(&port, "/dev/ttyACM0", &told, &error), OSB_ERR_TIMEOUT);
    board.chatter = "system firmware version: 1.0.0\r\nDevice ID: e00fce68123456789abcdef0\r\n";
    assert_int_equal(console_identify(&port, "/dev/ttyACM0", &told, &error), OSB_OK);
}

static void a_board_is_brought_into_listening_mode_and_out_of_it(void **state)
{
    bool began;
    (void)state;
    assert_int_equal(console_begin(&port, "/dev/ttyACM0", &began, &error), OSB_OK);
    assert_false(began);
    board.listens = false;
    board.wakes = true;
    assert_int_equal(console_begin(&port, "/dev/ttyACM0", &began, &error), OSB_OK);
    assert_true(began);
    board.said[0] = '\0';
    assert_int_equal(console_end(&port, &error), OSB_OK);
    assert_string_equal(board.said, "x");
    board.listens = board.wakes = false;
    assert_int_equal(console_begin(&port, "/dev/ttyACM0", &began, &error), OSB_ERR_TIMEOUT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        TEST(boards_of_every_age_tell_their_id),
        TEST(a_cellular_board_has_time_to_start_its_modem),
        TEST(a_log_between_the_lines_does_no_harm),
        TEST(what_a_board_says_is_bounded_and_printable),
        TEST(a_board_that_does_not_listen_is_named_in_time),
        TEST(endless_chatter_ends),
        TEST(a_board_is_brought_into_listening_mode_and_out_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
