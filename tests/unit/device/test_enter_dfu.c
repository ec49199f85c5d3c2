/*
 * The ways into DFU mode, when the first of them fails: baud rate, button, and errors that say
 * what became of each.
 */
#include "unit/device/fake_serial.h"
#include "unit/device/held_fake.h"

enum {
    ENTER_DFU = 50,
    BUTTON_WAIT_MS = 30000
};

static char told[4][400]; /* warnings */
static size_t told_count;

static void hear(void *context, log_level level, const char *topic, const char *line)
{
    (void)context;
    (void)topic;
    if (level == LOG_WARNING && told_count < 4)
        text_copy(told[told_count++], sizeof *told, line);
}

/* Held with a log that is heard. */
static int set_up_p2(void **state)
{
    static const log_sink log = {.write = hear, .level = LOG_DEBUG};
    device_entry entry;
    set_up(state);
    memset(fake_ports, 0, sizeof fake_ports);
    told_count = 0;
    board = fake_add(&bus, 0, "1-1", FAKE_P2, FAKE_ID);
    assert_int_equal(device_select(&bus.base, &platforms, NULL, &entry, &error), OSB_OK);
    assert_int_equal(device_open(&bus.base, &platforms, &entry, &log, &held, &error), OSB_OK);
    return 0;
}

/* Its port heeds the touch: gone a second later, back after another. */
static void heeds_touch(const char *usb_port)
{
    fake_add_port(&bus, 0, "/dev/ttyACM0", board, usb_port);
    fake_ports[0].board = board;
    fake_on_reset(&bus, (fake_event){.at_ms = 1000, .board = board});
    fake_on_reset(
        &bus,
        (fake_event){.at_ms = 2000, .board = board, .plugged = true, .product_id = FAKE_P2_DFU});
}

/* Somebody holds the button at `at_ms`; or only taps RESET. */
static void somebody_resets(uint64_t at_ms, uint16_t product_id)
{
    fake_schedule(&bus, (fake_event){.at_ms = at_ms, .board = board});
    fake_schedule(&bus, (fake_event){.at_ms = at_ms + 1000,
                                     .board = board,
                                     .plugged = true,
                                     .product_id = product_id});
}

static void a_board_without_control_requests_is_touched(void **state)
{
    (void)state;
    board->stall_type = ENTER_DFU;
    heeds_touch("1-1");
    assert_int_equal(device_enter_dfu(held, &error), OSB_OK);
    assert_true(device_in_dfu(held));
    assert_int_equal(fake_ports[0].rate, 14400);
    assert_int_equal(bus.now_ms, 2000);
    assert_int_equal(told_count, 0);
}

static void a_board_that_refuses_the_request_is_touched(void **state)
{
    (void)state;
    board->results[ENTER_DFU] = -130; /* the application does not allow it */
    heeds_touch("1-1");
    assert_int_equal(device_enter_dfu(held, &error), OSB_OK);
    assert_true(device_in_dfu(held));
}

static void a_board_that_can_be_asked_is_not_touched(void **state)
{
    (void)state;
    heeds_touch("1-1");
    assert_int_equal(device_enter_dfu(held, &error), OSB_OK);
    assert_int_equal(fake_ports[0].opens, 0);
}

static void a_protected_board_is_not_touched(void **state)
{
    (void)state;
    board->results[ENTER_DFU] = -1801;
    heeds_touch("1-1");
    device_set_button_wait(held, BUTTON_WAIT_MS);
    assert_int_equal(device_enter_dfu(held, &error), OSB_ERR_PROTECTED);
    assert_int_equal(fake_ports[0].opens, 0);
    assert_int_equal(told_count, 0);
}

static void a_port_is_known_by_serial_number_where_no_usb_port_is_told(void **state)
{
    (void)state;
    board->stall_type = ENTER_DFU;
    heeds_touch("");
    assert_int_equal(device_enter_dfu(held, &error), OSB_OK);
    assert_true(device_in_dfu(held));
}

static void another_boards_port_is_never_opened(void **state)
{
    (void)state;
    board->stall_type = ENTER_DFU;
    fake_add_port(&bus, 0, "/dev/ttyACM0", board, "1-2"); /* the same serial number elsewhere */
    fake_add_port(&bus, 1, "/dev/ttyACM1", board, "1-1");
    fake_ports[1].identity.product_id = 0xea60; /* another device, now, on its port */
    assert_int_equal(device_enter_dfu(held, &error), OSB_ERR_STALL);
    assert_int_equal(fake_ports[0].opens + fake_ports[1].opens, 0);
    assert_non_null(strstr(error.message, "shows no serial port"));
    assert_non_null(strstr(error.hint, "hold MODE"));
    assert_non_null(strstr(error.hint, "yellow"));
    device_mode mode;
    assert_int_equal(device_mode_now(held, &mode, &error), OSB_OK); /* it is still held */
}

static void a_port_that_is_held_for_a_while_is_waited_for(void **state)
{
    (void)state;
    board->stall_type = ENTER_DFU;
    heeds_touch("1-1");
    fake_ports[0].open_status = OSB_ERR_BUSY;
    fake_ports[0].opens_from_ms = 3000;
    assert_int_equal(device_enter_dfu(held, &error), OSB_OK);
    assert_int_equal(bus.now_ms, 5000);
}

static void what_keeps_the_port_shut_is_named_with_its_cure(void **state)
{
    static const osb_status reasons[] = {OSB_ERR_PERMISSION, OSB_ERR_BUSY};
    (void)state;
    board->stall_type = ENTER_DFU;
    heeds_touch("1-1");
    fake_ports[0].opens_from_ms = UINT64_MAX;
    for (size_t i = 0; i < 2; i++) {
        fake_ports[0].open_status = reasons[i];
        assert_int_equal(device_enter_dfu(held, &error), reasons[i]);
        assert_string_equal(error.subject, "/dev/ttyACM0");
        assert_string_equal(error.hint, "the port's cure");
        assert_non_null(strstr(error.message, "no way into DFU mode"));
    }
    assert_in_range(bus.now_ms, 10000, 12000);
}

static void a_board_that_ignores_the_touch_needs_its_button(void **state)
{
    (void)state;
    board->stall_type = ENTER_DFU;
    fake_add_port(&bus, 0, "/dev/ttyACM0", board, "1-1");
    assert_int_equal(device_enter_dfu(held, &error), OSB_ERR_STALL);
    assert_int_equal(fake_ports[0].rate, 14400);
    assert_non_null(strstr(error.message, "still there after 10 s"));
    assert_non_null(strstr(error.hint, "hold MODE"));
    assert_int_equal(told_count, 0); /* nobody is there */
}

static void somebody_who_is_there_is_asked_and_waited_for(void **state)
{
    (void)state;
    board->stall_type = ENTER_DFU;
    device_set_button_wait(held, BUTTON_WAIT_MS);
    somebody_resets(20000, FAKE_P2_DFU);
    assert_int_equal(device_enter_dfu(held, &error), OSB_OK);
    assert_true(device_in_dfu(held));
    assert_int_equal(bus.now_ms, 21000);
    assert_int_equal(told_count, 1);
    assert_non_null(strstr(told[0], "hold MODE"));
    assert_non_null(strstr(told[0], "waiting 30 s"));
}

static void somebody_who_only_resets_is_asked_again(void **state)
{
    (void)state;
    board->stall_type = ENTER_DFU;
    device_set_button_wait(held, BUTTON_WAIT_MS);
    somebody_resets(15000, FAKE_P2);
    somebody_resets(25000, FAKE_P2_DFU);
    assert_int_equal(device_enter_dfu(held, &error), OSB_OK);
    assert_true(device_in_dfu(held));
    assert_int_equal(told_count, 2);
}

static void waiting_for_the_button_ends(void **state)
{
    (void)state;
    board->stall_type = ENTER_DFU;
    device_set_button_wait(held, BUTTON_WAIT_MS);
    assert_int_equal(device_enter_dfu(held, &error), OSB_ERR_TIMEOUT);
    assert_in_range(bus.now_ms, BUTTON_WAIT_MS, BUTTON_WAIT_MS + 10000);
    assert_non_null(strstr(error.message, "within 30 s"));
    assert_non_null(strstr(error.hint, "hold MODE"));
}

static void the_user_can_stop_each_wait(void **state)
{
    (void)state;
    board->stall_type = ENTER_DFU;
    device_set_button_wait(held, BUTTON_WAIT_MS);
    bus.interrupt_waits = true;
    assert_int_equal(device_enter_dfu(held, &error), OSB_ERR_INTERRUPTED);
    fake_add_port(&bus, 0, "/dev/ttyACM0", board, "1-1");
    assert_int_equal(device_enter_dfu(held, &error), OSB_ERR_INTERRUPTED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_p2, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_board_without_control_requests_is_touched),
        TEST(a_board_that_refuses_the_request_is_touched),
        TEST(a_board_that_can_be_asked_is_not_touched),
        TEST(a_protected_board_is_not_touched),
        TEST(a_port_is_known_by_serial_number_where_no_usb_port_is_told),
        TEST(another_boards_port_is_never_opened),
        TEST(a_port_that_is_held_for_a_while_is_waited_for),
        TEST(what_keeps_the_port_shut_is_named_with_its_cure),
        TEST(a_board_that_ignores_the_touch_needs_its_button),
        TEST(somebody_who_is_there_is_asked_and_waited_for),
        TEST(somebody_who_only_resets_is_asked_again),
        TEST(waiting_for_the_button_ends),
        TEST(the_user_can_stop_each_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
