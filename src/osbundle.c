/*
 * The facade's ground: a context is opened from options, and lends out platforms, cache, sources
 * and the bus with its boards.
 *
 * Wires layers together and does no work of theirs. Invariant: nothing touches the network or a
 * bus before a call needs it.
 */
#include "osbundle_context.h"

#include <stdlib.h>

#include "base/text.h"
#include "osbundle_guard.h"
#include "store/journal.h"
#include "store/pinned_goal.h"
#include "transport/usb_libusb.h"

static const char default_source[] = "github+https://api.github.com/repos/particle-iot/device-os";

/** For waits on the bus and transfers from the net. A board at work is waited for. */
static bool is_cancelled(void *context)
{
    osb_context *self = context;
    return !atomic_load(&self->boards_in_work) && context_is_cancelled(self);
}

static const char *copy_or_null(osb_context *context, const char *text)
{
    return text ? arena_text(&context->memory, text) : NULL;
}

static osb_status copy_list(osb_context *context, const char *const *items, size_t count,
                            const char *const **copy, osb_error *error)
{
    const char **list = arena_take(&context->memory, count, sizeof *list);
    if (!list)
        return osb_fail_memory(error);
    for (size_t i = 0; i < count; i++)
        if (!(list[i] = arena_text(&context->memory, items[i])))
            return osb_fail_memory(error);
    *copy = (const char *const *)list;
    return OSB_OK;
}

static osb_status list_sources(osb_context *context, const osb_options *options, osb_error *error)
{
    const char *const fallback[] = {default_source};
    const char *const *urls = options->source_count ? options->sources : fallback;
    size_t count = options->source_count ? options->source_count : 1;
    source_order *list = &context->sources;
    list->options = &context->net;
    TRY(copy_list(context, urls, count, &list->urls, error));
    list->opened = arena_take(&context->memory, count, sizeof(source *));
    if (!list->opened)
        return osb_fail_memory(error);
    list->count = count;
    return OSB_OK;
}

static osb_status fill_context(osb_context *context, const osb_options *options, osb_error *error)
{
    context_take_hooks(context, &options->hooks);
    context->button_wait_ms = options->button_wait_ms;
    context->prerelease = options->prerelease;
    context->net = (net_options){.offline = options->offline,
                                 .allow_http = options->allow_http,
                                 .github_token = copy_or_null(context, options->github_token),
                                 .particle_token = copy_or_null(context, options->particle_token),
                                 .ca_file = copy_or_null(context, options->ca_file),
                                 .proxy = copy_or_null(context, options->proxy),
                                 .no_proxy = copy_or_null(context, options->no_proxy),
                                 .patience = {.attempts = options->attempts,
                                              .retry_delay_ms = options->retry_delay_ms,
                                              .stall_timeout_s = options->stall_timeout_s,
                                              .wait_max_ms = options->wait_max_ms},
                                 .platforms = &context->platforms,
                                 .known = &context->known,
                                 .log = &context->log,
                                 .cancelled = is_cancelled,
                                 .cancelled_context = context};
    TRY(platform_load_all(&context->memory, &context->platforms, error));
    TRY(catalog_load(&context->known, error));
    if (options->manifests)
        TRY(context_add_manifests(context, options->manifests, error));
    TRY(cache_open(options->cache ? options->cache : "osbundle-cache", &context->store, error));
    context->net.kept = context->store;
    context->state =
        arena_text(&context->memory, options->state ? options->state : "osbundle-state");
    if (!context->state)
        return osb_fail_memory(error);
    TRY(list_sources(context, options, error));
    TRY(copy_list(context, options->trusted_keys, options->trusted_key_count,
                  &context->trusted_keys, error));
    context->trusted_key_count = options->trusted_key_count;
    context_set_guard(context);
    TRY(copy_list(context, options->simulated, options->simulated_count, &context->simulated,
                  error));
    context->simulated_count = options->simulated_count;
    context->trace = copy_or_null(context, options->trace);
    context->replay = copy_or_null(context, options->replay);
    if (context->replay && context->simulated_count)
        return osb_fail(error, OSB_ERR_USAGE, context->replay, "leave one of them out",
                        "a replay answers for the boards: there cannot be simulated ones too");
    return context_take_labels(context, options->labels, options->label_count, error);
}

osb_status osb_open(const osb_options *options, osb_context **opened, osb_error *error)
{
    osb_context *context = calloc(1, sizeof *context);
    *opened = NULL;
    if (!context)
        return osb_fail_memory(error);
    context->telling = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    context->files.lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    context->trace_lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    osb_status status = fill_context(context, options, error);
    if (status != OSB_OK) {
        osb_close(context);
        return status;
    }
    *opened = context;
    return OSB_OK;
}

void osb_close(osb_context *context)
{
    if (!context)
        return;
    context_untrace(context);
    transport_destroy(context->wire);
    sim_world_free(context->world);
    source_order_close(&context->sources);
    cache_close(context->store);
    catalog_free(&context->known);
    arena_free(&context->memory);
    free(context);
}

osb_status context_plug_in(osb_context *context, sim_world *world, const char *spec, size_t number,
                           sim_board **board, osb_error *error)
{
    if (folder_exists(spec))
        return sim_board_open(world, spec, board, error);
    const platform *kind;
    char release_version[VERSION_SIZE];
    TRY(context_board_words(context, spec, &kind, release_version, error));
    ARENA_OWNED memory = {0};
    const sim_image *images;
    size_t count;
    TRY(context_images(context, kind, release_version, &memory, &images, &count, error));
    sim_recipe recipe = {.board = kind, .seed = number, .images = images, .image_count = count};
    return sim_board_add(world, &recipe, board, error);
}

static osb_status open_world(osb_context *context, osb_error *error)
{
    TRY(sim_world_make(&context->known, &context->platforms, &context->world, error));
    for (size_t i = 0; i < context->simulated_count; i++) {
        sim_board *board;
        TRY(context_plug_in(context, context->world, context->simulated[i], i, &board, error));
    }
    context->wire = sim_world_transport(context->world);
    return OSB_OK;
}

static osb_status open_bus(osb_context *context, osb_error *error)
{
    const usb_libusb_options options = {is_cancelled, context};
    if (context->replay)
        TRY(context_replay(context, error));
    else if (context->simulated_count)
        TRY(open_world(context, error));
    else
        TRY(usb_libusb_make(&options, &context->wire, error));
    return context_trace(context, error);
}

osb_status context_bus(osb_context *context, transport **bus, osb_error *error)
{
    if (!context->wire)
        TRY(open_bus(context, error));
    *bus = context->bus;
    return OSB_OK;
}

osb_status context_platform(osb_context *context, const char *name, const platform **board,
                            osb_error *error)
{
    char names[256] = "";
    *board = platform_by_name(&context->platforms, name);
    if (*board)
        return OSB_OK;
    for (size_t i = 0; i < context->platforms.count; i++)
        text_append(names, sizeof names, " %s", context->platforms.items[i].name);
    osb_fail(error, OSB_ERR_NOT_FOUND, name, NULL, "no such platform");
    osb_error_set_hint(error, "one of:%s", names);
    return OSB_ERR_NOT_FOUND;
}

osb_status context_board_words(osb_context *context, const char *words, const platform **board,
                               char release_version[VERSION_SIZE], osb_error *error)
{
    char name[64];
    size_t size = 0;
    while (words[size] && words[size] != '@')
        size++;
    if (!words[size] || !words[size + 1] || size >= sizeof name)
        return osb_fail(error, OSB_ERR_USAGE, words,
                        "write PLATFORM@VERSION, such as p2@5.3.1, or a board's folder",
                        "is no simulated board");
    text_copy(name, size + 1, words);
    TRY(context_platform(context, name, board, error));
    context_resolve(context, *board, words + size + 1, false, release_version);
    return OSB_OK;
}

osb_status context_board(osb_context *context, const char *selector, device **held, snapshot *state,
                         osb_error *error)
{
    device_entry entry;
    char name[JOURNAL_NAME_SIZE];
    TRY(context_select(context, selector, &entry, error));
    journal_name(entry.device_id, entry.usb.port, name);
    TRY(journal_check_free(context->state, name, error));
    TRY(device_open(context->bus, &context->platforms, &entry, &context->log, held, error));
    device_set_button_wait(*held, context->button_wait_ms);
    return device_inspect(*held, state, error);
}

void context_device_close(device **held)
{
    if (*held)
        device_close(*held);
}
