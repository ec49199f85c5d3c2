/* The trace changes nothing and writes everything down. */
#include "unit/protocol/script.h"

#include "base/json.h"
#include "transport/trace.h"

static script_bus bus;
static char lines[9][9000];
static size_t line_count;
static osb_error error;

static void keep_line(void *context, const char *text)
{
    (void)context;
    assert_true(line_count < 9);
    text_copy(lines[line_count++], sizeof lines[0], text);
}

static osb_status one_device(transport *base, usb_identity *devices, size_t capacity, size_t *count,
                             osb_error *failure)
{
    (void)base;
    (void)failure;
    assert_true(capacity > 0);
    devices[0] = (usb_identity){0x2b04, 0xc020, "1-2", 7};
    *count = 1;
    return OSB_OK;
}

static osb_status open_script(transport *base, const usb_identity *wanted, usb_handle **handle,
                              osb_error *failure)
{
    if (wanted->arrival != 7)
        return osb_fail(failure, OSB_ERR_DISCONNECTED, wanted->port, NULL, "gone");
    *handle = &((script_bus *)base)->handle;
    return OSB_OK;
}

static void close_script(usb_handle *handle)
{
    (void)handle;
}

static transport *traced_script(const script_step *steps, size_t count)
{
    static transport_operations operations;
    static const trace_sink sink = {.line = keep_line};
    transport *traced;
    script_play(&bus, steps, count);
    operations = *bus.base.operations;
    operations.list = one_device;
    operations.open = open_script;
    operations.close = close_script;
    operations.wait_change = operations.wait;
    bus.base.operations = &operations;
    bus.base.simulated = true;
    line_count = 0;
    assert_int_equal(trace_make(&bus.base, &sink, &traced, &error), OSB_OK);
    assert_true(traced->simulated);
    return traced;
}

static void each_operation_is_a_line(void **state)
{
    static const script_step steps[] = {
        {.setup = "claim 0"},
        {.setup = "01 0b 01 00 00 00 00 00"},
        {"c0 50 00 00 1e 00 40 00", .in = "36 2e 32 2e 30", .taking_ms = 5},
        {"40 03 00 00 02 00 02 00", .out = "08 00", .status = OSB_ERR_STALL}};
    static const char *const expected[] = {
        "{\"type\":\"osbundle-trace\",\"schema\":1,\"version\":\"" OSB_VERSION
        "\",\"simulated\":true,\"ms\":0}",
        "{\"n\":1,\"ms\":0,\"op\":\"list\",\"devices\":[{\"port\":\"1-2\",\"usb\":\"2b04c020\","
        "\"arrival\":7}],\"took_ms\":0,\"status\":\"ok\"}",
        "{\"n\":2,\"ms\":0,\"op\":\"open\",\"port\":\"1-2\",\"arrival\":7,\"took_ms\":0,"
        "\"status\":\"ok\"}",
        "{\"n\":3,\"ms\":0,\"op\":\"claim\",\"port\":\"1-2\",\"interface\":0,\"took_ms\":0,"
        "\"status\":\"ok\"}",
        "{\"n\":4,\"ms\":0,\"op\":\"set_alternate\",\"port\":\"1-2\",\"interface\":0,"
        "\"alternate\":1,\"took_ms\":0,\"status\":\"ok\"}",
        "{\"n\":5,\"ms\":0,\"op\":\"control\",\"port\":\"1-2\",\"setup\":\"c05000001e004000\","
        "\"timeout_ms\":100,\"in\":\"362e322e30\",\"took_ms\":5,\"status\":\"ok\"}",
        "{\"n\":6,\"ms\":5,\"op\":\"control\",\"port\":\"1-2\",\"setup\":\"4003000002000200\","
        "\"timeout_ms\":100,\"out\":\"0800\",\"took_ms\":0,\"status\":\"stall\","
        "\"error\":{\"subject\":\"1-1\",\"message\":\"scripted failure\","
        "\"hint\":\"scripted hint\"}}",
        "{\"n\":7,\"ms\":5,\"op\":\"close\",\"port\":\"1-2\",\"took_ms\":0,\"status\":\"ok\"}",
    };
    (void)state;
    transport *traced = traced_script(steps, 4);
    usb_identity devices[4];
    size_t count, moved;
    usb_handle *handle;
    uint8_t data[64] = {8, 0};
    assert_int_equal(transport_list(traced, devices, 4, &count, &error), OSB_OK);
    assert_int_equal(count, 1);
    assert_int_equal(transport_open(traced, &devices[0], &handle, &error), OSB_OK);
    assert_int_equal(transport_claim(handle, 0, &error), OSB_OK);
    assert_int_equal(transport_set_alternate(handle, 0, 1, &error), OSB_OK);
    const usb_setup ask = {USB_VENDOR_IN, 0x50, 0, 30, 64}, send = {USB_VENDOR_OUT, 3, 0, 2, 2};
    assert_int_equal(transport_control(handle, &ask, data, 100, &moved, &error), OSB_OK);
    assert_int_equal(moved, 5);
    assert_memory_equal(data, "6.2.0", 5);
    data[0] = 8;
    data[1] = 0;
    assert_int_equal(transport_control(handle, &send, data, 100, &moved, &error), OSB_ERR_STALL);
    assert_string_equal(error.message, "scripted failure");
    transport_close(handle);
    transport_destroy(traced);
    assert_int_equal(line_count, 8);
    for (size_t i = 0; i < line_count; i++)
        assert_string_equal(lines[i], expected[i]);
    script_finished(&bus);
}

static void waits_and_failures_are_lines_too(void **state)
{
    static const script_step none[1];
    (void)state;
    transport *traced = traced_script(none, 0);
    assert_int_equal(transport_wait(traced, 20, &error), OSB_OK);
    assert_int_equal(transport_now_ms(traced), 20);
    assert_int_equal(transport_wait_change(traced, 30, &error), OSB_OK);
    usb_handle *handle;
    const usb_identity gone = {.port = "1-2", .arrival = 6};
    assert_int_equal(transport_open(traced, &gone, &handle, &error), OSB_ERR_DISCONNECTED);
    assert_null(handle);
    transport_destroy(traced);
    assert_string_equal(lines[1], "{\"n\":1,\"ms\":0,\"op\":\"wait\",\"duration_ms\":20,"
                                  "\"took_ms\":20,\"status\":\"ok\"}");
    assert_string_equal(lines[2], "{\"n\":2,\"ms\":20,\"op\":\"wait_change\",\"timeout_ms\":30,"
                                  "\"took_ms\":30,\"status\":\"ok\"}");
    assert_string_equal(lines[3],
                        "{\"n\":3,\"ms\":50,\"op\":\"open\",\"port\":\"1-2\",\"arrival\":6,"
                        "\"took_ms\":0,\"status\":\"disconnected\",\"error\":"
                        "{\"subject\":\"1-2\",\"message\":\"gone\",\"hint\":\"\"}}");
}

/* Whoever asks the clock twice with nothing in between may be told two times. */
static void time_that_goes_by_between_operations_is_a_line(void **state)
{
    static const script_step none[1];
    (void)state;
    transport *traced = traced_script(none, 0);
    assert_int_equal(transport_now_ms(traced), 0);
    bus.now_ms = 7;
    assert_int_equal(transport_now_ms(traced), 7);
    assert_int_equal(transport_now_ms(traced), 7);
    assert_int_equal(transport_wait(traced, 20, &error), OSB_OK);
    transport_destroy(traced);
    assert_int_equal(line_count, 3);
    assert_string_equal(lines[1], "{\"n\":1,\"ms\":7,\"op\":\"clock\",\"call\":2}");
}

static void the_largest_transfer_fits_a_line(void **state)
{
    static char text[3 * USB_CONTROL_MAX];
    static uint8_t data[USB_CONTROL_MAX];
    (void)state;
    memset(data, 0xa5, sizeof data);
    script_text(text, data, sizeof data);
    const script_step steps[] = {{"21 01 02 00 00 00 00 10", .out = text}};
    transport *traced = traced_script(steps, 1);
    const usb_identity there = {.port = "1-2", .arrival = 7};
    usb_handle *handle;
    assert_int_equal(transport_open(traced, &there, &handle, &error), OSB_OK);
    const usb_setup send = {USB_CLASS_INTERFACE_OUT, 1, 2, 0, USB_CONTROL_MAX};
    assert_int_equal(transport_control(handle, &send, data, 100, NULL, &error), OSB_OK);
    transport_close(handle);
    transport_destroy(traced);
    assert_int_equal(line_count, 4);
    JSON_OWNED *line = NULL;
    span written = {(const uint8_t *)lines[2], strlen(lines[2])};
    assert_int_equal(json_parse(written, "line", &line, &error), OSB_OK);
    assert_int_equal(strlen(json_text(line, "out", "")), 2 * USB_CONTROL_MAX);
}

static void a_transfer_beyond_the_limit_never_reaches_a_back_end(void **state)
{
    static const script_step none[1];
    static uint8_t data[USB_CONTROL_MAX + 1];
    (void)state;
    SCRIPT(&bus, none);
    bus.count = 0;
    const usb_setup send = {USB_VENDOR_OUT, 3, 0, 2, USB_CONTROL_MAX + 1};
    assert_int_equal(transport_control(&bus.handle, &send, data, 100, NULL, &error),
                     OSB_ERR_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_operation_is_a_line),
        cmocka_unit_test(waits_and_failures_are_lines_too),
        cmocka_unit_test(time_that_goes_by_between_operations_is_a_line),
        cmocka_unit_test(the_largest_transfer_fits_a_line),
        cmocka_unit_test(a_transfer_beyond_the_limit_never_reaches_a_back_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
