/*
 * The facade's resume: finishes what an interrupted restore began.
 *
 * The journal only says what is wanted; what is left to do is planned anew from what the board
 * shows. Invariant: the files are the very ones that the journal pins, or nothing is done.
 */
#include "osbundle_request.h"

#include "base/text.h"

static osb_status nothing_to_do(const char *device, json_t **result, osb_error *error)
{
    *result = json_pack("{s:s, s:i, s:o, s:[], s:s, s:n}", "type", "osbundle-report", "schema", 1,
                        "device", json_text_or_null(device), "steps", "outcome", "nothing_to_do",
                        "error");
    return *result ? OSB_OK : osb_fail_memory(error);
}

static bool is_among(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (text_equal(names[i], name))
            return true;
    return false;
}

/** The one board that is there and has an unfinished journal, as a selector. */
static osb_status choose_board(osb_context *context, const char *const *names, size_t count,
                               char selector[USB_PORT_SIZE + 4], osb_error *error)
{
    transport *bus;
    device_entry entries[USB_DEVICES_MAX];
    char name[JOURNAL_NAME_SIZE];
    size_t total, fitting = 0;
    TRY(context_bus(context, &bus, error));
    TRY(device_discover(bus, &context->platforms, entries, USB_DEVICES_MAX, &total, error));
    for (size_t i = 0; i < total; i++) {
        journal_name(entries[i].device_id, entries[i].usb.port, name);
        if (is_among(names, count, name) && ++fitting == 1)
            text_format(selector, USB_PORT_SIZE + 4, "usb:%s", entries[i].usb.port);
    }
    if (fitting == 1)
        return OSB_OK;
    if (fitting > 1)
        return osb_fail(error, OSB_ERR_USAGE, "resume",
                        "name one by its device id or its port, or use --all",
                        "%zu boards have something to resume", fitting);
    return osb_fail(error, OSB_ERR_NOT_FOUND, names[0],
                    "plug it in and run this again; where its LED is dark, press RESET",
                    "has an unfinished restore, but is not there");
}

static osb_status check_platform(const request *work, osb_error *error)
{
    if (text_equal(work->pinned.platform, work->state.board->name))
        return OSB_OK;
    return osb_fail(error, OSB_ERR_REFUSED, work->state.device_id,
                    "check what was flashed last and the board's markings, then run 'osbundle "
                    "restore' with a release for it",
                    "was a %s when this restore began and is a %s now", work->pinned.platform,
                    work->state.board->name);
}

static osb_status missing(const request *work, const osb_error *problem, osb_error *error)
{
    osb_status status =
        osb_fail(error, OSB_ERR_NOT_FOUND, problem->subject, NULL,
                 "a file of the restore that was begun is gone: %s", problem->message);
    osb_error_set_hint(error, "start over with: osbundle restore %s", work->pinned.set.version);
    return status;
}

/** Pinned modules, from the cache or, where that was emptied, from the sources once more. */
static osb_status load_release(request *work, const cached_release *pinned, release *set,
                               osb_error *error)
{
    osb_context *context = work->context;
    const platform *board = work->state.board;
    release other;
    osb_error problem = {0};
    if (!pinned->count)
        return OSB_OK;
    osb_status status = cache_load_release(context->store, pinned, board, set, &problem);
    if (status == OSB_OK)
        return request_protect(work, set, error);
    log_line(&context->log, LOG_INFO, "resume", "%s: %s; fetching release %s again",
             problem.subject, problem.message, pinned->version);
    if (context_release(context, pinned->version, board, true, &other, NULL, error) == OSB_OK)
        status = cache_load_release(context->store, pinned, board, set, &problem);
    return status == OSB_OK ? request_protect(work, set, error) : missing(work, &problem, error);
}

static osb_status load_file(request *work, const pinned_file *pinned, const char *option,
                            release_module *file, osb_error *error)
{
    osb_error problem = {0};
    module parsed;
    BUF_OWNED content = buf_make(MODULE_FILE_MAX);
    if (cas_read(work->context->store, pinned->sha256, &content, &problem) != OSB_OK) {
        text_copy(problem.subject, sizeof problem.subject, pinned->name);
        missing(work, &problem, error);
        osb_error_set_hint(error, "start over with: osbundle restore %s%s%s %s",
                           work->pinned.set.version, work->pinned.set.count ? " " : "", option,
                           pinned->name);
        return OSB_ERR_NOT_FOUND;
    }
    TRY(module_parse(buf_span(&content), pinned->name, &parsed, error));
    release_module_from(file, &parsed, pinned->name, pinned->sha256);
    return OSB_OK;
}

static osb_status load_asset(request *work, size_t place, osb_error *error)
{
    const pinned_file *pinned = &work->pinned.assets[place];
    osb_error problem = {0};
    BUF_OWNED content = buf_make(MODULE_FILE_MAX);
    if (cas_read(work->context->store, pinned->sha256, &content, &problem) != OSB_OK) {
        text_copy(problem.subject, sizeof problem.subject, pinned->name);
        return missing(work, &problem, error);
    }
    text_copy(work->assets[place].name, sizeof work->assets[place].name, pinned->name);
    return request_take_asset(work, buf_span(&content), &work->assets[place], error);
}

static osb_status load_goal(request *work, osb_error *error)
{
    const pinned_goal *pinned = &work->pinned;
    TRY(load_release(work, &pinned->set, &work->set, error));
    TRY(load_release(work, &pinned->via, &work->via, error));
    for (size_t i = 0; i < pinned->file_count; i++)
        TRY(load_file(work, &pinned->files[i], "--module", &work->files[i], error));
    if (pinned->app.name[0])
        TRY(load_file(work, &pinned->app, "--app", &work->app, error));
    for (size_t i = 0; i < pinned->asset_count; i++)
        TRY(load_asset(work, i, error));
    return OSB_OK;
}

osb_status request_plan_resume(request *work, bool *nothing, osb_error *error)
{
    const json_t *record;
    TRY(journal_goal(work->log, &record, error));
    *nothing = !record;
    if (!record)
        return OSB_OK;
    TRY(pinned_goal_from_json(record, work->state.device_id, &work->pinned, error));
    TRY(check_platform(work, error));
    if (work->context->replay)
        request_drop_journal(work); /* no board is brought any further */
    TRY(load_goal(work, error));
    request_solve(work);
    return OSB_OK;
}

osb_status osb_resume(osb_context *context, const char *device,
                      bool (*confirm)(void *, const json_t *), json_t **result, osb_error *error)
{
    ARENA_OWNED memory = {0};
    const char *const *names;
    char selector[USB_PORT_SIZE + 4];
    size_t count;
    *result = NULL;
    TRY(journal_list(context->state, &memory, &names, &count, error));
    if (!count)
        return nothing_to_do(NULL, result, error);
    if (!device)
        TRY(choose_board(context, names, count, selector, error));
    osb_goal chosen = {.device = device ? device : selector};
    bool nothing, looked;
    REQUEST_OWNED work = request_make(context, &chosen);
    TRY(request_take_board(&work, AIM_RESUME, error));
    TRY(request_plan_resume(&work, &nothing, error));
    if (nothing)
        return nothing_to_do(work.state.device_id, result, error);
    TRY(request_look(&work, &looked, error));
    if (looked)
        request_solve(&work);
    return request_finish(&work, false, confirm, result, error);
}
