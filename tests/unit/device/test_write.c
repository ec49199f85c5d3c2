/* Flash in DFU mode: what is written can be read back, what it costs, and what is never written. */
#include "unit/device/held_fake.h"

static uint8_t content[40 * FAKE_PAGE];

static int fill_content(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (uint8_t)(i * 31 + (i >> 8));
    return 0;
}

/* A board whose flash is neither blank nor what is written. */
static void hold_used(uint16_t product_id)
{
    hold(product_id);
    memset(board->flash, 0x55, board->flash_size);
}

static osb_status write_at(uint32_t address, size_t size)
{
    return device_write_flash(held, 0, address, (span){content, size}, NULL, &error);
}

static void what_was_written_is_read_back(void **state)
{
    static const struct {
        uint32_t address;
        size_t size;
    } cases[] = {{0x08060000, sizeof content},
                 {0x08060000, 1},
                 {0x085f3f90, 49264}, /* an application that does not begin on a page */
                 {0x085fffff, 1},
                 {0x08061000, FAKE_PAGE}};
    (void)state;
    hold_used(FAKE_P2_DFU);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        BUF_OWNED back = buf_make(sizeof content);
        assert_int_equal(write_at(cases[i].address, cases[i].size), OSB_OK);
        assert_int_equal(device_read_flash(held, 0, cases[i].address, (uint32_t)cases[i].size, NULL,
                                           &back, &error),
                         OSB_OK);
        assert_int_equal(back.size, cases[i].size);
        assert_memory_equal(back.data, content, back.size);
    }
    /* Nothing beside the pages that were touched. */
    assert_int_equal(board->flash[0x5ffff], 0x55);
    assert_int_equal(board->flash[0x60000 + sizeof content], 0x55);
    assert_int_equal(board->flash[0x5f2fff], 0x55);
    assert_int_equal(board->flash[0x5f3000], 0xff);
}

static void a_write_costs_three_transfers_a_block_and_page_and_12_more(void **state)
{
    static const struct {
        uint32_t address;
        size_t size;
        unsigned blocks, pages;
    } cases[] = {{0x08060000, 40 * FAKE_PAGE, 40, 40},
                 {0x08060000, 40 * FAKE_PAGE - 1, 40, 40},
                 {0x085f3f90, 49264, 13, 13},
                 {0x08060000, 1, 1, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        set_up(NULL);
        hold_used(FAKE_P2_DFU);
        unsigned before = bus.transfers;
        assert_int_equal(write_at(cases[i].address, cases[i].size), OSB_OK);
        unsigned cost = bus.transfers - before;
        /* The layout 2, the setting chosen, ABORT and status before the first command; the address
         * 3, once: no more than 12. Each page and each block: DNLOAD, busy, done. */
        assert_int_equal(cost, 3 * (cases[i].blocks + cases[i].pages) + 2 + 1 + 2 + 3);
        assert_int_equal(board->written, cases[i].blocks);
        assert_int_equal(board->erased, cases[i].pages);
        assert_int_equal(bus.now_ms, 0); /* and adds no pause of its own */
        device_close(held);
        held = NULL;
    }
}

static void a_read_costs_one_transfer_a_block_and_12_more(void **state)
{
    (void)state;
    hold_used(FAKE_P2_DFU);
    unsigned before = bus.transfers;
    BUF_OWNED back = buf_make(1 << 20);
    assert_int_equal(device_read_flash(held, 0, 0x08060000, 1 << 20, NULL, &back, &error), OSB_OK);
    assert_int_equal(bus.transfers - before, 256 + 2 + 1 + 2 + 3 + 2); /* once more idle: ABORT */
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

static void progress_counts_bytes_from_0_to_all(void **state)
{
    (void)state;
    hold_used(FAKE_P2_DFU);
    seen_progress seen = {0};
    device_progress progress = {note_progress, &seen};
    BUF_OWNED back = buf_make(sizeof content);
    assert_int_equal(
        device_write_flash(held, 0, 0x08060000, (span){content, 10000}, &progress, &error), OSB_OK);
    assert_int_equal(seen.calls, 4);
    assert_int_equal(seen.last, 10000);
    seen = (seen_progress){0};
    assert_int_equal(device_read_flash(held, 0, 0x08060000, 10000, &progress, &back, &error),
                     OSB_OK);
    assert_int_equal(seen.last, 10000);
    assert_int_equal(seen.total, 10000);
}

static void flash_outside_of_dfu_slots_is_never_written(void **state)
{
    static const struct {
        uint16_t product_id;
        uint32_t address;
        size_t size;
    } cases[] = {
        {FAKE_P2_DFU, 0x08000000, 16},            /* MBR */
        {FAKE_P2_DFU, 0x08004000, 16},            /* bootloader */
        {FAKE_P2_DFU, 0x08014000, 16},            /* prebootloader part 1 */
        {FAKE_P2_DFU, 0x0805f000, 16},            /* boot info */
        {FAKE_P2_DFU, 0x0805f000, 2 * FAKE_PAGE}, /* from there into the system part */
        {FAKE_P2_DFU, 0x085ff000, FAKE_PAGE + 1}, /* over the end of the application */
        {FAKE_P2_DFU, 0x08600000, 16},            /* file system */
        {FAKE_BORON_DFU, 0x000f4000, 16},         /* bootloader, although the map says 'g' */
        {FAKE_BORON_DFU, 0x000f3fff, 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        set_up(NULL);
        hold_used(cases[i].product_id);
        assert_int_equal(write_at(cases[i].address, cases[i].size), OSB_ERR_REFUSED);
        assert_int_equal(board->erased + board->written, 0);
        device_close(held);
        held = NULL;
    }
}

static void ranges_that_the_board_does_not_map_are_refused(void **state)
{
    (void)state;
    hold_used(FAKE_BORON_DFU);
    BUF_OWNED back = buf_make(64);
    assert_int_equal(write_at(0, 16), OSB_ERR_REFUSED); /* 'a': read only */
    assert_int_equal(write_at(0xffffff, 16), OSB_ERR_REFUSED);
    assert_int_equal(device_read_flash(held, 0, 0x100000, 1, NULL, &back, &error), OSB_ERR_REFUSED);
    assert_int_equal(device_read_flash(held, 0, 0xffffffff, 2, NULL, &back, &error),
                     OSB_ERR_REFUSED);
    assert_int_equal(device_read_flash(held, 5, 0, 1, NULL, &back, &error), OSB_ERR_NOT_FOUND);
    assert_int_equal(board->erased + board->written, 0);
}

static void the_former_user_part_can_be_blanked(void **state)
{
    (void)state;
    hold_used(FAKE_BORON_DFU);
    memset(content, 0xff, FAKE_PAGE);
    assert_int_equal(write_at(0xd4000, FAKE_PAGE), OSB_OK);
    assert_int_equal(board->flash[0xd4000], 0xff);
    assert_int_equal(board->flash[0xd5000], 0x55);
}

static void protected_boards_are_told_so(void **state)
{
    (void)state;
    hold_used(FAKE_BORON_DFU);
    board->layouts[0] = "@Internal Flash   /0x00000000/256*004Kb";
    BUF_OWNED back = buf_make(64);
    assert_int_equal(write_at(0x30000, 16), OSB_ERR_PROTECTED);
    assert_int_equal(device_read_flash(held, 0, 0x30000, 16, NULL, &back, &error),
                     OSB_ERR_PROTECTED);
}

static void a_failing_write_is_reported_and_the_next_one_works(void **state)
{
    (void)state;
    hold_used(FAKE_P2_DFU);
    board->flash_size = 0x70000; /* the chip ends before the map does */
    assert_int_equal(write_at(0x08080000, 16), OSB_ERR_DEVICE);
    assert_non_null(strstr(error.message, "errADDRESS"));
    assert_int_equal(write_at(0x08060000, 16), OSB_OK);
}

static void reads_do_not_overrun_their_buffer(void **state)
{
    (void)state;
    hold_used(FAKE_P2_DFU);
    BUF_OWNED back = buf_make(100);
    assert_int_equal(device_read_flash(held, 0, 0x08060000, 101, NULL, &back, &error),
                     OSB_ERR_INTERNAL);
}

static bool until_third_block(void *context, uint32_t offset, span block)
{
    *(uint32_t *)context = offset;
    return offset < 2 * block.size;
}

static void a_read_ends_when_enough_is_seen_and_the_next_operation_works(void **state)
{
    (void)state;
    uint32_t offset = 0;
    hold_used(FAKE_P2_DFU);
    unsigned transfers = bus.transfers;
    const device_sink sink = {until_third_block, &offset};
    assert_int_equal(device_scan_flash(held, 0, 0x08060000, 1 << 20, NULL, &sink, &error), OSB_OK);
    assert_int_equal(offset, 2 * FAKE_PAGE);
    assert_in_range(bus.transfers - transfers, 3, 20);
    assert_int_equal(write_at(0x08060000, 16), OSB_OK);
}

static void flash_needs_dfu_mode(void **state)
{
    (void)state;
    hold_used(FAKE_P2);
    BUF_OWNED back = buf_make(100);
    assert_int_equal(write_at(0x08060000, 16), OSB_ERR_REFUSED);
    assert_int_equal(device_read_flash(held, 0, 0x08060000, 1, NULL, &back, &error),
                     OSB_ERR_REFUSED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_was_written_is_read_back),
        TEST(a_write_costs_three_transfers_a_block_and_page_and_12_more),
        TEST(a_read_costs_one_transfer_a_block_and_12_more),
        TEST(progress_counts_bytes_from_0_to_all),
        TEST(flash_outside_of_dfu_slots_is_never_written),
        TEST(ranges_that_the_board_does_not_map_are_refused),
        TEST(the_former_user_part_can_be_blanked),
        TEST(protected_boards_are_told_so),
        TEST(a_failing_write_is_reported_and_the_next_one_works),
        TEST(reads_do_not_overrun_their_buffer),
        TEST(a_read_ends_when_enough_is_seen_and_the_next_operation_works),
        TEST(flash_needs_dfu_mode),
    };
    return cmocka_run_group_tests(tests, fill_content, NULL);
}
