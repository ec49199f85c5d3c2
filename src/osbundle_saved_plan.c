/*
 * A plan that was saved is taken up again.
 *
 * Plans are canonical, so the file is not believed: the goal that it names is planned once more, in
 * each of the few ways a user can ask for it, and one of these plans must be the very same.
 * Invariant: what is run is a plan that this program has just made for this board.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "model/asset_needs.h"
#include "osbundle_request.h"

enum {
    PLAN_FILE_MAX = 4 * 1024 * 1024
};

static osb_status stale(const request *work, const char *what, osb_error *error)
{
    return osb_fail(error, OSB_ERR_REFUSED, work->state.device_id,
                    "make a new plan: osbundle plan -o FILE", "%s", what);
}

static osb_status check_board(const request *work, const plan *saved, osb_error *error)
{
    char now[SHA256_HEX_SIZE];
    snapshot_fingerprint(&work->state, now);
    if (saved->board != work->state.board || !text_equal(saved->device_id, work->state.device_id))
        return stale(work, "the plan was made for another board", error);
    if (!text_equal(saved->fingerprint, now))
        return stale(work, "the board is not as it was when the plan was made", error);
    if (saved->looks_again)
        return stale(work, "the plan only finds out what the board has", error);
    return OSB_OK;
}

/** The file of that name, which a step of the plan pins, from the cache. */
static osb_status take_file(request *work, const plan *saved, const char *name,
                            release_module *file, pinned_file *pinned, osb_error *error)
{
    module parsed;
    BUF_OWNED content = buf_make(MODULE_FILE_MAX);
    const plan_step *found = NULL;
    for (size_t i = 0; i < saved->step_count; i++)
        if (saved->steps[i].operation == STEP_WRITE && text_equal(saved->steps[i].file, name))
            found = &saved->steps[i];
    if (!found)
        return stale(work, "the plan names a file that none of its steps writes", error);
    osb_status status = cas_read(work->context->store, found->sha256, &content, error);
    if (status == OSB_ERR_NOT_FOUND)
        return osb_fail(error, status, name, "make a new plan, which keeps the file in the cache",
                        "the file that the plan was made with is no longer in the cache");
    TRY(status);
    TRY(module_parse(buf_span(&content), name, &parsed, error));
    TRY(platform_accepts(work->state.board, &parsed, name, error));
    release_module_from(file, &parsed, name, found->sha256);
    text_copy(pinned->name, sizeof pinned->name, name);
    memcpy(pinned->sha256, found->sha256, SHA256_SIZE);
    return OSB_OK;
}

/** A plan has no word of assets, and an application without those it wants would not run. */
static osb_status check_assets(const request *work, osb_error *error)
{
    const char *name = work->pinned.app.name;
    ARENA_OWNED memory = {0};
    BUF_OWNED content = buf_make(MODULE_FILE_MAX);
    const asset_need *needs;
    module parsed;
    size_t count;
    if (!name[0])
        return OSB_OK;
    TRY(cas_read(work->context->store, work->pinned.app.sha256, &content, error));
    TRY(module_parse(buf_span(&content), name, &parsed, error));
    TRY(asset_needs_list(&parsed, name, &memory, &needs, &count, error));
    if (!count)
        return OSB_OK;
    return osb_fail(error, OSB_ERR_REFUSED, name, "use: osbundle restore --app BUNDLE.zip",
                    "the application wants assets, which a saved plan does not carry");
}

static osb_status take_goal(request *work, const plan *saved, osb_error *error)
{
    pinned_goal *pinned = &work->pinned;
    *pinned = (pinned_goal){.allow_downgrade = true, .allow_incomplete = true};
    text_copy(pinned->device_id, DEVICE_ID_SIZE, work->state.device_id);
    text_copy(pinned->platform, sizeof pinned->platform, work->state.board->name);
    if (saved->goal_version[0])
        TRY(request_get_release(work, saved->goal_version, true, &work->set, &pinned->set, error));
    if (saved->via_count)
        TRY(request_get_release(work, saved->via[0], true, &work->via, &pinned->via, error));
    for (; pinned->file_count < saved->file_count; pinned->file_count++)
        TRY(take_file(work, saved, saved->files[pinned->file_count],
                      &work->files[pinned->file_count], &pinned->files[pinned->file_count], error));
    if (saved->goal_app[0])
        TRY(take_file(work, saved, saved->goal_app, &work->app, &pinned->app, error));
    return check_assets(work, error);
}

/** Plans in one way that the user may have asked for; true when that is the saved plan. */
static bool is_made_again(request *work, const json_t *saved, bool heal, bool full)
{
    work->pinned.heal = heal;
    work->pinned.full = full;
    request_solve(work);
    JSON_OWNED *now = plan_to_json(&work->steps);
    return now && json_equal(saved, now);
}

static void free_plan(plan **saved)
{
    free(*saved);
}

osb_status request_take_plan(request *work, osb_error *error)
{
    const char *path = work->goal->plan;
    __attribute__((cleanup(free_plan))) plan *saved = calloc(1, sizeof *saved);
    BUF_OWNED text = buf_make(PLAN_FILE_MAX);
    json_t *read = NULL;
    if (!saved)
        return osb_fail_memory(error);
    TRY(file_read(path, &text, error));
    TRY(json_parse(buf_span(&text), path, &read, error));
    JSON_OWNED *document = read;
    TRY(plan_from_json(document, path, &work->context->platforms, saved, error));
    TRY(check_board(work, saved, error));
    TRY(take_goal(work, saved, error));
    if (is_made_again(work, document, false, false) || is_made_again(work, document, false, true) ||
        is_made_again(work, document, true, false) || is_made_again(work, document, true, true))
        return OSB_OK;
    return stale(work, "the plan is not what would be done now", error);
}
