/* Faults at every operation: whatever is interrupted, the board boots or is in DFU mode. */
#include "unit/sim/bench.h"

static const module_slot bootloader = {MODULE_BOOTLOADER, 0};
static const module_dependency no_need = {0};

static bool is_usable(const bench *b)
{
    return board_on_bus(b->board) && b->board->mode != BOARD_DEAD && b->board->mode != BOARD_PANIC;
}

/** Another fresh board in a world of its own, quicker than a new bench. */
static void start_over(bench *b, const sim_recipe *recipe)
{
    bench_close(b);
    sim_world_free(b->world);
    OK(sim_world_make(&b->known, &b->platforms, &b->world, &b->error));
    b->bus = sim_world_transport(b->world);
    OK(sim_board_add(b->world, recipe, &b->board, &b->error));
}

typedef bool (*host_act)(bench *b, span file);

static void cut_one_operation(bench *b, host_act act, span file, uint64_t at)
{
    sim_world_set_fault(b->world, sim_world_operations(b->world) + at, FAULT_POWER_CUT);
    act(b, file);
    world_settle(b->world, b->board);
    if (!is_usable(b))
        fail_msg("cut in operation %llu: %s (%s)", (unsigned long long)at,
                 board_mode_name(b->board->mode), b->board->notes[0]);
    /* Once more without a fault: it goes through. */
    assert_true(act(b, file));
    assert_int_equal(b->board->mode, BOARD_NORMAL);
}

/** Runs `act` once for each operation it has, with the power cut in that one. */
static void cut_each_operation(const char *platform_name, module_slot slot, host_act act)
{
    bench b;
    bench_set made;
    bench_begin(&b);
    bench_synthesise(&b, platform_name, "5.3.1", &made);
    const sim_recipe recipe = bench_recipe(&b, platform_name, &made);
    const synth_request request = {.board = recipe.board,
                                   .slot = platform_find_slot(recipe.board, slot),
                                   .version = 5302,
                                   .size = 13000};
    BUF_OWNED file = buf_make(65536);
    OK(synth_module(&request, &file, &b.error));
    start_over(&b, &recipe);
    uint64_t before = sim_world_operations(b.world);
    assert_true(act(&b, buf_span(&file)));
    uint64_t total = sim_world_operations(b.world) - before;
    assert_true(total > 30);
    for (uint64_t at = 1; at <= total; at++) {
        start_over(&b, &recipe);
        cut_one_operation(&b, act, buf_span(&file), at);
    }
    bench_set_free(&made);
    bench_end(&b);
}

/** A host that gives up at the first failure. */
static bool try_open(bench *b, bool dfu)
{
    usb_identity devices[2];
    size_t count;
    bench_close(b);
    if (transport_list(b->bus, devices, 2, &count, &b->error) != OSB_OK || count != 1 ||
        transport_open(b->bus, &devices[0], &b->handle, &b->error) != OSB_OK)
        return false;
    return !dfu || transport_claim(b->handle, 0, &b->error) == OSB_OK;
}

static bool try_await(bench *b, bool present)
{
    usb_identity devices[2];
    for (int tries = 0; tries < 20; tries++) {
        size_t count;
        if (transport_list(b->bus, devices, 2, &count, &b->error) != OSB_OK)
            return false;
        if ((count > 0) == present)
            return true;
        if (transport_wait_change(b->bus, 60000, &b->error) != OSB_OK)
            return false;
    }
    return false;
}

static bool enter_dfu(bench *b)
{
    if (b->board->mode == BOARD_DFU)
        return try_open(b, true);
    return try_open(b, false) && bench_empty_request(b, 50) == 0 && try_await(b, false) &&
           try_await(b, true) && try_open(b, true);
}

static bool write_system(bench *b, span file)
{
    size_t moved;
    module parsed;
    if (module_parse(file, "system", &parsed, &b->error) != OSB_OK || !enter_dfu(b))
        return false;
    if (!bench_dfu_write(b, parsed.start, file) ||
        bench_raw(b, (usb_setup){0x21, 1, 2, 0, 0}, NULL, NULL, &moved) != OSB_OK ||
        bench_dfu_state(b) != 7)
        return false;
    return try_await(b, false) && try_await(b, true);
}

static bool update(bench *b, span file)
{
    if (!try_open(b, false) || bench_update(b, file) != 0)
        return false;
    return try_await(b, false) && try_await(b, true);
}

static void a_cut_while_a_system_is_written_is_never_fatal(void **state)
{
    (void)state;
    cut_each_operation("boron", (module_slot){MODULE_SYSTEM_PART, 1}, write_system);
    cut_each_operation("p2", (module_slot){MODULE_SYSTEM_PART, 1}, write_system);
}

static void a_cut_in_a_control_update_is_never_fatal(void **state)
{
    (void)state;
    cut_each_operation("boron", bootloader, update);
    cut_each_operation("p2", bootloader, update);
}

/** Sends a bootloader, lets the board go dark, and cuts the power inside the wait for it. */
static void cut_inside_the_copy(bench *b, const char *platform_name, const char *version)
{
    bench_board(b, platform_name, version);
    BUF_OWNED file = bench_module(b, platform_name, bootloader, 2300, no_need);
    assert_true(try_open(b, false));
    assert_int_equal(bench_update(b, buf_span(&file)), 0);
    assert_true(try_await(b, false));
    sim_world_set_fault(b->world, sim_world_operations(b->world) + 1, FAULT_POWER_CUT);
    OK(transport_wait_change(b->bus, 1, &b->error));
}

static void a_cut_inside_a_boot_copy_leaves_half_a_module_that_waits(void **state)
{
    static const char *const boards[] = {"boron", "p2"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        bench b;
        bench_board(&b, boards[i], "5.3.1");
        BUF_OWNED file = bench_module(&b, boards[i], bootloader, 2300, no_need);
        assert_true(try_open(&b, false));
        assert_int_equal(bench_update(&b, buf_span(&file)), 0);
        assert_true(try_await(&b, false));
        fault_during_wait(b.world, FAULT_POWER_CUT, 60000000);
        installed torn;
        assert_true(!installed_find(b.board, bootloader, &torn) || !torn.intact);
        JSON_OWNED *json = sim_board_to_json(b.board);
        const json_t *pending = json_object_get(json, "pending");
        assert_int_equal(json_array_size(pending), 1);
        assert_true(json_true_at(json_array_get(pending, 0), "handed_over"));
        assert_true(bench_has_reason(&b, "first stage goes on copying"));
        world_settle(b.world, b.board);
        assert_int_equal(b.board->mode, BOARD_NORMAL);
        assert_true(installed_find(b.board, bootloader, &torn) && torn.intact);
        assert_int_equal(torn.version, 2300);
        bench_end(&b);
    }
}

static void a_cut_inside_the_copy_of_an_old_bootloader_is_fatal(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "1.5.2");
    BUF_OWNED file = bench_module(&b, "boron", bootloader, 1003, no_need);
    assert_true(try_open(&b, false));
    assert_int_equal(bench_update(&b, buf_span(&file)), 0);
    assert_true(try_await(&b, false));
    sim_world_set_fault(b.world, sim_world_operations(b.world) + 1, FAULT_POWER_CUT);
    OK(transport_wait_change(b.bus, 60000, &b.error));
    world_settle(b.world, b.board);
    assert_int_equal(b.board->mode, BOARD_DEAD);
    bench_end(&b);
}

static void a_cut_in_a_short_wait_before_the_copy_changes_nothing(void **state)
{
    (void)state;
    bench b;
    cut_inside_the_copy(&b, "boron", "5.3.1");
    installed found;
    assert_true(installed_find(b.board, bootloader, &found));
    assert_int_equal(found.version, 2101);
    world_settle(b.world, b.board);
    assert_true(installed_find(b.board, bootloader, &found));
    assert_int_equal(found.version, 2300);
    bench_end(&b);
}

static void a_cut_in_a_dfu_operation_leaves_half_a_page(void **state)
{
    (void)state;
    bench b;
    char answer[64];
    bench_board(&b, "boron", "5.3.1");
    bench_open_dfu(&b);
    bench_expect(&b, "21 01 00 00 00 00 05 00", "41 00 40 03 00", "");
    bench_expect(&b, "a1 03 00 00 00 00 06 00", NULL, "00 00 00 00 04 00");
    sim_world_set_fault(b.world, sim_world_operations(b.world) + 1, FAULT_POWER_CUT);
    assert_int_equal(bench_transfer(&b, "a1 03 00 00 00 00 06 00", NULL, answer, sizeof answer),
                     OSB_ERR_DISCONNECTED);
    const uint8_t *page = sim_board_flash(b.board, "internal").data + 0x34000;
    for (size_t i = 0; i < 2048; i++)
        assert_int_equal(page[i], 0xff);
    size_t programmed = 0;
    for (size_t i = 2048; i < 4096; i++)
        programmed += page[i] != 0xff;
    assert_true(programmed > 1000);
    bench_end(&b);
}

static void a_pulled_cable_leaves_the_board_running(void **state)
{
    (void)state;
    bench b;
    usb_identity devices[2];
    char answer[64];
    size_t count;
    bench_board(&b, "boron", "5.3.1");
    bench_open(&b);
    OK(bench_transfer(&b, "c0 01 04 00 01 00 40 00", NULL, answer, sizeof answer));
    sim_world_set_fault(b.world, sim_world_operations(b.world) + 1, FAULT_UNPLUG);
    assert_int_equal(bench_transfer(&b, "c0 02 00 00 01 00 40 00", NULL, answer, sizeof answer),
                     OSB_ERR_DISCONNECTED);
    assert_int_equal(b.board->mode, BOARD_NORMAL);
    OK(transport_list(b.bus, devices, 2, &count, &b.error));
    assert_int_equal(count, 0);
    uint64_t before = transport_now_ms(b.bus);
    OK(transport_wait_change(b.bus, 60000, &b.error));
    assert_in_range(transport_now_ms(b.bus) - before, 2990, 3010);
    bench_open(&b);
    /* The bus reset ended the request, and ids go on. */
    bench_expect(&b, "c0 02 00 00 01 00 40 00", NULL, "01 00 00 00 05 00");
    bench_expect(&b, "c0 01 04 00 01 00 40 00", NULL, "03 00 00 00 00 00 02 00");
    bench_end(&b);
}

static void stalls_and_timeouts_have_no_effect_on_the_board(void **state)
{
    (void)state;
    bench b;
    char answer[64];
    bench_board(&b, "boron", "5.3.1");
    bench_open(&b);
    sim_world_set_fault(b.world, sim_world_operations(b.world) + 1, FAULT_STALL);
    assert_int_equal(bench_transfer(&b, "c0 01 00 00 28 00 40 00", NULL, answer, sizeof answer),
                     OSB_ERR_STALL);
    sim_world_set_fault(b.world, sim_world_operations(b.world) + 1, FAULT_TIMEOUT);
    uint64_t before = transport_now_ms(b.bus);
    assert_int_equal(bench_transfer(&b, "c0 01 00 00 28 00 40 00", NULL, answer, sizeof answer),
                     OSB_ERR_TIMEOUT);
    assert_int_equal(transport_now_ms(b.bus) - before, 5000);
    bench_expect(&b, "c0 01 00 00 48 00 40 00", NULL, "03 00 00 00 00 00 01 00");
    bench_end(&b);
}

static void a_host_that_is_gone_stays_gone(void **state)
{
    (void)state;
    bench b;
    usb_identity devices[2];
    char answer[64];
    size_t count;
    bench_board(&b, "boron", "5.3.1");
    bench_open(&b);
    sim_world_set_fault(b.world, sim_world_operations(b.world) + 1, FAULT_HOST_GONE);
    assert_int_equal(bench_transfer(&b, "c0 01 00 00 28 00 40 00", NULL, answer, sizeof answer),
                     OSB_ERR_INTERRUPTED);
    assert_int_equal(transport_wait(b.bus, 5, &b.error), OSB_ERR_INTERRUPTED);
    assert_int_equal(transport_list(b.bus, devices, 2, &count, &b.error), OSB_ERR_INTERRUPTED);
    bench_end(&b);
}

static void a_board_can_leave_inside_a_transfer(void **state)
{
    (void)state;
    bench b;
    char answer[64];
    bench_board(&b, "boron", "5.3.1");
    bench_open(&b);
    assert_int_equal(bench_empty_request(&b, 40), 0);
    OK(transport_wait(b.bus, 999, &b.error));
    assert_true(board_on_bus(b.board));
    assert_int_equal(bench_transfer(&b, "c0 02 00 00 01 00 40 00", NULL, answer, sizeof answer),
                     OSB_ERR_DISCONNECTED);
    bench_end(&b);
}

static void handles_of_a_board_that_came_back_are_dead(void **state)
{
    (void)state;
    bench b;
    char answer[64];
    usb_identity devices[2];
    size_t count;
    bench_board(&b, "p2", "5.3.1");
    bench_open(&b);
    OK(transport_list(b.bus, devices, 2, &count, &b.error));
    sim_board_power_cycle(b.board);
    assert_int_equal(bench_transfer(&b, "c0 50 00 00 1e 00 40 00", NULL, answer, sizeof answer),
                     OSB_ERR_DISCONNECTED);
    bench_close(&b);
    assert_int_equal(transport_open(b.bus, &devices[0], &b.handle, &b.error), OSB_ERR_DISCONNECTED);
    bench_open(&b);
    bench_end(&b);
}

/** The fault meets the next operation. */
static void arm(bench *b, sim_fault kind)
{
    sim_world_set_fault(b->world, sim_world_operations(b->world) + 1, kind);
}

static void short_answers_lose_their_second_half(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "5.3.1");
    bench_open(&b);
    arm(&b, FAULT_SHORT);
    bench_expect(&b, "c0 01 00 00 48 00 40 00", NULL, "03 00 00 00");
    /* The board took the request all the same. */
    bench_expect(&b, "c0 02 00 00 01 00 40 00", NULL, "01 00 00 00 02 00");
    bench_end(&b);
}

static void garbage_has_the_length_of_the_answer_and_can_be_repeated(void **state)
{
    (void)state;
    char answers[2][64];
    for (size_t i = 0; i < 2; i++) {
        bench b;
        bench_board(&b, "boron", "5.3.1");
        bench_open(&b);
        arm(&b, FAULT_GARBAGE);
        OK(bench_transfer(&b, "c0 01 00 00 48 00 40 00", NULL, answers[i], sizeof answers[i]));
        assert_int_equal(strlen(answers[i]), strlen("03 00 00 00 00 00 01 00"));
        bench_expect(&b, "c0 02 00 00 01 00 40 00", NULL, "01 00 00 00 02 00");
        bench_end(&b);
    }
    assert_string_equal(answers[0], answers[1]);
    assert_string_not_equal(answers[0], "03 00 00 00 00 00 01 00");
}

static void spoiled_answers_need_an_in_transfer(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "5.3.1");
    bench_open(&b);
    bench_expect(&b, "c0 01 04 00 01 00 40 00", NULL, "03 00 00 00 00 00 01 00");
    arm(&b, FAULT_GARBAGE);
    bench_expect(&b, "40 03 00 00 01 00 04 00", "01 02 03 04", "");
    OK(transport_wait(b.bus, 10, &b.error));
    bench_expect(&b, "c0 02 00 00 01 00 40 00", NULL, "0d 00 00 00 00 00 04 00 00 00 00 00 00 00");
    bench_expect(&b, "c0 04 00 00 01 00 04 00", NULL, "01 02 03 04");
    bench_end(&b);
}

static void a_board_that_vanished_comes_back_by_hand_only(void **state)
{
    (void)state;
    bench b;
    usb_identity devices[2];
    char answer[64];
    size_t count;
    bench_board(&b, "p2", "5.3.1");
    bench_open(&b);
    arm(&b, FAULT_VANISH);
    assert_int_equal(bench_transfer(&b, "c0 50 00 00 1e 00 40 00", NULL, answer, sizeof answer),
                     OSB_ERR_DISCONNECTED);
    OK(transport_wait(b.bus, 3600000, &b.error));
    OK(transport_list(b.bus, devices, 2, &count, &b.error));
    assert_int_equal(count, 0);
    sim_board_power_cycle(b.board);
    bench_open(&b);
    bench_end(&b);
}

static void a_lying_board_says_yes_to_an_update_and_keeps_what_it_has(void **state)
{
    (void)state;
    bench b;
    uint8_t before[SHA256_SIZE], after[SHA256_SIZE];
    bench_board(&b, "boron", "5.3.1");
    buf file = bench_module(&b, "boron", (module_slot){MODULE_SYSTEM_PART, 1}, 5302, no_need);
    sim_board_set_defects(b.board, &(sim_defects){.lies = true});
    sha256(sim_board_flash(b.board, "internal"), before);
    bench_open(&b);
    bench_update_and_wait(&b, buf_span(&file));
    assert_int_equal(b.board->mode, BOARD_NORMAL);
    bench_open_dfu(&b);
    assert_true(bench_dfu_write(&b, 0x30000, buf_span(&file)));
    sha256(sim_board_flash(b.board, "internal"), after);
    assert_memory_equal(before, after, SHA256_SIZE);
    sim_board_set_defects(b.board, NULL);
    assert_true(bench_dfu_write(&b, 0x30000, buf_span(&file)));
    sha256(sim_board_flash(b.board, "internal"), after);
    assert_memory_not_equal(before, after, SHA256_SIZE);
    buf_free(&file);
    bench_end(&b);
}

static void a_restart_can_take_long_or_for_ever(void **state)
{
    (void)state;
    bench b;
    usb_identity devices[2];
    size_t count;
    bench_board(&b, "boron", "5.3.1");
    sim_board_set_defects(b.board, &(sim_defects){.dark_ms = 60000});
    bench_open(&b);
    assert_int_equal(bench_empty_request(&b, 40), 0);
    OK(transport_wait(b.bus, 60000, &b.error));
    assert_false(board_on_bus(b.board));
    bench_await(&b, BOARD_NORMAL, 5000);
    sim_board_set_defects(b.board, &(sim_defects){.dark_ms = SIM_DARK_FOREVER});
    bench_open(&b);
    assert_int_equal(bench_empty_request(&b, 40), 0);
    OK(transport_wait(b.bus, 3600000, &b.error));
    OK(transport_list(b.bus, devices, 2, &count, &b.error));
    assert_int_equal(count, 0);
    sim_board_power_cycle(b.board);
    bench_open(&b);
    bench_end(&b);
}

static void a_board_can_come_back_with_the_ids_of_another(void **state)
{
    (void)state;
    bench b;
    usb_identity devices[2];
    size_t count;
    bench_board(&b, "boron", "5.3.1");
    sim_board_set_defects(b.board,
                          &(sim_defects){.returns_as = platform_by_name(&b.platforms, "argon")});
    OK(transport_list(b.bus, devices, 2, &count, &b.error));
    assert_int_equal(devices[0].product_id, 0xc00d);
    bench_open(&b);
    assert_int_equal(bench_empty_request(&b, 40), 0);
    OK(transport_wait(b.bus, 10000, &b.error));
    OK(transport_list(b.bus, devices, 2, &count, &b.error));
    assert_int_equal(count, 1);
    assert_int_equal(devices[0].product_id, 0xc00c);
    bench_open(&b);
    bench_expect(&b, "c0 50 00 00 1e 00 40 00", NULL, "35 2e 33 2e 31");
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cut_while_a_system_is_written_is_never_fatal),
        cmocka_unit_test(a_cut_in_a_control_update_is_never_fatal),
        cmocka_unit_test(a_cut_inside_a_boot_copy_leaves_half_a_module_that_waits),
        cmocka_unit_test(a_cut_inside_the_copy_of_an_old_bootloader_is_fatal),
        cmocka_unit_test(a_cut_in_a_short_wait_before_the_copy_changes_nothing),
        cmocka_unit_test(a_cut_in_a_dfu_operation_leaves_half_a_page),
        cmocka_unit_test(a_pulled_cable_leaves_the_board_running),
        cmocka_unit_test(stalls_and_timeouts_have_no_effect_on_the_board),
        cmocka_unit_test(a_host_that_is_gone_stays_gone),
        cmocka_unit_test(a_board_can_leave_inside_a_transfer),
        cmocka_unit_test(handles_of_a_board_that_came_back_are_dead),
        cmocka_unit_test(short_answers_lose_their_second_half),
        cmocka_unit_test(garbage_has_the_length_of_the_answer_and_can_be_repeated),
        cmocka_unit_test(spoiled_answers_need_an_in_transfer),
        cmocka_unit_test(a_board_that_vanished_comes_back_by_hand_only),
        cmocka_unit_test(a_lying_board_says_yes_to_an_update_and_keeps_what_it_has),
        cmocka_unit_test(a_restart_can_take_long_or_for_ever),
        cmocka_unit_test(a_board_can_come_back_with_the_ids_of_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
