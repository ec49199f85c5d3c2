/*
 * From every release to every other, up and down, on every simulated board that has both, found
 * in normal, listening, safe and DFU mode: the plan must end in exactly the release's set.
 *
 * Modules are synthetic and small; their headers are those of the catalog. A release that the
 * simulator cannot tell from a real one is what the planner sees, so a wrong order shows as a
 * refusal of the board and not as a green test.
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
    SMALL = 12 * 1024,        /* fits the smallest slot, the MBR's */
    WHOLE_SYSTEM = 36 * 1024, /* an nRF52840 system that reaches behind its former start */
    RELEASES_MAX = 16,
    FAR_AHEAD = 60000 /* a system version that no release has */
};

typedef struct made_release {
    release set;
    buf files[RELEASE_MODULES_MAX];
    const release_module *app; /**< in `set`; NULL: the release has none */
    buf demanding;             /**< the same application, needing a system that nobody has */
} made_release;

typedef struct fixture {
    arena memory;
    platform_list platforms;
    catalog known;
    const platform *board;
    size_t count;
    made_release releases[RELEASES_MAX];
    size_t pairs;
} fixture;

static void synthesise(const release *set, release_module *entry, buf *file)
{
    osb_error error = {0};
    module parsed;
    char name[RELEASE_FILE_NAME];
    const platform_slot *place = platform_find_slot(set->board, entry->slot);
    if (entry->slot.function != MODULE_USER_PART)
        entry->size = place->image_start_count > 1 ? WHOLE_SYSTEM : SMALL;
    *file = buf_make(MODULE_FILE_MAX);
    if (sim_synthesise(set, entry, file, &error) != OSB_OK ||
        module_parse(buf_span(file), entry->file, &parsed, &error) != OSB_OK)
        fail_msg("%s: %s", error.subject, error.message);
    text_copy(name, sizeof name, entry->file);
    release_module_from(entry, &parsed, name, NULL);
}

static void make_release(made_release *made)
{
    made->app = NULL;
    for (size_t i = 0; i < made->set.module_count; i++) {
        release_module *entry = &made->set.modules[i];
        release_module demanding = *entry;
        synthesise(&made->set, entry, &made->files[i]);
        if (entry->slot.function != MODULE_USER_PART)
            continue;
        made->app = entry;
        demanding.dependencies[0].version = FAR_AHEAD;
        synthesise(&made->set, &demanding, &made->demanding);
    }
}

static void open_board(fixture *world, const char *name, const char *const *versions)
{
    osb_error error = {0};
    *world = (fixture){0};
    if (platform_load_all(&world->memory, &world->platforms, &error) != OSB_OK ||
        catalog_load(&world->known, &error) != OSB_OK)
        fail_msg("%s: %s", error.subject, error.message);
    world->board = platform_by_name(&world->platforms, name);
    for (size_t i = 0; versions[i]; i++) {
        made_release *made = &world->releases[world->count++];
        if (catalog_release(&world->known, versions[i], world->board, &made->set, &error) != OSB_OK)
            fail_msg("%s: %s", error.subject, error.message);
        make_release(made);
    }
}

static void close_board(fixture *world)
{
    for (size_t i = 0; i < world->count; i++) {
        for (size_t k = 0; k < world->releases[i].set.module_count; k++)
            buf_free(&world->releases[i].files[k]);
        buf_free(&world->releases[i].demanding);
    }
    catalog_free(&world->known);
    arena_free(&world->memory);
}

/** An application without its system puts the board into safe mode; there it may be listening. */
static void plug_in(fixture *world, sim_world *simulated, made_release *from, device_mode mode)
{
    osb_error error = {0};
    sim_board *board = NULL;
    sim_image images[RELEASE_MODULES_MAX];
    bool content = mode == MODE_NORMAL || mode == MODE_DFU;
    for (size_t i = 0; i < from->set.module_count; i++) {
        bool demanding = !content && &from->set.modules[i] == from->app;
        images[i] = (sim_image){buf_span(demanding ? &from->demanding : &from->files[i]),
                                from->set.modules[i].file};
    }
    sim_recipe recipe = {.board = world->board,
                         .images = images,
                         .image_count = from->set.module_count,
                         .network_credentials = mode != MODE_LISTENING};
    if (sim_board_add(simulated, &recipe, &board, &error) != OSB_OK)
        fail_msg("%s: %s", error.subject, error.message);
    if (mode == MODE_DFU)
        sim_board_hold_button(board);
    JSON_OWNED *found = sim_board_to_json(board);
    if (!text_equal(json_text(found, "mode", ""), device_mode_name(mode)))
        fail_msg("%s %s is in %s mode, not in %s", world->board->name, from->set.version,
                 json_text(found, "mode", "?"), device_mode_name(mode));
}

static osb_status load(void *context, const uint8_t digest[SHA256_SIZE], span *file,
                       osb_error *error)
{
    const made_release *made = context;
    for (size_t i = 0; i < made->set.module_count; i++)
        if (memcmp(made->set.modules[i].sha256, digest, SHA256_SIZE) == 0) {
            *file = buf_span(&made->files[i]);
            return OSB_OK;
        }
    return osb_fail(error, OSB_ERR_NOT_FOUND, NULL, NULL, "not in the release");
}

/** Whether the board reports the whole release, build by build. */
static osb_status check_set(const snapshot *state, const release *set, osb_error *error)
{
    for (size_t i = 0; i < set->module_count; i++) {
        const release_module *entry = &set->modules[i];
        const platform_slot *place = platform_find_slot(state->board, entry->slot);
        const snapshot_module *now = snapshot_find(state, entry->slot);
        if (place->route == ROUTE_NEVER || (now && now->version == entry->version))
            continue;
        return osb_fail(error, OSB_ERR_UNPROVED, entry->file, NULL, "the board has %u",
                        now ? now->version : 0);
    }
    return OSB_OK;
}

static osb_status plan_for(const snapshot *state, const made_release *to, plan *steps,
                           osb_error *error)
{
    goal wanted = {.set = &to->set, .app = to->app};
    policy rules = {.allow_downgrade = true, .simulated = true};
    solve(state, &wanted, &rules, steps);
    if (steps->refusal_count)
        return osb_fail(error, OSB_ERR_NO_PLAN, NULL, NULL, "%s", steps->refusals[0]);
    return OSB_OK;
}

static osb_status restore_on(device *held, made_release *to, osb_error *error)
{
    static plan steps; /* large */
    snapshot state;
    restore_report report;
    restore_job job = {.held = held, .steps = &steps, .files = {load, to}};
    TRY(device_inspect(held, &state, error));
    TRY(plan_for(&state, to, &steps, error));
    if (steps.looks_again) {
        TRY(device_restart(held, error));
        TRY(device_inspect(held, &state, error));
        TRY(plan_for(&state, to, &steps, error));
    }
    TRY(restore_run(&job, &report, error));
    TRY(device_inspect(held, &state, error));
    TRY(check_set(&state, &to->set, error));
    TRY(plan_for(&state, to, &steps, error));
    if (report.proved && steps.step_count <= 3 && !steps.warning_count)
        return OSB_OK; /* at most the application is read back again */
    return osb_fail(error, OSB_ERR_UNPROVED, NULL, NULL, "a second plan has %zu steps",
                    steps.step_count);
}

static void try_pair(fixture *world, made_release *from, made_release *to, device_mode mode)
{
    osb_error error = {0};
    sim_world *simulated = NULL;
    device_entry entry;
    device *held = NULL;
    if (sim_world_make(&world->known, &world->platforms, &simulated, &error) != OSB_OK)
        fail_msg("%s", error.message);
    plug_in(world, simulated, from, mode);
    transport *bus = sim_world_transport(simulated);
    osb_status status = device_select(bus, &world->platforms, NULL, &entry, &error);
    if (status == OSB_OK)
        status = device_open(bus, &world->platforms, &entry, NULL, &held, &error);
    if (status == OSB_OK)
        status = restore_on(held, to, &error);
    device_close(held);
    sim_world_free(simulated);
    if (status != OSB_OK)
        fail_msg("%s %s -> %s from %s mode: %s: %s", world->board->name, from->set.version,
                 to->set.version, device_mode_name(mode), error.subject, error.message);
    world->pairs++;
}

static void try_all(const char *board, const char *const *versions)
{
    static fixture world; /* large */
    static const device_mode modes[] = {MODE_NORMAL, MODE_LISTENING, MODE_SAFE, MODE_DFU};
    open_board(&world, board, versions);
    for (size_t from = 0; from < world.count; from++)
        for (size_t to = 0; to < world.count; to++)
            for (size_t i = 0; from != to && i < sizeof modes / sizeof *modes; i++)
                try_pair(&world, &world.releases[from], &world.releases[to], modes[i]);
    print_message("%s: %zu restores\n", board, world.pairs);
    assert_int_equal(world.pairs, world.count * (world.count - 1) * 4);
    close_board(&world);
}

/* The releases that the vendor's command-line tool carried, whose headers are those of its files.
 */

static void gen2_boards_reach_every_published_release(void **state)
{
    static const char *const versions[] = {"1.5.0", "1.5.1", "1.5.2", "2.0.1",
                                           "2.1.0", "2.2.0", "2.3.1", NULL};
    (void)state;
    try_all("photon", versions);
    try_all("p1", versions);
    try_all("electron", versions);
}

static void nrf_boards_reach_every_published_release(void **state)
{
    static const char *const all[] = {"1.5.0", "1.5.1", "1.5.2", "2.0.1", "2.1.0",
                                      "2.2.0", "2.3.1", "4.0.1", "4.0.2", NULL};
    static const char *const xenon[] = {"1.5.0", "1.5.1", "1.5.2", NULL};
    static const char *const tracker[] = {"2.0.1", "2.1.0", "2.2.0", "2.3.1",
                                          "4.0.1", "4.0.2", NULL};
    static const char *const esomx[] = {"4.0.1", "4.0.2", NULL};
    (void)state;
    try_all("argon", all);
    try_all("boron", all);
    try_all("bsom", all);
    try_all("b5som", all);
    try_all("xenon", xenon);
    try_all("tracker", tracker);
    try_all("esomx", esomx);
}

/* Later ones, of which the catalog knows the headers from the sources. */

static void later_releases_are_reached_from_every_other(void **state)
{
    static const char *const gen2[] = {"2.3.1", "3.0.0", "3.3.1", NULL};
    static const char *const nrf[] = {"1.5.2", "4.0.2", "5.3.1", "6.1.1", "6.2.0", NULL};
    static const char *const esomx[] = {"4.0.2", "5.5.0", "6.1.1", "6.2.0", NULL};
    static const char *const up_to_the_stepping_stone[] = {"2.2.0", "3.0.0", "5.5.0", NULL};
    static const char *const from_there[] = {"3.0.0", "5.5.0", "5.6.0", "6.1.1", "6.2.0", NULL};
    (void)state;
    try_all("photon", gen2);
    try_all("electron", gen2);
    try_all("argon", nrf);
    try_all("boron", nrf);
    try_all("esomx", esomx);
    try_all("tracker", up_to_the_stepping_stone);
    try_all("tracker", from_there);
}

static void rtl_boards_reach_every_release_from_every_other(void **state)
{
    static const char *const p2[] = {"5.0.1", "5.3.1", "5.5.0", "5.9.0", "6.2.0", NULL};
    static const char *const msom[] = {"5.5.0", "5.9.0", "6.2.0", NULL};
    static const char *const trackerm[] = {"5.0.1", "5.3.1", "5.5.0", "5.8.0", NULL};
    (void)state;
    try_all("p2", p2);
    try_all("msom", msom);
    try_all("trackerm", trackerm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gen2_boards_reach_every_published_release),
        cmocka_unit_test(nrf_boards_reach_every_published_release),
        cmocka_unit_test(later_releases_are_reached_from_every_other),
        cmocka_unit_test(rtl_boards_reach_every_release_from_every_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
