/* The update flag: what a board makes of a staged module at its next start. */
#include "unit/sim/bench.h"

enum {
    FLAG = 1753,
    FLAG_SET = 0xa5,
    FLAG_CLEAR = 0xff,
    LONG_MS = 30000,
    /* The system is on the bus after 1.5 s; the slowest copy is through 2 s later. */
    CUT_FROM_MS = 1490,
    CUT_UNTIL_MS = 4000,
    CUT_STEP_MS = 113
};

static const module_slot bootloader = {MODULE_BOOTLOADER, 0};
static const module_dependency no_need = {0};

static uint8_t *flag(const bench *b)
{
    return &board_memory(b->board, "dct")->bytes[FLAG];
}

static uint16_t bootloader_version(const bench *b)
{
    installed found;
    assert_true(installed_find(b->board, bootloader, &found));
    return found.version;
}

/** Puts bytes into flash as a host in DFU mode would have. */
static void stage(const bench *b, const char *memory, uint32_t address, span content)
{
    flash *chip = board_memory(b->board, memory);
    uint32_t offset;
    assert_true(flash_offset_of(chip, address, &offset));
    memset(chip->bytes + offset, 0xff, (content.size + 4095) / 4096 * 4096);
    memcpy(chip->bytes + offset, content.data, content.size);
}

/** Starts the board and waits until it has done all it does by itself. */
static void start(bench *b)
{
    sim_board_power_cycle(b->board);
    OK(transport_wait(b->bus, LONG_MS, &b->error));
}

typedef struct road {
    const char *board, *os, *memory;
    uint32_t address;
    uint16_t version; /**< of the bootloader that is staged */
} road;

/** One board whose flag is set and that finds `version` where its system looks, or does not. */
static uint16_t try_road(const road *taken, uint32_t address)
{
    bench b;
    bench_board(&b, taken->board, taken->os);
    BUF_OWNED file = bench_module(&b, taken->board, bootloader, taken->version, no_need);
    stage(&b, taken->memory, address, buf_span(&file));
    *flag(&b) = FLAG_SET;
    start(&b);
    assert_int_equal(*flag(&b), FLAG_CLEAR);
    assert_true(board_on_bus(b.board));
    uint16_t version = bootloader_version(&b);
    bench_end(&b);
    return version;
}

/* Addresses worked out from flash_mal.h and core_hal.c of each release, not from the manifests. */
static void each_system_finds_it_where_its_release_stages(void **state)
{
    static const road roads[] = {
        {"photon", "1.5.2", "internal", 0x080c0000, 600},
        {"p1", "2.3.1", "internal", 0x080c0000, 1100},
        {"electron", "1.5.2", "internal", 0x080c0000, 600},
        {"boron", "1.5.2", "external", 0x80289000, 700},
        {"argon", "5.4.1", "external", 0x80289000, 2300},
        {"boron", "5.5.0", "external", 0x8024c000, 2400},
        {"bsom", "6.2.0", "external", 0x8024c000, 3200},
        {"xenon", "1.5.2", "external", 0x80289000, 700},
        {"b5som", "1.5.2", "external", 0x80289000, 700},
        {"b5som", "2.0.0", "external", 0x80689000, 1100},
        {"tracker", "5.9.0", "external", 0x80689000, 2800},
        {"esomx", "6.2.0", "external", 0x80689000, 3200},
        {"p2", "5.5.0", "internal", 0x08300000, 2400},
    };
    (void)state;
    for (size_t i = 0; i < sizeof roads / sizeof *roads; i++)
        if (try_road(&roads[i], roads[i].address) != roads[i].version)
            fail_msg("%s@%s does not look at 0x%08x", roads[i].board, roads[i].os,
                     roads[i].address);
}

static void older_rtl872x_systems_look_behind_their_own_end(void **state)
{
    (void)state;
    bench b;
    installed system;
    bench_board(&b, "p2", "5.3.1");
    assert_true(installed_find(b.board, (module_slot){MODULE_SYSTEM_PART, 1}, &system));
    uint32_t address = (system.start + system.size) / 4096 * 4096 + 4096;
    bench_end(&b);
    const road p2 = {"p2", "5.3.1", "internal", address, 2200};
    assert_int_equal(try_road(&p2, address), 2200);
    assert_int_equal(try_road(&p2, 0x08300000), 2101);
}

static void a_wrong_address_fails_silently(void **state)
{
    const road before = {"boron", "5.4.1", "external", 0, 2300};
    const road after = {"boron", "5.5.0", "external", 0, 2400};
    (void)state;
    assert_int_equal(try_road(&before, 0x8024c000), 2210);
    assert_int_equal(try_road(&after, 0x80289000), 2300);
}

static void without_the_flag_a_staged_module_stays_where_it_is(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "5.3.1");
    BUF_OWNED file = bench_module(&b, "boron", bootloader, 2300, no_need);
    stage(&b, "external", 0x80289000, buf_span(&file));
    start(&b);
    assert_int_equal(bootloader_version(&b), 2101);
    bench_end(&b);
}

static void a_flag_without_a_module_is_cleared_and_forgotten(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "5.3.1");
    *flag(&b) = FLAG_SET;
    start(&b);
    assert_int_equal(*flag(&b), FLAG_CLEAR);
    assert_int_equal(b.board->mode, BOARD_NORMAL);
    assert_true(bench_has_reason(&b, "what is staged is refused: -1300"));
    bench_end(&b);
}

/* The danger of a flag that is set while something else lies there. */
static void a_stale_module_is_taken_when_the_flag_is_set(void **state)
{
    (void)state;
    const road stale = {"photon", "2.3.1", "internal", 0x080c0000, 1003};
    assert_int_equal(try_road(&stale, stale.address), 1003);
}

static void a_module_of_another_platform_is_refused(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "photon", "1.5.2");
    BUF_OWNED file = bench_module(&b, "p1", bootloader, 600, no_need);
    stage(&b, "internal", 0x080c0000, buf_span(&file));
    *flag(&b) = FLAG_SET;
    start(&b);
    assert_int_equal(bootloader_version(&b), 502);
    assert_int_equal(*flag(&b), FLAG_CLEAR);
    assert_true(bench_has_reason(&b, "refused: -1360"));
    bench_end(&b);
}

static void a_damaged_module_and_one_with_unmet_needs_are_refused(void **state)
{
    (void)state;
    bench b;
    const module_dependency need = {{MODULE_SYSTEM_PART, 1}, 6000};
    bench_board(&b, "boron", "5.3.1");
    BUF_OWNED damaged = bench_module(&b, "boron", bootloader, 2300, no_need);
    damaged.data[1000] ^= 1;
    stage(&b, "external", 0x80289000, buf_span(&damaged));
    *flag(&b) = FLAG_SET;
    start(&b);
    assert_true(bench_has_reason(&b, "refused: -1330"));
    BUF_OWNED needy = bench_module(&b, "boron", bootloader, 2300, need);
    stage(&b, "external", 0x80289000, buf_span(&needy));
    *flag(&b) = FLAG_SET;
    start(&b);
    assert_true(bench_has_reason(&b, "refused: -1340"));
    assert_int_equal(bootloader_version(&b), 2101);
    bench_end(&b);
}

static void systems_before_1_2_1_do_not_look_at_the_flag(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "photon", "1.5.2");
    for (uint8_t index = 1; index <= 2; index++) {
        BUF_OWNED old =
            bench_module(&b, "photon", (module_slot){MODULE_SYSTEM_PART, index}, 1211, no_need);
        OK(sim_board_program(b.board, buf_span(&old), "old", &b.error));
    }
    BUF_OWNED file = bench_module(&b, "photon", bootloader, 600, no_need);
    stage(&b, "internal", 0x080c0000, buf_span(&file));
    *flag(&b) = FLAG_SET;
    start(&b);
    assert_int_equal(*flag(&b), FLAG_SET);
    assert_int_equal(bootloader_version(&b), 502);
    bench_end(&b);
}

static void on_the_way_into_dfu_mode_the_flag_is_left_alone(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "5.3.1");
    *flag(&b) = FLAG_SET;
    sim_board_hold_button(b.board);
    OK(transport_wait(b.bus, LONG_MS, &b.error));
    assert_int_equal(b.board->mode, BOARD_DFU);
    assert_int_equal(*flag(&b), FLAG_SET);
    bench_end(&b);
}

/** Cuts the power all along what a start does with the flag. Counts dead boards. */
static unsigned cut_everywhere(const road *taken, uint16_t before)
{
    unsigned dead = 0;
    for (uint32_t at_ms = CUT_FROM_MS; at_ms < CUT_UNTIL_MS; at_ms += CUT_STEP_MS) {
        bench b;
        bench_board(&b, taken->board, taken->os);
        BUF_OWNED file = bench_module(&b, taken->board, bootloader, taken->version, no_need);
        stage(&b, taken->memory, taken->address, buf_span(&file));
        *flag(&b) = FLAG_SET;
        board_power_cycle(b.board);
        OK(transport_wait(b.bus, at_ms, &b.error));
        start(&b);
        if (b.board->mode == BOARD_DEAD) {
            dead++;
        } else {
            uint16_t now = bootloader_version(&b);
            if (now != before && now != taken->version)
                fail_msg("%s: after %u ms the bootloader is %u", taken->board, at_ms, now);
            assert_int_equal(*flag(&b), FLAG_CLEAR);
        }
        bench_end(&b);
    }
    return dead;
}

static void a_power_cut_in_the_copy_kills_only_what_overwrites_itself(void **state)
{
    static const road gen2 = {"photon", "1.5.2", "internal", 0x080c0000, 600};
    static const road old_nrf = {"boron", "1.5.2", "external", 0x80289000, 1003};
    static const road new_nrf = {"boron", "2.2.0", "external", 0x80289000, 1100};
    (void)state;
    assert_true(cut_everywhere(&gen2, 502) > 0);
    assert_true(cut_everywhere(&old_nrf, 502) > 0);
    assert_int_equal(cut_everywhere(&new_nrf, 1006), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_system_finds_it_where_its_release_stages),
        cmocka_unit_test(older_rtl872x_systems_look_behind_their_own_end),
        cmocka_unit_test(a_wrong_address_fails_silently),
        cmocka_unit_test(without_the_flag_a_staged_module_stays_where_it_is),
        cmocka_unit_test(a_flag_without_a_module_is_cleared_and_forgotten),
        cmocka_unit_test(a_stale_module_is_taken_when_the_flag_is_set),
        cmocka_unit_test(a_module_of_another_platform_is_refused),
        cmocka_unit_test(a_damaged_module_and_one_with_unmet_needs_are_refused),
        cmocka_unit_test(systems_before_1_2_1_do_not_look_at_the_flag),
        cmocka_unit_test(on_the_way_into_dfu_mode_the_flag_is_left_alone),
        cmocka_unit_test(a_power_cut_in_the_copy_kills_only_what_overwrites_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
