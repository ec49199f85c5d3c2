/* Updates by control requests: what goes over the wire, what it may cost, how it ends. */
#include "unit/device/held_fake.h"

enum {
    FILE_SIZE = 50152,
    CHUNKS = 49
};

static uint8_t file[FILE_SIZE];

static int set_up_p2(void **state)
{
    set_up(state);
    hold(FAKE_P2);
    return 0;
}

static void comes_back_as(uint16_t product_id)
{
    fake_on_reset(&bus, (fake_event){.at_ms = 1000, .board = board});
    fake_on_reset(
        &bus,
        (fake_event){.at_ms = 9000, .board = board, .plugged = true, .product_id = product_id});
}

typedef struct seen_progress {
    uint64_t calls, last, total;
} seen_progress;

static void note_progress(void *context, uint64_t done, uint64_t total)
{
    seen_progress *seen = context;
    assert_true(seen->calls++ == 0 ? done == 0 : done > seen->last);
    seen->last = done;
    seen->total = total;
}

static osb_status update(void)
{
    return device_update(held, (span){file, sizeof file}, NULL, &error);
}

static void an_update_of_n_chunks_costs_at_most_4n_and_16_transfers(void **state)
{
    (void)state;
    comes_back_as(FAKE_P2);
    unsigned before = bus.transfers;
    seen_progress seen = {0};
    device_progress progress = {note_progress, &seen};
    assert_int_equal(device_update(held, (span){file, sizeof file}, &progress, &error), OSB_OK);
    /* Each chunk: INIT, CHECK that there is room, SEND, CHECK. START 4, FINISH 3; back again:
     * device descriptor, serial number 2, version, RESET of all requests. */
    assert_int_equal(bus.transfers - before, 4 * CHUNKS + 4 + 3 + 5);
    assert_int_equal(board->received, FILE_SIZE);
    assert_int_equal(seen.calls, CHUNKS + 1);
    assert_int_equal(seen.last, FILE_SIZE);
    assert_int_equal(seen.total, FILE_SIZE);
    assert_int_equal(bus.now_ms, 9000);
    assert_false(device_in_dfu(held));
}

static void chunks_obey_the_board(void **state)
{
    (void)state;
    board->chunk_reply = "08 80 02"; /* 256 */
    comes_back_as(FAKE_P2);
    seen_progress seen = {0};
    device_progress progress = {note_progress, &seen};
    assert_int_equal(device_update(held, (span){file, 1000}, &progress, &error), OSB_OK);
    assert_int_equal(seen.calls, 5);
}

static void a_board_that_comes_back_in_dfu_mode_is_no_error(void **state)
{
    (void)state;
    comes_back_as(FAKE_P2_DFU);
    assert_int_equal(update(), OSB_OK);
    assert_true(device_in_dfu(held));
}

static void refusals_come_with_their_code_and_need_no_cancel(void **state)
{
    static const struct {
        uint8_t type;
        int32_t code;
        osb_status status;
    } cases[] = {{250, -1351, OSB_ERR_DEVICE},
                 {253, -219, OSB_ERR_DEVICE},
                 {251, -1340, OSB_ERR_DEVICE},
                 {251, -1801, OSB_ERR_PROTECTED}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memset(board->results, 0, sizeof board->results);
        board->results[cases[i].type] = cases[i].code;
        assert_int_equal(update(), cases[i].status);
        assert_int_equal(error.device_code, cases[i].code);
        assert_string_equal(error.subject, FAKE_ID);
    }
    assert_int_equal(board->cancels, 0);
    device_mode mode;
    assert_int_equal(device_mode_now(held, &mode, &error), OSB_OK); /* still held */
}

/* Refused with this code, restarted, and refused again: it is tried twice, not for ever. */
static void an_application_that_forbids_updates_is_left_behind_once(void **state)
{
    static const int32_t codes[] = {-130, -1380};
    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        bus.on_reset_count = 0;
        comes_back_as(FAKE_P2);
        board->results[250] = codes[i];
        uint64_t before_ms = bus.now_ms;
        assert_int_equal(update(), OSB_ERR_DEVICE);
        assert_int_equal(error.device_code, codes[i]);
        assert_int_equal(bus.now_ms - before_ms, 9000); /* one restart */
    }
}

static void an_update_that_breaks_off_is_cancelled(void **state)
{
    (void)state;
    board->stall_type = 251;
    assert_int_equal(update(), OSB_ERR_STALL);
    assert_int_equal(board->cancels, 1);
}

static void a_board_that_takes_the_update_but_stays_is_a_timeout(void **state)
{
    (void)state;
    assert_int_equal(update(), OSB_ERR_TIMEOUT);
    assert_in_range(bus.now_ms, 60000, 61000);
}

static void ncp_firmware_may_take_four_minutes(void **state)
{
    (void)state;
    module_recipe recipe = {
        .version = 7, .platform_id = 12, .slot = {MODULE_NCP_FIRMWARE, 0}, .body = {file, 1000}};
    BUF_OWNED ncp = buf_make(4096);
    assert_int_equal(module_write(&recipe, &ncp, &error), OSB_OK);
    fake_on_reset(&bus, (fake_event){.at_ms = 230000, .board = board});
    fake_on_reset(&bus, (fake_event){.at_ms = 235000, .board = board, .plugged = true});
    assert_int_equal(device_update(held, buf_span(&ncp), NULL, &error), OSB_OK);
    assert_int_equal(bus.now_ms, 235000);
}

static void updates_need_normal_mode(void **state)
{
    (void)state;
    comes_back_as(FAKE_P2_DFU);
    assert_int_equal(device_enter_dfu(held, &error), OSB_OK);
    assert_int_equal(update(), OSB_ERR_REFUSED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_p2, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_update_of_n_chunks_costs_at_most_4n_and_16_transfers),
        TEST(chunks_obey_the_board),
        TEST(a_board_that_comes_back_in_dfu_mode_is_no_error),
        TEST(refusals_come_with_their_code_and_need_no_cancel),
        TEST(an_application_that_forbids_updates_is_left_behind_once),
        TEST(an_update_that_breaks_off_is_cancelled),
        TEST(a_board_that_takes_the_update_but_stays_is_a_timeout),
        TEST(ncp_firmware_may_take_four_minutes),
        TEST(updates_need_normal_mode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
