/*
 * A board that misbehaves in every way there is: each ends in an error that names it, within a
 * bounded time, and the board can be used again.
 */
#include "unit/together/held_board.h"

#include "model/module_protect.h"

static const char other_id[] = "e00fce680000000000000001";

/* A board is asked for something while it misbehaves. */
static uint64_t started_ms;

static void start_clock(void)
{
    error = (osb_error){0};
    started_ms = transport_now_ms(bus);
}

static uint64_t elapsed_ms(void)
{
    return transport_now_ms(bus) - started_ms;
}

/* The error that came, word for word, and at most how long it took. */
static void expect_error(osb_status status, osb_status wanted, const char *message,
                         const char *hint, uint64_t limit_ms)
{
    if (status != wanted || !text_equal(error.message, message) || !text_equal(error.hint, hint))
        fail_msg("%s (not %s)\n  %s\n  %s", osb_status_name(status), osb_status_name(wanted),
                 error.message, error.hint);
    assert_string_equal(error.subject, device_id(held));
    if (elapsed_ms() > limit_ms)
        fail_msg("%s: after %llu ms", error.message, (unsigned long long)elapsed_ms());
}

static void arm(sim_fault kind)
{
    start_clock();
    sim_world_set_fault(world, sim_world_operations(world) + 1, kind);
}

/* ---- protection ---- */

/* Gives the board that is held its own release's bootloader, so made that it protects it. */
static void protect(const file_set *same)
{
    module plain;
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    OK(module_parse(file_of(same, MODULE_BOOTLOADER, 0), "plain", &plain, &error));
    OK(module_protect(&plain, "plain", (span){0}, &file, &error));
    OK(sim_board_program(board, buf_span(&file), "protected", &error));
}

static const char unlock[] =
    "put the board into service mode first: 'particle device-protection disable'";

static void a_protected_board_says_so_in_normal_mode(void **state)
{
    FILE_SET_OWNED same = {0};
    (void)state;
    file_set_make(&same, "boron", "6.2.0");
    hold("boron", "6.2.0");
    protect(&same);
    hold_it();
    inspect();
    assert_int_equal(shot.guard, PROTECTION_PROTECTED);
    assert_string_equal(shot.os_version, "6.2.0");
    assert_false(shot.modules_known);
    start_clock();
    expect_error(device_enter_dfu(held, &error), OSB_ERR_PROTECTED,
                 "the board refused to enter DFU mode: Device is in a protected state, action "
                 "prohibited (-1801)",
                 unlock, 100);
    start_clock();
    expect_error(device_update(held, file_of(&same, MODULE_BOOTLOADER, 0), NULL, &error),
                 OSB_ERR_PROTECTED,
                 "the board refused to start the firmware update: Device is in a protected state, "
                 "action prohibited (-1801)",
                 unlock, 100);
    /* It may be restarted all the same. */
    OK(device_restart(held, &error));
}

static void a_protected_board_says_so_in_dfu_mode(void **state)
{
    static const uint8_t block[4096] = {0};
    FILE_SET_OWNED same = {0};
    (void)state;
    file_set_make(&same, "boron", "6.2.0");
    hold("boron", "6.2.0");
    protect(&same);
    sim_board_hold_button(board);
    hold_it();
    inspect();
    assert_int_equal(shot.guard, PROTECTION_PROTECTED);
    assert_int_equal(shot.mode, MODE_DFU);
    start_clock();
    expect_error(device_write_flash(held, 0, 0xb4000, (span){block, 4096}, NULL, &error),
                 OSB_ERR_PROTECTED, "flash is not writable: the board is protected", unlock, 100);
    BUF_OWNED back = buf_make(4096);
    expect_error(device_read_flash(held, 0, 0xb4000, 4096, NULL, &back, &error), OSB_ERR_PROTECTED,
                 "flash is not readable: the board is protected", unlock, 100);
}

static void a_board_in_service_mode_refuses_what_would_weaken_it(void **state)
{
    FILE_SET_OWNED same = {0}, old = {0};
    static const char cure[] = "a board in service mode takes Device OS 6.0.0 and newer only, and "
                               "a bootloader that keeps its protection";
    (void)state;
    file_set_make(&same, "boron", "6.2.0");
    file_set_make(&old, "boron", "5.9.0");
    hold("boron", "6.2.0");
    protect(&same);
    sim_board_open_service(board);
    hold_it();
    inspect();
    assert_int_equal(shot.guard, PROTECTION_SERVICE);
    assert_true(shot.modules_known);
    start_clock();
    expect_error(device_update(held, file_of(&same, MODULE_BOOTLOADER, 0), NULL, &error),
                 OSB_ERR_PROTECTED,
                 "the board refused to finish the firmware update: Device is in a protected state, "
                 "action prohibited (-1801)",
                 cure, 20000);
    OK(device_enter_dfu(held, &error));
    inspect();
    assert_int_equal(shot.guard, PROTECTION_SERVICE);
    span system = file_of(&old, MODULE_SYSTEM_PART, 1);
    start_clock();
    expect_error(device_write_flash(held, 0, 0x30000, system, NULL, &error), OSB_ERR_PROTECTED,
                 "cannot write at 0x00030000: the bootloader reports errVENDOR, Device is in "
                 "protected mode",
                 cure, 60000);
    /* What it takes goes in. */
    span newer = file_of(&same, MODULE_SYSTEM_PART, 1);
    BUF_OWNED back = buf_make(MODULE_FILE_MAX);
    OK(device_write_flash(held, 0, 0x28000, newer, NULL, &error));
    OK(device_read_flash(held, 0, 0x28000, (uint32_t)newer.size, NULL, &back, &error));
    assert_memory_equal(back.data, newer.data, newer.size);
}

/* ---- one bad transfer ---- */

static void one_bad_answer_to_a_request_is_named(void **state)
{
    static const struct {
        sim_fault kind;
        osb_status status;
        const char *message, *hint;
        uint64_t limit_ms;
    } rows[] = {
        {FAULT_STALL, OSB_ERR_STALL, "cannot read the mode: the board refused the transfer",
         "restart the board and try again", 10},
        {FAULT_TIMEOUT, OSB_ERR_TIMEOUT, "cannot read the mode: the board did not answer in time",
         "check cable and hub, plug the board in again and run the same command", 5010},
        {FAULT_SHORT, OSB_ERR_PROTOCOL,
         "cannot read the mode: the board's answer of 4 bytes is no control reply",
         "unplug the board, plug it in and try again", 10},
        {FAULT_UNPLUG, OSB_ERR_DISCONNECTED, "cannot read the mode: the board left the bus",
         "check cable and hub, plug the board in again and run the same command", 10},
        {FAULT_VANISH, OSB_ERR_DISCONNECTED, "cannot read the mode: the board left the bus",
         "check cable and hub, plug the board in again and run the same command", 10},
    };
    device_mode mode;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        hold("p2", "5.9.0");
        arm(rows[i].kind);
        expect_error(device_mode_now(held, &mode, &error), rows[i].status, rows[i].message,
                     rows[i].hint, rows[i].limit_ms);
        tear_down(state);
    }
}

static void one_bad_answer_in_dfu_mode_is_named(void **state)
{
    static const struct {
        sim_fault kind;
        osb_status status;
        const char *message, *hint;
        uint64_t limit_ms;
    } rows[] = {
        {FAULT_STALL, OSB_ERR_STALL, "cannot read the DFU status: the board refused the transfer",
         "restart the board and try again", 500},
        {FAULT_TIMEOUT, OSB_ERR_TIMEOUT,
         "cannot read the DFU status: the board did not answer in time",
         "check cable and hub, plug the board in again and run the same command", 20500},
        {FAULT_SHORT, OSB_ERR_PROTOCOL, "DFU status of 3 bytes is cut short",
         "bring the board into DFU mode again and retry", 500},
        {FAULT_VANISH, OSB_ERR_DISCONNECTED, "cannot read the DFU status: the board left the bus",
         "check cable and hub, plug the board in again and run the same command", 500},
    };
    static const uint8_t block[4096] = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        hold("p2", "5.9.0");
        OK(device_enter_dfu(held, &error));
        OK(device_write_flash(held, 0, 0x085f0000, (span){block, 4096}, NULL, &error));
        start_clock();
        /* Erasing a page: DNLOAD, then the status, which is spoiled. */
        sim_world_set_fault(world, sim_world_operations(world) + 2, rows[i].kind);
        expect_error(device_write_flash(held, 0, 0x085f0000, (span){block, 4096}, NULL, &error),
                     rows[i].status, rows[i].message, rows[i].hint, rows[i].limit_ms);
        tear_down(state);
    }
}

/* Other noise each time: whatever it looks like, it is neither taken for an answer nor a crash. */
static void noise_is_named_by_what_it_spoiled(void **state)
{
    static const uint8_t block[4096] = {0};
    device_mode mode;
    (void)state;
    hold("p2", "5.9.0");
    for (int i = 0; i < 100; i++) {
        arm(FAULT_GARBAGE);
        assert_int_equal(device_mode_now(held, &mode, &error), OSB_ERR_PROTOCOL);
        assert_true(text_starts_with(error.message, "cannot read the mode: "));
        assert_true(elapsed_ms() < 100);
    }
    OK(device_mode_now(held, &mode, &error)); /* no request was left behind */
    OK(device_enter_dfu(held, &error));
    for (int i = 0; i < 100; i++) {
        OK(device_write_flash(held, 0, 0x085f0000, (span){block, 4096}, NULL, &error));
        start_clock();
        sim_world_set_fault(world, sim_world_operations(world) + 2, FAULT_GARBAGE);
        osb_status status =
            device_write_flash(held, 0, 0x085f0000, (span){block, 4096}, NULL, &error);
        assert_true(status == OSB_ERR_DEVICE || status == OSB_ERR_PROTOCOL ||
                    status == OSB_ERR_TIMEOUT);
        assert_true(elapsed_ms() < 31000);
    }
}

/* ---- a bad transfer anywhere ---- */

static osb_status look(void)
{
    device_entry entry;
    device_close(held);
    held = NULL;
    osb_status status = device_select(bus, &platforms, NULL, &entry, &error);
    if (status == OSB_OK)
        status = device_open(bus, &platforms, &entry, NULL, &held, &error);
    return status == OSB_OK ? device_inspect(held, &shot, &error) : status;
}

static osb_status enter_dfu(void)
{
    return device_enter_dfu(held, &error);
}

static osb_status restart(void)
{
    return device_restart(held, &error);
}

static osb_status update(void)
{
    static const uint8_t no_module[3000] = {1};
    osb_status status = device_update(held, (span){no_module, sizeof no_module}, NULL, &error);
    bool judged = status == OSB_ERR_DEVICE && error.device_code == -1300;
    return judged ? OSB_OK : status;
}

static osb_status write_and_read(void)
{
    static const uint8_t content[9000] = {0};
    BUF_OWNED back = buf_make(sizeof content);
    osb_status status = device_enter_dfu(held, &error);
    if (status == OSB_OK)
        status =
            device_write_flash(held, 0, 0x085e0000, (span){content, sizeof content}, NULL, &error);
    if (status == OSB_OK)
        status = device_read_flash(held, 0, 0x085e0000, sizeof content, NULL, &back, &error);
    return status;
}

static const struct {
    const char *name;
    osb_status (*act)(void);
    uint64_t limit_ms; /* for the worst fault; undisturbed all of them take seconds */
} acts[] = {
    {"look", look, 40000},
    {"enter DFU mode", enter_dfu, 75000},
    {"restart", restart, 75000},
    {"update", update, 75000},
    {"write and read", write_and_read, 75000},
};

static void expect_explained(const char *act, uint64_t operation, osb_status status)
{
    if (error.status != status || !error.subject[0] || !error.message[0] || !error.hint[0])
        fail_msg("%s, operation %llu: %s without an explanation: '%s' '%s' '%s'", act,
                 (unsigned long long)operation, osb_status_name(status), error.subject,
                 error.message, error.hint);
}

static void no_bad_transfer_is_endless_or_unexplained(void **state)
{
    static const sim_fault kinds[] = {FAULT_STALL, FAULT_TIMEOUT, FAULT_SHORT, FAULT_GARBAGE,
                                      FAULT_VANISH};
    FILE_SET_OWNED factory = {0};
    file_set_make(&factory, "p2", "5.9.0");
    for (size_t a = 0; a < sizeof acts / sizeof *acts; a++) {
        unsigned failed = 0;
        uint64_t worst_ms = 0, operations = 1;
        for (uint64_t n = 0; n <= operations; n++) {
            for (size_t k = 0; k < (n ? sizeof kinds / sizeof *kinds : 1); k++) {
                board = plug_in(&factory, NULL);
                hold_it();
                start_clock();
                uint64_t before = sim_world_operations(world);
                if (n)
                    sim_world_set_fault(world, before + n, kinds[k]);
                osb_status status = acts[a].act();
                if (!n)
                    operations = sim_world_operations(world) - before;
                if (!n)
                    OK(status);
                if (status != OSB_OK)
                    expect_explained(acts[a].name, n, status);
                if (elapsed_ms() > acts[a].limit_ms)
                    fail_msg("%s, operation %llu: took %llu ms", acts[a].name,
                             (unsigned long long)n, (unsigned long long)elapsed_ms());
                worst_ms = elapsed_ms() > worst_ms ? elapsed_ms() : worst_ms;
                failed += status != OSB_OK;
                /* With the fault gone and the board in hand again it works. */
                if (status != OSB_OK) {
                    sim_board_power_cycle(board);
                    hold_it();
                    OK(acts[a].act());
                }
                tear_down(state);
            }
        }
        print_message("%s: %llu operations, %u errors, at most %llu ms\n", acts[a].name,
                      (unsigned long long)operations, failed, (unsigned long long)worst_ms);
        /* Each at which the board vanishes; a way into DFU mode that is shut has another. */
        assert_true(failed >= operations);
    }
}

/* ---- away ---- */

static void a_board_that_vanishes_while_it_restarts_is_waited_for_a_minute(void **state)
{
    (void)state;
    hold("p2", "5.9.0");
    sim_board_set_defects(board, &(sim_defects){.dark_ms = SIM_DARK_FOREVER});
    start_clock();
    expect_error(device_restart(held, &error), OSB_ERR_TIMEOUT,
                 "the board did not come back within 65 s",
                 "look at its LED: dark, check cable and power, wait a minute, press RESET; lit, "
                 "plug it in again; then run 'osbundle resume'",
                 67000);
    sim_board_power_cycle(board);
    OK(device_reconnect(held, 1000, &error));
}

static void a_minute_of_darkness_is_borne(void **state)
{
    (void)state;
    hold("p2", "5.9.0");
    sim_board_set_defects(board, &(sim_defects){.dark_ms = 60000});
    start_clock();
    OK(device_restart(held, &error));
    assert_in_range(elapsed_ms(), 60000, 64000);
}

static void a_board_that_comes_back_as_another_platform_is_left_alone(void **state)
{
    (void)state;
    hold("boron", "5.9.0");
    sim_board_set_defects(board,
                          &(sim_defects){.returns_as = platform_by_name(&platforms, "argon")});
    start_clock();
    expect_error(device_enter_dfu(held, &error), OSB_ERR_DEVICE,
                 "the board was a boron and came back as a argon on usb:1-1",
                 "write nothing to it, whatever its LED shows: check what was flashed last, and "
                 "the board's markings",
                 5000);
}

static void two_boards_with_one_serial_number_are_told_apart_by_port_only(void **state)
{
    FILE_SET_OWNED factory = {0};
    device_entry entry;
    (void)state;
    file_set_make(&factory, "p2", "5.9.0");
    plug_in(&factory, other_id);
    plug_in(&factory, other_id);
    start_clock();
    assert_int_equal(device_select(bus, &platforms, NULL, &entry, &error), OSB_ERR_USAGE);
    assert_string_equal(error.subject, other_id);
    assert_string_equal(error.message,
                        "2 boards report the same device id: e00fce680000000000000001 on usb:1-1, "
                        "e00fce680000000000000001 on usb:1-2");
    assert_string_equal(error.hint, "unplug one of them, or name one by its port: usb:BUS-PORT");
    assert_int_equal(device_select(bus, &platforms, other_id, &entry, &error), OSB_ERR_USAGE);
    OK(device_select(bus, &platforms, "usb:1-2", &entry, &error));
    assert_string_equal(entry.usb.port, "1-2");
    OK(device_open(bus, &platforms, &entry, NULL, &held, &error));
    OK(device_restart(held, &error));
    inspect();
    assert_string_equal(shot.port, "1-2");
    assert_true(elapsed_ms() < 10000);
}

static void a_board_that_lies_is_not_believed_but_looked_at(void **state)
{
    FILE_SET_OWNED next = {0};
    (void)state;
    file_set_make(&next, "boron", "5.9.0");
    hold("boron", "5.6.0");
    sim_board_set_defects(board, &(sim_defects){.lies = true});
    OK(device_update(held, file_of(&next, MODULE_BOOTLOADER, 0), NULL, &error));
    inspect();
    assert_int_equal(snapshot_find(&shot, (module_slot){MODULE_BOOTLOADER, 0})->version, 2400);
    OK(device_enter_dfu(held, &error));
    span system = file_of(&next, MODULE_SYSTEM_PART, 1);
    BUF_OWNED back = buf_make(MODULE_FILE_MAX);
    OK(device_write_flash(held, 0, 0x30000, system, NULL, &error));
    OK(device_read_flash(held, 0, 0x30000, (uint32_t)system.size, NULL, &back, &error));
    assert_memory_not_equal(back.data, system.data, system.size);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_protected_board_says_so_in_normal_mode, tear_down),
        cmocka_unit_test_teardown(a_protected_board_says_so_in_dfu_mode, tear_down),
        cmocka_unit_test_teardown(a_board_in_service_mode_refuses_what_would_weaken_it, tear_down),
        cmocka_unit_test_teardown(one_bad_answer_to_a_request_is_named, tear_down),
        cmocka_unit_test_teardown(one_bad_answer_in_dfu_mode_is_named, tear_down),
        cmocka_unit_test_teardown(noise_is_named_by_what_it_spoiled, tear_down),
        cmocka_unit_test_teardown(no_bad_transfer_is_endless_or_unexplained, tear_down),
        cmocka_unit_test_teardown(a_board_that_vanishes_while_it_restarts_is_waited_for_a_minute,
                                  tear_down),
        cmocka_unit_test_teardown(a_minute_of_darkness_is_borne, tear_down),
        cmocka_unit_test_teardown(a_board_that_comes_back_as_another_platform_is_left_alone,
                                  tear_down),
        cmocka_unit_test_teardown(two_boards_with_one_serial_number_are_told_apart_by_port_only,
                                  tear_down),
        cmocka_unit_test_teardown(a_board_that_lies_is_not_believed_but_looked_at, tear_down),
    };
    return cmocka_run_group_tests(tests, load_all, free_all);
}
