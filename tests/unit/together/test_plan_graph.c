/*
 * The picture of a plan: what it must show, and that no text from outside breaks it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "model/plan_graph.h"

typedef struct fixture {
    arena memory;
    platform_list platforms;
    catalog known;
    snapshot state;
    release set;
    plan steps;
    buf text;
} fixture;

static fixture world; /* large */

static int open_world(void **state)
{
    osb_error error = {0};
    (void)state;
    world = (fixture){.text = buf_make(64 * 1024)};
    if (platform_load_all(&world.memory, &world.platforms, &error) != OSB_OK ||
        catalog_load(&world.known, &error) != OSB_OK)
        return 1;
    world.state.board = platform_by_name(&world.platforms, "p2");
    world.state.modules_known = true;
    world.state.mode = MODE_NORMAL;
    return catalog_release(&world.known, "5.3.1", world.state.board, &world.set, &error) != OSB_OK;
}

static int close_world(void **state)
{
    (void)state;
    buf_free(&world.text);
    catalog_free(&world.known);
    arena_free(&world.memory);
    return 0;
}

static void install(uint8_t function, uint8_t index, uint16_t version)
{
    world.state.modules[world.state.module_count++] = (snapshot_module){.slot = {function, index},
                                                                        .version = version,
                                                                        .checked = CHECK_INTEGRITY,
                                                                        .passed = CHECK_INTEGRITY};
}

static void draw(void)
{
    goal wanted = {.set = &world.set};
    policy rules = {.simulated = true};
    solve(&world.state, &wanted, &rules, &world.steps);
    plan_graph(&world.state, &wanted, &world.steps, &world.text);
    buf_append_u8(&world.text, 0);
    assert_int_equal(buf_check(&world.text, "graph", NULL), OSB_OK);
}

static void assert_shows(const char *part)
{
    if (!strstr((const char *)world.text.data, part))
        fail_msg("%s is not in\n%s", part, (const char *)world.text.data);
}

static void modules_needs_and_steps_are_shown_in_their_order(void **state)
{
    (void)state;
    install(MODULE_BOOTLOADER, 0, 2001);
    install(MODULE_BOOTLOADER, 2, 3);
    install(MODULE_SYSTEM_PART, 1, 5301);
    draw();
    assert_shows("digraph plan {\n");
    assert_shows("\"bootloader/0\" [shape=box, label=\"bootloader/0\\n2001 to 2101\", style=bold]");
    assert_shows("\"system_part/1\" [shape=box, label=\"system_part/1\\n5301\"]");
    assert_shows("\"bootloader/0\" -> \"bootloader/2\" [label=\"at least 5\"];");
    assert_shows("step1 [shape=ellipse, label=\"1. write bootloader/2 5\\nby control, ");
    assert_shows("step1 -> step2 [style=bold];");
    assert_shows("step2 -> \"bootloader/0\"");
}

static void a_refusal_stands_in_the_picture_and_cannot_break_out(void **state)
{
    (void)state;
    install(MODULE_BOOTLOADER, 0, 2001);
    for (size_t i = 0; i < world.set.module_count; i++)
        text_copy(world.set.modules[i].file, RELEASE_FILE_NAME, "a\"b\\c.bin");
    world.set.modules[0].synthetic = true;
    goal wanted = {.set = &world.set};
    policy rules = {0};
    solve(&world.state, &wanted, &rules, &world.steps);
    plan_graph(&world.state, &wanted, &world.steps, &world.text);
    buf_append_u8(&world.text, 0);
    assert_shows("refusal1 [shape=note, color=red, label=\"a\\\"b\\\\c.bin is synthetic");
}

static void a_need_that_stays_unmet_stands_out(void **state)
{
    (void)state;
    install(MODULE_SYSTEM_PART, 1, 5301);
    world.state.modules[0].dependencies[0] = (module_dependency){{MODULE_BOOTLOADER, 0}, 9999};
    world.state.modules[0].dependency_count = 1;
    draw();
    assert_shows("[label=\"at least 9999\", color=red, style=dashed]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(modules_needs_and_steps_are_shown_in_their_order,
                                        open_world, close_world),
        cmocka_unit_test_setup_teardown(a_refusal_stands_in_the_picture_and_cannot_break_out,
                                        open_world, close_world),
        cmocka_unit_test_setup_teardown(a_need_that_stays_unmet_stands_out, open_world,
                                        close_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
