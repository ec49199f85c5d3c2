/*
 * Single settings, and the staging regions, of simulated boards in DFU mode: only what has a name
 * is ever changed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "restore/restore.h"
#include "model/release.h"
#include "sim/board.h"
#include "sim/sim.h"

static arena keep;
static platform_list platforms;
static catalog known;
static sim_world *world;
static sim_board *board;
static device *held;
static osb_error error;

#define OK(call)                                                                                   \
    do {                                                                                           \
        if ((call) != OSB_OK)                                                                      \
            fail_msg("%s: %s (%s)", error.subject, error.message, error.hint);                     \
    } while (0)

static int load_all(void **state)
{
    (void)state;
    OK(platform_load_all(&keep, &platforms, &error));
    OK(catalog_load(&known, &error));
    return 0;
}

static int free_all(void **state)
{
    (void)state;
    catalog_free(&known);
    arena_free(&keep);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    device_close(held);
    held = NULL;
    sim_world_free(world);
    world = NULL;
    return 0;
}

/** A board with a bootloader and nothing else, which waits in DFU mode; its settings are noise. */
static void hold(const char *platform_name)
{
    const platform *kind = platform_by_name(&platforms, platform_name);
    device_entry entry;
    release set;
    buf files[RELEASE_MODULES_MAX];
    sim_image images[RELEASE_MODULES_MAX];
    size_t count = 0;
    OK(catalog_release(&known, kind->mcu == MCU_RTL872X ? "5.3.1" : "2.3.1", kind, &set, &error));
    for (size_t i = 0; i < set.module_count; i++) {
        if (set.modules[i].slot.function != MODULE_BOOTLOADER)
            continue;
        files[count] = buf_make(MODULE_FILE_MAX);
        OK(sim_synthesise(&set, &set.modules[i], &files[count], &error));
        images[count] = (sim_image){buf_span(&files[count]), "bootloader"};
        count++;
    }
    sim_recipe recipe = {.board = kind, .seed = 1, .images = images, .image_count = count};
    OK(sim_world_make(&known, &platforms, &world, &error));
    OK(sim_board_add(world, &recipe, &board, &error));
    for (size_t i = 0; i < count; i++)
        buf_free(&files[i]);
    flash *settings = board_memory(board, "dct");
    for (uint32_t i = 0; i < settings->size; i++)
        settings->bytes[i] = (uint8_t)(i * 7 + (i >> 8));
    transport *bus = sim_world_transport(world);
    OK(device_select(bus, &platforms, NULL, &entry, &error));
    OK(device_open(bus, &platforms, &entry, NULL, &held, &error));
    assert_true(device_in_dfu(held));
}

static void each_setting_is_changed_alone(void **state)
{
    static const char *const boards[] = {"photon", "p1", "electron", "boron", "tracker", "p2"};
    (void)state;
    for (size_t i = 0; i < sizeof boards / sizeof *boards; i++) {
        hold(boards[i]);
        const flash *settings = board_memory(board, "dct");
        uint8_t *expected = test_malloc(settings->size);
        memcpy(expected, settings->bytes, settings->size);
        for (board_setting which = 0; which < SETTING_COUNT; which++) {
            const uint8_t values[] = {setting_set_value(which), SETTING_CLEAR};
            for (size_t v = 0; v < sizeof values; v++) {
                uint8_t told = 0;
                OK(device_write_setting(held, which, values[v], &error));
                expected[setting_offset(which)] = values[v];
                assert_memory_equal(settings->bytes, expected, settings->size);
                OK(device_read_setting(held, which, &told, &error));
                assert_int_equal(told, values[v]);
            }
        }
        test_free(expected);
        tear_down(NULL);
    }
}

static void settings_lie_where_device_os_has_them(void **state)
{
    (void)state;
    hold("boron");
    OK(device_write_setting(held, SETTING_UPDATE_FLAG, UPDATE_FLAG_SET, &error));
    OK(device_write_setting(held, SETTING_SETUP_DONE, SETUP_DONE_SET, &error));
    assert_int_equal(board_memory(board, "dct")->bytes[1753], 0xa5);
    assert_int_equal(board_memory(board, "dct")->bytes[0x1fc6], 0x01);
}

static void no_other_value_is_written(void **state)
{
    (void)state;
    hold("boron");
    uint8_t before = board_memory(board, "dct")->bytes[1753];
    assert_int_equal(device_write_setting(held, SETTING_UPDATE_FLAG, SETUP_DONE_SET, &error),
                     OSB_ERR_REFUSED);
    assert_int_equal(device_write_setting(held, SETTING_SETUP_DONE, 0, &error), OSB_ERR_REFUSED);
    assert_int_equal(board_memory(board, "dct")->bytes[1753], before);
}

static void a_setting_that_was_cut_off_is_not_claimed(void **state)
{
    (void)state;
    hold("photon");
    /* SET_ADDRESS, UPLOAD ... until the block with the setting is under way */
    for (uint64_t operation = 1; operation < 24; operation++) {
        tear_down(NULL);
        hold("photon");
        sim_world_set_fault(world, sim_world_operations(world) + operation, FAULT_POWER_CUT);
        osb_status status =
            device_write_setting(held, SETTING_UPDATE_FLAG, UPDATE_FLAG_SET, &error);
        if (status == OSB_OK)
            assert_int_equal(board_memory(board, "dct")->bytes[1753], UPDATE_FLAG_SET);
    }
}

static void only_staging_regions_and_slots_can_be_written(void **state)
{
    static const struct {
        const char *board;
        uint8_t alternate;
        uint32_t address;
        uint32_t size;
        osb_status expected;
    } cases[] = {
        {"photon", 0, 0x080c0000, 16384, OSB_OK},
        {"photon", 0, 0x080ffff0, 16, OSB_OK},
        {"photon", 0, 0x080bfff0, 32, OSB_ERR_REFUSED}, /* half of it in the application */
        {"electron", 0, 0x080c0000, 16384, OSB_OK},
        {"electron", 0, 0x080e0000, 16, OSB_ERR_REFUSED},
        {"electron", 0, 0x080a0000, 16, OSB_ERR_REFUSED}, /* the factory's application */
        {"photon", 1, 1753, 1, OSB_ERR_REFUSED},          /* settings, but not by name */
        {"boron", 1, 34, 16, OSB_ERR_REFUSED},            /* the device's private key */
        {"boron", 2, 0x80289000, 4096, OSB_OK},
        {"boron", 2, 0x8024c000, 4096, OSB_OK},
        {"boron", 2, 0x80000000, 4096, OSB_ERR_REFUSED}, /* file system */
        {"boron", 2, 0x8024b000, 4096, OSB_ERR_REFUSED}, /* room of the MBR */
        {"tracker", 2, 0x80689000, 4096, OSB_OK},
        {"tracker", 2, 0x80289000, 4096, OSB_ERR_REFUSED},
        {"p2", 0, 0x08300000, 4096, OSB_OK},
        {"p2", 0, 0x081e0000, 4096, OSB_OK},
        {"p2", 0, 0x08004000, 4096, OSB_ERR_REFUSED},
        {"p2", 0, 0x08600000, 4096, OSB_ERR_REFUSED},
    };
    static uint8_t content[16384];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hold(cases[i].board);
        osb_status status = device_write_flash(held, cases[i].alternate, cases[i].address,
                                               (span){content, cases[i].size}, NULL, &error);
        if (status != cases[i].expected)
            fail_msg("%s 0x%08x: %s", cases[i].board, cases[i].address, osb_status_name(status));
        tear_down(NULL);
    }
}

/** A whole Boron whose set-up is not marked: it blinks blue. `set` gets its release. */
static void hold_unmarked(const char *version_text, release *set)
{
    const platform *kind = platform_by_name(&platforms, "boron");
    device_entry entry;
    buf files[RELEASE_MODULES_MAX];
    sim_image images[RELEASE_MODULES_MAX];
    OK(catalog_release(&known, version_text, kind, set, &error));
    for (size_t i = 0; i < set->module_count; i++) {
        module parsed;
        char name[RELEASE_FILE_NAME];
        files[i] = buf_make(MODULE_FILE_MAX);
        OK(sim_synthesise(set, &set->modules[i], &files[i], &error));
        images[i] = (sim_image){buf_span(&files[i]), set->modules[i].file};
        OK(module_parse(buf_span(&files[i]), "module", &parsed, &error));
        text_copy(name, sizeof name, set->modules[i].file);
        release_module_from(&set->modules[i], &parsed, name, NULL);
    }
    sim_recipe recipe = {.board = kind,
                         .seed = 1,
                         .images = images,
                         .image_count = set->module_count,
                         .network_credentials = true};
    OK(sim_world_make(&known, &platforms, &world, &error));
    OK(sim_board_add(world, &recipe, &board, &error));
    for (size_t i = 0; i < set->module_count; i++)
        buf_free(&files[i]);
    board_memory(board, "dct")->bytes[0x1fc6] = 0xff;
    sim_board_power_cycle(board);
    transport *bus = sim_world_transport(world);
    OK(device_select(bus, &platforms, NULL, &entry, &error));
    OK(device_open(bus, &platforms, &entry, NULL, &held, &error));
}

static void a_running_board_is_marked_by_control_request(void **state)
{
    (void)state;
    static snapshot shot; /* large, as the next */
    static release set;
    hold_unmarked("2.3.0", &set);
    OK(device_inspect(held, &shot, &error));
    assert_int_equal(shot.mode, MODE_LISTENING);
    assert_int_equal(shot.settings[SETTING_SETUP_DONE], SETTING_STATE_CLEAR);
    assert_int_equal(shot.settings[SETTING_UPDATE_FLAG], SETTING_STATE_UNKNOWN);
    OK(device_write_setting(held, SETTING_SETUP_DONE, SETUP_DONE_SET, &error));
    assert_int_equal(board_memory(board, "dct")->bytes[0x1fc6], 0x01);
    OK(device_leave_listening(held, &error));
    OK(device_inspect(held, &shot, &error));
    assert_int_equal(shot.mode, MODE_NORMAL);
    assert_int_equal(shot.settings[SETTING_SETUP_DONE], SETTING_STATE_SET);
    assert_int_equal(device_write_setting(held, SETTING_UPDATE_FLAG, UPDATE_FLAG_SET, &error),
                     OSB_ERR_REFUSED); /* that takes DFU mode */
}

static void systems_from_4_0_0_on_do_not_tell_it(void **state)
{
    (void)state;
    static snapshot shot; /* large, as the next */
    static release set;
    hold_unmarked("4.0.0", &set);
    OK(device_inspect(held, &shot, &error));
    assert_int_equal(shot.mode, MODE_NORMAL);
    assert_int_equal(shot.settings[SETTING_SETUP_DONE], SETTING_STATE_UNKNOWN);
}

static void restoring_its_own_release_ends_the_blue_blinking(void **state)
{
    (void)state;
    static snapshot shot; /* large, as the next */
    static release set;
    static plan steps;
    static restore_report report;
    hold_unmarked("2.3.0", &set);
    OK(device_inspect(held, &shot, &error));
    goal wanted = {.set = &set};
    policy rules = {.simulated = true};
    solve(&shot, &wanted, &rules, &steps);
    assert_int_equal(steps.refusal_count, 0);
    assert_int_equal(steps.step_count, 1);
    restore_job job = {.held = held, .steps = &steps};
    OK(restore_run(&job, &report, &error));
    assert_true(report.proved);
    assert_string_equal(report.steps[0].evidence, "read back 0x01 as setup_done");
    assert_int_equal(report.after.mode, MODE_NORMAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(each_setting_is_changed_alone, tear_down),
        cmocka_unit_test_teardown(settings_lie_where_device_os_has_them, tear_down),
        cmocka_unit_test_teardown(no_other_value_is_written, tear_down),
        cmocka_unit_test_teardown(a_setting_that_was_cut_off_is_not_claimed, tear_down),
        cmocka_unit_test_teardown(a_running_board_is_marked_by_control_request, tear_down),
        cmocka_unit_test_teardown(systems_from_4_0_0_on_do_not_tell_it, tear_down),
        cmocka_unit_test_teardown(restoring_its_own_release_ends_the_blue_blinking, tear_down),
        cmocka_unit_test_teardown(only_staging_regions_and_slots_can_be_written, tear_down),
    };
    return cmocka_run_group_tests(tests, load_all, free_all);
}
