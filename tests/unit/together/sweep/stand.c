/*
 * The stand: releases in a cache, a context of the library, a board that is made anew for each run.
 *
 * Knows no faults. Invariant: restore and resume go through the library as the program does; what
 * lies between two runs is the disk and the board, and nothing in memory.
 */
#include "unit/together/sweep/stand.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "model/asset_needs.h"
#include "support/folder.h"
#include "support/zip.h"

enum {
    SMALL = 12 * 1024, /* fits the smallest slot, the MBR's */
    NCP_TO = 7,
    BACK_MS = 120000 /* a board that lost power is back by then */
};

static void must(osb_status status, const osb_error *error)
{
    if (status == OSB_OK)
        return;
    fprintf(stderr, "the stand cannot be made: %s: %s\n  %s\n", error->subject, error->message,
            error->hint);
    exit(2);
}

static void note_event(void *context, const osb_event *event)
{
    stand *made = context;
    made->phase = event->phase;
    if (event->step)
        made->last_step = event->step;
}

static bool say_stop(void *context)
{
    stand *made = context;
    return ++made->safe_points == made->stop_at;
}

static bool note_plan(void *context, const json_t *plan)
{
    stand *made = context;
    size_t i;
    json_t *step;
    memset(made->critical, 0, sizeof made->critical);
    json_array_foreach(json_object_get(plan, "steps"), i, step)
    {
        made->critical[i + 1] = json_true_at(step, "critical");
    }
    return true;
}

static void add_ncp(release *set, uint16_t ncp_version)
{
    release_module *entry = &set->modules[set->module_count++];
    *entry = (release_module){.slot = {MODULE_NCP_FIRMWARE, 0}, .version = ncp_version};
    text_format(entry->file, sizeof entry->file, "%s-ncp@%s.bin", set->board->name, set->version);
}

/** Makes a small module with the true header, and puts it into the cache. */
static void keep_module(stand *made, const release *set, release_module *entry,
                        cached_release *record)
{
    osb_error error = {0};
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    if (entry->slot.function == MODULE_USER_PART) {
        must(sim_synthesise(set, entry, &file, &error), &error);
        must(file_write_atomic(made->app, buf_span(&file), 0644, &error), &error);
        made->goal.app = made->app;
        return;
    }
    if (platform_find_slot(set->board, entry->slot)->route == ROUTE_NEVER)
        return;
    entry->size = SMALL;
    must(sim_synthesise(set, entry, &file, &error), &error);
    cached_module *kept = &record->modules[record->count++];
    *kept = (cached_module){.slot = entry->slot,
                            .size = file.size,
                            .from = "made here",
                            .when = "2026-11-21T01:30:49Z"};
    text_copy(kept->file, sizeof kept->file, entry->file);
    must(cas_publish(made->context->store, buf_span(&file), kept->sha256, &error), &error);
}

static void make_small_release(stand *made, const platform *board, const char *version_text,
                               uint16_t ncp_version)
{
    osb_error error = {0};
    release set;
    cached_release record = {0};
    must(catalog_release(&made->context->known, version_text, board, &set, &error), &error);
    if (ncp_version)
        add_ncp(&set, ncp_version);
    made->goal.app = NULL;
    for (size_t i = 0; i < set.module_count; i++)
        keep_module(made, &set, &set.modules[i], &record);
    text_copy(record.version, sizeof record.version, set.version);
    text_copy(record.platform, sizeof record.platform, board->name);
    must(cache_publish_release(made->context->store, &record, &error), &error);
}

static void fetch_genuine(stand *made, const char *version_text)
{
    osb_error error = {0};
    JSON_OWNED *fetched = NULL;
    json_t *result = NULL;
    must(osb_fetch(made->context, version_text, &made->told->board, 1, true, &result, &error),
         &error);
    fetched = result;
    made->goal.app = made->told->app;
}

static void fill_cache(stand *made, const platform *board)
{
    const story *told = made->told;
    if (told->sources[0]) {
        fetch_genuine(made, told->from);
        fetch_genuine(made, told->to);
        return;
    }
    make_small_release(made, board, told->from, told->ncp_from);
    make_small_release(made, board, told->to, told->ncp_from ? NCP_TO : 0);
}

/** What is left of a board without a system: it waits in DFU mode. */
static size_t keep_bootloaders(stand *made, const sim_image *images, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        module parsed;
        if (module_parse(images[i].file, images[i].name, &parsed, NULL) == OSB_OK &&
            parsed.slot.function == MODULE_BOOTLOADER)
            made->kept[kept++] = images[i];
    }
    return kept;
}

static void plug_in(stand *made, const platform *board)
{
    osb_error error = {0};
    osb_context *context = made->context;
    const sim_image *images;
    size_t count;
    must(context_images(context, board, made->told->from, &made->memory, &images, &count, &error),
         &error);
    made->recipe = (sim_recipe){.board = board, .images = images, .image_count = count};
    if (made->told->blank) {
        made->recipe.image_count = keep_bootloaders(made, images, count);
        made->recipe.images = made->kept;
    }
    must(sim_world_make(&context->known, &context->platforms, &context->world, &error), &error);
    must(sim_board_add(context->world, &made->recipe, &made->board, &error), &error);
    made->world = context->world;
    JSON_OWNED *document = sim_board_to_json(made->board);
    text_format(made->journal, sizeof made->journal, "%s/journal/%s.jsonl", made->state,
                json_text(document, "device_id", "?"));
    context->wire = context->bus = sim_world_transport(context->world);
}

static span bytes_of(const char *text)
{
    return (span){(const uint8_t *)text, strlen(text)};
}

static asset_need need_of(const char *name, const char *content)
{
    asset_need need = {.name = name};
    sha256(bytes_of(content), need.sha256);
    return need;
}

/** Lets the application want two assets. */
static void want_assets(stand *made)
{
    osb_error error = {0};
    module parsed;
    const asset_need needs[] = {need_of("cat.txt", "meow"), need_of("dog.txt", "woof")};
    BUF_OWNED plain = buf_make(MODULE_FILE_MAX);
    buf *wanting = &made->application;
    *wanting = buf_make(MODULE_FILE_MAX);
    must(file_read(made->app, &plain, &error), &error);
    must(module_parse(buf_span(&plain), "app.bin", &parsed, &error), &error);
    must(asset_needs_write(&parsed, needs, 2, wanting, &error), &error);
    must(file_write_atomic(made->app, buf_span(wanting), 0644, &error), &error);
}

void stand_pack(const stand *made, const char *dog)
{
    osb_error error = {0};
    ZIP_OWNED packed;
    zip_begin(&packed, MODULE_FILE_MAX);
    zip_add_file(&packed, "app.bin", buf_span(&made->application));
    zip_add_file(&packed, "assets/cat.txt", bytes_of("meow"));
    zip_add_file(&packed, "assets/dog.txt", bytes_of(dog));
    must(file_write_atomic(made->app, zip_end(&packed), 0644, &error), &error);
}

/** The application too, where there is one: as the board will have it. */
static void load_target(stand *made, const platform *board)
{
    osb_error error = {0};
    module parsed;
    must(context_known_release(made->context, made->told->to, board, &made->to, &error), &error);
    if (!made->goal.app)
        return;
    BUF_OWNED content = buf_make(MODULE_FILE_MAX);
    must(file_read(made->goal.app, &content, &error), &error);
    must(module_parse(buf_span(&content), made->goal.app, &parsed, &error), &error);
    release_module_from(&made->to.modules[made->to.module_count++], &parsed, "app.bin", NULL);
}

static void make_folder(stand *made)
{
    char path[TEST_FOLDER_SIZE];
    const char *in_memory = "/dev/shm"; /* where an fsync costs nothing */
    if (!getenv("TMPDIR") && access(in_memory, W_OK) == 0)
        setenv("TMPDIR", in_memory, 1);
    if (!test_folder_make(path)) {
        fprintf(stderr, "the stand cannot make a folder\n");
        exit(2);
    }
    text_copy(made->folder, sizeof made->folder, path);
    text_format(made->cache, sizeof made->cache, "%s/cache", path);
    text_format(made->state, sizeof made->state, "%s/state", path);
    text_format(made->app, sizeof made->app, "%s/app.bin", path);
}

void stand_open(stand *made, const story *told)
{
    osb_error error = {0};
    const platform *board;
    *made = (stand){.told = told};
    make_folder(made);
    osb_options options = {.cache = made->cache,
                           .state = made->state,
                           .sources = told->sources,
                           .source_count = told->sources[0] ? 2 : 0,
                           .offline = true,
                           .hooks = {.event = note_event, .cancelled = say_stop, .context = made}};
    must(osb_open(&options, &made->context, &error), &error);
    must(context_platform(made->context, told->board, &board, &error), &error);
    fill_cache(made, board);
    made->goal.version = told->to;
    made->goal.full = told->full;
    made->goal.via = told->via;
    plug_in(made, board);
    if (told->assets)
        want_assets(made);
    load_target(made, board);
    if (told->assets)
        stand_pack(made, "woof");
}

void stand_close(stand *made)
{
    osb_close(made->context);
    arena_free(&made->memory);
    buf_free(&made->application);
    test_folder_remove(made->folder);
}

void stand_renew(stand *made)
{
    osb_error error = {0};
    unlink(made->journal);
    sim_world_set_fault(made->world, 0, FAULT_NONE);
    must(sim_board_renew(made->board, &made->recipe, &error), &error);
    made->last_step = 0;
    made->safe_points = made->stop_at = 0;
}

osb_status stand_restore(stand *made, json_t **report, osb_error *error)
{
    json_t *result = NULL;
    made->last_step = 0;
    osb_status status = osb_restore(made->context, &made->goal, note_plan, &result, error);
    if (report)
        *report = json_incref(result);
    json_decref(result);
    return status;
}

osb_status stand_resume(stand *made, bool *nothing, osb_error *error)
{
    json_t *result = NULL;
    made->last_step = 0;
    osb_status status = osb_resume(made->context, NULL, note_plan, &result, error);
    *nothing = result && !json_object_get(result, "before");
    json_decref(result);
    return status;
}

bool stand_was_critical(const stand *made)
{
    return made->critical[made->last_step];
}

/** What stands in flash where the module belongs; empty for what is not in flash. */
static span in_flash(const stand *made, const release_module *entry)
{
    const platform *board = made->recipe.board;
    const platform_slot *place = platform_find_slot(board, entry->slot);
    if (entry->slot.function == MODULE_NCP_FIRMWARE)
        return (span){0};
    return span_slice(sim_board_flash(made->board, "internal"),
                      entry->start - board->memories[0].start, entry->size - place->flash_offset);
}

static size_t assets_on(const stand *made)
{
    JSON_OWNED *board = sim_board_to_json(made->board);
    return json_array_size(json_object_get(board, "assets"));
}

bool stand_has_release(const stand *made)
{
    if (made->told->assets && assets_on(made) != 2)
        return false;
    for (size_t i = 0; i < made->to.module_count; i++) {
        const release_module *entry = &made->to.modules[i];
        module parsed;
        BUF_OWNED file = buf_make(MODULE_FILE_MAX);
        span there = in_flash(made, entry);
        if (cas_read(made->context->store, entry->sha256, &file, NULL) != OSB_OK ||
            module_parse(buf_span(&file), entry->file, &parsed, NULL) != OSB_OK)
            return false;
        span wanted = module_payload(&parsed);
        if (there.size &&
            (there.size != wanted.size || memcmp(there.data, wanted.data, there.size) != 0))
            return false;
    }
    return true;
}

void stand_hash(const stand *made, uint8_t digest[SHA256_SIZE])
{
    sha256_state state;
    sha256_begin(&state);
    for (size_t i = 0; i < made->to.module_count; i++)
        sha256_add(&state, in_flash(made, &made->to.modules[i]));
    JSON_OWNED *board = sim_board_to_json(made->board);
    char *assets = json_dumps(json_object_get(board, "assets"), JSON_SORT_KEYS);
    sha256_add(&state, bytes_of(assets));
    free(assets);
    sha256_end(&state, digest);
}

void stand_wait(stand *made)
{
    osb_error error = {0};
    must(transport_wait(made->context->bus, BACK_MS, &error), &error);
}
