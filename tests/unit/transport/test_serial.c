/*
 * Serial ports on whatever machine runs the tests: needs none, and opens only what is no port. Open
 * ports need a kernel's driver behind them: tests/host/scenarios has them.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "transport/serial_holder.h"
#include "transport/serial_lsp.h"

static osb_error error;
static transport machine = {.serial = &serial_lsp_operations};

static void ports_are_listed_in_order(void **state)
{
    serial_identity ports[SERIAL_PORTS_MAX];
    size_t count;
    (void)state;
    assert_int_equal(serial_list(&machine, ports, SERIAL_PORTS_MAX, &count, &error), OSB_OK);
    for (size_t i = 0; i < count; i++)
        assert_true(text_starts_with(ports[i].path, "/dev/"));
    for (size_t i = 1; i < count; i++)
        assert_true(strcmp(ports[i - 1].path, ports[i].path) < 0);
}

static void a_transport_without_ports_has_none(void **state)
{
    transport bare = {0};
    serial_identity ports[1];
    serial_port *port;
    size_t count = 7;
    (void)state;
    assert_int_equal(serial_list(&bare, ports, 1, &count, &error), OSB_OK);
    assert_int_equal(count, 0);
    assert_int_equal(serial_open(&bare, "/dev/ttyACM0", 9600, &port, &error), OSB_ERR_NOT_FOUND);
    assert_null(port);
    serial_close(port);
}

static void what_is_no_port_is_named(void **state)
{
    static const struct {
        const char *path;
        osb_status status;
    } cases[] = {
        {"/dev/tty-that-is-not-there", OSB_ERR_NOT_FOUND},
        {"", OSB_ERR_NOT_FOUND},
        {"/dev/null", OSB_ERR_IO},
        {"/proc/self/status", OSB_ERR_IO},
        {"/", OSB_ERR_IO},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        serial_port *port;
        osb_status status = serial_open(&machine, cases[i].path, 9600, &port, &error);
        if (status != cases[i].status)
            fail_msg("%s: %s (%s)", cases[i].path, osb_status_name(status), error.message);
        assert_null(port);
        assert_string_equal(error.subject, cases[i].path);
        assert_string_not_equal(error.hint, "");
    }
}

static void a_rate_too_high_for_a_driver_is_refused(void **state)
{
    serial_port *port;
    (void)state;
    assert_int_equal(serial_open(&machine, "/dev/null", UINT32_MAX, &port, &error), OSB_ERR_USAGE);
}

/* A child holds a file open until its pipe closes. */
static pid_t hold_open(const char *path, int *release)
{
    int ends[2], ready[2];
    char byte = 0;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        close(ends[1]);
        int held = open(path, O_RDONLY);
        ssize_t told = write(ready[1], &byte, 1);
        ssize_t end = held < 0 || told != 1 ? 0 : read(ends[0], &byte, 1);
        _exit(end == 0 ? 0 : 1);
    }
    close(ends[0]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    *release = ends[1];
    return child;
}

static void who_holds_a_file_is_named(void **state)
{
    char path[] = "/tmp/osbundle-holder-XXXXXX", name[64], expected[32];
    int release;
    (void)state;
    int file = mkstemp(path);
    assert_true(file >= 0);
    serial_holder_name(path, name, sizeof name);
    assert_string_equal(name, ""); /* this process itself does not count */
    pid_t child = hold_open(path, &release);
    serial_holder_name(path, name, sizeof name);
    text_format(expected, sizeof expected, " (process %ld)", (long)child);
    assert_true(text_ends_with(name, expected));
    assert_int_not_equal(name[0], ' '); /* it has a name as well */
    close(release);
    waitpid(child, NULL, 0);
    serial_holder_name(path, name, sizeof name);
    assert_string_equal(name, "");
    close(file);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ports_are_listed_in_order),
        cmocka_unit_test(a_transport_without_ports_has_none),
        cmocka_unit_test(what_is_no_port_is_named),
        cmocka_unit_test(a_rate_too_high_for_a_driver_is_refused),
        cmocka_unit_test(who_holds_a_file_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
