/*
 * Deciding what goes from a cache; removing it is prune_remove.c.
 *
 * Looks at the written folder only. Invariant: what a keep names is never doomed, nor an object
 * that a remaining record names, nor one so young that its record may be still to come.
 */
#include "store/prune.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "store/layers.h"
#include "store/prune_work.h"

enum {
    YOUNG_S = 3600,             /**< objects without a record: of a fetch, or an application */
    PART_KEPT_S = 7 * 24 * 3600 /**< the beginning of a download, for who goes on with it */
};

static bool is_older(const prune_work *work, int64_t moment_s, int64_t age_s)
{
    return work->now_s - moment_s >= age_s;
}

static object_fate *fate_of(const prune_work *work, const uint8_t digest[SHA256_SIZE])
{
    const stored_object *found = inventory_find(work->objects, work->object_count, digest);
    return found ? &work->object_fates[found - work->objects] : NULL;
}

/** Whose records name each object, and which are spared whatever happens. */
static void count_names(prune_work *work)
{
    for (size_t i = 0; i < work->release_count; i++) {
        const stored_release *record = &work->releases[i];
        for (size_t k = 0; k < record->module_count && record->layer == 0; k++) {
            object_fate *fate = fate_of(work, record->modules[k].sha256);
            if (fate) {
                fate->names++;
                fate->was_named = true;
            }
        }
    }
    for (size_t i = 0; i < work->keep_count; i++) {
        for (size_t k = 0; k < work->keeps[i].count; k++) {
            object_fate *fate = fate_of(work, work->keeps[i].hashes[k]);
            if (fate)
                fate->spared = true;
        }
    }
}

static const char *kept_by(const prune_work *work, const stored_release *record)
{
    for (size_t i = 0; i < work->keep_count; i++)
        if (text_equal(work->keeps[i].version, record->version) &&
            text_equal(work->keeps[i].platform, record->platform))
            return work->keeps[i].by;
    return NULL;
}

static bool is_doomed(const prune_work *work, size_t object)
{
    const object_fate *fate = &work->object_fates[object];
    return !fate->names && !fate->spared &&
           (fate->was_named || is_older(work, work->objects[object].changed_s, YOUNG_S));
}

static uint64_t bytes_that_stay(const prune_work *work)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < work->object_count; i++)
        if (!is_doomed(work, i))
            bytes += work->objects[i].size;
    return bytes;
}

/** Notes that a release is to go, unless somebody keeps it. Returns the bytes that it frees. */
static uint64_t condemn(prune_work *work, size_t release)
{
    const stored_release *record = &work->releases[release];
    prune_fate *fate = &work->fates[work->fate_count++];
    uint64_t freed = 0;
    work->condemned[release] = true;
    *fate = (prune_fate){.release = record, .kept_by = kept_by(work, record)};
    for (size_t i = 0; i < record->module_count && !fate->kept_by; i++) {
        object_fate *object = fate_of(work, record->modules[i].sha256);
        if (object && --object->names == 0 && !object->spared)
            freed += work->objects[object - work->object_fates].size;
    }
    return freed;
}

/** Whether it lies in the written folder and is one that the wish is about. */
static bool is_meant(const prune_work *work, const stored_release *record)
{
    const prune_wish *wish = work->wish;
    return record->layer == 0 && (!wish->means || wish->means(wish->context, record));
}

static void choose_by_name_and_age(prune_work *work)
{
    const prune_wish *wish = work->wish;
    for (size_t i = 0; i < work->release_count; i++) {
        const stored_release *record = &work->releases[i];
        if (!is_meant(work, record))
            continue;
        work->meant++;
        if (wish->named || (wish->older_than_s != PRUNE_NO_AGE &&
                            is_older(work, record->used_s, wish->older_than_s)))
            condemn(work, i);
    }
}

static int by_use(const void *a, const void *b)
{
    const stored_release *left = *(const stored_release *const *)a;
    const stored_release *right = *(const stored_release *const *)b;
    return left->used_s < right->used_s ? -1 : left->used_s > right->used_s;
}

/** Those that were used least recently go first; what is damaged goes before them. */
static osb_status choose_by_size(prune_work *work, osb_error *error)
{
    const int64_t limit = work->wish->max_bytes;
    uint64_t bytes = bytes_that_stay(work);
    if (limit == PRUNE_NO_SIZE)
        return OSB_OK;
    work->damage_goes = bytes + work->damaged_bytes > (uint64_t)limit;
    const stored_release **order = arena_take(work->memory, work->release_count + 1, sizeof *order);
    if (!order)
        return osb_fail_memory(error);
    for (size_t i = 0; i < work->release_count; i++)
        order[i] = &work->releases[i];
    qsort(order, work->release_count, sizeof *order, by_use);
    for (size_t i = 0; i < work->release_count && bytes > (uint64_t)limit; i++) {
        size_t release = (size_t)(order[i] - work->releases);
        if (is_meant(work, order[i]) && !work->condemned[release])
            bytes -= condemn(work, release);
    }
    return OSB_OK;
}

/** Files that were being written. Nobody holds the cache, so those of publishers are orphans. */
static bool is_left_behind(const prune_work *work, const stored_file *file)
{
    const int64_t age = work->wish->older_than_s;
    if (text_equal(file->name, "lock"))
        return false;
    if (text_starts_with(file->name, "new-"))
        return true;
    if (!text_starts_with(file->name, "part-"))
        return is_older(work, file->written_s, YOUNG_S);
    return is_older(work, file->written_s,
                    age != PRUNE_NO_AGE && age < PART_KEPT_S ? age : PART_KEPT_S);
}

/** A list that a server sent is asked for again when it is old, and may go as releases do. */
static bool is_old(const prune_work *work, const stored_file *file)
{
    return work->wish->older_than_s != PRUNE_NO_AGE &&
           is_older(work, file->written_s, work->wish->older_than_s);
}

static bool is_unwanted_damage(const prune_work *work, const stored_file *file)
{
    const int64_t age = work->wish->older_than_s;
    return work->damage_goes || (age != PRUNE_NO_AGE && is_older(work, file->moved_s, age));
}

static osb_status weigh_damage(prune_work *work, osb_error *error)
{
    const stored_file *files;
    size_t count;
    TRY(inventory_files(work->opened, 0, "damaged", work->memory, &files, &count, error));
    for (size_t i = 0; i < count; i++)
        work->damaged_bytes += files[i].size;
    return OSB_OK;
}

static osb_status take_stock(prune_work *work, osb_error *error)
{
    arena *memory = work->memory;
    TRY(inventory_releases(work->opened, memory, &work->releases, &work->release_count, error));
    TRY(inventory_objects(work->opened, 0, memory, &work->objects, &work->object_count, error));
    TRY(weigh_damage(work, error));
    if (work->wish->keeps)
        TRY(work->wish->keeps(work->wish->context, memory, &work->keeps, &work->keep_count, error));
    work->object_fates = arena_take(memory, work->object_count + 1, sizeof *work->object_fates);
    work->fates = arena_take(memory, work->release_count + 1, sizeof *work->fates);
    work->condemned = arena_take(memory, work->release_count + 1, sizeof *work->condemned);
    if (!work->object_fates || !work->fates || !work->condemned)
        return osb_fail_memory(error);
    return OSB_OK;
}

/**
 * Records first and for good, so that no moment has a record without its objects. These are made
 * old before that: should this be cut off in between, the next prune finishes it.
 */
static osb_status carry_out(prune_work *work, osb_error *error)
{
    prune_report *report = work->report;
    report->bytes_left = bytes_that_stay(work);
    for (size_t i = 0; i < work->object_count; i++)
        if (is_doomed(work, i))
            prune_make_old(work, &work->objects[i]);
    for (size_t i = 0; i < work->fate_count; i++)
        if (!work->fates[i].kept_by)
            TRY(prune_remove_record(work, work->fates[i].release, error));
    for (size_t i = 0; i < work->object_count; i++)
        if (is_doomed(work, i))
            TRY(prune_remove_object(work, &work->objects[i], error));
    TRY(prune_remove_files(work, "tmp", is_left_behind, &report->temporary, error));
    TRY(prune_remove_files(work, "lists", is_old, &report->temporary, error));
    TRY(prune_remove_files(work, "damaged", is_unwanted_damage, &report->damaged, error));
    report->bytes_left += work->damaged_bytes - report->damaged.bytes;
    return OSB_OK;
}

osb_status cache_prune(cache *opened, const prune_wish *wish, arena *memory, prune_report *report,
                       osb_error *error)
{
    char format[PATH_SIZE];
    FD_OWNED lock = -1;
    prune_work work = {
        .opened = opened, .wish = wish, .memory = memory, .report = report, .now_s = time(NULL)};
    *report = (prune_report){0};
    TRY(path_join(format, cache_root(opened), "format", error));
    if (!file_exists(format))
        return OSB_OK;
    if (!wish->dry_run)
        TRY(cache_lock(opened, &lock, error));
    TRY(take_stock(&work, error));
    count_names(&work);
    choose_by_name_and_age(&work);
    TRY(choose_by_size(&work, error));
    report->fates = work.fates;
    report->fate_count = work.fate_count;
    report->meant = work.meant;
    return carry_out(&work, error);
}
