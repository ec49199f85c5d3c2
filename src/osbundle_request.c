/*
 * One board's request: finds the board, works out release and application, and plans.
 *
 * Writes nothing to a board. Invariant: a board that is to be written to is locked by its journal
 * before it is opened, so that two processes never talk to it at once.
 */
#include "osbundle_request.h"

#include <string.h>

#include "base/path.h"
#include "base/text.h"

request request_make(osb_context *context, const osb_goal *goal)
{
    return (request){.context = context, .goal = goal, .file_content = buf_make(MODULE_FILE_MAX)};
}

void request_free(request *work)
{
    context_device_close(&work->held);
    journal_close(work->log);
    buf_free(&work->file_content);
}

osb_status request_take_board(request *work, bool to_write, osb_error *error)
{
    osb_context *context = work->context;
    transport *bus;
    char name[JOURNAL_NAME_SIZE];
    TRY(context_bus(context, &bus, error));
    TRY(device_select(bus, &context->platforms, work->goal->device, &work->entry, error));
    journal_name(work->entry.device_id, work->entry.usb.port, name);
    if (to_write)
        TRY(journal_open(context->state, name, &work->log, error));
    else
        TRY(journal_check_free(context->state, name, error));
    TRY(device_open(bus, &context->platforms, &work->entry, &context->log, &work->held, error));
    return device_inspect(work->held, &work->state, error);
}

/** Keeps the application in the cache too: a resume needs it when the file has moved. */
static osb_status keep_application(request *work, span content, osb_error *error)
{
    uint8_t *hash = work->pinned.app_sha256;
    text_copy(work->pinned.app_file, sizeof work->pinned.app_file, work->app.file);
    osb_status status = cas_publish(work->context->store, content, hash, error);
    return work->log ? status : OSB_OK;
}

static osb_status read_application(request *work, osb_error *error)
{
    const char *path = work->goal->app;
    module parsed;
    BUF_OWNED content = buf_make(MODULE_FILE_MAX);
    TRY(file_read(path, &content, error));
    TRY(module_parse(buf_span(&content), path, &parsed, error));
    TRY(platform_accepts(work->state.board, &parsed, path, error));
    release_module_from(&work->app, &parsed, path_name(path));
    return keep_application(work, buf_span(&content), error);
}

/** Whether the release satisfies the application and is not older than what the board has. */
static bool release_suits(const request *work, const release *set)
{
    module_slot system = {MODULE_SYSTEM_PART, 1};
    const release_module *offered = release_find(set, system);
    const snapshot_module *now = snapshot_find(&work->state, system);
    if (!offered || (now && offered->version < now->version))
        return false;
    for (size_t i = 0; i < 2; i++) {
        module_dependency need = work->app.dependencies[i];
        const release_module *there = release_find(set, need.slot);
        if (need.slot.function != MODULE_NONE && (!there || there->version < need.version))
            return false;
    }
    return true;
}

/** The oldest known release that will do; "latest" when no application is given. */
static osb_status choose_version(const request *work, char chosen[VERSION_SIZE], osb_error *error)
{
    osb_context *context = work->context;
    if (work->goal->heal && !work->goal->version && work->state.os_version[0]) {
        text_copy(chosen, VERSION_SIZE, work->state.os_version);
        return OSB_OK;
    }
    if (work->goal->version || !work->goal->app) {
        const char *words = work->goal->version ? work->goal->version : "latest";
        context_resolve(context, work->state.board, words, chosen);
        return OSB_OK;
    }
    for (size_t i = 0; i < context->known.count; i++) {
        release candidate;
        version parsed;
        const char *named = catalog_version(&context->known, i);
        if (!version_parse(named, &parsed) || parsed.prerelease[0] ||
            catalog_release(&context->known, named, work->state.board, &candidate, NULL) !=
                OSB_OK ||
            !release_suits(work, &candidate))
            continue;
        text_copy(chosen, VERSION_SIZE, named);
        return OSB_OK;
    }
    return osb_fail(error, OSB_ERR_NOT_FOUND, work->app.file, "name a release yourself",
                    "no known release for %s satisfies this application", work->state.board->name);
}

goal request_goal(const request *work)
{
    return (goal){.set = &work->set,
                  .app = work->pinned.app_file[0] ? &work->app : NULL,
                  .heal = work->pinned.heal};
}

void request_solve(request *work)
{
    goal wanted = request_goal(work);
    policy rules = {.allow_downgrade = work->pinned.allow_downgrade,
                    .allow_incomplete = work->pinned.allow_incomplete,
                    .full_rewrite = work->pinned.full,
                    .simulated = device_is_simulated(work->held)};
    solve(&work->state, &wanted, &rules, &work->steps);
}

osb_status request_plan(request *work, osb_error *error)
{
    osb_context *context = work->context;
    const osb_goal *asked = work->goal;
    char chosen[VERSION_SIZE];
    work->pinned = (pinned_goal){.heal = asked->heal,
                                 .full = asked->full,
                                 .allow_downgrade = asked->allow_downgrade,
                                 .allow_incomplete = asked->allow_incomplete};
    text_copy(work->pinned.device_id, DEVICE_ID_SIZE, work->state.device_id);
    if (asked->app)
        TRY(read_application(work, error));
    TRY(choose_version(work, chosen, error));
    TRY(context_release(context, chosen, work->state.board, asked->allow_incomplete, &work->set,
                        error));
    TRY(cache_find_release(context->store, chosen, work->state.board->name, &work->pinned.set,
                           error));
    request_solve(work);
    return OSB_OK;
}
