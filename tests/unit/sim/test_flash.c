/* What flash can do and cannot. */
#include "unit/sim/bench.h"

static const flash_timing timing = {
    .erase_us = 1000, .erase_us_per_kib = 10, .program_us_per_256 = 256};

static flash make(const char *layout, uint32_t size)
{
    static platform_memory memory;
    flash chip;
    memory = (platform_memory){.name = "test", .layout = layout, .start = 0x08000000, .size = size};
    OK(flash_make(&chip, &memory, &timing, NULL));
    return chip;
}

static void a_new_chip_is_blank(void **state)
{
    (void)state;
    flash chip = make("@Test   /0x08000000/4*004Kg", 16384);
    for (size_t i = 0; i < chip.size; i++)
        assert_int_equal(chip.bytes[i], 0xff);
    flash_free(&chip);
}

static void programming_only_clears_bits_and_erasing_sets_them(void **state)
{
    (void)state;
    static const uint8_t first[] = {0x0f, 0xff, 0x55}, second[] = {0x3c, 0x00, 0xff};
    flash chip = make("@Test   /0x08000000/4*004Kg", 16384);
    flash_program(&chip, 10, (span){first, 3});
    flash_program(&chip, 10, (span){second, 3});
    assert_int_equal(chip.bytes[10], 0x0c);
    assert_int_equal(chip.bytes[11], 0x00);
    assert_int_equal(chip.bytes[12], 0x55);
    flash_erase(&chip, 0, 4096);
    assert_int_equal(chip.bytes[10], 0xff);
    flash_free(&chip);
}

static void sectors_are_those_of_the_layout_text(void **state)
{
    (void)state;
    flash chip =
        make("@Internal Flash   /0x08000000/03*016Ka,01*016Kg,01*064Kg,07*128Kg", 1u << 20);
    flash_run sector = flash_sector(&chip, 0xffff);
    assert_int_equal(sector.start, 0xc000);
    assert_int_equal(sector.end, 0x10000);
    sector = flash_sector(&chip, 0x10000);
    assert_int_equal(sector.end, 0x20000);
    sector = flash_sector(&chip, 0xa1234);
    assert_int_equal(sector.start, 0xa0000);
    assert_int_equal(sector.end, 0xc0000);
    assert_int_equal(flash_sector(&chip, 1u << 20).sector_size, 0);
    flash_free(&chip);
}

static void nothing_outside_the_chip_is_touched(void **state)
{
    (void)state;
    uint8_t bytes[64] = {0};
    uint32_t offset;
    flash chip = make("@Test   /0x08000000/1*004Kg", 4096);
    flash_program(&chip, 4090, (span){bytes, sizeof bytes});
    flash_program(&chip, 5000, (span){bytes, sizeof bytes});
    flash_erase(&chip, 4000, 4096);
    assert_false(flash_holds(&chip, 4090, 64));
    assert_true(flash_holds(&chip, 4032, 64));
    assert_false(flash_offset_of(&chip, 0x07ffffff, &offset));
    assert_false(flash_offset_of(&chip, 0x08001000, &offset));
    assert_true(flash_offset_of(&chip, 0x08000fff, &offset));
    flash_free(&chip);
}

static void operations_take_their_time(void **state)
{
    (void)state;
    flash chip = make("@Test   /0x08000000/4*004Kg", 16384);
    assert_int_equal(flash_erase_us(&chip, 4096), 1040);
    assert_int_equal(flash_program_us(&chip, 4096), 4096);
    assert_int_equal(flash_program_us(&chip, 1), 1);
    flash_free(&chip);
}

static void a_power_cut_leaves_half_a_step(void **state)
{
    (void)state;
    bench b;
    uint8_t zeros[4096] = {0};
    bench_board(&b, "boron", "5.3.1");
    flash *chip = board_memory(b.board, "external");
    work_program(b.board, chip, 0x10000, (span){zeros, sizeof zeros});
    work_tear(b.board);
    assert_int_equal(chip->bytes[0x10000 + 2047], 0);
    assert_int_equal(chip->bytes[0x10000 + 2048], 0xff);
    work_erase(b.board, chip, 0x10000, 4096);
    work_tear(b.board);
    assert_int_equal(chip->bytes[0x10000], 0xff);
    assert_false(work_active(b.board));
    bench_end(&b);
}

static void steps_take_effect_when_their_time_is_over(void **state)
{
    (void)state;
    bench b;
    uint8_t zeros[8192] = {0};
    bench_board(&b, "boron", "5.3.1");
    flash *chip = board_memory(b.board, "external");
    work_program(b.board, chip, 0, (span){zeros, sizeof zeros});
    /* 9.6 ms a page. */
    assert_int_equal(work_rest_us(b.board), 19200);
    OK(transport_wait(b.bus, 9, &b.error));
    assert_int_equal(chip->bytes[0], 0xff);
    OK(transport_wait(b.bus, 1, &b.error));
    assert_int_equal(chip->bytes[0], 0);
    assert_int_equal(chip->bytes[4096], 0xff);
    OK(transport_wait(b.bus, 10, &b.error));
    assert_int_equal(chip->bytes[8191], 0);
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_chip_is_blank),
        cmocka_unit_test(programming_only_clears_bits_and_erasing_sets_them),
        cmocka_unit_test(sectors_are_those_of_the_layout_text),
        cmocka_unit_test(nothing_outside_the_chip_is_touched),
        cmocka_unit_test(operations_take_their_time),
        cmocka_unit_test(a_power_cut_leaves_half_a_step),
        cmocka_unit_test(steps_take_effect_when_their_time_is_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
