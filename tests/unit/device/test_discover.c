/* Which boards are there, and which one a selector means. */
#include "unit/device/fake_bus.h"

static fake_bus bus;
static arena keep;
static platform_list platforms;
static osb_error error;

static int set_up(void **state)
{
    (void)state;
    fake_make(&bus);
    platforms = fake_platforms(&keep);
    error = (osb_error){0};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assert_int_equal(bus.open_handles, 0);
    fake_make(&bus);
    arena_free(&keep);
    return 0;
}

static osb_status select_board(const char *selector, device_entry *entry)
{
    return device_select(&bus.base, &platforms, selector, entry, &error);
}

static void boards_are_listed_in_any_mode_and_others_left_out(void **state)
{
    (void)state;
    fake_add(&bus, 0, "1-1", FAKE_P2, FAKE_ID);
    fake_add(&bus, 1, "1-2", FAKE_BORON_DFU, "E00FCE68FFFFFFFFFFFFFFFF");
    fake_add(&bus, 2, "1-3", 0x1234, "mouse");
    device_entry found[4];
    size_t count;
    assert_int_equal(device_discover(&bus.base, &platforms, found, 4, &count, &error), OSB_OK);
    assert_int_equal(count, 2);
    assert_string_equal(found[0].board->name, "p2");
    assert_string_equal(found[0].device_id, FAKE_ID);
    assert_false(found[0].in_dfu);
    assert_string_equal(found[1].board->name, "boron");
    assert_string_equal(found[1].device_id, FAKE_OTHER_ID); /* lower case */
    assert_true(found[1].in_dfu);
    assert_int_equal(bus.opens, 2); /* the mouse is left in peace */
    assert_int_equal(device_discover(&bus.base, &platforms, found, 1, &count, &error), OSB_OK);
    assert_int_equal(count, 1);
}

static void boards_that_cannot_be_opened_are_listed_with_the_reason(void **state)
{
    (void)state;
    fake_add(&bus, 0, "1-1", FAKE_P2, FAKE_ID)->open_status = OSB_ERR_PERMISSION;
    device_entry found[4];
    size_t count;
    assert_int_equal(device_discover(&bus.base, &platforms, found, 4, &count, &error), OSB_OK);
    assert_int_equal(count, 1);
    assert_int_equal(found[0].trouble, OSB_ERR_PERMISSION);
    assert_string_equal(found[0].device_id, "");
    device_entry entry;
    assert_int_equal(select_board("e00f", &entry), OSB_ERR_NOT_FOUND);
    assert_non_null(strstr(error.hint, "permission"));
    assert_int_equal(select_board(NULL, &entry), OSB_OK);
    device *held;
    assert_int_equal(device_open(&bus.base, &platforms, &entry, NULL, &held, &error),
                     OSB_ERR_PERMISSION);
    assert_string_equal(error.hint, "the cure");
}

static void serial_numbers_that_are_no_device_id_are_not_taken_for_one(void **state)
{
    static const char *const serials[] = {"", "e00f", "zzzzzzzzzzzzzzzzzzzzzzzz", FAKE_ID "00",
                                          "e00fce68123456789abcdef"};
    (void)state;
    for (size_t i = 0; i < sizeof serials / sizeof *serials; i++) {
        fake_make(&bus);
        fake_add(&bus, 0, "1-1", FAKE_P2, serials[i]);
        device_entry entry;
        assert_int_equal(select_board(NULL, &entry), OSB_OK);
        assert_string_equal(entry.device_id, "");
    }
    fake_make(&bus);
    fake_add(&bus, 0, "1-1", FAKE_P2, "\001" FAKE_ID " ");
    device_entry entry;
    assert_int_equal(select_board(NULL, &entry), OSB_OK);
    assert_string_equal(entry.device_id, FAKE_ID);
}

static void selectors_name_by_id_beginning_or_port(void **state)
{
    (void)state;
    fake_add(&bus, 0, "1-1", FAKE_P2, FAKE_ID);
    fake_add(&bus, 1, "1-1.4", FAKE_BORON, FAKE_OTHER_ID);
    device_entry entry;
    assert_int_equal(select_board(FAKE_ID, &entry), OSB_OK);
    assert_string_equal(entry.usb.port, "1-1");
    assert_int_equal(select_board("E00FCE68F", &entry), OSB_OK);
    assert_string_equal(entry.usb.port, "1-1.4");
    assert_int_equal(select_board("usb:1-1", &entry), OSB_OK);
    assert_string_equal(entry.device_id, FAKE_ID);
    assert_int_equal(select_board("usb:1-1.4", &entry), OSB_OK);
    assert_string_equal(entry.device_id, FAKE_OTHER_ID);
    assert_int_equal(select_board("e00fce69", &entry), OSB_ERR_NOT_FOUND);
    assert_int_equal(select_board("usb:1-9", &entry), OSB_ERR_NOT_FOUND);
    assert_int_equal(select_board("", &entry), OSB_ERR_NOT_FOUND);
}

static void several_boards_are_never_chosen_from(void **state)
{
    (void)state;
    fake_add(&bus, 0, "1-1", FAKE_P2, FAKE_ID);
    fake_add(&bus, 1, "1-2", FAKE_BORON, FAKE_OTHER_ID);
    device_entry entry;
    assert_int_equal(select_board(NULL, &entry), OSB_ERR_USAGE);
    assert_non_null(strstr(error.message, FAKE_ID " on usb:1-1"));
    assert_non_null(strstr(error.message, FAKE_OTHER_ID " on usb:1-2"));
    assert_int_equal(select_board("e00fce68", &entry), OSB_ERR_USAGE);
    assert_string_equal(error.subject, "e00fce68");
}

static void two_boards_with_one_id_are_an_error_with_a_name(void **state)
{
    (void)state;
    fake_add(&bus, 0, "1-1", FAKE_P2, FAKE_ID);
    fake_add(&bus, 1, "1-2", FAKE_P2, FAKE_ID);
    device_entry entry;
    assert_int_equal(select_board(FAKE_ID, &entry), OSB_ERR_USAGE);
    assert_non_null(strstr(error.message, "2 boards report the same device id"));
    assert_string_equal(error.subject, FAKE_ID);
    assert_int_equal(select_board("usb:1-2", &entry), OSB_OK);
}

static void an_empty_bus_says_so(void **state)
{
    device_entry entry;
    (void)state;
    assert_int_equal(select_board(NULL, &entry), OSB_ERR_NOT_FOUND);
    assert_string_equal(error.message, "no Particle board on USB");
}

static void another_board_on_the_port_is_not_opened_in_its_place(void **state)
{
    (void)state;
    fake_board *board = fake_add(&bus, 0, "1-1", FAKE_P2, FAKE_ID);
    device_entry entry;
    device *held;
    assert_int_equal(select_board(NULL, &entry), OSB_OK);
    text_copy(board->serial, sizeof board->serial, FAKE_OTHER_ID);
    assert_int_equal(device_open(&bus.base, &platforms, &entry, NULL, &held, &error),
                     OSB_ERR_DISCONNECTED);
    assert_null(held);
    fake_plug(&bus, board, true); /* another arrival */
    assert_int_equal(device_open(&bus.base, &platforms, &entry, NULL, &held, &error),
                     OSB_ERR_DISCONNECTED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(boards_are_listed_in_any_mode_and_others_left_out),
        TEST(boards_that_cannot_be_opened_are_listed_with_the_reason),
        TEST(serial_numbers_that_are_no_device_id_are_not_taken_for_one),
        TEST(selectors_name_by_id_beginning_or_port),
        TEST(several_boards_are_never_chosen_from),
        TEST(two_boards_with_one_id_are_an_error_with_a_name),
        TEST(an_empty_bus_says_so),
        TEST(another_board_on_the_port_is_not_opened_in_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
