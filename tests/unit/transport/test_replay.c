/* A replay gives what was recorded, and names the line and the difference where it cannot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "transport/replay.h"

#define FIRST "{\"type\":\"osbundle-trace\",\"schema\":1,\"simulated\":false,\"ms\":100}\n"
#define LIST(devices)                                                                              \
    "{\"n\":1,\"ms\":100,\"op\":\"list\",\"devices\":" devices ",\"took_ms\":1,\"status\":\"ok\"}" \
    "\n"
#define BOARD "[{\"port\":\"1-2\",\"usb\":\"2b04c020\",\"arrival\":3}]"
#define OPEN                                                                                       \
    "{\"n\":2,\"ms\":101,\"op\":\"open\",\"port\":\"1-2\",\"arrival\":3,\"took_ms\":2,"            \
    "\"status\":\"ok\"}\n"
#define CONTROL(rest)                                                                              \
    "{\"n\":3,\"ms\":103,\"op\":\"control\",\"port\":\"1-2\",\"setup\":\"c05000001e004000\","      \
    "\"timeout_ms\":100," rest "}\n"
#define ANSWER CONTROL("\"in\":\"362e32\",\"took_ms\":1,\"status\":\"ok\"")

static const usb_identity board = {0x2b04, 0xc020, "1-2", 3};
static const usb_setup ask = {USB_VENDOR_IN, 0x50, 0, 30, 64};
static transport *bus;
static osb_error error;

static osb_status make(const char *text)
{
    FILE *file = fmemopen((void *)text, strlen(text), "r");
    bus = NULL;
    assert_non_null(file);
    return replay_make(file, "board.trace", &bus, &error);
}

/* Opens the board of a recording that begins with LIST(BOARD) OPEN. */
static usb_handle *open_board(const char *text)
{
    usb_identity devices[4];
    size_t count;
    usb_handle *handle;
    assert_int_equal(make(text), OSB_OK);
    assert_int_equal(transport_list(bus, devices, 4, &count, &error), OSB_OK);
    assert_int_equal(transport_open(bus, &board, &handle, &error), OSB_OK);
    return handle;
}

/* What one control request makes of the third line. */
static osb_status control(const char *text, uint8_t *data, size_t *moved)
{
    usb_handle *handle = open_board(text);
    osb_status status = transport_control(handle, &ask, data, 100, moved, &error);
    transport_close(handle);
    return status;
}

static int close_bus(void **state)
{
    (void)state;
    transport_destroy(bus);
    bus = NULL;
    return 0;
}

static void recorded_answers_come_with_their_time(void **state)
{
    usb_identity devices[4];
    size_t count, moved;
    usb_handle *handle;
    uint8_t data[64];
    (void)state;
    assert_int_equal(make(FIRST LIST(BOARD) OPEN ANSWER), OSB_OK);
    assert_false(bus->simulated);
    assert_int_equal(transport_now_ms(bus), 100);
    assert_int_equal(transport_list(bus, devices, 4, &count, &error), OSB_OK);
    assert_int_equal(count, 1);
    assert_string_equal(devices[0].port, "1-2");
    assert_int_equal(devices[0].vendor_id, 0x2b04);
    assert_int_equal(devices[0].product_id, 0xc020);
    assert_int_equal(devices[0].arrival, 3);
    assert_int_equal(transport_now_ms(bus), 101);
    assert_int_equal(replay_rest(bus), 3);
    assert_int_equal(transport_open(bus, &board, &handle, &error), OSB_OK);
    assert_int_equal(transport_control(handle, &ask, data, 100, &moved, &error), OSB_OK);
    assert_int_equal(moved, 3);
    assert_memory_equal(data, "6.2", 3);
    assert_int_equal(transport_now_ms(bus), 104);
    assert_int_equal(replay_rest(bus), 0);
    assert_int_equal(replay_verdict(bus, &error), OSB_OK);
    transport_close(handle); /* was not recorded */
    assert_int_equal(replay_verdict(bus, &error), OSB_ERR_REPLAY);
}

static void recorded_errors_come_again_and_are_no_difference(void **state)
{
    size_t moved;
    uint8_t data[64];
    (void)state;
    usb_handle *handle =
        open_board(FIRST LIST(BOARD) OPEN CONTROL("\"took_ms\":1,\"status\":\"stall\",\"error\":{"
                                                  "\"subject\":\"1-2\",\"message\":\"no\\u001b\","
                                                  "\"hint\":\"again\"}"));
    assert_int_equal(transport_control(handle, &ask, data, 100, &moved, &error), OSB_ERR_STALL);
    assert_string_equal(error.subject, "1-2");
    assert_string_equal(error.message, "no?"); /* a terminal sees no control byte */
    assert_string_equal(error.hint, "again");
    assert_int_equal(replay_verdict(bus, &error), OSB_OK);
    transport_close(handle);
}

static void the_clock_goes_on_where_it_did(void **state)
{
    (void)state;
    assert_int_equal(make(FIRST "{\"n\":1,\"ms\":140,\"op\":\"clock\",\"call\":2}\n"
                                "{\"n\":2,\"ms\":150,\"op\":\"wait\",\"duration_ms\":5,"
                                "\"took_ms\":6,\"status\":\"ok\"}\n"),
                     OSB_OK);
    assert_int_equal(transport_now_ms(bus), 100);
    assert_int_equal(transport_now_ms(bus), 140);
    assert_int_equal(transport_now_ms(bus), 140);
    assert_int_equal(transport_wait(bus, 5, &error), OSB_OK);
    assert_int_equal(transport_now_ms(bus), 156);
}

/* Asking less often than the recording program is no difference. */
static void a_clock_that_nobody_asks_is_passed_over(void **state)
{
    (void)state;
    assert_int_equal(make(FIRST "{\"n\":1,\"ms\":140,\"op\":\"clock\",\"call\":2}\n"
                                "{\"n\":2,\"ms\":150,\"op\":\"wait\",\"duration_ms\":5,"
                                "\"took_ms\":6,\"status\":\"ok\"}\n"),
                     OSB_OK);
    assert_int_equal(transport_wait(bus, 5, &error), OSB_OK);
    assert_int_equal(transport_now_ms(bus), 156);
}

/* Fails now and ever after, and says the same each time. */
static void assert_differs(osb_status status, const char *message)
{
    assert_int_equal(status, OSB_ERR_REPLAY);
    assert_string_equal(error.subject, "board.trace");
    assert_string_equal(error.message, message);
    assert_string_not_equal(error.hint, "");
    uint64_t before = transport_now_ms(bus);
    assert_int_equal(transport_wait(bus, 1, &error), OSB_ERR_REPLAY);
    assert_string_equal(error.message, message);
    assert_true(transport_now_ms(bus) > before);
    assert_int_equal(replay_verdict(bus, &error), OSB_ERR_REPLAY);
    assert_string_equal(error.message, message);
}

static void another_operation_is_a_difference(void **state)
{
    (void)state;
    assert_int_equal(make(FIRST LIST(BOARD)), OSB_OK);
    assert_differs(transport_wait_change(bus, 250, &error),
                   "line 2: operation: recorded list, now wait_change");
}

static void another_device_is_a_difference(void **state)
{
    usb_handle *handle;
    usb_identity devices[4];
    const usb_identity other = {0x2b04, 0xc020, "1-2", 4};
    size_t count;
    (void)state;
    assert_int_equal(make(FIRST LIST(BOARD) OPEN), OSB_OK);
    assert_int_equal(transport_list(bus, devices, 4, &count, &error), OSB_OK);
    assert_differs(transport_open(bus, &other, &handle, &error),
                   "line 3: arrival of open: recorded 3, now 4");
    assert_null(handle);
}

static void another_request_is_a_difference(void **state)
{
    const usb_setup other = {USB_VENDOR_IN, 0x51, 0, 30, 64};
    uint8_t data[64];
    (void)state;
    usb_handle *handle = open_board(FIRST LIST(BOARD) OPEN ANSWER);
    assert_differs(transport_control(handle, &other, data, 100, NULL, &error),
                   "line 4: setup of control: recorded c05000001e004000, now c05100001e004000");
    transport_close(handle);
}

static void other_data_is_a_difference_with_its_place(void **state)
{
    const usb_setup send = {USB_VENDOR_OUT, 3, 0, 2, 40};
    uint8_t data[40] = {0};
    (void)state;
    usb_handle *handle = open_board(
        FIRST LIST(BOARD) OPEN
        "{\"n\":3,\"ms\":103,\"op\":\"control\",\"port\":\"1-2\",\"setup\":\"4003000002002800\","
        "\"timeout_ms\":100,\"out\":\"0000000000000000000000000000000000000000000000000000000000000"
        "00000000000000000ff\",\"took_ms\":1,\"status\":\"ok\"}\n");
    assert_differs(transport_control(handle, &send, data, 100, NULL, &error),
                   "line 4: out of control: recorded ...00000000000000000000ff, now "
                   "...0000000000000000000000 (from digit 79 on)");
    transport_close(handle);
}

static void the_end_of_the_trace_is_a_difference(void **state)
{
    usb_identity devices[4];
    size_t count;
    (void)state;
    assert_int_equal(make(FIRST LIST(BOARD)), OSB_OK);
    assert_int_equal(transport_list(bus, devices, 4, &count, &error), OSB_OK);
    assert_differs(transport_wait(bus, 5, &error), "line 2: the trace ends here, now asked: wait");
}

static void what_is_no_trace_is_refused(void **state)
{
    static const char *const texts[] = {"\n",
                                        "{}\n",
                                        "hello",
                                        "{\"type\":\"osbundle-plan\",\"schema\":1}\n",
                                        "[\"type\",\"osbundle-trace\"]\n",
                                        "{\"type\":\"osbundle-trace\",\"schema\":1}\n"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_int_equal(make(texts[i]), OSB_ERR_INTEGRITY);
        assert_null(bus);
        assert_string_not_equal(error.hint, "");
    }
    assert_int_equal(make("{\"type\":\"osbundle-trace\",\"schema\":2}\n"), OSB_ERR_REFUSED);
}

static void a_damaged_list_is_an_error_that_names_the_line(void **state)
{
    static const char *const texts[] = {
        FIRST LIST("7"),
        FIRST LIST("[{}]"),
        FIRST LIST("[{\"port\":\"1-2\",\"usb\":\"2b04c02\",\"arrival\":3}]"),
        FIRST LIST("[{\"port\":\"1-2\",\"usb\":\"2b04c020\",\"arrival\":-3}]"),
        FIRST LIST("[{\"port\":\"1-2.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1\","
                   "\"usb\":\"2b04c020\",\"arrival\":3}]"),
        FIRST "{\"n\":1,\"ms\":100,\"op\":\"list\",\"devices\":[],\"status\":\"fine\"}\n",
        FIRST "{\"n\":1,\"ms\":100,\"op\":\"list\",\"devices\":[],\"status\":\"stall\"}\n",
        FIRST "{\"n\":1,\"ms\":99,\"op\":\"list\",\"devices\":[],\"status\":\"ok\"}\n",
        FIRST "{\"n\":1,\"ms\":100,\"op\":\"list\",\"took_ms\":-1,\"devices\":[],"
              "\"status\":\"ok\"}\n",
        FIRST "{\"n\":2,\"ms\":100,\"op\":\"list\",\"devices\":[],\"status\":\"ok\"}\n",
        FIRST "{\"n\":1,\"ms\":100,\"devices\":[],\"status\":\"ok\"}\n",
        FIRST "[1]\n",
        FIRST "{\"n\":1",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        usb_identity devices[4];
        size_t count;
        assert_int_equal(make(texts[i]), OSB_OK);
        assert_int_equal(transport_list(bus, devices, 4, &count, &error), OSB_ERR_INTEGRITY);
        assert_non_null(strstr(error.message, "line 2 of the trace "));
        assert_int_equal(transport_list(bus, devices, 4, &count, &error), OSB_ERR_INTEGRITY);
        assert_int_equal(replay_verdict(bus, &error), OSB_ERR_INTEGRITY);
        close_bus(NULL);
    }
}

static void an_answer_is_never_longer_than_the_room_for_it(void **state)
{
    static char text[1024];
    char digits[2 * 65 + 1];
    uint8_t data[64];
    size_t moved;
    (void)state;
    memset(digits, '0', sizeof digits - 1);
    digits[sizeof digits - 1] = '\0';
    snprintf(text, sizeof text,
             FIRST LIST(BOARD) OPEN CONTROL("\"in\":\"%s\",\"took_ms\":1,\"status\":\"ok\""),
             digits);
    assert_int_equal(control(text, data, &moved), OSB_ERR_INTEGRITY);
    close_bus(NULL);
    assert_int_equal(control(FIRST LIST(BOARD)
                                 OPEN CONTROL("\"in\":\"0\",\"took_ms\":1,\"status\":\"ok\""),
                             data, &moved),
                     OSB_ERR_INTEGRITY);
    close_bus(NULL);
    assert_int_equal(
        control(FIRST LIST(BOARD) OPEN CONTROL("\"took_ms\":1,\"status\":\"ok\""), data, &moved),
        OSB_ERR_INTEGRITY);
}

static void a_line_without_end_is_not_read_into_memory(void **state)
{
    static char text[300000];
    usb_identity devices[4];
    size_t count;
    (void)state;
    memset(text, ' ', sizeof text - 1);
    memcpy(text, FIRST, sizeof FIRST - 1);
    assert_int_equal(make(text), OSB_OK);
    assert_int_equal(transport_list(bus, devices, 4, &count, &error), OSB_ERR_INTEGRITY);
    assert_non_null(strstr(error.message, "too long"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(recorded_answers_come_with_their_time, close_bus),
        cmocka_unit_test_teardown(recorded_errors_come_again_and_are_no_difference, close_bus),
        cmocka_unit_test_teardown(the_clock_goes_on_where_it_did, close_bus),
        cmocka_unit_test_teardown(a_clock_that_nobody_asks_is_passed_over, close_bus),
        cmocka_unit_test_teardown(another_operation_is_a_difference, close_bus),
        cmocka_unit_test_teardown(another_device_is_a_difference, close_bus),
        cmocka_unit_test_teardown(another_request_is_a_difference, close_bus),
        cmocka_unit_test_teardown(other_data_is_a_difference_with_its_place, close_bus),
        cmocka_unit_test_teardown(the_end_of_the_trace_is_a_difference, close_bus),
        cmocka_unit_test_teardown(what_is_no_trace_is_refused, close_bus),
        cmocka_unit_test_teardown(a_damaged_list_is_an_error_that_names_the_line, close_bus),
        cmocka_unit_test_teardown(an_answer_is_never_longer_than_the_room_for_it, close_bus),
        cmocka_unit_test_teardown(a_line_without_end_is_not_read_into_memory, close_bus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
