/*
 * The facade's pruning: from words to releases, and what stays because a lock or an unfinished
 * restore needs it.
 *
 * What goes is decided in store/prune. Invariant: locks and journals are read when nobody can add
 * to the cache any more, and one that cannot be read stops everything.
 */
#include "osbundle_cache.h"

#include <string.h>

#include "base/text.h"
#include "osbundle_targets.h"
#include "store/journal.h"
#include "store/pinned_goal.h"
#include "store/prune.h"
#include "trust/lockfile.h"

enum {
    KEEPS_MAX = 64 * 1024
};

typedef struct pruning {
    osb_context *context;
    const osb_prune *wish;
} pruning;

/** Whether the words of the user mean this release. */
static bool means(void *context, const stored_release *found)
{
    const pruning *self = context;
    const osb_prune *wish = self->wish;
    bool version_fits = !wish->version_count, platform_fits = !wish->platform_count;
    for (size_t i = 0; i < wish->version_count && !version_fits; i++)
        version_fits =
            release_is_named(self->context, wish->versions[i], found->version, found->platform);
    for (size_t i = 0; i < wish->platform_count && !platform_fits; i++)
        platform_fits = text_equal(wish->platforms[i], found->platform);
    return version_fits && platform_fits;
}

static void add_hash(buf *hashes, const uint8_t digest[SHA256_SIZE])
{
    buf_append(hashes, (span){digest, SHA256_SIZE});
}

static osb_status add_keep(arena *memory, const char *by, const char *release_version,
                           const char *platform_name, const buf *hashes, buf *keeps,
                           osb_error *error)
{
    prune_keep keep = {.by = arena_text(memory, by), .count = hashes->size / SHA256_SIZE};
    text_copy(keep.version, sizeof keep.version, release_version);
    text_copy(keep.platform, sizeof keep.platform, platform_name);
    keep.hashes = arena_copy(memory, hashes->data, hashes->size);
    if (!keep.by || (keep.count && !keep.hashes))
        return osb_fail_memory(error);
    buf_append(keeps, (span){(const uint8_t *)&keep, sizeof keep});
    return buf_check(keeps, by, error);
}

/** To keep something takes no trust: neither a signature nor its expiry plays a part. */
static osb_status keep_lock(const pruning *self, const char *path, arena *memory, buf *keeps,
                            osb_error *error)
{
    lockfile lock;
    BUF_OWNED text = buf_make(LOCKFILE_MAX);
    TRY(file_read(path, &text, error));
    TRY(lockfile_read(buf_span(&text), path, &self->context->platforms, memory, &lock, error));
    for (size_t i = 0; i < lock.count; i++) {
        const release *set = &lock.sets[i];
        BUF_OWNED hashes = buf_make(RELEASE_MODULES_MAX * SHA256_SIZE);
        for (size_t k = 0; k < set->module_count; k++)
            add_hash(&hashes, set->modules[k].sha256);
        TRY(add_keep(memory, path, set->version, set->board->name, &hashes, keeps, error));
    }
    return OSB_OK;
}

static void add_release(buf *hashes, const cached_release *set)
{
    for (size_t i = 0; i < set->count; i++)
        add_hash(hashes, set->modules[i].sha256);
}

static void add_files(buf *hashes, const pinned_file *files, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (*files[i].name)
            add_hash(hashes, files[i].sha256);
}

/** A journal that is damaged cannot be resumed, hence needs nothing. */
static osb_status keep_journal(const pruning *self, const char *name, arena *memory, buf *keeps,
                               osb_error *error)
{
    JSON_OWNED *record = NULL;
    char by[128];
    BUF_OWNED hashes = buf_make(64 * 1024);
    TRY(journal_peek(self->context->state, name, &record, error));
    if (!record)
        return OSB_OK;
    pinned_goal *goal = arena_take(memory, 1, sizeof *goal);
    if (!goal)
        return osb_fail_memory(error);
    if (pinned_goal_from_json(record, name, goal, NULL) != OSB_OK)
        return OSB_OK;
    add_release(&hashes, &goal->set);
    add_release(&hashes, &goal->via);
    add_files(&hashes, goal->files, goal->file_count);
    add_files(&hashes, &goal->app, 1);
    add_files(&hashes, goal->assets, goal->asset_count);
    text_format(by, sizeof by, "the unfinished restore of %s", name);
    TRY(add_keep(memory, by, goal->via.version, goal->platform, &hashes, keeps, error));
    return add_keep(memory, by, goal->set.version, goal->platform, &hashes, keeps, error);
}

static osb_status list_keeps(void *context, arena *memory, const prune_keep **keeps, size_t *count,
                             osb_error *error)
{
    const pruning *self = context;
    const char *const *names;
    size_t name_count;
    BUF_OWNED found = buf_make(KEEPS_MAX * sizeof(prune_keep));
    for (size_t i = 0; i < self->wish->keep_lock_count; i++)
        TRY(keep_lock(self, self->wish->keep_locks[i], memory, &found, error));
    TRY(journal_list(self->context->state, memory, &names, &name_count, error));
    for (size_t i = 0; i < name_count; i++)
        TRY(keep_journal(self, names[i], memory, &found, error));
    *count = found.size / sizeof(prune_keep);
    *keeps = *count ? arena_copy(memory, found.data, found.size) : NULL;
    return *keeps || !*count ? OSB_OK : osb_fail_memory(error);
}

static json_t *fate_to_object(const prune_fate *fate)
{
    return json_pack("{s:s, s:s, s:I, s:o, s:o}", "version", fate->release->version, "platform",
                     fate->release->platform, "bytes", (json_int_t)fate->release->bytes, "used",
                     cache_moment_to_json(fate->release->used_s), "kept_by",
                     json_text_or_null(fate->kept_by));
}

static json_t *report_to_json(const osb_prune *wish, const prune_report *report)
{
    json_t *releases = json_array();
    for (size_t i = 0; i < report->fate_count; i++)
        json_array_append_new(releases, fate_to_object(&report->fates[i]));
    const bool too_large = wish->max_bytes >= 0 && report->bytes_left > (uint64_t)wish->max_bytes;
    return json_pack("{s:s, s:i, s:b, s:o, s:o, s:o, s:o, s:I, s:b}", "type",
                     "osbundle-cache-prune", "schema", 1, "dry_run", wish->dry_run, "releases",
                     releases, "objects",
                     cache_sum_to_json(report->objects.files, report->objects.bytes), "temporary",
                     cache_sum_to_json(report->temporary.files, report->temporary.bytes), "damaged",
                     cache_sum_to_json(report->damaged.files, report->damaged.bytes), "bytes_left",
                     (json_int_t)report->bytes_left, "over_limit", too_large);
}

static osb_status check_platforms(osb_context *context, const osb_prune *wish, osb_error *error)
{
    const platform *board;
    for (size_t i = 0; i < wish->platform_count; i++)
        TRY(context_platform(context, wish->platforms[i], &board, error));
    return OSB_OK;
}

osb_status osb_cache_prune(osb_context *context, const osb_prune *wish, json_t **result,
                           osb_error *error)
{
    ARENA_OWNED memory = {0};
    pruning self = {context, wish};
    prune_report report;
    const bool words = wish->version_count || wish->platform_count;
    const prune_wish wanted = {.means = means,
                               .named = words && wish->older_than_s < 0 && wish->max_bytes < 0,
                               .older_than_s =
                                   wish->older_than_s < 0 ? PRUNE_NO_AGE : wish->older_than_s,
                               .max_bytes = wish->max_bytes < 0 ? PRUNE_NO_SIZE : wish->max_bytes,
                               .dry_run = wish->dry_run,
                               .keeps = list_keeps,
                               .context = &self};
    *result = NULL;
    TRY(check_platforms(context, wish, error));
    TRY(cache_prune(context->store, &wanted, &memory, &report, error));
    if (words && !report.meant)
        return osb_fail(error, OSB_ERR_NOT_FOUND,
                        wish->version_count ? wish->versions[0] : wish->platforms[0],
                        "see: osbundle cache list", "no such release in the written cache");
    *result = report_to_json(wish, &report);
    return *result ? OSB_OK : osb_fail_memory(error);
}
