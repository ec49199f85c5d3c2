/* The planner's second check, fed with plans that no other room would make. */
#include "unit/model/samples.h"

#include "base/text.h"
#include "model/solve.h"

typedef struct fixture {
    snapshot state;
    release set;
    goal wanted;
    policy rules;
    plan result;
    solver work;
} fixture;

static fixture world; /* large */

static void begin(void **state, const char *board, const char *os, const char *goal_version)
{
    const facts *known = *state;
    release now;
    world = (fixture){.state = {.mode = MODE_NORMAL, .modules_known = true}};
    world.state.board = platform_by_name(&known->platforms, board);
    assert_int_equal(catalog_release(&known->known, os, world.state.board, &now, NULL), OSB_OK);
    assert_int_equal(
        catalog_release(&known->known, goal_version, world.state.board, &world.set, NULL), OSB_OK);
    for (size_t i = 0; i < now.module_count; i++) {
        const release_module *from = &now.modules[i];
        snapshot_module *entry = &world.state.modules[world.state.module_count++];
        *entry = (snapshot_module){.slot = from->slot, .version = from->version};
        for (size_t d = 0; d < 2; d++)
            if (from->dependencies[d].slot.function != MODULE_NONE)
                entry->dependencies[entry->dependency_count++] = from->dependencies[d];
    }
    world.wanted = (goal){.set = &world.set};
    world.work = (solver){.state = &world.state,
                          .wanted = &world.wanted,
                          .rules = &world.rules,
                          .result = &world.result,
                          .set = &world.set};
    for (size_t i = 0; i < world.set.module_count; i++) {
        release_module *file = &world.set.modules[i];
        file->size = file->size ? file->size : 8192;
        world.work.slots[world.work.slot_count++] = (solve_slot){
            .place = platform_find_slot(world.state.board, file->slot), .wanted = file};
    }
}

static plan_step *add(step_operation operation, const char *name)
{
    module_slot slot;
    plan_step *step = &world.result.steps[world.result.step_count++];
    step->operation = operation;
    if (!name)
        return step;
    assert_true(slot_from_text(name, &slot));
    const release_module *file = release_find(&world.set, slot);
    step->slot = platform_find_slot(world.state.board, slot);
    step->via = step->slot->route;
    step->address = file->start;
    step->bytes = file->size - step->slot->flash_offset;
    step->to = file->version;
    return step;
}

static void assert_judged(const char *wanted)
{
    solve_accept(&world.work);
    const char *found = world.result.refusal_count ? world.result.refusals[0] : "accepted";
    if (!strstr(found, wanted))
        fail_msg("expected \"%s\", found \"%s\"", wanted, found);
}

static void a_good_plan_is_accepted(void **state)
{
    begin(state, "boron", "2.3.1", "4.0.2");
    add(STEP_WRITE, "bootloader/0");
    add(STEP_MODE, NULL);
    add(STEP_WRITE, "system_part/1");
    add(STEP_BOOT, NULL);
    assert_judged("accepted");
}

static void a_plan_must_not_end_in_dfu_mode(void **state)
{
    begin(state, "boron", "2.3.1", "4.0.2");
    add(STEP_MODE, NULL);
    add(STEP_WRITE, "system_part/1");
    assert_judged("leave the board in DFU mode");
}

static void dfu_writes_need_dfu_mode(void **state)
{
    begin(state, "boron", "2.3.1", "4.0.2");
    add(STEP_WRITE, "system_part/1");
    assert_judged("step 1 (write system_part/1) would not work: the board is not in DFU mode then");
}

static void control_updates_need_a_running_system(void **state)
{
    begin(state, "boron", "2.3.1", "4.0.2");
    add(STEP_MODE, NULL);
    add(STEP_WRITE, "bootloader/0");
    assert_judged(
        "step 2 (write bootloader/0) would not work: a board in DFU mode takes no control");
}

static void dfu_mode_is_entered_once(void **state)
{
    begin(state, "boron", "2.3.1", "4.0.2");
    add(STEP_MODE, NULL);
    add(STEP_MODE, NULL);
    assert_judged("step 2 (mode) would not work");
}

static void a_running_system_is_not_started(void **state)
{
    begin(state, "boron", "2.3.1", "4.0.2");
    add(STEP_BOOT, NULL);
    assert_judged("step 1 (boot) would not work");
}

static void a_system_that_was_blanked_is_not_started(void **state)
{
    begin(state, "boron", "6.2.0", "6.1.1");
    add(STEP_MODE, NULL);
    plan_step *blank = add(STEP_INVALIDATE, "system_part/1");
    blank->address = 0x28000;
    blank->bytes = 4096;
    add(STEP_BOOT, NULL);
    assert_judged("step 3 (boot) would not work: there is no whole system to start");
}

static void writes_stay_in_their_slots(void **state)
{
    begin(state, "boron", "2.3.1", "4.0.2");
    add(STEP_MODE, NULL);
    add(STEP_WRITE, "system_part/1")->bytes = 1024 * 1024;
    assert_judged("are not inside its region");
    begin(state, "boron", "2.3.1", "4.0.2");
    add(STEP_MODE, NULL);
    add(STEP_WRITE, "system_part/1")->address = 0x1000;
    assert_judged("are not inside its region");
}

static void the_board_asks_for_needs_at_each_step(void **state)
{
    begin(state, "p2", "5.0.1", "5.3.1");
    add(STEP_WRITE, "bootloader/0");
    assert_judged("the board will ask for bootloader/2 >= 5 and have 3 then");
    begin(state, "p2", "5.0.1", "5.3.1");
    add(STEP_WRITE, "bootloader/2");
    add(STEP_WRITE, "bootloader/0");
    assert_judged("accepted");
}

static void a_first_stage_is_not_taken_from_under_the_second(void **state)
{
    begin(state, "p2", "5.3.1", "5.0.1");
    add(STEP_WRITE, "bootloader/2");
    assert_judged("bootloader/0 2101 would start with bootloader/2 3, below 5");
}

static void fatal_moments_must_be_marked(void **state)
{
    begin(state, "boron", "1.5.2", "2.3.1");
    add(STEP_WRITE, "bootloader/0");
    assert_judged("a power cut in it may be fatal, and it is not marked so");
    begin(state, "boron", "1.5.2", "2.3.1");
    add(STEP_WRITE, "bootloader/0")->critical = true;
    assert_judged("accepted");
}

static void half_a_radio_stack_under_a_system_must_be_marked(void **state)
{
    begin(state, "boron", "2.3.1", "4.0.2");
    add(STEP_MODE, NULL);
    add(STEP_WRITE, "radio_stack/0");
    assert_judged("a power cut in it would leave a system that crashes at every start");
}

static void nothing_is_written_that_nobody_asked_for(void **state)
{
    begin(state, "boron", "2.3.1", "4.0.2");
    add(STEP_MODE, NULL);
    add(STEP_WRITE, "system_part/1");
    world.work.slot_count = 0;
    assert_judged("nobody asked for it");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_plan_is_accepted),
        cmocka_unit_test(a_plan_must_not_end_in_dfu_mode),
        cmocka_unit_test(dfu_writes_need_dfu_mode),
        cmocka_unit_test(control_updates_need_a_running_system),
        cmocka_unit_test(dfu_mode_is_entered_once),
        cmocka_unit_test(a_running_system_is_not_started),
        cmocka_unit_test(a_system_that_was_blanked_is_not_started),
        cmocka_unit_test(writes_stay_in_their_slots),
        cmocka_unit_test(the_board_asks_for_needs_at_each_step),
        cmocka_unit_test(a_first_stage_is_not_taken_from_under_the_second),
        cmocka_unit_test(fatal_moments_must_be_marked),
        cmocka_unit_test(half_a_radio_stack_under_a_system_must_be_marked),
        cmocka_unit_test(nothing_is_written_that_nobody_asked_for),
    };
    return cmocka_run_group_tests(tests, load_facts, free_facts);
}
