/* The serial console: magic rates, the letters of listening mode, and how it is when nobody reads.
 */
#include "unit/sim/bench.h"

#include "sim/protection.h"
#include "transport/serial.h"

enum {
    SYSTEM_0_4_9 = 11,
    SYSTEM_0_5_5 = 23,
    SYSTEM_0_8_0_RC_1 = 300,
    START_LISTENING = 70
};

static const module_dependency no_need = {0};

/** Puts an older system part than any known release's into every place of one. */
static void program_system(bench *b, const char *platform_name, uint16_t version)
{
    for (uint8_t index = 1; index <= 2; index++) {
        BUF_OWNED file = bench_module(b, platform_name, (module_slot){MODULE_SYSTEM_PART, index},
                                      version, no_need);
        OK(sim_board_program(b->board, buf_span(&file), "test", &b->error));
    }
}

static serial_port *open_console(bench *b, uint32_t rate)
{
    serial_port *port;
    OK(serial_open(b->bus, "sim:1-1", rate, &port, &b->error));
    return port;
}

/** Says `letters` and hears what comes within half a minute, up to a second of silence. */
static void converse(bench *b, serial_port *port, const char *letters, char *heard, size_t capacity)
{
    uint8_t bytes[64];
    size_t count, used = 0;
    OK(serial_write(port, (span){(const uint8_t *)letters, strlen(letters)}, 1000, &b->error));
    OK(serial_drain(port, 1000, &b->error));
    OK(serial_read(port, bytes, sizeof bytes, 30000, &count, &b->error));
    while (count && used + count < capacity) {
        memcpy(heard + used, bytes, count);
        used += count;
        OK(serial_read(port, bytes, sizeof bytes, 1000, &count, &b->error));
    }
    heard[used] = '\0';
}

static void a_console_is_listed_as_the_boards_own(void **state)
{
    serial_identity ports[4];
    size_t count;
    (void)state;
    bench b;
    bench_board(&b, "photon", "2.3.1");
    OK(serial_list(b.bus, ports, 4, &count, &b.error));
    assert_int_equal(count, 1);
    assert_string_equal(ports[0].path, "sim:1-1");
    assert_string_equal(ports[0].usb_port, "1-1");
    assert_string_equal(ports[0].serial_number, b.board->device_id);
    assert_string_equal(ports[0].product, "Photon");
    assert_int_equal(ports[0].product_id, 0xc006);
    bench_open_dfu(&b);
    OK(serial_list(b.bus, ports, 4, &count, &b.error));
    assert_int_equal(count, 0); /* bootloaders have none */
    bench_end(&b);
}

static void a_rate_brings_every_board_into_dfu_mode(void **state)
{
    static const char *const boards[][2] = {
        {"photon", "2.3.1"}, {"electron", "3.3.1"}, {"boron", "6.2.0"}, {"p2", "5.3.1"}};
    (void)state;
    for (size_t i = 0; i < sizeof boards / sizeof *boards; i++) {
        bench b;
        bench_board(&b, boards[i][0], boards[i][1]);
        serial_port *port = open_console(&b, 14401);
        OK(transport_wait(b.bus, 5000, &b.error));
        assert_int_equal(b.board->mode, BOARD_NORMAL);
        OK(serial_set_rate(port, 14400, &b.error));
        bench_await(&b, BOARD_DFU, 5000);
        assert_int_equal(serial_set_rate(port, 9600, &b.error), OSB_ERR_DISCONNECTED);
        serial_close(port);
        bench_end(&b);
    }
}

/** Not established for real boards: the harsher reading. */
static void a_protected_board_has_no_console(void **state)
{
    uint8_t byte;
    size_t count;
    (void)state;
    bench b;
    bench_board(&b, "boron", "6.2.0");
    BUF_OWNED bootloader = bench_protected_bootloader(&b);
    OK(sim_board_program(b.board, buf_span(&bootloader), "test", &b.error));
    assert_int_equal(protection_of(b.board), PROTECTION_PROTECTED);
    serial_port *port = open_console(&b, 14400);
    OK(serial_write(port, (span){(const uint8_t *)"v", 1}, 100, &b.error));
    OK(serial_read(port, &byte, 1, 5000, &count, &b.error));
    assert_int_equal(count, 0);
    assert_int_not_equal(b.board->mode, BOARD_DFU);
    serial_close(port);
    bench_end(&b);
}

static void systems_before_0_6_0_have_no_vendor_requests(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "photon", "2.3.1");
    program_system(&b, "photon", SYSTEM_0_5_5);
    bench_open(&b);
    bench_refused(&b, "c0 50 00 00 1e 00 40 00", NULL);
    bench_refused(&b, "c0 01 00 00 32 00 40 00", NULL);
    serial_port *port = open_console(&b, 14400);
    bench_await(&b, BOARD_DFU, 5000);
    serial_close(port);
    bench_end(&b);
}

static void systems_before_0_8_0_have_no_request_channel(void **state)
{
    char answer[256];
    (void)state;
    bench b;
    bench_board(&b, "photon", "2.3.1");
    program_system(&b, "photon", SYSTEM_0_8_0_RC_1);
    bench_open(&b);
    bench_refused(&b, "c0 01 00 00 32 00 40 00", NULL);
    OK(bench_transfer(&b, "c0 50 00 00 1e 00 40 00", NULL, answer, sizeof answer));
    bench_end(&b);
}

static void a_rate_begins_listening_mode_up_to_5_9_0(void **state)
{
    static const struct {
        const char *platform, *version;
        bool listens;
    } cases[] = {{"photon", "2.3.1", true},
                 {"boron", "4.2.0", true},
                 {"p2", "5.9.0", true},
                 {"p2", "6.2.0", false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bench b;
        bench_board(&b, cases[i].platform, cases[i].version);
        serial_port *port = open_console(&b, 28800);
        assert_int_equal(b.board->mode, BOARD_NORMAL); /* it leaves its networks first */
        OK(transport_wait(b.bus, 10000, &b.error));
        assert_int_equal(b.board->mode, cases[i].listens ? BOARD_LISTENING : BOARD_NORMAL);
        serial_close(port);
        bench_end(&b);
    }
    bench b;
    bench_board(&b, "photon", "2.3.1");
    program_system(&b, "photon", SYSTEM_0_4_9);
    serial_close(open_console(&b, 28800));
    OK(transport_wait(b.bus, 10000, &b.error));
    assert_int_equal(b.board->mode, BOARD_SAFE); /* its application needs a newer system */
    bench_end(&b);
}

static void a_listening_board_tells_who_it_is(void **state)
{
    char heard[512], expected[256];
    (void)state;
    bench b;
    bench_board(&b, "photon", "2.3.1");
    serial_port *port = open_console(&b, 28800);
    OK(transport_wait(b.bus, 5000, &b.error));
    converse(&b, port, "i", heard, sizeof heard);
    text_format(expected, sizeof expected, "Your device id is %s\r\n", b.board->device_id);
    assert_string_equal(heard, expected);
    converse(&b, port, "\nqv", heard, sizeof heard); /* what it does not know is swallowed */
    assert_string_equal(heard, "system firmware version: 2.3.1\n\r\n");
    converse(&b, port, "mc", heard, sizeof heard);
    text_format(expected, sizeof expected,
                "Your device MAC address is\r\ne0:4f:43:%.2s:%.2s:%.2s\r\nDevice claimed: no\r\n",
                b.board->device_id + 18, b.board->device_id + 20, b.board->device_id + 22);
    assert_string_equal(heard, expected);
    OK(serial_write(port, (span){(const uint8_t *)"x", 1}, 100, &b.error));
    OK(transport_wait(b.bus, 100, &b.error));
    assert_int_equal(b.board->mode, BOARD_NORMAL);
    serial_close(port);
    bench_end(&b);
}

static void a_letter_starts_the_board_again_to_listen(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "photon", "2.3.1");
    serial_port *port = open_console(&b, 28800);
    OK(transport_wait(b.bus, 5000, &b.error));
    const uint32_t arrival = b.board->arrival;
    OK(serial_write(port, (span){(const uint8_t *)"L", 1}, 100, &b.error));
    OK(transport_wait(b.bus, 5000, &b.error));
    serial_close(port);
    assert_int_not_equal(b.board->arrival, arrival);
    assert_int_equal(b.board->mode, BOARD_LISTENING);
    assert_true(b.board->running.safe);
    assert_true(bench_has_reason(&b, "listening mode was asked for"));
    bench_end(&b);
}

static void a_cellular_board_needs_its_modem_to_tell(void **state)
{
    char heard[512];
    (void)state;
    bench b;
    bench_board(&b, "boron", "4.2.0");
    bench_open(&b);
    assert_int_equal(bench_empty_request(&b, START_LISTENING), 0);
    serial_port *port = open_console(&b, 9600);
    const uint64_t began_ms = transport_now_ms(b.bus);
    converse(&b, port, "i", heard, sizeof heard);
    assert_in_range(transport_now_ms(b.bus) - began_ms, 18000, 20000);
    assert_true(text_starts_with(heard, "Device ID: "));
    assert_non_null(strstr(heard, b.board->device_id));
    assert_non_null(strstr(heard, "\r\nIMEI: "));
    assert_non_null(strstr(heard, "\r\nICCID: "));
    serial_close(port);
    bench_end(&b);
}

static void what_no_application_reads_fills_up(void **state)
{
    static const uint8_t noise[CONSOLE_RECEIVE_SIZE] = {0};
    char heard[512];
    (void)state;
    bench b;
    bench_board(&b, "photon", "2.3.1");
    serial_port *port = open_console(&b, 9600);
    OK(serial_write(port, (span){noise, sizeof noise - 1}, 1000, &b.error));
    OK(serial_write(port, (span){(const uint8_t *)"v", 1}, 1000, &b.error));
    assert_int_equal(serial_write(port, (span){noise, 1}, 1000, &b.error), OSB_ERR_TIMEOUT);
    OK(serial_set_rate(port, 28800, &b.error)); /* listening mode finds it all */
    OK(transport_wait(b.bus, 5000, &b.error));
    converse(&b, port, "", heard, sizeof heard);
    assert_string_equal(heard, "system firmware version: 2.3.1\n\r\n");
    serial_close(port);
    bench_end(&b);
}

static void a_port_belongs_to_one_and_to_one_arrival(void **state)
{
    serial_port *second;
    uint8_t byte;
    size_t count;
    (void)state;
    bench b;
    bench_board(&b, "photon", "2.3.1");
    serial_port *port = open_console(&b, 9600);
    assert_int_equal(serial_open(b.bus, "sim:1-1", 9600, &second, &b.error), OSB_ERR_BUSY);
    assert_int_equal(serial_open(b.bus, "sim:1-2", 9600, &second, &b.error), OSB_ERR_NOT_FOUND);
    sim_board_power_cycle(b.board);
    assert_int_equal(serial_read(port, &byte, 1, 10, &count, &b.error), OSB_ERR_DISCONNECTED);
    OK(serial_open(b.bus, "sim:1-1", 9600, &second, &b.error));
    serial_close(port);
    assert_int_equal(serial_open(b.bus, "sim:1-1", 9600, &port, &b.error), OSB_ERR_BUSY);
    serial_close(second);
    bench_end(&b);
}

static void faults_meet_serial_ports_too(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "photon", "2.3.1");
    serial_port *port = open_console(&b, 9600);
    sim_world_set_fault(b.world, sim_world_operations(b.world) + 1, FAULT_UNPLUG);
    assert_int_equal(serial_set_rate(port, 14400, &b.error), OSB_ERR_DISCONNECTED);
    serial_close(port);
    OK(transport_wait(b.bus, 5000, &b.error));
    assert_int_equal(b.board->mode, BOARD_NORMAL);
    port = open_console(&b, 9600);
    sim_world_set_fault(b.world, sim_world_operations(b.world) + 1, FAULT_HOST_GONE);
    assert_int_equal(serial_set_rate(port, 14400, &b.error), OSB_ERR_INTERRUPTED);
    serial_close(port);
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_console_is_listed_as_the_boards_own),
        cmocka_unit_test(a_rate_brings_every_board_into_dfu_mode),
        cmocka_unit_test(a_protected_board_has_no_console),
        cmocka_unit_test(systems_before_0_6_0_have_no_vendor_requests),
        cmocka_unit_test(systems_before_0_8_0_have_no_request_channel),
        cmocka_unit_test(a_rate_begins_listening_mode_up_to_5_9_0),
        cmocka_unit_test(a_listening_board_tells_who_it_is),
        cmocka_unit_test(a_letter_starts_the_board_again_to_listen),
        cmocka_unit_test(a_cellular_board_needs_its_modem_to_tell),
        cmocka_unit_test(what_no_application_reads_fills_up),
        cmocka_unit_test(a_port_belongs_to_one_and_to_one_arrival),
        cmocka_unit_test(faults_meet_serial_ports_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
