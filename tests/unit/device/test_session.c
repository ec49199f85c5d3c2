/*
 * Holding on to a board: mode changes, restarts, and everything that can go wrong while it is away.
 */
#include "unit/device/fake_bus.h"

static fake_bus bus;
static arena keep;
static platform_list platforms;
static osb_error error;
static device *held;

static int set_up(void **state)
{
    (void)state;
    fake_make(&bus);
    platforms = fake_platforms(&keep);
    error = (osb_error){0};
    held = NULL;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    device_close(held);
    assert_int_equal(bus.open_handles, 0);
    fake_make(&bus);
    arena_free(&keep);
    return 0;
}

static fake_board *hold_p2(void)
{
    fake_board *board = fake_add(&bus, 0, "1-1", FAKE_P2, FAKE_ID);
    held = fake_hold(&bus, &platforms, NULL);
    return board;
}

/* After the next reset: gone after a second, back after `dark_ms` as `product_id` on `port`. */
static void comes_back(fake_board *board, uint32_t dark_ms, uint16_t product_id, const char *port)
{
    fake_on_reset(&bus, (fake_event){.at_ms = 1000, .board = board});
    fake_on_reset(&bus, (fake_event){.at_ms = 1000 + dark_ms,
                                     .board = board,
                                     .plugged = true,
                                     .product_id = product_id,
                                     .port = port});
}

static void dfu_mode_is_entered_and_left_again(void **state)
{
    (void)state;
    fake_board *board = hold_p2();
    comes_back(board, 2000, FAKE_P2_DFU, NULL);
    assert_int_equal(device_enter_dfu(held, &error), OSB_OK);
    assert_true(device_in_dfu(held));
    assert_int_equal(bus.now_ms, 3000); /* not a millisecond later than the board itself */
    assert_int_equal(device_enter_dfu(held, &error), OSB_OK);
    bus.on_reset_count = 0;
    comes_back(board, 4000, FAKE_P2, NULL);
    assert_int_equal(device_restart(held, &error), OSB_OK);
    assert_false(device_in_dfu(held));
    assert_int_equal(bus.now_ms, 8000);
    assert_string_equal(device_id(held), FAKE_ID);
}

static void a_board_is_found_on_another_port(void **state)
{
    (void)state;
    fake_board *board = hold_p2();
    fake_add(&bus, 1, "1-2", FAKE_P2, FAKE_OTHER_ID);
    comes_back(board, 2000, FAKE_P2_DFU, "2-7.1");
    assert_int_equal(device_enter_dfu(held, &error), OSB_OK);
    snapshot shot;
    assert_int_equal(device_inspect(held, &shot, &error), OSB_OK);
    assert_string_equal(shot.port, "2-7.1");
    assert_string_equal(shot.device_id, FAKE_ID);
}

static void a_restart_too_quick_to_be_seen_absent_counts(void **state)
{
    (void)state;
    fake_board *board = hold_p2();
    fake_on_reset(&bus, (fake_event){.at_ms = 1000, .board = board, .plugged = true});
    assert_int_equal(device_restart(held, &error), OSB_OK);
    assert_int_equal(bus.now_ms, 1000);
}

static void another_board_on_its_port_is_not_taken_for_it(void **state)
{
    (void)state;
    fake_board *board = hold_p2();
    fake_board *other = fake_add(&bus, 1, "1-1", FAKE_P2_DFU, FAKE_OTHER_ID);
    other->plugged = false;
    comes_back(board, 5000, FAKE_P2_DFU, "1-2");
    fake_on_reset(&bus, (fake_event){.at_ms = 2000, .board = other, .plugged = true});
    unsigned opens = bus.opens;
    assert_int_equal(device_enter_dfu(held, &error), OSB_OK);
    snapshot shot;
    assert_int_equal(device_inspect(held, &shot, &error), OSB_OK);
    assert_string_equal(shot.port, "1-2");
    assert_int_equal(bus.opens, opens + 2); /* the other one was looked at once */
}

static void a_board_that_never_comes_back_ends_in_a_timeout(void **state)
{
    (void)state;
    fake_board *board = hold_p2();
    fake_on_reset(&bus, (fake_event){.at_ms = 1000, .board = board});
    assert_int_equal(device_restart(held, &error), OSB_ERR_TIMEOUT);
    assert_in_range(bus.now_ms, 61000, 70000);
    assert_string_equal(error.subject, FAKE_ID);
    assert_non_null(strstr(error.message, "did not come back within"));
    assert_non_null(strstr(error.hint, "resume"));
    device_mode mode;
    assert_int_equal(device_mode_now(held, &mode, &error), OSB_ERR_DISCONNECTED);
    assert_int_equal(device_restart(held, &error), OSB_ERR_DISCONNECTED);
}

static void sixty_seconds_dark_are_allowed(void **state)
{
    (void)state;
    fake_board *board = hold_p2();
    comes_back(board, 60000, FAKE_P2, NULL);
    assert_int_equal(device_restart(held, &error), OSB_OK);
}

static void a_board_that_does_not_leave_ends_in_a_timeout(void **state)
{
    (void)state;
    hold_p2();
    assert_int_equal(device_restart(held, &error), OSB_ERR_TIMEOUT);
    assert_in_range(bus.now_ms, 30000, 45000);
    assert_non_null(strstr(error.message, "still there"));
}

static void a_board_that_comes_back_as_another_platform_is_an_error(void **state)
{
    (void)state;
    fake_board *board = hold_p2();
    comes_back(board, 2000, FAKE_BORON, NULL);
    assert_int_equal(device_restart(held, &error), OSB_ERR_DEVICE);
    assert_non_null(strstr(error.message, "was a p2 and came back as a boron"));
    assert_int_equal(bus.now_ms, 3000);
}

static void two_boards_with_its_id_elsewhere_are_an_error(void **state)
{
    (void)state;
    fake_board *board = hold_p2();
    fake_add(&bus, 1, "1-5", FAKE_P2, FAKE_ID);
    comes_back(board, 2000, FAKE_P2, "1-4");
    /* The double is plugged in while the board is away. */
    bus.boards[1].plugged = false;
    fake_on_reset(&bus, (fake_event){.at_ms = 3000, .board = &bus.boards[1], .plugged = true});
    assert_int_equal(device_restart(held, &error), OSB_ERR_DEVICE);
    assert_non_null(strstr(error.message, "two boards report the same device id"));
}

static void a_board_that_stays_in_normal_mode_is_reported_and_held(void **state)
{
    (void)state;
    fake_board *board = hold_p2();
    comes_back(board, 2000, FAKE_P2, NULL);
    assert_int_equal(device_enter_dfu(held, &error), OSB_ERR_DEVICE);
    assert_non_null(strstr(error.message, "normal mode instead of DFU"));
    device_mode mode;
    assert_int_equal(device_mode_now(held, &mode, &error), OSB_OK);
    assert_int_equal(mode, MODE_NORMAL);
}

static void a_board_without_a_system_is_reported_and_held_in_dfu(void **state)
{
    (void)state;
    fake_board *board = fake_add(&bus, 0, "1-1", FAKE_P2_DFU, FAKE_ID);
    held = fake_hold(&bus, &platforms, NULL);
    comes_back(board, 500, FAKE_P2_DFU, NULL);
    assert_int_equal(device_restart(held, &error), OSB_ERR_DEVICE);
    assert_non_null(strstr(error.message, "found no system to start"));
    assert_true(device_in_dfu(held));
    device_mode mode;
    assert_int_equal(device_mode_now(held, &mode, &error), OSB_OK);
    assert_int_equal(mode, MODE_DFU);
}

static void trouble_with_a_board_that_is_back_is_named(void **state)
{
    (void)state;
    fake_board *board = hold_p2();
    fake_on_reset(&bus, (fake_event){.at_ms = 1000, .board = board});
    fake_on_reset(&bus,
                  (fake_event){.at_ms = 2000, .board = board, .plugged = true, .forbidden = true});
    assert_int_equal(device_restart(held, &error), OSB_ERR_PERMISSION);
    assert_string_equal(error.hint, "the cure");
    assert_in_range(bus.now_ms, 61000, 70000);
}

static void a_board_that_cannot_be_opened_at_once_is_tried_again(void **state)
{
    (void)state;
    fake_board *board = hold_p2();
    fake_on_reset(&bus, (fake_event){.at_ms = 1000, .board = board});
    fake_on_reset(&bus, (fake_event){.at_ms = 2000,
                                     .board = board,
                                     .plugged = true,
                                     .product_id = FAKE_P2_DFU,
                                     .forbidden = true});
    fake_on_reset(&bus, (fake_event){.at_ms = 8000, .board = board, .plugged = true});
    assert_int_equal(device_enter_dfu(held, &error), OSB_OK);
    assert_int_equal(bus.now_ms, 8000);
}

static void a_board_whose_id_stalls_once_is_still_found(void **state)
{
    (void)state;
    fake_board *board = hold_p2();
    comes_back(board, 2000, FAKE_P2_DFU, NULL);
    board->serial_stalls = 1;
    assert_int_equal(device_enter_dfu(held, &error), OSB_OK);
    assert_in_range(bus.now_ms, 3000, 4000);
    device_close(held);
    device_entry entry;
    assert_int_equal(device_select(&bus.base, &platforms, NULL, &entry, &error), OSB_OK);
    board->serial_stalls = 1;
    assert_int_equal(device_open(&bus.base, &platforms, &entry, NULL, &held, &error), OSB_OK);
    assert_string_equal(device_id(held), FAKE_ID);
}

static void a_lost_board_is_found_again(void **state)
{
    (void)state;
    fake_board *board = hold_p2();
    fake_plug(&bus, board, false);
    device_mode mode;
    assert_int_equal(device_mode_now(held, &mode, &error), OSB_ERR_DISCONNECTED);
    assert_string_equal(error.subject, FAKE_ID);
    fake_schedule(&bus, (fake_event){.at_ms = 3000, .board = board, .plugged = true});
    assert_int_equal(device_reconnect(held, 10000, &error), OSB_OK);
    assert_int_equal(bus.now_ms, 3000);
    assert_int_equal(device_mode_now(held, &mode, &error), OSB_OK);
}

static void boards_without_a_serial_number_are_known_by_port_and_platform(void **state)
{
    (void)state;
    fake_board *board = fake_add(&bus, 0, "1-1", FAKE_P2, "");
    fake_add(&bus, 1, "1-2", FAKE_P2, FAKE_OTHER_ID);
    held = fake_hold(&bus, &platforms, "usb:1-1");
    comes_back(board, 2000, FAKE_P2_DFU, NULL);
    assert_int_equal(device_enter_dfu(held, &error), OSB_OK);
    assert_string_equal(device_id(held), "");
    assert_true(device_in_dfu(held));
}

static void a_known_board_is_not_replaced_by_one_without_serial_number(void **state)
{
    (void)state;
    fake_board *board = hold_p2();
    comes_back(board, 2000, FAKE_P2_DFU, NULL);
    device_mode mode;
    board->serial[0] = '\0';
    assert_int_equal(device_enter_dfu(held, &error), OSB_ERR_TIMEOUT);
    assert_int_equal(device_mode_now(held, &mode, &error), OSB_ERR_DISCONNECTED);
}

static void protected_boards_are_reset_by_the_raw_request(void **state)
{
    (void)state;
    fake_board *board = hold_p2();
    board->results[40] = -1801;
    comes_back(board, 2000, FAKE_P2, NULL);
    assert_int_equal(device_restart(held, &error), OSB_OK);
    assert_int_equal(board->raw_resets, 1);
}

static void a_refused_mode_change_leaves_the_board_held(void **state)
{
    (void)state;
    fake_board *board = hold_p2();
    board->results[50] = -1801;
    assert_int_equal(device_enter_dfu(held, &error), OSB_ERR_PROTECTED);
    assert_int_equal(error.device_code, -1801);
    device_mode mode;
    assert_int_equal(device_mode_now(held, &mode, &error), OSB_OK);
    board->results[50] = 0;
    board->stall_type = 50;
    assert_int_equal(device_enter_dfu(held, &error), OSB_ERR_STALL);
    assert_non_null(strstr(error.hint, "hold MODE"));
}

static census *join_census(void)
{
    census *known;
    assert_int_equal(census_make(&known, &error), OSB_OK);
    device_join_census(held, known);
    return known;
}

/* At 2 s another board comes up on port 1-2, at 5 s the held one on `port`. */
static fake_board *two_come_back(const char *port)
{
    fake_board *board = hold_p2();
    fake_board *other = fake_add(&bus, 1, "1-2", FAKE_P2, FAKE_OTHER_ID);
    other->plugged = false;
    comes_back(board, 4000, FAKE_P2, port);
    fake_on_reset(&bus, (fake_event){.at_ms = 2000, .board = other, .plugged = true});
    return other;
}

static void what_comes_up_where_others_expect_a_board_is_theirs_to_look_at(void **state)
{
    (void)state;
    two_come_back(NULL);
    census *known = join_census();
    census_expect(known, "1-2", true);
    unsigned opens = bus.opens;
    assert_int_equal(device_restart(held, &error), OSB_OK);
    assert_int_equal(bus.opens, opens + 1);
    assert_false(census_is_expected(known, "1-1"));
    device_close(held);
    held = NULL;
    census_free(known);
}

static void an_arrival_that_others_know_is_not_opened(void **state)
{
    (void)state;
    fake_board *other = two_come_back("1-3");
    census *known = join_census();
    usb_identity arrived = other->usb;
    arrived.arrival = bus.arrivals + 1;
    census_note(known, &arrived, FAKE_OTHER_ID);
    unsigned opens = bus.opens;
    assert_int_equal(device_restart(held, &error), OSB_OK);
    assert_int_equal(bus.opens, opens + 1);
    char device_id[DEVICE_ID_SIZE];
    assert_true(census_find(known, &arrived, device_id));
    arrived.arrival++; /* somebody else may have come since */
    assert_false(census_find(known, &arrived, device_id));
    device_close(held);
    held = NULL;
    census_free(known);
}

static void boards_that_swap_ports_are_told_to_each_other(void **state)
{
    (void)state;
    fake_board *board = hold_p2();
    comes_back(board, 4000, FAKE_P2, "1-2");
    census *known = join_census();
    census_expect(known, "1-2", true);
    usb_identity arrived = board->usb;
    arrived.arrival = bus.arrivals + 1;
    text_copy(arrived.port, sizeof arrived.port, "1-2");
    census_note(known, &arrived, FAKE_ID); /* whoever expected his board there found ours */
    assert_int_equal(device_restart(held, &error), OSB_OK);
    assert_string_equal(device_id(held), FAKE_ID);
    device_close(held);
    held = NULL;
    census_free(known);
}

static void the_user_can_stop_a_wait(void **state)
{
    (void)state;
    hold_p2();
    bus.interrupt_waits = true;
    assert_int_equal(device_restart(held, &error), OSB_ERR_INTERRUPTED);
}

static void modes_are_told_apart(void **state)
{
    (void)state;
    fake_board *board = hold_p2();
    device_mode mode;
    board->mode_reply = "08 01";
    assert_int_equal(device_mode_now(held, &mode, &error), OSB_OK);
    assert_int_equal(mode, MODE_LISTENING);
    board->results[72] = -120;
    assert_int_equal(device_mode_now(held, &mode, &error), OSB_OK);
    assert_int_equal(mode, MODE_UNKNOWN);
    board->results[72] = -1801;
    assert_int_equal(device_mode_now(held, &mode, &error), OSB_OK);
    assert_int_equal(mode, MODE_UNKNOWN);
    board->stall_type = 72;
    assert_int_equal(device_mode_now(held, &mode, &error), OSB_ERR_STALL);
}

static void a_simulator_on_a_real_bus_is_known_by_its_maker(void **state)
{
    (void)state;
    fake_board *board = hold_p2();
    assert_false(device_is_simulated(held)); /* the string stalls */
    board->maker = "Particle";
    assert_false(device_is_simulated(held));
    board->maker = "Particle (osbundle simulator)";
    assert_true(device_is_simulated(held));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(dfu_mode_is_entered_and_left_again),
        TEST(a_simulator_on_a_real_bus_is_known_by_its_maker),
        TEST(a_board_is_found_on_another_port),
        TEST(a_restart_too_quick_to_be_seen_absent_counts),
        TEST(another_board_on_its_port_is_not_taken_for_it),
        TEST(a_board_that_never_comes_back_ends_in_a_timeout),
        TEST(sixty_seconds_dark_are_allowed),
        TEST(a_board_that_does_not_leave_ends_in_a_timeout),
        TEST(a_board_that_comes_back_as_another_platform_is_an_error),
        TEST(two_boards_with_its_id_elsewhere_are_an_error),
        TEST(a_board_that_stays_in_normal_mode_is_reported_and_held),
        TEST(a_board_without_a_system_is_reported_and_held_in_dfu),
        TEST(trouble_with_a_board_that_is_back_is_named),
        TEST(a_board_that_cannot_be_opened_at_once_is_tried_again),
        TEST(a_board_whose_id_stalls_once_is_still_found),
        TEST(a_lost_board_is_found_again),
        TEST(boards_without_a_serial_number_are_known_by_port_and_platform),
        TEST(a_known_board_is_not_replaced_by_one_without_serial_number),
        TEST(protected_boards_are_reset_by_the_raw_request),
        TEST(a_refused_mode_change_leaves_the_board_held),
        TEST(what_comes_up_where_others_expect_a_board_is_theirs_to_look_at),
        TEST(an_arrival_that_others_know_is_not_opened),
        TEST(boards_that_swap_ports_are_told_to_each_other),
        TEST(the_user_can_stop_a_wait),
        TEST(modes_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
