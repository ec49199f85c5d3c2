/*
 * The sweep: a whole upgrade is interrupted at every single transport operation, in each way that
 * the simulator knows. After each, the board must be reachable, a new run must reach the goal, and
 * the flash must be the same as without the interruption.
 *
 * Modules are synthetic and small, so that every operation can be tried in the ordinary run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "restore/restore.h"
#include "sim/sim.h"

enum {
    FILES_MAX = 8,
    ATTEMPTS_MAX = 4,
    SMALL = 12 * 1024, /* fits the smallest slot, the MBR's */
    BACK_MS = 120000   /* a board that lost power is back by then */
};

/** One release of small synthetic modules. */
typedef struct small_release {
    release set;
    buf files[RELEASE_MODULES_MAX];
    release_module app;
    buf app_file;
} small_release;

typedef struct story {
    const char *board;
    const char *from;
    const char *to;
    bool full; /**< the first run writes everything, the radio stack too */
} story;

typedef struct fixture {
    arena memory;
    platform_list platforms;
    catalog known;
    const platform *board;
    small_release from, to;
    bool full;
    uint64_t interrupted; /**< runs that the fault ended */
} fixture;

static void synthesise(const release *set, release_module *entry, buf *file)
{
    osb_error error = {0};
    module parsed;
    if (entry->slot.function != MODULE_USER_PART)
        entry->size = SMALL;
    *file = buf_make(MODULE_FILE_MAX);
    if (sim_synthesise(set, entry, file, &error) != OSB_OK ||
        module_parse(buf_span(file), entry->file, &parsed, &error) != OSB_OK)
        fail_msg("%s: %s", error.subject, error.message);
    char name[RELEASE_FILE_NAME];
    text_copy(name, sizeof name, entry->file);
    release_module_from(entry, &parsed, name);
}

/** The release of the catalog with files of its own; its application stands apart. */
static void make_release(fixture *world, const char *version_text, small_release *made)
{
    osb_error error = {0};
    if (catalog_release(&world->known, version_text, world->board, &made->set, &error) != OSB_OK)
        fail_msg("%s: %s", error.subject, error.message);
    for (size_t i = 0; i < made->set.module_count; i++)
        synthesise(&made->set, &made->set.modules[i], &made->files[i]);
    for (size_t i = 0; i < made->set.module_count; i++)
        if (made->set.modules[i].slot.function == MODULE_USER_PART)
            made->app = made->set.modules[i];
}

static void free_release(small_release *made)
{
    for (size_t i = 0; i < made->set.module_count; i++)
        buf_free(&made->files[i]);
}

static void open_fixture(fixture *world, const story *told)
{
    osb_error error = {0};
    *world = (fixture){0};
    if (platform_load_all(&world->memory, &world->platforms, &error) != OSB_OK ||
        catalog_load(&world->known, &error) != OSB_OK)
        fail_msg("%s: %s", error.subject, error.message);
    world->full = told->full;
    world->board = platform_by_name(&world->platforms, told->board);
    make_release(world, told->from, &world->from);
    make_release(world, told->to, &world->to);
}

static void close_fixture(fixture *world)
{
    free_release(&world->from);
    free_release(&world->to);
    catalog_free(&world->known);
    arena_free(&world->memory);
}

static sim_board *plug_in(fixture *world, sim_world *simulated)
{
    osb_error error = {0};
    sim_board *board = NULL;
    sim_image images[RELEASE_MODULES_MAX];
    const release *set = &world->from.set;
    for (size_t i = 0; i < set->module_count; i++)
        images[i] = (sim_image){buf_span(&world->from.files[i]), set->modules[i].file};
    sim_recipe recipe = {.board = world->board, .images = images, .image_count = set->module_count};
    if (sim_board_add(simulated, &recipe, &board, &error) != OSB_OK)
        fail_msg("%s: %s", error.subject, error.message);
    return board;
}

static osb_status load(void *context, const plan_step *step, span *file, osb_error *error)
{
    const small_release *made = context;
    for (size_t i = 0; i < made->set.module_count; i++)
        if (memcmp(made->set.modules[i].sha256, step->sha256, SHA256_SIZE) == 0) {
            *file = buf_span(&made->files[i]);
            return OSB_OK;
        }
    return osb_fail(error, OSB_ERR_NOT_FOUND, step->file, NULL, "not in the release");
}

static osb_status restore_once(fixture *world, transport *bus, bool full, restore_report *report,
                               osb_error *error)
{
    static plan steps; /* large */
    device_entry entry;
    device *held = NULL;
    snapshot state;
    goal wanted = {.set = &world->to.set, .app = world->to.app.file[0] ? &world->to.app : NULL};
    policy rules = {.full_rewrite = full, .simulated = true};
    TRY(device_select(bus, &world->platforms, NULL, &entry, error));
    TRY(device_open(bus, &world->platforms, &entry, NULL, &held, error));
    restore_job job = {.held = held, .steps = &steps, .files = {load, &world->to}};
    osb_status status = device_inspect(held, &state, error);
    if (status == OSB_OK) {
        solve(&state, &wanted, &rules, &steps);
        status = steps.refusal_count
                     ? osb_fail(error, OSB_ERR_NO_PLAN, NULL, NULL, "%s", steps.refusals[0])
                     : restore_run(&job, report, error);
    }
    device_close(held);
    return status;
}

/** As a user would: run it again until it is through. */
static void restore_until_done(fixture *world, transport *bus, uint64_t operation)
{
    osb_error error = {0};
    restore_report report = {0};
    for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        if (transport_wait(bus, BACK_MS, &error) != OSB_OK)
            fail_msg("%s", error.message);
        if (restore_once(world, bus, false, &report, &error) == OSB_OK) {
            assert_true(report.proved);
            return;
        }
    }
    fail_msg("operation %llu: the goal is not reached: %s: %s", (unsigned long long)operation,
             error.subject, error.message);
}

/** Hash over all slots that the release fills: what a board is made of at the goal. */
static void hash_flash(const fixture *world, const sim_board *board, uint8_t digest[SHA256_SIZE])
{
    sha256_state state;
    span flash = sim_board_flash(board, "internal");
    uint32_t base = world->board->memories[0].start;
    sha256_begin(&state);
    for (size_t i = 0; i < world->to.set.module_count; i++) {
        const release_module *entry = &world->to.set.modules[i];
        const platform_slot *place = platform_find_slot(world->board, entry->slot);
        if (place->route != ROUTE_NEVER)
            sha256_add(&state,
                       span_slice(flash, entry->start - base, entry->size - place->flash_offset));
    }
    sha256_end(&state, digest);
}

/** One upgrade with one fault in it. Returns the operations of the first run. */
static uint64_t run_with_fault(fixture *world, uint64_t operation, sim_fault kind,
                               uint8_t digest[SHA256_SIZE])
{
    osb_error error = {0};
    restore_report report = {0};
    sim_world *simulated = NULL;
    if (sim_world_make(&world->known, &world->platforms, &simulated, &error) != OSB_OK)
        fail_msg("%s", error.message);
    sim_board *board = plug_in(world, simulated);
    transport *bus = sim_world_transport(simulated);
    if (kind != FAULT_NONE)
        sim_world_set_fault(simulated, sim_world_operations(simulated) + operation, kind);
    uint64_t before = sim_world_operations(simulated);
    osb_status status = restore_once(world, bus, world->full, &report, &error);
    uint64_t operations = sim_world_operations(simulated) - before;
    if (kind == FAULT_NONE && status != OSB_OK)
        fail_msg("undisturbed: %s: %s", error.subject, error.message);
    sim_world_set_fault(simulated, 0, FAULT_NONE);
    if (status != OSB_OK) {
        world->interrupted++;
        restore_until_done(world, bus, operation);
    }
    hash_flash(world, board, digest);
    sim_world_free(simulated);
    return operations;
}

static void sweep(const story *told, sim_fault kind)
{
    static fixture world; /* large */
    uint8_t expected[SHA256_SIZE], found[SHA256_SIZE];
    open_fixture(&world, told);
    uint64_t operations = run_with_fault(&world, 0, FAULT_NONE, expected);
    print_message("%s %s -> %s: %llu operations\n", told->board, told->from, told->to,
                  (unsigned long long)operations);
    assert_true(operations > 100);
    for (uint64_t n = 1; n <= operations; n++) {
        run_with_fault(&world, n, kind, found);
        if (memcmp(expected, found, SHA256_SIZE) != 0)
            fail_msg("operation %llu: the flash is not as it should be", (unsigned long long)n);
    }
    print_message("%llu of them ended the run; all reached the goal\n",
                  (unsigned long long)world.interrupted);
    assert_true(world.interrupted > operations / 4);
    close_fixture(&world);
}

static const story p2 = {"p2", "5.0.1", "5.3.1", false};
static const story boron = {"boron", "2.2.0", "4.0.2", false};
static const story boron_with_radio = {"boron", "2.2.0", "4.0.2", true};

static void a_p2_survives_a_power_cut_at_every_operation(void **state)
{
    (void)state;
    sweep(&p2, FAULT_POWER_CUT);
}

static void a_boron_survives_a_power_cut_at_every_operation(void **state)
{
    (void)state;
    sweep(&boron, FAULT_POWER_CUT);
}

static void a_boron_survives_a_power_cut_while_its_radio_stack_is_replaced(void **state)
{
    (void)state;
    sweep(&boron_with_radio, FAULT_POWER_CUT);
}

static void a_p2_survives_a_pulled_cable_at_every_operation(void **state)
{
    (void)state;
    sweep(&p2, FAULT_UNPLUG);
}

static void a_boron_survives_a_pulled_cable_at_every_operation(void **state)
{
    (void)state;
    sweep(&boron, FAULT_UNPLUG);
}

static void a_p2_survives_a_stall_at_every_operation(void **state)
{
    (void)state;
    sweep(&p2, FAULT_STALL);
}

static void a_boron_survives_a_time_out_at_every_operation(void **state)
{
    (void)state;
    sweep(&boron, FAULT_TIMEOUT);
}

static void a_p2_survives_a_killed_host_at_every_operation(void **state)
{
    (void)state;
    sweep(&p2, FAULT_HOST_GONE);
}

static void a_boron_survives_a_killed_host_at_every_operation(void **state)
{
    (void)state;
    sweep(&boron, FAULT_HOST_GONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_p2_survives_a_power_cut_at_every_operation),
        cmocka_unit_test(a_boron_survives_a_power_cut_at_every_operation),
        cmocka_unit_test(a_boron_survives_a_power_cut_while_its_radio_stack_is_replaced),
        cmocka_unit_test(a_p2_survives_a_pulled_cable_at_every_operation),
        cmocka_unit_test(a_boron_survives_a_pulled_cable_at_every_operation),
        cmocka_unit_test(a_p2_survives_a_stall_at_every_operation),
        cmocka_unit_test(a_boron_survives_a_time_out_at_every_operation),
        cmocka_unit_test(a_p2_survives_a_killed_host_at_every_operation),
        cmocka_unit_test(a_boron_survives_a_killed_host_at_every_operation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
