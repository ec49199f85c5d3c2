/*
 * The facade's lock files: making one, and reading the one that a user holds to.
 *
 * What a lock looks like is trust/lockfile's. Invariant: only what passed every check is ever
 * pinned - the release's modules when they came into the cache, the application here.
 */
#include "osbundle_lock.h"

#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "base/text.h"
#include "osbundle_files.h"
#include "osbundle_trust.h"
#include "store/seen.h"
#include "trust/minisig.h"
#include "trust/verify.h"

osb_status context_read_lock(osb_context *context, const char *path, lock_memory what,
                             arena *memory, lockfile *lock, osb_error *error)
{
    BUF_OWNED text = buf_make(LOCKFILE_MAX);
    TRY(file_read(path, &text, error));
    TRY(context_check_signed_file(context, path, buf_span(&text), SIGNED_LOCK, error));
    TRY(lockfile_read(buf_span(&text), path, &context->platforms, memory, lock, error));
    return what == LOCK_ADMIT
               ? seen_admit_lock(context->state, lock->sets, lock->count, path, error)
               : seen_check_lock(context->state, lock->sets, lock->count, path, error);
}

/** A lock that pins an application which can't run on its release would be of no use to anybody. */
static osb_status check_needs(const release *set, const module *app, const char *path,
                              osb_error *error)
{
    for (size_t i = 0; i < 2; i++) {
        const module_dependency *need = &app->dependencies[i];
        const release_module *met = release_find(set, need->slot);
        char slot[MODULE_SLOT_TEXT];
        if (need->slot.function == MODULE_NONE || (met && met->version >= need->version))
            continue;
        slot_text(need->slot, slot);
        return osb_fail(error, OSB_ERR_REFUSED, path, "lock a release that the application can use",
                        "needs %s >= %u, which %s does not have", slot, need->version,
                        set->version);
    }
    return OSB_OK;
}

/** The releases that a lock is made of, one a platform. */
typedef struct lock_draft {
    osb_context *context;
    release *sets;
    size_t count;
} lock_draft;

/** The release that the application is for, by the platform in its header; NULL: none of them. */
static release *find_set(const lock_draft *draft, const module *header)
{
    for (size_t i = 0; i < draft->count; i++)
        if (draft->sets[i].board->id == header->platform_id)
            return &draft->sets[i];
    return NULL;
}

static osb_status check_room(const release *set, const char *path, osb_error *error)
{
    for (size_t i = 0; i < set->module_count; i++)
        if (set->modules[i].slot.function == MODULE_USER_PART)
            return osb_fail(error, OSB_ERR_USAGE, path, "lock one application a platform",
                            "is the second application for %s, after %s", set->board->name,
                            set->modules[i].file);
    if (set->module_count < RELEASE_MODULES_MAX &&
        strlen(path_name(path)) < sizeof set->modules->file)
        return OSB_OK;
    return osb_fail(error, OSB_ERR_USAGE, path, "use a shorter name", "does not fit into a lock");
}

/** Keeps the application where a restore with the lock finds it; it can also be named there. */
static void keep(osb_context *context, span file, const uint8_t digest[SHA256_SIZE],
                 const char *path)
{
    osb_error problem;
    if (cas_publish_hashed(context->store, file, digest, &problem) != OSB_OK)
        log_line(&context->log, LOG_WARNING, "lock", "%s is not kept in the cache: %s", path,
                 problem.message);
}

/** Pins `file`, the one that was named, for what is in it: a module, or a bundle's application. */
static osb_status pin_application(const lock_draft *draft, span file, span content,
                                  const char *path, osb_error *error)
{
    verify_report report;
    uint8_t digest[SHA256_SIZE];
    module header;
    TRY(module_parse(content, path_name(path), &header, error));
    release *set = find_set(draft, &header);
    if (!set)
        return osb_fail(error, OSB_ERR_REFUSED, path, "name its platform with -p, or leave it out",
                        "is for a platform (id %u) that is not locked",
                        (unsigned)header.platform_id);
    const verify_expectation expected = {.file_name = path_name(path), .board = set->board};
    TRY(verify_file(content, &expected, &report, error));
    if (report.parsed.slot.function != MODULE_USER_PART)
        return osb_fail(error, OSB_ERR_USAGE, path, "name an application with --app",
                        "is no application");
    TRY(check_room(set, path, error));
    TRY(check_needs(set, &report.parsed, path, error));
    release_module *entry = &set->modules[set->module_count++];
    sha256(file, digest);
    release_module_from(entry, &report.parsed, path_name(path), digest);
    entry->size = (uint32_t)file.size;
    keep(draft->context, file, digest, path);
    return OSB_OK;
}

static osb_status add_application(const lock_draft *draft, const char *path, osb_error *error)
{
    BUF_OWNED content = buf_make(MODULE_FILE_MAX);
    ARENA_OWNED memory = {0};
    bundle opened;
    TRY(files_read(path, &content, error));
    span file = buf_span(&content);
    if (!file_is_zip(file))
        return pin_application(draft, file, file, path, error);
    TRY(files_open_bundle(file, path, &memory, &opened, error));
    TRY(bundle_require_assets(&opened, path, error));
    return pin_application(draft, file, opened.application_file->content, path, error);
}

/** Adds the release that the words name for a platform: the same for all. */
static osb_status add_release(lock_draft *draft, const char *version_words,
                              const char *platform_name, osb_error *error)
{
    osb_context *context = draft->context;
    const platform *board;
    char release_version[VERSION_SIZE];
    release *set = &draft->sets[draft->count];
    TRY(context_platform(context, platform_name, &board, error));
    for (size_t i = 0; i < draft->count; i++)
        if (draft->sets[i].board == board)
            return OSB_OK;
    context_resolve(context, board, version_words, false, release_version);
    if (draft->count && !text_equal(release_version, draft->sets->version))
        return osb_fail(error, OSB_ERR_REFUSED, version_words,
                        "name a release that all of them have", "is %s for %s, and %s for %s",
                        draft->sets->version, draft->sets->board->name, release_version,
                        board->name);
    TRY(context_release(context, release_version, board, false, set, NULL, error));
    draft->count++;
    return OSB_OK;
}

osb_status osb_lock(osb_context *context, const char *version_words, const char *const *platforms,
                    size_t platform_count, const char *const *apps, size_t app_count,
                    json_t **result, osb_error *error)
{
    ARENA_OWNED memory = {0};
    lock_draft draft = {.context = context,
                        .sets = arena_take(&memory, platform_count, sizeof(release))};
    *result = NULL;
    if (!draft.sets)
        return osb_fail_memory(error);
    for (size_t i = 0; i < platform_count; i++)
        TRY(add_release(&draft, version_words, platforms[i], error));
    for (size_t i = 0; i < app_count; i++)
        TRY(add_application(&draft, apps[i], error));
    TRY(seen_admit_lock(context->state, draft.sets, draft.count, "the lock", error));
    *result = lockfile_to_json(draft.sets, draft.count);
    return OSB_OK;
}

/** Counts on from the signature that is replaced, so that two of them can be told apart. */
static uint32_t next_version(const char *signature_path)
{
    minisig before;
    statement says;
    BUF_OWNED text = buf_make(MINISIG_MAX);
    if (file_read(signature_path, &text, NULL) != OSB_OK ||
        minisig_parse(buf_span(&text), signature_path, &before, NULL) != OSB_OK ||
        statement_read(before.comment, signature_path, &says, NULL) != OSB_OK ||
        says.role != SIGNED_LOCK || says.version == STATEMENT_VERSION_MAX)
        return 1;
    return says.version + 1;
}

osb_status osb_lock_sign(const json_t *lock, const char *path, const osb_signing *signing,
                         osb_error *error)
{
    char signature_path[PATH_SIZE];
    content_digest digest;
    BUF_OWNED text = buf_make(LOCKFILE_MAX);
    BUF_OWNED signature = buf_make(MINISIG_MAX);
    if (!text_format(signature_path, sizeof signature_path, "%s" SIGNATURE_SUFFIX, path))
        return osb_fail(error, OSB_ERR_USAGE, path, "use a shorter path", "path is too long");
    if (access(path, F_OK) == 0 && !file_exists(path))
        return osb_fail(error, OSB_ERR_USAGE, path, "name a file that a signature can lie beside",
                        "is no ordinary file");
    TRY(json_to_text(lock, &text, error));
    TRY(content_digest_of(buf_span(&text), &digest, error));
    TRY(signing_sign(signing, &digest, SIGNED_LOCK, next_version(signature_path), &signature,
                     error));
    TRY(file_write_atomic(path, buf_span(&text), 0644, error));
    return file_write_atomic(signature_path, buf_span(&signature), 0644, error);
}
