/* Layout strings of real bootloaders, and strings that no parser should fall for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "protocol/dfuse_map.h"

static void rtl_flash_is_one_segment(void **state)
{
    dfuse_map map;
    dfuse_sector sector;
    (void)state;
    assert_true(dfuse_map_parse("@Internal Flash   /0x08000000/2048*004Kg", &map));
    assert_string_equal(map.name, "Internal Flash");
    assert_int_equal(map.count, 1);
    assert_true(dfuse_map_sector(&map, 0x085f3f90, &sector));
    assert_int_equal(sector.start, 0x085f3000);
    assert_int_equal(sector.size, 4096);
    assert_true(sector.readable && sector.erasable && sector.writable);
    assert_true(dfuse_map_sector(&map, 0x087fffff, &sector));
    assert_false(dfuse_map_sector(&map, 0x08800000, &sector));
    assert_false(dfuse_map_sector(&map, 0x07ffffff, &sector));
}

static void nrf_flash_tells_readable_from_writable(void **state)
{
    dfuse_map map;
    dfuse_sector sector;
    (void)state;
    assert_true(dfuse_map_parse(
        "@Internal Flash   /0x00000000/1*004Ka,47*004Kg,192*004Kg,4*004Kg,4*004Kg,8*004Ka", &map));
    assert_int_equal(map.count, 6);
    assert_true(dfuse_map_sector(&map, 0xfff, &sector));
    assert_true(sector.readable);
    assert_false(sector.writable || sector.erasable);
    assert_true(dfuse_map_sector(&map, 0x1000, &sector));
    assert_true(sector.writable && sector.erasable);
    assert_true(dfuse_map_sector(&map, 0xf8000, &sector));
    assert_false(sector.writable);
    assert_false(dfuse_map_sector(&map, 0x100000, &sector));
    assert_true(dfuse_map_allows(&map, 0x28000, 0x8c000, DFUSE_WRITE));
    assert_false(dfuse_map_allows(&map, 0xf7000, 0x1001, DFUSE_WRITE));
    assert_true(dfuse_map_allows(&map, 0, 0x100000, DFUSE_READ));
    assert_false(dfuse_map_allows(&map, 0, 0x100001, DFUSE_READ));
    assert_false(dfuse_map_allows(&map, 0xffffff00, 0x200, DFUSE_READ));
}

static void stm32_sectors_differ_in_size(void **state)
{
    dfuse_map map;
    dfuse_sector sector;
    (void)state;
    assert_true(
        dfuse_map_parse("@Internal Flash   /0x08000000/03*016Ka,01*016Kg,01*064Kg,07*128Kg", &map));
    assert_true(dfuse_map_sector(&map, 0x0801ffff, &sector));
    assert_int_equal(sector.start, 0x08010000);
    assert_int_equal(sector.size, 0x10000);
    assert_true(dfuse_map_sector(&map, 0x08020001, &sector));
    assert_int_equal(sector.start, 0x08020000);
    assert_int_equal(sector.size, 0x20000);
    assert_true(dfuse_map_sector(&map, 0x080fffff, &sector));
    assert_false(dfuse_map_sector(&map, 0x08100000, &sector));
}

static void other_real_layouts_parse(void **state)
{
    dfuse_map map;
    dfuse_sector sector;
    (void)state;
    assert_true(dfuse_map_parse("@DCT Flash   /0x00000000/1*016Ke", &map));
    assert_true(dfuse_map_sector(&map, 0, &sector));
    assert_true(sector.readable && sector.writable && !sector.erasable);
    assert_true(dfuse_map_parse("@External Flash   /0x80000000/2048*004Kg", &map));
    assert_true(dfuse_map_allows(&map, 0x807fffff, 1, DFUSE_WRITE));
    assert_true(dfuse_map_parse("@Serial Flash   /0x00000000/256*004Kg", &map));
}

static void several_groups_units_and_letters_parse(void **state)
{
    dfuse_map map;
    dfuse_sector sector;
    (void)state;
    assert_true(
        dfuse_map_parse("@Odd /0x1000/2*512 a,1*1024Bc/0x08000000/1*001Mf/0x90000000/4*16d", &map));
    assert_int_equal(map.count, 4);
    assert_true(dfuse_map_sector(&map, 0x13ff, &sector));
    assert_int_equal(sector.start, 0x1200);
    assert_true(dfuse_map_sector(&map, 0x1400, &sector));
    assert_int_equal(sector.size, 1024);
    assert_true(sector.readable && sector.erasable && !sector.writable); /* c = 3 */
    assert_true(dfuse_map_sector(&map, 0x080fffff, &sector));
    assert_true(!sector.readable && sector.erasable && sector.writable); /* f = 6 */
    assert_true(dfuse_map_sector(&map, 0x9000003f, &sector));
    assert_int_equal(sector.start, 0x90000030);
    assert_true(!sector.readable && !sector.erasable && sector.writable); /* d = 4 */
}

static void protected_boards_show_erasable_sectors_only(void **state)
{
    dfuse_map map;
    (void)state;
    assert_true(dfuse_map_parse("@Internal Flash   /0x00000000/1*004Kb,255*004Kb", &map));
    assert_true(dfuse_map_is_protected(&map));
    assert_true(dfuse_map_parse("@Internal Flash   /0x00000000/1*004Kb,255*004Kg", &map));
    assert_false(dfuse_map_is_protected(&map));
    assert_false(dfuse_map_is_protected(&(dfuse_map){0}));
}

static void the_last_byte_of_32_bits_can_be_reached(void **state)
{
    dfuse_map map;
    dfuse_sector sector;
    (void)state;
    assert_true(dfuse_map_parse("@Top/0xfffff000/1*4Kg", &map));
    assert_true(dfuse_map_sector(&map, UINT32_MAX, &sector));
    assert_int_equal(sector.start, 0xfffff000);
    assert_true(dfuse_map_allows(&map, 0xfffff000, 4096, DFUSE_WRITE));
    assert_false(dfuse_map_allows(&map, 0xfffff000, 4097, DFUSE_WRITE));
}

static void hostile_strings_are_refused(void **state)
{
    static const char *const hostile[] = {
        "",
        "@",
        "Internal Flash /0x0/1*4Kg",
        "@Flash",
        "@Flash /",
        "@Flash /0x/1*4Kg",
        "@Flash /08000000/1*4Kg",
        "@Flash /0x08000000",
        "@Flash /0x08000000/",
        "@Flash /0x08000000/1*4K",
        "@Flash /0x08000000/1*4Kh",
        "@Flash /0x08000000/1*4KA",
        "@Flash /0x08000000/1*4Gg",
        "@Flash /0x08000000/0*4Kg",
        "@Flash /0x08000000/1*0Kg",
        "@Flash /0x08000000/*4Kg",
        "@Flash /0x08000000/1*Kg",
        "@Flash /0x08000000/-1*4Kg",
        "@Flash /0x08000000/1*4Kg,",
        "@Flash /0x08000000/1*4Kg/",
        "@Flash /0x08000000/1*4Kg tail",
        "@Flash /0x108000000/1*4Kg",
        "@Flash /0x08000000/4294967296*4Kg",
        "@Flash /0x08000000/4294967295*4096Mg",
        "@Flash /0x08000000/99999999999999999999*4Kg",
        "@Flash /0xfffff000/2*4Kg",
        "@Flash /0xfffff000/1*4Kg,1*4Kg",
        "@Flash /0x0/4096*1Mg,1*1g",
        "@Flash /0x1000/1*4Kg/0x1fff/1*4Kg",
        "@Flash /0x1000/1*4Kg/0x1000/1*4Ka",
    };
    dfuse_map map;
    (void)state;
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++)
        if (dfuse_map_parse(hostile[i], &map))
            fail_msg("accepted: %s", hostile[i]);
}

static void too_many_segments_are_refused(void **state)
{
    char text[512] = "@Many/0x0/1*1a";
    dfuse_map map;
    (void)state;
    for (int i = 1; i < DFUSE_SEGMENTS_MAX; i++)
        text_append(text, sizeof text, ",1*1a");
    assert_true(dfuse_map_parse(text, &map));
    assert_int_equal(map.count, DFUSE_SEGMENTS_MAX);
    text_append(text, sizeof text, ",1*1a");
    assert_false(dfuse_map_parse(text, &map));
}

static void names_are_cut_and_made_printable(void **state)
{
    char text[256];
    dfuse_map map;
    (void)state;
    snprintf(text, sizeof text, "@\033[31m%080d/0x0/1*1a", 1);
    assert_true(dfuse_map_parse(text, &map));
    assert_int_equal(strlen(map.name), DFUSE_NAME_SIZE - 1);
    assert_int_equal(map.name[0], '?');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rtl_flash_is_one_segment),
        cmocka_unit_test(nrf_flash_tells_readable_from_writable),
        cmocka_unit_test(stm32_sectors_differ_in_size),
        cmocka_unit_test(other_real_layouts_parse),
        cmocka_unit_test(several_groups_units_and_letters_parse),
        cmocka_unit_test(protected_boards_show_erasable_sectors_only),
        cmocka_unit_test(the_last_byte_of_32_bits_can_be_reached),
        cmocka_unit_test(hostile_strings_are_refused),
        cmocka_unit_test(too_many_segments_are_refused),
        cmocka_unit_test(names_are_cut_and_made_printable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
