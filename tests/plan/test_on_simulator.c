/*
 * The same random boards, built and run: what is planned for them is done on the simulator, which
 * refuses what a board would refuse, and must end in what the plan promised.
 *
 * Modules are synthetic and small, their headers those of the tasks. A board that lacks a part of
 * its boot chain is dead, so no host can reach it; any other one has to answer. Arguments: how many
 * tasks are tried, the number of the first (a single one is told in full), and the seed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "model/module_protect.h"
#include "random_board.h"
#include "restore/restore.h"
#include "sim/sim.h"

/** Where the numbers come from that every ordinary run tries; any but 0 does. */
static const uint64_t SEED = 0x05b0d1e5eed;

enum {
    TASKS = 2000,
    SMALL = 12 * 1024,         /* fits the smallest slot */
    WHOLE_SYSTEM = 36 * 1024,  /* an nRF52840 system that reaches behind its former start */
    FIRST_TRIED = 1406,        /* system of 1.4.4 */
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

static const module_slot bootloader = {MODULE_BOOTLOADER, 0};

typedef struct bench {
    const platform_list *platforms;
    const catalog *known;
    random_task task;
    shelf stock;
    plan made, again;
    sim_world *world;
    sim_board *board; /**< NULL: none was made */
    device *held;
    bool tells_all; /**< not only of what failed */
} bench;

/** Which tasks are tried: numbers from `first` on, of those that the seed makes. */
typedef struct extent {
    size_t count, first;
    uint64_t seed;
} extent;

typedef struct statistics {
    size_t done, steps, looked, warned, empty, refused, dead, failed;
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

/** Protection began with 6.0.0; no tool makes protected bootloaders for systems before 6.1.1. */
static bool is_protected(const random_task *task)
{
    const snapshot_module *loads = snapshot_find(&task->truth, bootloader);
    const snapshot_module *system =
        snapshot_find(&task->truth, (module_slot){MODULE_SYSTEM_PART, 1});
    return task->state.guard != PROTECTION_OPEN && loads && loads->version >= 3001 && system &&
           system->version >= 6101;
}

static osb_status protect(release_module *entry, buf *file, osb_error *error)
{
    module plain;
    BUF_OWNED made = buf_make(MODULE_FILE_MAX);
    TRY(module_parse(buf_span(file), entry->file, &plain, error));
    TRY(module_protect(&plain, entry->file, (span){0}, &made, error));
    file->size = 0;
    buf_append(file, buf_span(&made));
    return buf_check(file, entry->file, error);
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
    if (entry->protects && slot_equal(entry->slot, bootloader))
        TRY(protect(entry, file, error));
    TRY(module_parse(buf_span(file), entry->file, &parsed, error));
    text_copy(name, sizeof name, entry->file[0] ? entry->file : "module.bin");
    release_module_from(entry, &parsed, name, NULL);
    memcpy(stock->hashes[stock->count - 1], entry->sha256, SHA256_SIZE);
    *made = buf_span(file);
    return OSB_OK;
}

static osb_status make_goal(bench *self, osb_error *error)
{
    random_task *task = &self->task;
    const platform *board = task->state.board;
    span file;
    for (size_t i = 0; i < task->set.module_count; i++) {
        task->set.modules[i].protects = is_protected(task);
        if (platform_find_slot(board, task->set.modules[i].slot))
            TRY(make_file(self, board, &task->set.modules[i], &file, error));
    }
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
    for (size_t i = 0; i < task->truth.module_count; i++) {
        const snapshot_module *from = &task->truth.modules[i];
        release_module entry = {.slot = from->slot,
                                .version = from->version,
                                .file = "board.bin",
                                .protects = is_protected(task)};
        memcpy(entry.dependencies, from->dependencies,
               from->dependency_count * sizeof *from->dependencies);
        TRY(make_file(self, task->state.board, &entry, &images[count].file, error));
        images[count++].name = "board.bin";
    }
    sim_recipe recipe = {.board = task->state.board,
                         .images = images,
                         .image_count = count,
                         .network_credentials = task->state.mode != MODE_LISTENING};
    TRY(sim_board_add(self->world, &recipe, &self->board, error));
    if (task->state.guard == PROTECTION_SERVICE)
        sim_board_open_service(self->board);
    if (task->state.mode == MODE_DFU)
        sim_board_hold_button(self->board);
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

/** Nothing starts a board that lacks a bootloader or one of its stages. */
static bool lacks_boot_chain(const random_task *task)
{
    for (size_t i = 0; i < task->state.board->slot_count; i++) {
        module_slot slot = task->state.board->slots[i].slot;
        if (slot.function == MODULE_BOOTLOADER && !snapshot_find(&task->truth, slot))
            return true;
    }
    return false;
}

static osb_status try_on_board(bench *self, statistics *seen, osb_error *error)
{
    device_entry entry;
    transport *bus = sim_world_transport(self->world);
    TRY(plug_in(self, error));
    if (device_select(bus, self->platforms, NULL, &entry, NULL) != OSB_OK ||
        device_open(bus, self->platforms, &entry, NULL, &self->held, NULL) != OSB_OK) {
        seen->dead++;
        return lacks_boot_chain(&self->task) ? OSB_OK
                                             : osb_fail(error, OSB_ERR_NOT_FOUND, "board", NULL,
                                                        "does not answer, and has all to start");
    }
    return run_plan(self, seen, error);
}

static void show_module(const char *title, module_slot slot, uint16_t version,
                        const module_dependency *needs, size_t need_count)
{
    char name[MODULE_SLOT_TEXT];
    slot_text(slot, name);
    printf("    %s %s %u", title, name, version);
    for (size_t i = 0; i < need_count; i++) {
        slot_text(needs[i].slot, name);
        if (needs[i].slot.function != MODULE_NONE)
            printf(", needs %s %u", name, needs[i].version);
    }
    printf("\n");
}

static void show_steps(const char *title, const plan *made)
{
    for (size_t i = 0; i < made->step_count; i++) {
        const plan_step *step = &made->steps[i];
        printf("    %s %zu. %s %s %u (%s): %s\n", title, i + 1,
               step_operation_name(step->operation), step->slot ? step->slot->name : "", step->to,
               route_name(step->via), step->reasons[0]);
    }
    for (size_t i = 0; i < made->refusal_count; i++)
        printf("    %s refused: %s\n", title, made->refusals[i]);
}

/** What the board itself knows of its last start. */
static void show_board(const bench *self)
{
    json_t *all = self->board ? sim_board_to_json(self->board) : NULL;
    const json_t *reason;
    size_t i;
    printf("    board is in %s mode\n", json_string_value(json_object_get(all, "mode")));
    json_array_foreach(json_object_get(all, "boot_reasons"), i, reason)
        printf("    board: %s\n", json_string_value(reason));
    json_decref(all);
}

static void show(const bench *self)
{
    const random_task *task = &self->task;
    for (size_t i = 0; i < task->truth.module_count; i++) {
        const snapshot_module *entry = &task->truth.modules[i];
        show_module("has", entry->slot, entry->version, entry->dependencies,
                    entry->dependency_count);
    }
    for (size_t i = 0; task->wanted.set && i < task->set.module_count; i++) {
        const release_module *entry = &task->set.modules[i];
        show_module(task->wanted.heal ? "heal" : "wants", entry->slot, entry->version,
                    entry->dependencies, 2);
    }
    for (size_t i = 0; i < task->wanted.file_count; i++)
        show_module("named", task->files[i].slot, task->files[i].version,
                    task->files[i].dependencies, 2);
    if (task->wanted.app)
        show_module("app", task->app.slot, task->app.version, task->app.dependencies, 2);
    show_steps("plan", &self->made);
    show_steps("again", &self->again);
    show_board(self);
}

static void try_one(size_t number, bench *self, statistics *seen)
{
    osb_error error = {0};
    const random_task *task = &self->task;
    osb_status status = make_goal(self, &error);
    self->made.step_count = self->again.step_count = 0;
    self->made.refusal_count = self->again.refusal_count = 0;
    if (status == OSB_OK)
        status = sim_world_make(self->known, self->platforms, &self->world, &error);
    if (status == OSB_OK)
        status = try_on_board(self, seen, &error);
    seen->failed += status != OSB_OK;
    if (status != OSB_OK)
        printf("task %zu, %s in %s mode: %s: %s\n", number, task->state.board->name,
               device_mode_name(task->state.mode), error.subject, error.message);
    if (self->tells_all || (status != OSB_OK && seen->failed <= FINDINGS_SHOWN))
        show(self);
    device_close(self->held);
    sim_world_free(self->world);
    self->held = NULL;
    self->world = NULL;
    self->board = NULL;
    shelf_clear(&self->stock);
}

/**
 * Boards as they can be: not of numbers that were never published, and of systems that take
 * requests in every mode, since what became of others shows in DFU mode only.
 */
static bool can_be_tried(const release *set)
{
    const release_module *system = release_find(set, (module_slot){MODULE_SYSTEM_PART, 1});
    return release_is_published(set) && system && system->version >= FIRST_TRIED;
}

static osb_status run(const extent *asked, statistics *seen, osb_error *error)
{
    static release_pool pool; /* large, as the next */
    static bench self;
    ARENA_OWNED memory = {0};
    platform_list platforms;
    catalog known = {0};
    uint64_t seed = asked->seed;
    TRY(platform_load_all(&memory, &platforms, error));
    TRY(catalog_load(&known, error));
    self.platforms = &platforms;
    self.known = &known;
    self.tells_all = asked->count == 1;
    bool filled = pool_fill(&pool, &platforms, &known, can_be_tried);
    for (size_t i = 0; filled && i < asked->first + asked->count; i++) {
        task_make(&self.task, &pool, &seed);
        if (i >= asked->first)
            try_one(i, &self, seen);
    }
    catalog_free(&known);
    return OSB_OK;
}

int main(int count, char **words)
{
    osb_error error = {0};
    statistics seen = {0};
    extent asked = {.count = count > 1 ? strtoul(words[1], NULL, 10) : TASKS,
                    .first = count > 2 ? strtoul(words[2], NULL, 10) : 0,
                    .seed = count > 3 ? strtoull(words[3], NULL, 0) : SEED};
    if (run(&asked, &seen, &error) != OSB_OK)
        printf("%s: %s\n", error.subject, error.message);
    printf("%zu done in %zu steps, %zu looked first, %zu ended as warned, %zu empty, %zu refused, "
           "%zu dead (no bootloader), %zu failed\n",
           seen.done, seen.steps, seen.looked, seen.warned, seen.empty, seen.refused, seen.dead,
           seen.failed);
    return seen.failed || seen.done < asked.count / 4 || seen.warned > asked.count / 200;
}
