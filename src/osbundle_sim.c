/*
 * The facade's simulated boards: new, info, list, release.
 *
 * Fills boards from cached modules where a release is cached, else from synthetic ones made of the
 * catalog's true numbers.
 */
#include "osbundle_context.h"

#include "base/path.h"
#include "base/text.h"
#include "store/cache.h"

static osb_status keep(arena *memory, span content, const char *name, sim_image *image,
                       osb_error *error)
{
    const uint8_t *bytes = arena_copy(memory, content.data, content.size);
    const char *label = arena_text(memory, name);
    if (!bytes || !label)
        return osb_fail_memory(error);
    *image = (sim_image){{bytes, content.size}, label};
    return OSB_OK;
}

static osb_status cached_images(osb_context *context, const cached_release *record, arena *memory,
                                sim_image *images, osb_error *error)
{
    for (size_t i = 0; i < record->count; i++) {
        BUF_OWNED content = buf_make(MODULE_FILE_MAX);
        TRY(cas_read(context->store, record->modules[i].sha256, &content, error));
        TRY(keep(memory, buf_span(&content), record->modules[i].file, &images[i], error));
    }
    return OSB_OK;
}

static bool is_cached(const cached_release *record, module_slot slot)
{
    for (size_t i = 0; i < record->count; i++)
        if (slot_equal(record->modules[i].slot, slot))
            return true;
    return false;
}

/**
 * Synthetic modules for what is not cached. Beside genuine modules only for the slots that a board
 * cannot do without, because a made-up application would hide that there is none.
 */
static osb_status synthetic_images(const release *set, const cached_release *record, arena *memory,
                                   sim_image *images, size_t *count, osb_error *error)
{
    for (size_t i = 0; i < set->module_count; i++) {
        const release_module *entry = &set->modules[i];
        const platform_slot *place = platform_find_slot(set->board, entry->slot);
        if (record->count && (is_cached(record, entry->slot) || !place || !place->required))
            continue;
        BUF_OWNED content = buf_make(MODULE_FILE_MAX);
        TRY(sim_synthesise(set, entry, &content, error));
        TRY(keep(memory, buf_span(&content), entry->file, &images[(*count)++], error));
    }
    return OSB_OK;
}

osb_status context_images(osb_context *context, const platform *board, const char *release_version,
                          arena *memory, const sim_image **images, size_t *count, osb_error *error)
{
    cached_release record = {0};
    release set;
    sim_image *made = arena_take(memory, 2 * RELEASE_MODULES_MAX, sizeof *made);
    if (!made)
        return osb_fail_memory(error);
    osb_status status =
        cache_find_release(context->store, release_version, board->name, &record, error);
    if (status != OSB_OK && status != OSB_ERR_NOT_FOUND)
        return status;
    if (status == OSB_ERR_NOT_FOUND)
        record.count = 0;
    TRY(cached_images(context, &record, memory, made, error));
    *images = made;
    *count = record.count;
    status = catalog_release(&context->known, release_version, board, &set, error);
    if (status == OSB_ERR_NOT_FOUND && record.count)
        return OSB_OK; /* newer than this program: what is cached must do */
    TRY(status);
    return synthetic_images(&set, &record, memory, made, count, error);
}

static osb_status program(osb_context *context, const char *folder, const osb_sim_recipe *recipe,
                          osb_error *error)
{
    sim_world *world;
    sim_board *board;
    TRY(sim_world_make(&context->known, &context->platforms, &world, error));
    osb_status status = sim_board_open(world, folder, &board, error);
    for (size_t i = 0; i < recipe->programmed_count && status == OSB_OK; i++) {
        const char *path = recipe->programmed[i];
        BUF_OWNED content = buf_make(MODULE_FILE_MAX);
        status = file_read(path, &content, error);
        if (status == OSB_OK)
            status = sim_board_program(board, buf_span(&content), path, error);
    }
    sim_world_free(world);
    return status;
}

osb_status osb_sim_new(osb_context *context, const osb_sim_recipe *recipe, const char *folder,
                       json_t **result, osb_error *error)
{
    const platform *board;
    char release_version[VERSION_SIZE];
    ARENA_OWNED memory = {0};
    const sim_image *images;
    size_t count;
    *result = NULL;
    TRY(context_board_words(context, recipe->board, &board, release_version, error));
    TRY(context_images(context, board, release_version, &memory, &images, &count, error));
    sim_recipe made = {.board = board,
                       .device_id = recipe->device_id,
                       .images = images,
                       .image_count = count,
                       .network_credentials = recipe->network_credentials};
    TRY(sim_board_create(folder, &made, error));
    TRY(program(context, folder, recipe, error));
    return osb_sim_info(context, folder, result, error);
}

osb_status osb_sim_info(osb_context *context, const char *folder, json_t **result, osb_error *error)
{
    sim_world *world;
    sim_board *board;
    *result = NULL;
    TRY(sim_world_make(&context->known, &context->platforms, &world, error));
    osb_status status = sim_board_open(world, folder, &board, error);
    if (status == OSB_OK)
        *result = sim_board_to_json(board);
    sim_world_free(world);
    return status;
}

osb_status osb_sim_list(osb_context *context, json_t **result, osb_error *error)
{
    json_t *boards = json_array();
    (void)error;
    for (size_t i = 0; i < context->platforms.count; i++) {
        const platform *board = &context->platforms.items[i];
        json_t *versions = json_array();
        for (size_t k = 0; k < context->known.count; k++) {
            release set;
            const char *named = catalog_version(&context->known, k);
            if (catalog_release(&context->known, named, board, &set, NULL) == OSB_OK)
                json_array_append_new(versions, json_string(named));
        }
        json_array_append_new(boards, json_pack("{s:s, s:s, s:o}", "platform", board->name, "name",
                                                board->display_name, "versions", versions));
    }
    *result =
        json_pack("{s:s, s:i, s:o}", "type", "osbundle-sim-list", "schema", 1, "boards", boards);
    return OSB_OK;
}

osb_status osb_sim_release(osb_context *context, const char *words, const char *folder,
                           json_t **result, osb_error *error)
{
    const platform *board;
    char release_version[VERSION_SIZE], path[PATH_SIZE];
    ARENA_OWNED memory = {0};
    sim_image images[RELEASE_MODULES_MAX];
    size_t count = 0;
    release set;
    *result = NULL;
    TRY(context_board_words(context, words, &board, release_version, error));
    TRY(catalog_release(&context->known, release_version, board, &set, error));
    const cached_release none = {0};
    TRY(synthetic_images(&set, &none, &memory, images, &count, error));
    TRY(folder_make(folder, error));
    json_t *files = json_array();
    osb_status status = OSB_OK;
    for (size_t i = 0; i < count && status == OSB_OK; i++) {
        status = path_join(path, folder, images[i].name, error);
        if (status == OSB_OK)
            status = file_write_atomic(path, images[i].file, 0644, error);
        json_array_append_new(files, json_string(images[i].name));
    }
    *result = json_pack("{s:s, s:i, s:s, s:s, s:b, s:o}", "type", "osbundle-sim-release", "schema",
                        1, "platform", board->name, "version", release_version, "synthetic", true,
                        "files", files);
    return status;
}
