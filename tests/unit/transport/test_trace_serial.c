/* What goes over serial ports is written down, and a replay says the same again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/text.h"
#include "transport/replay.h"
#include "transport/serial.h"
#include "transport/trace.h"

#define FIRST "{\"type\":\"osbundle-trace\",\"schema\":1,\"simulated\":false,\"ms\":0}\n"

static uint64_t now_ms;
static buf lines;
static osb_error error;

static uint64_t port_now_ms(transport *bus)
{
    (void)bus;
    return now_ms;
}

static void port_destroy(transport *bus)
{
    (void)bus;
}

static osb_status port_list(transport *bus, serial_identity *ports, size_t capacity, size_t *count,
                            osb_error *reason)
{
    (void)bus;
    (void)reason;
    assert_true(capacity >= 2);
    *count = 2;
    ports[0] = (serial_identity){"/dev/ttyACM0", 0x2b04, 0xc006, "0123", "Photon", "1-2.3"};
    ports[1] = (serial_identity){.path = "/dev/ttyS0"};
    return OSB_OK;
}

static osb_status port_open(transport *bus, const char *path, uint32_t baud_rate,
                            serial_port **port, osb_error *reason)
{
    static serial_port only;
    now_ms += 3;
    if (baud_rate == 0)
        return osb_fail(reason, OSB_ERR_BUSY, path, "close it", "in use by screen");
    only.bus = bus;
    *port = &only;
    return OSB_OK;
}

static void port_close(serial_port *port)
{
    (void)port;
}

static osb_status port_set_rate(serial_port *port, uint32_t baud_rate, osb_error *reason)
{
    (void)port;
    if (baud_rate == 14400)
        return osb_fail(reason, OSB_ERR_DISCONNECTED, "/dev/ttyACM0", NULL, "it left");
    return OSB_OK;
}

static osb_status port_set_lines(serial_port *port, bool ready, bool request, osb_error *reason)
{
    (void)port;
    (void)ready;
    (void)request;
    (void)reason;
    return OSB_OK;
}

static osb_status port_read(serial_port *port, uint8_t *data, size_t capacity, uint32_t timeout_ms,
                            size_t *received, osb_error *reason)
{
    (void)port;
    (void)reason;
    now_ms += timeout_ms;
    memset(data, 'x', capacity);
    *received = timeout_ms ? capacity : 0;
    return OSB_OK;
}

static osb_status port_write(serial_port *port, span bytes, uint32_t timeout_ms, osb_error *reason)
{
    (void)port;
    (void)bytes;
    (void)timeout_ms;
    (void)reason;
    return OSB_OK;
}

static osb_status port_drain(serial_port *port, uint32_t timeout_ms, osb_error *reason)
{
    (void)port;
    (void)timeout_ms;
    (void)reason;
    return OSB_OK;
}

static void keep_line(void *context, const char *text)
{
    (void)context;
    buf_append_text(&lines, text);
    buf_append_text(&lines, "\n");
}

static transport *make_trace(void)
{
    static const transport_operations operations = {.now_ms = port_now_ms, .destroy = port_destroy};
    static const serial_operations serial = {.list = port_list,
                                             .open = port_open,
                                             .close = port_close,
                                             .set_rate = port_set_rate,
                                             .set_lines = port_set_lines,
                                             .read = port_read,
                                             .write = port_write,
                                             .drain = port_drain};
    static transport machine = {&operations, false, &serial};
    transport *traced;
    now_ms = 0;
    lines = buf_make(256 * 1024);
    assert_int_equal(trace_make(&machine, &(trace_sink){keep_line, NULL}, &traced, &error), OSB_OK);
    return traced;
}

static transport *make_replay(const char *text)
{
    transport *bus;
    FILE *file = fmemopen((void *)text, strlen(text), "r");
    assert_non_null(file);
    assert_int_equal(replay_make(file, "board.trace", &bus, &error), OSB_OK);
    return bus;
}

/* Every operation once, with its good and its bad end; the same on a port and on a replay of it. */
static void use_everything(transport *bus)
{
    static uint8_t data[SERIAL_TRANSFER_MAX + 1];
    serial_identity ports[SERIAL_PORTS_MAX];
    serial_port *port;
    size_t count;
    assert_int_equal(serial_list(bus, ports, SERIAL_PORTS_MAX, &count, &error), OSB_OK);
    assert_int_equal(count, 2);
    assert_string_equal(ports[0].path, "/dev/ttyACM0");
    assert_int_equal(ports[0].vendor_id, 0x2b04);
    assert_int_equal(ports[0].product_id, 0xc006);
    assert_string_equal(ports[0].serial_number, "0123");
    assert_string_equal(ports[0].product, "Photon");
    assert_string_equal(ports[0].usb_port, "1-2.3");
    assert_string_equal(ports[1].path, "/dev/ttyS0");
    assert_int_equal(ports[1].vendor_id, 0);
    assert_int_equal(serial_open(bus, "/dev/ttyACM0", 0, &port, &error), OSB_ERR_BUSY);
    assert_string_equal(error.message, "in use by screen");
    assert_string_equal(error.hint, "close it");
    assert_int_equal(serial_open(bus, "/dev/ttyACM0", 9600, &port, &error), OSB_OK);
    assert_int_equal(transport_now_ms(bus), 6);
    assert_int_equal(serial_set_lines(port, true, false, &error), OSB_OK);
    assert_int_equal(serial_write(port, (span){data, 2}, 100, &error), OSB_OK);
    assert_int_equal(serial_drain(port, 100, &error), OSB_OK);
    assert_int_equal(serial_read(port, data, 1, 0, &count, &error), OSB_OK);
    assert_int_equal(count, 0);
    assert_int_equal(serial_read(port, data, sizeof data, 5, &count, &error), OSB_OK);
    assert_int_equal(count, SERIAL_TRANSFER_MAX);
    assert_int_equal(data[SERIAL_TRANSFER_MAX - 1], 'x');
    memset(data, 0, sizeof data);
    assert_int_equal(serial_set_rate(port, 14400, &error), OSB_ERR_DISCONNECTED);
    serial_close(port);
}

static void a_replay_says_what_the_trace_heard(void **state)
{
    (void)state;
    transport *traced = make_trace();
    use_everything(traced);
    transport_destroy(traced);
    buf_append_u8(&lines, 0);
    assert_false(lines.overflow);
    transport *bus = make_replay((const char *)lines.data);
    use_everything(bus);
    assert_int_equal(replay_verdict(bus, &error), OSB_OK);
    assert_int_equal(replay_rest(bus), 0);
    transport_destroy(bus);
    buf_free(&lines);
}

static void another_rate_is_a_difference(void **state)
{
    serial_port *port;
    (void)state;
    transport *bus =
        make_replay(FIRST "{\"n\":1,\"ms\":0,\"op\":\"serial_open\",\"path\":\"/dev/ttyS0\","
                          "\"baud_rate\":9600,\"took_ms\":1,\"status\":\"ok\"}\n"
                          "{\"n\":2,\"ms\":1,\"op\":\"serial_rate\",\"path\":\"/dev/ttyS0\","
                          "\"baud_rate\":14400,\"took_ms\":1,\"status\":\"ok\"}\n");
    assert_int_equal(serial_open(bus, "/dev/ttyS0", 9600, &port, &error), OSB_OK);
    assert_int_equal(serial_set_rate(port, 28800, &error), OSB_ERR_REPLAY);
    assert_string_equal(error.message,
                        "line 3: baud_rate of serial_rate: recorded 14400, now 28800");
    serial_close(port);
    transport_destroy(bus);
}

#define PORT(path, usb, number)                                                                    \
    FIRST "{\"n\":1,\"ms\":0,\"op\":\"serial_list\",\"ports\":[{\"path\":" path ",\"usb\":" usb    \
          ",\"usb_port\":\"1-1\",\"serial_number\":" number ",\"product\":\"P2\"}],"               \
          "\"took_ms\":0,\"status\":\"ok\"}\n"

static void a_damaged_list_of_ports_is_an_error(void **state)
{
    static const char *const texts[] = {
        PORT("7", "\"2b04c020\"", "\"\""),
        PORT("\"/dev/ttyACM0\"", "\"2b04\"", "\"\""),
        PORT("\"/dev/ttyACM0\"", "\"2b04c020\"",
             "\"0123456789012345678901234567890123456789012345678901234567890123\""),
        FIRST "{\"n\":1,\"ms\":0,\"op\":\"serial_list\",\"took_ms\":0,\"status\":\"ok\"}\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        serial_identity ports[4];
        size_t count;
        transport *bus = make_replay(texts[i]);
        assert_int_equal(serial_list(bus, ports, 4, &count, &error), OSB_ERR_INTEGRITY);
        assert_non_null(strstr(error.message, "line 2 of the trace "));
        transport_destroy(bus);
    }
}

static void more_bytes_than_asked_for_are_an_error(void **state)
{
    uint8_t data[4];
    serial_port *port;
    size_t count;
    (void)state;
    transport *bus =
        make_replay(FIRST "{\"n\":1,\"ms\":0,\"op\":\"serial_open\",\"path\":\"/dev/ttyS0\","
                          "\"baud_rate\":9600,\"took_ms\":1,\"status\":\"ok\"}\n"
                          "{\"n\":2,\"ms\":1,\"op\":\"serial_read\",\"path\":\"/dev/ttyS0\","
                          "\"timeout_ms\":9,\"capacity\":4,\"in\":\"0102030405\","
                          "\"took_ms\":1,\"status\":\"ok\"}\n");
    assert_int_equal(serial_open(bus, "/dev/ttyS0", 9600, &port, &error), OSB_OK);
    assert_int_equal(serial_read(port, data, sizeof data, 9, &count, &error), OSB_ERR_INTEGRITY);
    serial_close(port);
    transport_destroy(bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_replay_says_what_the_trace_heard),
        cmocka_unit_test(another_rate_is_a_difference),
        cmocka_unit_test(a_damaged_list_of_ports_is_an_error),
        cmocka_unit_test(more_bytes_than_asked_for_are_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
