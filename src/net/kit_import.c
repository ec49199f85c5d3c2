/*
 * Taking a kit into the cache.
 *
 * Reads it twice, so that nothing has to be kept meanwhile: once to judge everything, once to
 * publish. Invariant: no release record comes to be before every content of the kit has been found
 * good, and what is published has the hash that was judged, though the file may change in between.
 */
#include "net/kit_import.h"

#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/path.h"
#include "base/text.h"

typedef struct import {
    const kit_import_options *wanted;
    const release_index *index;
    char from[512], when[21]; /**< as records of releases say it */
} import;

static osb_status check_cancelled(const kit_import_options *wanted, osb_error *error)
{
    if (!wanted->cancelled || !wanted->cancelled(wanted->cancelled_context))
        return OSB_OK;
    return osb_fail(error, OSB_ERR_INTERRUPTED, NULL, "run the same command again",
                    "the import was stopped; no release of the bundle is in the cache yet");
}

/** A release that is there may lack modules that the kit has, but not have others. */
static osb_status check_cached(const import *run, const index_release *listed, osb_error *error)
{
    cached_release there;
    if (cache_find_release(run->wanted->target, listed->version, listed->platform, &there, NULL) !=
        OSB_OK)
        return OSB_OK;
    for (size_t i = 0; i < there.count; i++) {
        const cached_module *entry = &there.modules[i];
        for (size_t k = 0; k < listed->count; k++)
            if (slot_equal(entry->slot, listed->modules[k].slot) &&
                memcmp(entry->sha256, listed->modules[k].file.sha256, SHA256_SIZE) != 0)
                return osb_fail(error, OSB_ERR_INTEGRITY, entry->file,
                                "find out which of the two is genuine; import into another --cache "
                                "to look at both",
                                "the cache holds another file of %s for %s", listed->version,
                                listed->platform);
    }
    return OSB_OK;
}

/** Whether one may write a file into the folder: it is not there, or the very same. */
static osb_status check_written(const import *run, const index_file *file, osb_error *error)
{
    char path[PATH_SIZE];
    uint8_t digest[SHA256_SIZE];
    BUF_OWNED there = buf_make(MODULE_FILE_MAX);
    TRY(path_join(path, run->wanted->folder, file->name, error));
    osb_status status = file_read(path, &there, NULL);
    if (status == OSB_ERR_NOT_FOUND)
        return OSB_OK;
    sha256(buf_span(&there), digest);
    if (status == OSB_OK && !memcmp(digest, file->sha256, SHA256_SIZE))
        return OSB_OK;
    return osb_fail(error, OSB_ERR_REFUSED, path, "move it away, or name another folder with -o",
                    "is there already, and is another file than the bundle holds");
}

static const index_kind written_kinds[] = {INDEX_LOCK, INDEX_SIGNATURE, INDEX_APPLICATION};
enum {
    WRITTEN_KINDS = sizeof written_kinds / sizeof *written_kinds
};

static osb_status check_target(const import *run, osb_error *error)
{
    for (size_t i = 0; i < run->index->release_count; i++)
        TRY(check_cached(run, &run->index->releases[i], error));
    for (size_t k = 0; run->wanted->folder && k < WRITTEN_KINDS; k++)
        for (size_t i = 0; i < run->index->file_count[written_kinds[k]]; i++)
            TRY(check_written(run, &run->index->files[written_kinds[k]][i], error));
    return OSB_OK;
}

static osb_status look_for_stop(void *context, const index_file *object, span content,
                                osb_error *error)
{
    const import *run = context;
    (void)object;
    (void)content;
    return check_cancelled(run->wanted, error);
}

static osb_status write_out(const import *run, const index_file *object, span content,
                            osb_error *error)
{
    char path[PATH_SIZE];
    for (size_t k = 0; run->wanted->folder && k < WRITTEN_KINDS; k++)
        for (size_t i = 0; i < run->index->file_count[written_kinds[k]]; i++) {
            const index_file *file = &run->index->files[written_kinds[k]][i];
            if (memcmp(file->sha256, object->sha256, SHA256_SIZE) != 0)
                continue;
            TRY(folder_make(run->wanted->folder, error));
            TRY(path_join(path, run->wanted->folder, file->name, error));
            TRY(file_write_atomic(path, content, 0644, error));
        }
    return OSB_OK;
}

static osb_status publish_objects(const import *run, kit *opened, osb_error *error)
{
    for (;;) {
        const index_file *object;
        BUF_OWNED content = buf_make(MODULE_FILE_MAX);
        TRY(check_cancelled(run->wanted, error));
        TRY(kit_next(opened, &object, error));
        if (!object)
            return OSB_OK;
        TRY(kit_read(opened, &content, error));
        TRY(cas_publish_hashed(run->wanted->target, buf_span(&content), object->sha256, error));
        TRY(write_out(run, object, buf_span(&content), error));
    }
}

static bool has_slot(const cached_release *record, module_slot slot)
{
    for (size_t i = 0; i < record->count; i++)
        if (slot_equal(record->modules[i].slot, slot))
            return true;
    return false;
}

/** Keeps what the cache has beyond the kit. Its record stays as it is where that is everything. */
static osb_status publish_release(const import *run, const index_release *listed, osb_error *error)
{
    cached_release record, there;
    index_release_to_record(listed, run->from, run->when, &record);
    osb_status status =
        cache_find_release(run->wanted->target, listed->version, listed->platform, &there, NULL);
    size_t missing = 0;
    for (size_t i = 0; i < listed->count; i++)
        missing += status != OSB_OK || !has_slot(&there, listed->modules[i].slot);
    if (!missing)
        return OSB_OK;
    for (size_t i = 0; status == OSB_OK && i < there.count; i++)
        if (!has_slot(&record, there.modules[i].slot) && record.count < RELEASE_MODULES_MAX)
            record.modules[record.count++] = there.modules[i];
    return cache_publish_release(run->wanted->target, &record, error);
}

static void close_again(kit **opened)
{
    kit_close(*opened);
}

osb_status kit_import(const char *path, kit *opened, const kit_import_options *wanted,
                      osb_error *error)
{
import run = {.wanted = wanted, .index = kit_index(opened) };
    text_format(run.from, sizeof run.from, "bundle:%s", path_name(path));
    clock_utc_text(-1, run.when);
    const kit_visitor visitor = {look_for_stop, &run};
    TRY(check_target(&run, error));
    TRY(kit_check(opened, wanted->judge, &visitor, error));
    __attribute__((cleanup(close_again))) kit *again = NULL;
    TRY(kit_open(path, NULL, &again, error)); /* the very text that was admitted: */
    span judged = kit_index_text(opened), now = kit_index_text(again);
    if (judged.size != now.size || memcmp(judged.data, now.data, now.size) != 0)
        return osb_fail(error, OSB_ERR_INTEGRITY, path, "run the same command again",
                        "was replaced while it was read");
    FD_OWNED hold = -1;
    TRY(cache_hold(wanted->target, &hold, error));
    TRY(publish_objects(&run, again, error));
    for (size_t i = 0; i < run.index->release_count; i++)
        TRY(publish_release(&run, &run.index->releases[i], error));
    return OSB_OK;
}
