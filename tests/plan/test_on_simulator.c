/*
 * The same random boards, built and run: what is planned for them is done on the simulator, which
 * refuses what a board would refuse, and must end in what the plan promised.
 *
 * Modules are synthetic and small, their headers those of the tasks. Boards that no host could
 * reach (a bootloader that is missing or does not fit) are passed over. The first argument says how
 * many tasks are tried.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "random_board.h"
#include "restore/restore.h"
#include "sim/sim.h"

enum {
    TASKS = 2000,
    SMALL = 12 * 1024,         /* fits the smallest slot */
    WHOLE_SYSTEM = 36 * 1024,  /* an nRF52840 system that reaches behind its former start */
    FORMER_HEADER_FROM = 6102, /* such systems start at 0x28000 */
    FILES_MAX = 3 * RELEASE_MODULES_MAX,
    FINDINGS_SHOWN = 5
};

/** Files that a plan may write, by their SHA-256. */
typedef struct shelf {
    size_t count;
    uint8_t hashes[FILES_MAX][SHA256_SIZE];
    buf files[FILES_MAX];
} shelf;

typedef struct bench {
    const platform_list *platforms;
    const catalog *known;
    random_task task;
    shelf stock;
    plan made, again;
    sim_world *world;
    device *held;
} bench;

typedef struct statistics {
    size_t done, steps, looked, warned, empty, refused, unreachable, failed;
} statistics;

static void shelf_clear(shelf *stock)
{
    for (size_t i = 0; i < stock->count; i++)
        buf_free(&stock->files[i]);
    stock->count = 0;
}

/** Where modules of that version stand; random versions have left what their release says. */
static uint32_t start_of(const platform_slot *place, const release_module *entry)
{
    if (place->slot.function != MODULE_SYSTEM_PART || place->image_start_count < 2)
        return 0;
    return entry->version >= FORMER_HEADER_FROM ? 0x28000 : 0x30000;
}

/** Makes the file of a module and lets the module say what is in it. */
static osb_status make_file(bench *self, const platform *board, release_module *entry, span *made,
                            osb_error *error)
{
    shelf *stock = &self->stock;
    module parsed;
    char name[RELEASE_FILE_NAME];
    release like = {.board = board};
    const platform_slot *place = platform_find_slot(board, entry->slot);
    bool is_system = place && place->image_start_count > 1;
    if (stock->count == FILES_MAX)
        return osb_fail(error, OSB_ERR_INTERNAL, "shelf", NULL, "is full");
    buf *file = &stock->files[stock->count];
    *file = buf_make(MODULE_FILE_MAX);
    entry->size = is_system ? WHOLE_SYSTEM : SMALL;
    entry->start = place ? start_of(place, entry) : 0;
    stock->count++;
    TRY(sim_synthesise(&like, entry, file, error));
    TRY(module_parse(buf_span(file), entry->file, &parsed, error));
    text_copy(name, sizeof name, entry->file[0] ? entry->file : "module.bin");
    release_module_from(entry, &parsed, name);
    memcpy(stock->hashes[stock->count - 1], entry->sha256, SHA256_SIZE);
    *made = buf_span(file);
    return OSB_OK;
}

static osb_status make_goal(bench *self, osb_error *error)
{
    random_task *task = &self->task;
    const platform *board = task->state.board;
    span file;
    for (size_t i = 0; i < task->set.module_count; i++)
        if (platform_find_slot(board, task->set.modules[i].slot))
            TRY(make_file(self, board, &task->set.modules[i], &file, error));
    for (size_t i = 0; i < task->wanted.file_count; i++)
        TRY(make_file(self, board, &task->files[i], &file, error));
    if (task->wanted.app && platform_find_slot(board, task->app.slot))
        TRY(make_file(self, board, &task->app, &file, error));
    task->wanted.lock = NULL;
    return OSB_OK;
}

static osb_status plug_in(bench *self, osb_error *error)
{
    const random_task *task = &self->task;
    sim_image images[SNAPSHOT_MODULES_MAX];
    size_t count = 0;
    sim_board *board;
    for (size_t i = 0; i < task->truth.module_count; i++) {
        const snapshot_module *from = &task->truth.modules[i];
        release_module entry = {.slot = from->slot, .version = from->version, .file = "board.bin"};
        memcpy(entry.dependencies, from->dependencies,
               from->dependency_count * sizeof *from->dependencies);
        TRY(make_file(self, task->state.board, &entry, &images[count].file, error));
        images[count++].name = "board.bin";
    }
    sim_recipe recipe = {.board = task->state.board,
                         .images = images,
                         .image_count = count,
                         .network_credentials = task->state.mode != MODE_LISTENING};
    TRY(sim_board_add(self->world, &recipe, &board, error));
    if (task->state.mode == MODE_DFU)
        sim_board_hold_button(board);
    return OSB_OK;
}

static osb_status load(void *context, const uint8_t digest[SHA256_SIZE], span *file,
                       osb_error *error)
{
    const shelf *stock = context;
    for (size_t i = 0; i < stock->count; i++)
        if (memcmp(stock->hashes[i], digest, SHA256_SIZE) == 0) {
            *file = buf_span(&stock->files[i]);
            return OSB_OK;
        }
    return osb_fail(error, OSB_ERR_NOT_FOUND, NULL, NULL, "nobody made this file");
}

/**
 * What a second plan may still hold: the application, of which boards tell nothing sure, and
 * another build of the very version, which only a newer system tells apart.
 */
static bool is_settled(const plan *again)
{
    for (size_t i = 0; i < again->step_count; i++)
        if (again->steps[i].operation == STEP_WRITE && !again->steps[i].compare_first &&
            again->steps[i].from != again->steps[i].to)
            return false;
    return !again->refusal_count;
}

static osb_status run_plan(bench *self, statistics *seen, osb_error *error)
{
    static restore_report report; /* large */
    random_task *task = &self->task;
    snapshot state;
    policy settled = task->rules;
    settled.full_rewrite = false;
    TRY(device_inspect(self->held, &state, error));
    solve(&state, &task->wanted, &task->rules, &self->made);
    if (self->made.looks_again) {
        seen->looked++;
        TRY(device_restart(self->held, error));
        TRY(device_inspect(self->held, &state, error));
        solve(&state, &task->wanted, &task->rules, &self->made);
    }
    if (self->made.refusal_count) {
        seen->refused++;
        return OSB_OK;
    }
    restore_job job = {.held = self->held, .steps = &self->made, .files = {load, &self->stock}};
    osb_status status = restore_run(&job, &report, error);
    if (status == OSB_ERR_UNPROVED && self->made.warning_count && self->made.steps[0].slot) {
        seen->warned++; /* without a system there was no looking first, and the plan said so */
        return OSB_OK;
    }
    TRY(status);
    seen->empty += !self->made.step_count;
    seen->done += self->made.step_count > 0;
    seen->steps += self->made.step_count;
    TRY(device_inspect(self->held, &state, error));
    if (state.mode == MODE_DFU)
        return OSB_OK; /* an empty plan leaves it there */
    solve(&state, &task->wanted, &settled, &self->again);
    if (is_settled(&self->again))
        return OSB_OK;
    return osb_fail(error, OSB_ERR_UNPROVED, "second plan", NULL, "%s",
                    self->again.refusal_count ? self->again.refusals[0] : "would write again");
}

static osb_status try_on_board(bench *self, statistics *seen, osb_error *error)
{
    device_entry entry;
    transport *bus = sim_world_transport(self->world);
    TRY(plug_in(self, error));
    if (device_select(bus, self->platforms, NULL, &entry, NULL) != OSB_OK ||
        device_open(bus, self->platforms, &entry, NULL, &self->held, NULL) != OSB_OK) {
        seen->unreachable++;
        return OSB_OK;
    }
    return run_plan(self, seen, error);
}

static void show(size_t number, const bench *self, const osb_error *error)
{
    const random_task *task = &self->task;
    printf("task %zu, %s in %s mode: %s: %s\n", number, task->state.board->name,
           device_mode_name(task->state.mode), error->subject, error->message);
    for (size_t i = 0; i < task->truth.module_count; i++)
        printf("    has %s %u\n",
               platform_find_slot(task->state.board, task->truth.modules[i].slot)->name,
               task->truth.modules[i].version);
    for (size_t i = 0; i < self->made.step_count; i++)
        printf("    %zu. %s %s %u\n", i + 1, step_operation_name(self->made.steps[i].operation),
               self->made.steps[i].slot ? self->made.steps[i].slot->name : "",
               self->made.steps[i].to);
    for (size_t i = 0; i < self->again.step_count; i++)
        printf("    again: %s %s %u: %s\n", step_operation_name(self->again.steps[i].operation),
               self->again.steps[i].slot ? self->again.steps[i].slot->name : "",
               self->again.steps[i].to, self->again.steps[i].reasons[0]);
}

static void try_one(size_t number, bench *self, statistics *seen)
{
    osb_error error = {0};
    osb_status status = make_goal(self, &error);
    self->made.step_count = self->again.step_count = 0;
    if (status == OSB_OK)
        status = sim_world_make(self->known, self->platforms, &self->world, &error);
    if (status == OSB_OK)
        status = try_on_board(self, seen, &error);
    device_close(self->held);
    sim_world_free(self->world);
    self->held = NULL;
    self->world = NULL;
    shelf_clear(&self->stock);
    if (status != OSB_OK && seen->failed++ < FINDINGS_SHOWN)
        show(number, self, &error);
}

static osb_status run(size_t tasks, statistics *seen, osb_error *error)
{
    static release_pool pool; /* large, as the next */
    static bench self;
    ARENA_OWNED memory = {0};
    platform_list platforms;
    catalog known = {0};
    uint64_t seed = 0x05b0d1e5eed;
    TRY(platform_load_all(&memory, &platforms, error));
    TRY(catalog_load(&known, error));
    self.platforms = &platforms;
    self.known = &known;
    bool filled = pool_fill(&pool, &platforms, &known);
    for (size_t i = 0; filled && i < tasks; i++) {
        task_make(&self.task, &pool, &seed);
        try_one(i, &self, seen);
    }
    catalog_free(&known);
    return OSB_OK;
}

int main(int count, char **words)
{
    osb_error error = {0};
    statistics seen = {0};
    size_t tasks = count > 1 ? strtoul(words[1], NULL, 10) : TASKS;
    if (run(tasks, &seen, &error) != OSB_OK)
        printf("%s: %s\n", error.subject, error.message);
    printf("%zu done in %zu steps, %zu looked first, %zu ended as warned, %zu empty, %zu refused, "
           "%zu unreachable, %zu failed\n",
           seen.done, seen.steps, seen.looked, seen.warned, seen.empty, seen.refused,
           seen.unreachable, seen.failed);
    return seen.failed || seen.done < tasks / 4 || seen.warned > tasks / 200;
}
