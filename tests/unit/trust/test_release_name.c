/* What the names of release files tell, and which names tell nothing. */
#include "unit/trust/fixtures.h"

#include "trust/release_name.h"

static void assert_parsed(const char *file, const char *board, const char *part,
                          const char *os_version, const char *build)
{
    release_name name;
    if (!release_name_parse(file, &name))
        fail_msg("%s was not understood", file);
    assert_string_equal(name.platform, board);
    assert_string_equal(name.part, part);
    assert_string_equal(name.version, os_version);
    assert_string_equal(name.build, build);
}

static void names_are_taken_apart(void **state)
{
    (void)state;
    assert_parsed("p2-bootloader@5.3.1.bin", "p2", "bootloader", "5.3.1", "");
    assert_parsed("photon-bootloader@2.3.1+lto.bin", "photon", "bootloader", "2.3.1", "lto");
    assert_parsed("p2-prebootloader-part1@3.2.1-p2.3.bin", "p2", "prebootloader-part1",
                  "3.2.1-p2.3", "");
    assert_parsed("argon-system-part1@6.0.0-rc.1+debug.jtag.bin", "argon", "system-part1",
                  "6.0.0-rc.1", "debug.jtag");
}

static void other_names_are_not_understood(void **state)
{
    static const char *const names[] = {
        "",
        "README.md",
        "system-part1-0.9.0-boron.bin",
        "p2-bootloader@5.3.1.elf",
        "p2-bootloader@.bin",
        "p2-@5.3.1.bin",
        "-bootloader@5.3.1.bin",
        "p2@5.3.1-x.bin",
        "p2-bootloader@5.3.1+.bin",
        "particle_device-os@5.3.1.zip",
        "p2-bootloader@12345678901234567890123456789012345678901.bin",
    };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        release_name name;
        if (release_name_parse(names[i], &name))
            fail_msg("'%s' was taken for a release file", names[i]);
    }
}

static void debug_builds_are_not_for_boards(void **state)
{
    release_name name;
    (void)state;
    assert_true(release_name_parse("p2-bootloader@5.3.1.bin", &name));
    assert_true(release_name_is_for_boards(&name));
    assert_true(release_name_parse("p1-bootloader@2.3.1+lto.bin", &name));
    assert_true(release_name_is_for_boards(&name));
    assert_true(release_name_parse("p1-bootloader@2.3.1+debug.bin", &name));
    assert_false(release_name_is_for_boards(&name));
}

static void electron_parts_are_counted_by_name_and_not_by_index(void **state)
{
    fixture *with = *state;
    const platform *board = fixture_board(with, "electron");
    assert_int_equal(release_name_slot(board, "system-part1")->slot.index, 3);
    assert_int_equal(release_name_slot(board, "system-part2")->slot.index, 1);
    assert_null(release_name_slot(board, "softdevice"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_taken_apart),
        cmocka_unit_test(other_names_are_not_understood),
        cmocka_unit_test(debug_builds_are_not_for_boards),
        cmocka_unit_test_setup_teardown(electron_parts_are_counted_by_name_and_not_by_index,
                                        fixture_make, fixture_drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
