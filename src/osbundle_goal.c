/*
 * What a goal's words come to: which release, which files, and by way of what.
 *
 * Decides no step; solve() does. Invariant: every file that was named has passed the rules without
 * override before anything is planned with it, and is kept in the cache, where a resume finds it.
 */
#include "osbundle_request.h"

#include <string.h>

#include "base/path.h"
#include "base/text.h"
#include "net/archive.h"
#include "osbundle_files.h"
#include "osbundle_lock.h"

/** Keeps bytes in the cache. A plan alone is content with a cache it cannot write. */
static osb_status keep(request *work, const char *name, span content, pinned_file *pinned,
                       osb_error *error)
{
    text_copy(pinned->name, sizeof pinned->name, name);
    osb_status status = cas_publish(work->context->store, content, pinned->sha256, error);
    return work->log ? status : OSB_OK;
}

static osb_status take_module(request *work, span content, const char *path, release_module *file,
                              pinned_file *pinned, osb_error *error)
{
    module parsed;
    TRY(module_parse(content, path, &parsed, error));
    TRY(platform_accepts(work->state.board, &parsed, path, error));
    TRY(keep(work, path_name(path), content, pinned, error));
    release_module_from(file, &parsed, path_name(path), pinned->sha256);
    return OSB_OK;
}

/** Reads a module that the user names. */
static osb_status read_file(request *work, const char *path, release_module *file,
                            pinned_file *pinned, osb_error *error)
{
    BUF_OWNED content = buf_make(MODULE_FILE_MAX);
    TRY(file_read(path, &content, error));
    return take_module(work, buf_span(&content), path, file, pinned, error);
}

osb_status request_take_asset(request *work, span file, restore_asset *item, osb_error *error)
{
    module parsed;
    asset read;
    BUF_OWNED storage = buf_make(MODULE_FILE_MAX);
    (void)work;
    TRY(module_parse(file, item->name, &parsed, error));
    TRY(asset_read(&parsed, item->name, &storage, &read, error));
    text_copy(item->name, sizeof item->name, read.name);
    memcpy(item->sha256, read.sha256, SHA256_SIZE);
    sha256(file, item->file_sha256);
    item->size = (uint32_t)file.size;
    return OSB_OK;
}

static osb_status add_asset(request *work, const bundle_asset *from, const char *path,
                            osb_error *error)
{
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    size_t place = work->pinned.asset_count;
    if (place == PINNED_ASSETS_MAX || strlen(from->item.name) >= RELEASE_FILE_NAME)
        return osb_fail(error, OSB_ERR_USAGE, path, "use fewer assets with shorter names",
                        "more than %d assets, or a name of more than %d bytes", PINNED_ASSETS_MAX,
                        RELEASE_FILE_NAME - 1);
    TRY(bundle_write_asset(from, &file, error));
    TRY(request_take_asset(work, buf_span(&file), &work->assets[place], error));
    work->pinned.asset_count++;
    return keep(work, from->item.name, buf_span(&file), &work->pinned.assets[place], error);
}

/** An application bundle: the application, and the assets that it wants. */
static osb_status read_bundle(request *work, span packed, const char *path, osb_error *error)
{
    ARENA_OWNED memory = {0};
    bundle opened;
    TRY(files_open_bundle(packed, path, &memory, &opened, error));
    TRY(bundle_require_assets(&opened, path, error));
    for (size_t i = 0; i < opened.asset_count; i++)
        TRY(add_asset(work, &opened.assets[i], path, error));
    if (opened.environment)
        log_line(&work->context->log, LOG_WARNING, "bundle",
                 "%s: the environment variables in it are not put on the board", path);
    return take_module(work, opened.application_file->content, opened.application_file->name,
                       &work->app, &work->pinned.app, error);
}

/** A module, or a bundle with one. */
static osb_status take_application(request *work, span file, const char *path, osb_error *error)
{
    if (file_is_zip(file)) {
        sha256(file, work->app_sha256);
        return read_bundle(work, file, path, error);
    }
    TRY(take_module(work, file, path, &work->app, &work->pinned.app, error));
    memcpy(work->app_sha256, work->app.sha256, SHA256_SIZE);
    return OSB_OK;
}

static osb_status read_application(request *work, const char *path, osb_error *error)
{
    BUF_OWNED content = buf_make(ARCHIVE_PACKED_MAX);
    TRY(file_read(path, &content, error));
    return take_application(work, buf_span(&content), path, error);
}

static osb_status add_module(request *work, const char *path, osb_error *error)
{
    pinned_goal *pinned = &work->pinned;
    size_t place = pinned->file_count;
    if (place == PLAN_FILES_MAX)
        return osb_fail(error, OSB_ERR_USAGE, path, "name a release for the rest",
                        "more than %d modules are named", PLAN_FILES_MAX);
    TRY(read_file(work, path, &work->files[place], &pinned->files[place], error));
    pinned->file_count++;
    for (size_t i = 0; i < place; i++)
        if (slot_equal(work->files[i].slot, work->files[place].slot))
            return osb_fail(error, OSB_ERR_USAGE, path, "name one of them",
                            "belongs into the same slot as %s", work->files[i].file);
    return OSB_OK;
}

/** What a word in braces stands for; NULL: nothing that this board has. */
static const char *value_of(const request *work, const char *word, size_t size)
{
    if (size == 6 && !strncmp(word, "device", size) && work->state.device_id[0])
        return work->state.device_id;
    if (size == 5 && !strncmp(word, "label", size))
        return work->label;
    return NULL;
}

/** The application's path for this board: each unit may have one of its own. */
static osb_status application_path(const request *work, char path[PATH_SIZE], osb_error *error)
{
    const char *rest = work->goal->app;
    path[0] = '\0';
    for (const char *open; (open = strchr(rest, '{'));) {
        const char *close = strchr(open, '}');
        const char *value = close ? value_of(work, open + 1, (size_t)(close - open) - 1) : NULL;
        if (!value)
            return osb_fail(error, OSB_ERR_USAGE, work->goal->app,
                            "write {device}, or {label} for boards on ports with a --label",
                            "what stands in braces is nothing that the board on usb:%s has",
                            work->entry.usb.port);
        text_append(path, PATH_SIZE, "%.*s%s", (int)(open - rest), rest, value);
        rest = close + 1;
    }
    if (!text_append(path, PATH_SIZE, "%s", rest))
        return osb_fail(error, OSB_ERR_USAGE, work->goal->app, "use a shorter path",
                        "the path is too long");
    return OSB_OK;
}

static osb_status add_application(request *work, osb_error *error)
{
    char path[PATH_SIZE];
    TRY(application_path(work, path, error));
    return read_application(work, path, error);
}

/** Whether a release satisfies the application and is not older than what the board has. */
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

static bool may_be_chosen(const osb_goal *asked, const char *named)
{
    version parsed;
    return version_parse(named, &parsed) && (!parsed.prerelease[0] || asked->prerelease) &&
           (!asked->approved_count ||
            version_listed(named, asked->approved, asked->approved_count));
}

/** The oldest release that will do. */
static osb_status choose_for_application(const request *work, char chosen[VERSION_SIZE],
                                         osb_error *error)
{
    const catalog *known = &work->context->known;
    for (size_t i = 0; i < known->count; i++) {
        release candidate;
        const char *named = catalog_version(known, i);
        if (!may_be_chosen(work->goal, named) ||
            catalog_release(known, named, work->state.board, &candidate, NULL) != OSB_OK ||
            !release_is_published(&candidate) || !release_suits(work, &candidate))
            continue;
        text_copy(chosen, VERSION_SIZE, named);
        return OSB_OK;
    }
    return osb_fail(error, OSB_ERR_NOT_FOUND, work->app.file, "name a release yourself",
                    "no %s release for %s satisfies this application",
                    work->goal->approved_count ? "approved" : "known", work->state.board->name);
}

/** The newest release that one of the approved words names; NULL for none. */
static const char *newest_approved(const request *work)
{
    const osb_goal *asked = work->goal;
    const char *newest = NULL;
    for (size_t i = 0; i < asked->approved_count; i++) {
        const char *named = catalog_resolve(&work->context->known, work->state.board,
                                            asked->approved[i], asked->prerelease);
        if (named && (!newest || version_compare_text(named, newest) > 0))
            newest = named;
    }
    return newest;
}

static osb_status choose_version(const request *work, char chosen[VERSION_SIZE], osb_error *error)
{
    const osb_goal *asked = work->goal;
    const char *words = asked->version ? asked->version : "latest";
    if (asked->lock) {
        text_copy(chosen, VERSION_SIZE, work->lock.version);
        return OSB_OK;
    }
    if (asked->heal && !asked->version && work->state.os_version[0]) {
        text_copy(chosen, VERSION_SIZE, work->state.os_version);
        return OSB_OK;
    }
    if (!asked->version && asked->app)
        return choose_for_application(work, chosen, error);
    const char *approved = text_equal(words, "latest") ? newest_approved(work) : NULL;
    if (approved)
        text_copy(chosen, VERSION_SIZE, approved);
    else
        context_resolve(work->context, work->state.board, words, asked->prerelease, chosen);
    return OSB_OK;
}

/** Takes over what was found for a board before. */
static bool take_over(const release *set, const cached_release *record, const char *named,
                      const platform *board, release *taken, cached_release *taken_record)
{
    if (!record->count || set->board != board || !text_equal(set->version, named))
        return false;
    *taken = *set;
    *taken_record = *record;
    return true;
}

osb_status request_get_release(request *work, const char *named, bool allow_incomplete,
                               release *set, cached_release *record, osb_error *error)
{
    osb_context *context = work->context;
    const platform *board = work->state.board;
    const request *like = work->like;
    bool alike = like && like->state.guard == work->state.guard; /* request_protect */
    if (alike && (take_over(&like->set, &like->pinned.set, named, board, set, record) ||
                  take_over(&like->via, &like->pinned.via, named, board, set, record)))
        return OSB_OK;
    TRY(context_release(context, named, board, allow_incomplete, set, record, error));
    return request_protect(work, set, error);
}

static release_module *locked_application(release *lock)
{
    for (size_t i = 0; i < lock->module_count; i++)
        if (lock->modules[i].slot.function == MODULE_USER_PART)
            return &lock->modules[i];
    return NULL;
}

static osb_status fail_not_locked(const char *file, module_slot slot, osb_error *error)
{
    char text[MODULE_SLOT_TEXT];
    slot_text(slot, text);
    return osb_fail(error, OSB_ERR_INTEGRITY, file,
                    "use the file that was locked, or make a new lock of what you mean",
                    "is not the file that the lock pins for %s", text);
}

/** What is to be written is another file than the lock pins: never a question, always the end. */
static osb_status check_pins(const release *lock, const release_module *files, size_t count,
                             osb_error *error)
{
    for (size_t i = 0; i < count; i++) {
        const release_module *pin = release_find(lock, files[i].slot);
        if (pin && memcmp(pin->sha256, release_origin(&files[i]), SHA256_SIZE) != 0)
            return fail_not_locked(files[i].file, files[i].slot, error);
    }
    return OSB_OK;
}

/**
 * Takes the application that the lock pins from the cache where none is named. Of a bundle the lock
 * pins the whole; from here on, the application in it is what has to be written.
 */
static osb_status take_locked_application(request *work, osb_error *error)
{
    release_module *pin = locked_application(&work->lock);
    BUF_OWNED content = buf_make(ARCHIVE_PACKED_MAX);
    if (!pin)
        return OSB_OK;
    if (!work->goal->app) {
        if (cas_read(work->context->store, pin->sha256, &content, NULL) != OSB_OK)
            return osb_fail(error, OSB_ERR_NOT_FOUND, pin->file, "name its file with --app FILE",
                            "is pinned by the lock, and not in the cache");
        TRY(take_application(work, buf_span(&content), pin->file, error));
    }
    if (!slot_equal(pin->slot, work->app.slot) ||
        memcmp(pin->sha256, work->app_sha256, SHA256_SIZE) != 0)
        return fail_not_locked(work->app.file, pin->slot, error);
    memcpy(pin->sha256, work->app.sha256, SHA256_SIZE);
    return OSB_OK;
}

static osb_status fail_other_board(const request *work, const lockfile *whole, osb_error *error)
{
    char names[128] = "";
    for (size_t i = 0; i < whole->count; i++)
        text_append(names, sizeof names, "%s%s", i ? ", " : "", whole->sets[i].board->name);
    return osb_fail(error, OSB_ERR_REFUSED, work->goal->lock, "use a lock that was made for it",
                    "is for %s, the board is a %s", names, work->state.board->name);
}

/** A lock is for one release, and no other may be asked for beside it. */
static osb_status take_lock(request *work, osb_error *error)
{
    const osb_goal *asked = work->goal;
    ARENA_OWNED memory = {0};
    lockfile whole;
    TRY(context_read_lock(work->context, asked->lock,
                          work->aim == AIM_LOOK ? LOCK_CHECK : LOCK_ADMIT, &memory, &whole, error));
    const release *set = lockfile_for(&whole, work->state.board->id);
    if (!set)
        return fail_other_board(work, &whole, error);
    work->lock = *set;
    if (asked->version && !text_equal(asked->version, work->lock.version))
        return osb_fail(error, OSB_ERR_USAGE, asked->lock, "leave the release out",
                        "pins release %s, and %s is asked for", work->lock.version, asked->version);
    TRY(check_pins(&work->lock, work->files, work->pinned.file_count, error));
    return take_locked_application(work, error);
}

/** Files alone are a goal of their own: then no release is asked for. */
static bool wants_release(const osb_goal *asked)
{
    return asked->version || asked->lock || asked->heal || asked->app || !asked->module_count;
}

static osb_status find_releases(request *work, osb_error *error)
{
    char chosen[VERSION_SIZE];
    TRY(choose_version(work, chosen, error));
    bool incomplete = work->goal->allow_incomplete;
    TRY(request_get_release(work, chosen, incomplete, &work->set, &work->pinned.set, error));
    TRY(check_pins(&work->lock, work->set.modules, work->set.module_count, error));
    goal wanted = request_goal(work);
    policy rules = request_policy(work);
    if (!solve_via(&work->state, &wanted, &rules, &work->context->known, chosen))
        return OSB_OK;
    return request_get_release(work, chosen, incomplete, &work->via, &work->pinned.via, error);
}

osb_status request_find_goal(request *work, osb_error *error)
{
    const osb_goal *asked = work->goal;
    pinned_goal *pinned = &work->pinned;
    *pinned = (pinned_goal){.heal = asked->heal,
                            .full = asked->full,
                            .allow_downgrade = asked->allow_downgrade,
                            .allow_incomplete = asked->allow_incomplete};
    if (asked->via && !road_choice_from_text(asked->via, &pinned->road))
        return osb_fail(error, OSB_ERR_USAGE, asked->via, "choose auto, control or dfu",
                        "this is no road to a board");
    text_copy(pinned->device_id, DEVICE_ID_SIZE, work->state.device_id);
    text_copy(pinned->platform, sizeof pinned->platform, work->state.board->name);
    for (size_t i = 0; i < asked->module_count; i++)
        TRY(add_module(work, asked->modules[i], error));
    if (asked->app)
        TRY(add_application(work, error));
    if (asked->lock)
        TRY(take_lock(work, error));
    return wants_release(asked) ? find_releases(work, error) : OSB_OK;
}
