/*
 * The device layer against simulated boards: two readings of the same facts, written apart.
 */
#include "unit/together/held_board.h"

static uint16_t version_of(uint8_t function, uint8_t index)
{
    const snapshot_module *entry = snapshot_find(&shot, (module_slot){function, index});
    return entry ? entry->version : 0;
}

static const char *const every_kind[][2] = {
    {"boron", "1.5.2"}, {"boron", "2.3.1"},    {"boron", "4.2.0"},    {"boron", "5.6.0"},
    {"boron", "6.2.0"}, {"argon", "5.9.0"},    {"tracker", "5.9.0"},  {"b5som", "6.3.4"},
    {"esomx", "5.6.0"}, {"bsom", "4.2.0"},     {"p2", "5.3.1"},       {"p2", "5.9.0"},
    {"p2", "6.3.4"},    {"msom", "5.9.0"},     {"trackerm", "5.8.0"}, {"photon", "2.3.1"},
    {"p1", "3.3.1"},    {"electron", "2.3.1"},
};

/* Every module of the release that a host can see is reported in its version, and healthy. */
static void a_fresh_board_reports_its_release(void **state)
{
    for (size_t i = 0; i < sizeof every_kind / sizeof *every_kind; i++) {
        release set;
        const platform *kind = platform_by_name(&platforms, every_kind[i][0]);
        OK(catalog_release(&known, every_kind[i][1], kind, &set, &error));
        hold(every_kind[i][0], every_kind[i][1]);
        inspect();
        assert_true(shot.modules_known);
        assert_int_equal(shot.mode, MODE_NORMAL);
        assert_int_equal(shot.guard, PROTECTION_OPEN);
        assert_string_equal(shot.os_version, every_kind[i][1]);
        for (size_t k = 0; k < set.module_count; k++) {
            const snapshot_module *entry = snapshot_find(&shot, set.modules[k].slot);
            if (!entry || entry->version != set.modules[k].version)
                fail_msg("%s %s: %s: version %u, expected %u", every_kind[i][0], every_kind[i][1],
                         set.modules[k].file, entry ? entry->version : 0, set.modules[k].version);
            assert_int_equal(entry->checked, entry->passed);
        }
        tear_down(state);
    }
}

/* What flash shows in DFU mode is what the board reported, as far as it can be read. */
static void flash_read_in_dfu_mode_agrees_with_the_report(void **state)
{
    for (size_t i = 0; i < sizeof every_kind / sizeof *every_kind; i++) {
        hold(every_kind[i][0], every_kind[i][1]);
        inspect();
        snapshot reported = shot;
        OK(device_enter_dfu(held, &error));
        inspect();
        assert_int_equal(shot.mode, MODE_DFU);
        assert_int_equal(shot.guard, PROTECTION_OPEN);
        assert_true(shot.module_count >= 2);
        for (size_t k = 0; k < shot.module_count; k++) {
            const snapshot_module *read = &shot.modules[k];
            const snapshot_module *told = snapshot_find(&reported, read->slot);
            char slot[MODULE_SLOT_TEXT];
            slot_text(read->slot, slot);
            if (!told || told->version != read->version)
                fail_msg("%s %s: %s: flash holds %u, reported %u", every_kind[i][0],
                         every_kind[i][1], slot, read->version, told ? told->version : 0);
            assert_int_equal(read->checked, read->passed);
            if (told->has_identity && read->has_identity)
                assert_memory_equal(told->identity, read->identity, SHA256_SIZE);
            if (told->size && read->size)
                assert_int_equal(told->size, read->size);
        }
        OK(device_restart(held, &error));
        inspect();
        assert_int_equal(shot.mode, MODE_NORMAL);
        assert_int_equal(shot.module_count, reported.module_count);
        tear_down(state);
    }
}

static void a_boron_takes_a_bootloader_by_control_requests(void **state)
{
    FILE_SET_OWNED next = {0};
    (void)state;
    file_set_make(&next, "boron", "5.9.0");
    hold("boron", "5.6.0");
    inspect();
    uint16_t before = version_of(MODULE_BOOTLOADER, 0);
    OK(device_update(held, file_of(&next, MODULE_BOOTLOADER, 0), NULL, &error));
    inspect();
    assert_true(version_of(MODULE_BOOTLOADER, 0) > before);
    assert_int_equal(version_of(MODULE_BOOTLOADER, 0), 2700);
}

static void a_p2_takes_prebootloader_and_bootloader_in_order_only(void **state)
{
    FILE_SET_OWNED next = {0};
    (void)state;
    file_set_make(&next, "p2", "5.9.0");
    hold("p2", "5.3.1");
    assert_int_equal(device_update(held, file_of(&next, MODULE_BOOTLOADER, 0), NULL, &error),
                     OSB_ERR_DEVICE);
    assert_int_equal(error.device_code, -1340);
    OK(device_update(held, file_of(&next, MODULE_BOOTLOADER, 2), NULL, &error));
    OK(device_update(held, file_of(&next, MODULE_BOOTLOADER, 0), NULL, &error));
    inspect();
    assert_int_equal(version_of(MODULE_BOOTLOADER, 2), 9);
    assert_int_equal(version_of(MODULE_BOOTLOADER, 0), 2700);
}

static void refusals_of_the_board_arrive_with_their_codes(void **state)
{
    FILE_SET_OWNED next = {0};
    FILE_SET_OWNED foreign = {0};
    (void)state;
    file_set_make(&next, "boron", "5.9.0");
    file_set_make(&foreign, "argon", "5.9.0");
    hold("boron", "5.6.0");
    buf *good = &next.files[0];
    good->data[good->size / 2] ^= 1;
    assert_int_equal(device_update(held, buf_span(good), NULL, &error), OSB_ERR_DEVICE);
    assert_int_equal(error.device_code, -1330);
    assert_int_equal(device_update(held, file_of(&foreign, MODULE_BOOTLOADER, 0), NULL, &error),
                     OSB_ERR_DEVICE);
    assert_int_equal(error.device_code, -1360);
    assert_int_equal(device_update(held, (span){0}, NULL, &error), OSB_ERR_DEVICE);
    assert_int_equal(error.device_code, -1351);
    inspect();
    assert_string_equal(shot.os_version, "5.6.0");
}

/* Writes a module where it belongs and reads it back. */
static void write_and_compare(span file, bool drop_prefix)
{
    module parsed;
    OK(module_parse(file, "module", &parsed, &error));
    span payload = module_payload(&parsed);
    assert_int_equal(payload.size + (drop_prefix ? MODULE_PREFIX_SIZE : 0), parsed.image.size);
    BUF_OWNED back = buf_make(payload.size);
    OK(device_write_flash(held, 0, parsed.start, payload, NULL, &error));
    OK(device_read_flash(held, 0, parsed.start, (uint32_t)payload.size, NULL, &back, &error));
    assert_int_equal(back.size, payload.size);
    assert_memory_equal(back.data, payload.data, payload.size);
}

static void system_part_and_application_are_written_in_dfu_mode(void **state)
{
    static const struct {
        const char *board, *from, *to;
        uint8_t user_index;
    } cases[] = {{"boron", "5.6.0", "5.9.0", 2}, {"p2", "5.6.0", "5.9.0", 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        FILE_SET_OWNED next = {0};
        file_set_make(&next, cases[i].board, cases[i].to);
        hold(cases[i].board, cases[i].from);
        OK(device_enter_dfu(held, &error));
        write_and_compare(file_of(&next, MODULE_SYSTEM_PART, 1), false);
        write_and_compare(file_of(&next, MODULE_USER_PART, cases[i].user_index), false);
        inspect();
        assert_int_equal(version_of(MODULE_SYSTEM_PART, 1), 5901);
        OK(device_restart(held, &error));
        inspect();
        assert_string_equal(shot.os_version, "5.9.0");
        assert_int_equal(version_of(MODULE_SYSTEM_PART, 1), 5901);
        tear_down(state);
    }
}

static void a_radio_stack_is_written_without_its_prefix(void **state)
{
    FILE_SET_OWNED next = {0};
    (void)state;
    file_set_make(&next, "boron", "5.9.0");
    hold("boron", "5.6.0");
    OK(device_enter_dfu(held, &error));
    write_and_compare(file_of(&next, MODULE_RADIO_STACK, 0), true);
    OK(device_restart(held, &error));
    inspect();
    assert_int_equal(version_of(MODULE_RADIO_STACK, 0), 202);
}

static void a_board_without_a_system_part_stays_in_dfu_mode(void **state)
{
    static const uint8_t blank[4096] = {0};
    FILE_SET_OWNED same = {0};
    (void)state;
    file_set_make(&same, "p2", "5.9.0");
    hold("p2", "5.9.0");
    OK(device_enter_dfu(held, &error));
    OK(device_write_flash(held, 0, 0x08060000, (span){blank, sizeof blank}, NULL, &error));
    assert_int_equal(device_restart(held, &error), OSB_ERR_DEVICE);
    assert_true(device_in_dfu(held));
    inspect();
    assert_int_equal(version_of(MODULE_SYSTEM_PART, 1), 0);
    write_and_compare(file_of(&same, MODULE_SYSTEM_PART, 1), false);
    OK(device_restart(held, &error));
    inspect();
    assert_string_equal(shot.os_version, "5.9.0");
}

static void restart_and_mode_work_from_normal_mode(void **state)
{
    device_mode mode;
    (void)state;
    hold("p2", "5.9.0");
    char id[DEVICE_ID_SIZE];
    text_copy(id, sizeof id, device_id(held));
    OK(device_mode_now(held, &mode, &error));
    assert_int_equal(mode, MODE_NORMAL);
    OK(device_restart(held, &error));
    assert_string_equal(device_id(held), id);
    OK(device_mode_now(held, &mode, &error));
    assert_int_equal(mode, MODE_NORMAL);
}

/* A Photon whose system parts have this number; its application is of that time. */
static void hold_photon(uint16_t system)
{
    static const module_slot parts[] = {
        {MODULE_USER_PART, 1}, {MODULE_SYSTEM_PART, 1}, {MODULE_SYSTEM_PART, 2}};
    hold("photon", "2.3.1");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const platform *kind = platform_by_name(&platforms, "photon");
        const platform_slot *slot = platform_find_slot(kind, parts[i]);
        module_recipe recipe = {.prefix_offset = slot->prefix_offset,
                                .start = slot->start,
                                .version = i ? system : 4,
                                .platform_id = kind->id,
                                .slot = parts[i]};
        BUF_OWNED file = buf_make(65536);
        OK(module_synthesise(&recipe, 20000, false, &file, &error));
        OK(sim_board_program(board, buf_span(&file), "part", &error));
    }
    hold_it();
}

/* Raw requests, then JSON by control requests, then the old protobuf. */
static void systems_of_every_age_tell_their_modules(void **state)
{
    static const struct {
        uint16_t system;
        const char *text;
    } ages[] = {{110, "0.6.4"},  {207, "0.7.0"},  {300, "0.8.0-rc.1"}, {301, "0.8.0-rc.2"},
                {1002, "1.0.1"}, {1102, "1.1.0"}, {1213, "1.2.1"}};
    for (size_t i = 0; i < sizeof ages / sizeof *ages; i++) {
        hold_photon(ages[i].system);
        inspect();
        assert_string_equal(shot.os_version, ages[i].text);
        assert_int_equal(shot.guard, PROTECTION_OPEN);
        assert_true(shot.modules_known);
        assert_int_equal(version_of(MODULE_SYSTEM_PART, 1), ages[i].system);
        assert_int_equal(version_of(MODULE_SYSTEM_PART, 2), ages[i].system);
        assert_int_equal(version_of(MODULE_USER_PART, 1), 4);
        assert_int_equal(shot.mode, ages[i].system >= 1100 ? MODE_NORMAL : MODE_UNKNOWN);
        OK(device_enter_dfu(held, &error));
        OK(device_restart(held, &error));
        OK(device_restart(held, &error)); /* and from normal mode */
        tear_down(state);
    }
}

static void an_application_that_forbids_updates_does_not_stop_them(void **state)
{
    FILE_SET_OWNED next = {0};
    (void)state;
    file_set_make(&next, "boron", "5.9.0");
    hold("boron", "5.6.0");
    sim_board_set_defects(board, &(sim_defects){.forbids_updates = true});
    OK(device_update(held, file_of(&next, MODULE_BOOTLOADER, 0), NULL, &error));
    inspect();
    assert_int_equal(version_of(MODULE_BOOTLOADER, 0), 2700);
}

static void updates_need_the_request_channel(void **state)
{
    static const uint8_t bytes[1000] = {0};
    (void)state;
    hold_photon(207);
    assert_int_equal(device_update(held, (span){bytes, sizeof bytes}, NULL, &error),
                     OSB_ERR_DEVICE);
    assert_string_equal(error.message,
                        "the board refused to start the firmware update: Not supported (-120)");
}

/* Whatever operation a board loses power at, it is found again, and updating it works then. */
static void a_power_cut_at_any_moment_leaves_a_board_that_is_found_again(void **state)
{
    FILE_SET_OWNED next = {0};
    file_set_make(&next, "boron", "5.9.0");
    for (unsigned step = 1; step < 400; step += 37) {
        hold("boron", "5.6.0");
        sim_world_set_fault(world, sim_world_operations(world) + step, FAULT_POWER_CUT);
        osb_status status = device_update(held, file_of(&next, MODULE_BOOTLOADER, 0), NULL, &error);
        if (status != OSB_OK) {
            assert_string_not_equal(error.message, "");
            assert_string_not_equal(error.hint, "");
            OK(device_reconnect(held, 60000, &error));
            OK(device_update(held, file_of(&next, MODULE_BOOTLOADER, 0), NULL, &error));
        }
        inspect();
        assert_int_equal(version_of(MODULE_BOOTLOADER, 0), 2700);
        tear_down(state);
    }
}

static void a_stalled_or_late_transfer_is_an_error_and_the_next_try_works(void **state)
{
    FILE_SET_OWNED next = {0};
    static const sim_fault faults[] = {FAULT_STALL, FAULT_TIMEOUT};
    file_set_make(&next, "p2", "5.9.0");
    span app = file_of(&next, MODULE_USER_PART, 1);
    for (unsigned step = 1; step < 60; step += 3) {
        hold("p2", "5.6.0");
        OK(device_enter_dfu(held, &error));
        sim_world_set_fault(world, sim_world_operations(world) + step, faults[step % 2]);
        module parsed;
        OK(module_parse(app, "app", &parsed, &error));
        osb_status status =
            device_write_flash(held, 0, parsed.start, module_payload(&parsed), NULL, &error);
        if (status != OSB_OK)
            assert_true(status == OSB_ERR_STALL || status == OSB_ERR_TIMEOUT ||
                        status == OSB_ERR_DEVICE || status == OSB_ERR_PROTOCOL);
        write_and_compare(app, false);
        tear_down(state);
    }
}

static void a_board_without_control_requests_gets_into_dfu_mode(void **state)
{
    (void)state;
    hold_photon(23); /* 0.5.5 */
    inspect();
    assert_false(shot.modules_known);
    assert_string_equal(shot.os_version, "");
    OK(device_enter_dfu(held, &error));
    inspect();
    assert_int_equal(shot.mode, MODE_DFU);
    assert_int_equal(version_of(MODULE_SYSTEM_PART, 1), 23);
    OK(device_restart(held, &error));
}

static void a_power_cut_on_the_way_by_serial_port_costs_another_try(void **state)
{
    static const sim_fault faults[] = {FAULT_POWER_CUT, FAULT_UNPLUG, FAULT_STALL, FAULT_TIMEOUT};
    for (unsigned step = 1; step < 16; step++) {
        hold_photon(23); /* 0.5.5 */
        sim_world_set_fault(world, sim_world_operations(world) + step, faults[step % 4]);
        osb_status status = device_enter_dfu(held, &error);
        if (status != OSB_OK)
            OK(device_reconnect(held, 70000, &error));
        OK(device_enter_dfu(held, &error));
        assert_true(device_in_dfu(held));
        tear_down(state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_fresh_board_reports_its_release, tear_down),
        cmocka_unit_test_teardown(flash_read_in_dfu_mode_agrees_with_the_report, tear_down),
        cmocka_unit_test_teardown(a_boron_takes_a_bootloader_by_control_requests, tear_down),
        cmocka_unit_test_teardown(a_p2_takes_prebootloader_and_bootloader_in_order_only, tear_down),
        cmocka_unit_test_teardown(refusals_of_the_board_arrive_with_their_codes, tear_down),
        cmocka_unit_test_teardown(system_part_and_application_are_written_in_dfu_mode, tear_down),
        cmocka_unit_test_teardown(a_radio_stack_is_written_without_its_prefix, tear_down),
        cmocka_unit_test_teardown(a_board_without_a_system_part_stays_in_dfu_mode, tear_down),
        cmocka_unit_test_teardown(restart_and_mode_work_from_normal_mode, tear_down),
        cmocka_unit_test_teardown(a_board_without_control_requests_gets_into_dfu_mode, tear_down),
        cmocka_unit_test_teardown(a_power_cut_on_the_way_by_serial_port_costs_another_try,
                                  tear_down),
        cmocka_unit_test_teardown(systems_of_every_age_tell_their_modules, tear_down),
        cmocka_unit_test_teardown(an_application_that_forbids_updates_does_not_stop_them,
                                  tear_down),
        cmocka_unit_test_teardown(updates_need_the_request_channel, tear_down),
        cmocka_unit_test_teardown(a_power_cut_at_any_moment_leaves_a_board_that_is_found_again,
                                  tear_down),
        cmocka_unit_test_teardown(a_stalled_or_late_transfer_is_an_error_and_the_next_try_works,
                                  tear_down),
    };
    return cmocka_run_group_tests(tests, load_all, free_all);
}
