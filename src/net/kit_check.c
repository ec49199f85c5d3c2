/*
 * Judges what a kit holds, content by content, as it comes out of the archive.
 *
 * Sizes and hashes are kit_read.c's. Invariant: a kit that passes holds whole releases whose
 * modules passed every check that a download passes, and everything that its locks pin.
 */
#include "net/kit_check.h"

#include <string.h>

#include "base/text.h"
#include "net/archive.h"
#include "net/fetch_set.h"
#include "trust/minisig.h"
#include "trust/verify.h"

typedef struct check {
    kit *kit;
    const release_index *index;
    const kit_judge *judge;
} check;

static bool is_content(const index_file *file, const index_file *object)
{
    return memcmp(file->sha256, object->sha256, SHA256_SIZE) == 0;
}

static osb_status find_platform(const check *run, const char *name, const platform **board,
                                osb_error *error)
{
    char shown[40];
    *board = platform_by_name(run->judge->platforms, name);
    if (*board)
        return OSB_OK;
    text_printable(shown, sizeof shown, name, strlen(name));
    return osb_fail(error, OSB_ERR_NOT_FOUND, shown, "use a newer osbundle",
                    "is a platform that is not known here");
}

static osb_status check_module(const check *run, const index_release *listed,
                               const index_module *entry, span content, osb_error *error)
{
    const platform *board;
    release cataloged;
    verify_report report;
    TRY(find_platform(run, listed->platform, &board, error));
    bool known =
        catalog_release(run->judge->known, listed->version, board, &cataloged, NULL) == OSB_OK;
    verify_expectation expected = {.file_name = entry->file.name,
                                   .published_size = entry->file.size,
                                   .published_sha256 = entry->file.sha256,
                                   .board = board,
                                   .slot = &entry->slot,
                                   .cataloged =
                                       known ? release_find(&cataloged, entry->slot) : NULL};
    return verify_file(content, &expected, &report, error);
}

/** As a module of each release that lists it. */
static osb_status check_modules(const check *run, const index_file *object, span content,
                                osb_error *error)
{
    for (size_t i = 0; i < run->index->release_count; i++) {
        const index_release *listed = &run->index->releases[i];
        for (size_t k = 0; k < listed->count; k++)
            if (is_content(&listed->modules[k].file, object))
                TRY(check_module(run, listed, &listed->modules[k], content, error));
    }
    return OSB_OK;
}

static osb_status check_application(const index_file *file, span content, osb_error *error)
{
    static const char zip[] = "PK\x03\x04";
    ARENA_OWNED memory = {0};
    const bundle_file *files;
    size_t count;
    bundle opened;
    module parsed;
    if (content.size < sizeof zip - 1 || memcmp(content.data, zip, sizeof zip - 1) != 0)
        return module_parse(content, file->name, &parsed, error);
    TRY(archive_unpack_zip(content, file->name, &memory, &files, &count, error));
    TRY(bundle_open(files, count, file->name, &memory, &opened, error));
    return bundle_require_assets(&opened, file->name, error);
}

static bool has_application(const release_index *index, const uint8_t digest[SHA256_SIZE])
{
    for (size_t i = 0; i < index->file_count[INDEX_APPLICATION]; i++)
        if (memcmp(index->files[INDEX_APPLICATION][i].sha256, digest, SHA256_SIZE) == 0)
            return true;
    return false;
}

/** Whether the index has the very file that a lock pins. */
static bool has_pinned(const release_index *index, const release *lock, const release_module *pin)
{
    if (pin->slot.function == MODULE_USER_PART)
        return has_application(index, pin->sha256);
    const index_release *listed = release_index_find(index, lock->version, lock->board->name);
    for (size_t i = 0; listed && i < listed->count; i++)
        if (slot_equal(listed->modules[i].slot, pin->slot))
            return memcmp(listed->modules[i].file.sha256, pin->sha256, SHA256_SIZE) == 0;
    return false;
}

osb_status kit_check_lock(const release_index *index, const lockfile *lock, const char *name,
                          osb_error *error)
{
    for (size_t k = 0; k < lock->count; k++)
        for (size_t i = 0; i < lock->sets[k].module_count; i++) {
            const release_module *pin = &lock->sets[k].modules[i];
            if (!has_pinned(index, &lock->sets[k], pin))
                return osb_fail(error, OSB_ERR_INTEGRITY, pin->file,
                                "make the bundle from what the lock pins, its application included",
                                "is pinned by %s, but is not what the bundle holds", name);
        }
    return OSB_OK;
}

static osb_status check_file(const check *run, index_kind kind, const index_file *file,
                             span content, osb_error *error)
{
    ARENA_OWNED memory = {0};
    JSON_OWNED *document = NULL;
    platform board;
    lockfile lock;
    minisig signature;
    switch (kind) {
    case INDEX_PLATFORM:
        TRY(json_parse(content, file->name, &document, error));
        return platform_from_json(document, file->name, &memory, &board, error);
    case INDEX_LOCK:
        TRY(lockfile_read(content, file->name, run->judge->platforms, &memory, &lock, error));
        return kit_check_lock(run->index, &lock, file->name, error);
    case INDEX_SIGNATURE:
        return minisig_parse(content, file->name, &signature, error);
    case INDEX_APPLICATION:
        return check_application(file, content, error);
    case INDEX_KINDS:
        break;
    }
    return OSB_OK;
}

static osb_status check_object(const check *run, const index_file *object, span content,
                               osb_error *error)
{
    TRY(check_modules(run, object, content, error));
    for (index_kind kind = INDEX_PLATFORM; kind < INDEX_KINDS; kind++)
        for (size_t i = 0; i < run->index->file_count[kind]; i++)
            if (is_content(&run->index->files[kind][i], object))
                TRY(check_file(run, kind, &run->index->files[kind][i], content, error));
    return OSB_OK;
}

static bool lists_slot(const void *context, module_slot slot)
{
    const index_release *listed = context;
    for (size_t i = 0; i < listed->count; i++)
        if (slot_equal(listed->modules[i].slot, slot))
            return true;
    return false;
}

/** Before a byte is unpacked: whether the releases are for known platforms, and whole. */
static osb_status check_releases(const check *run, osb_error *error)
{
    for (size_t i = 0; i < run->index->release_count; i++) {
        const index_release *listed = &run->index->releases[i];
        const platform *board;
        release cataloged;
        char slot[MODULE_SLOT_TEXT];
        TRY(find_platform(run, listed->platform, &board, error));
        bool known =
            catalog_release(run->judge->known, listed->version, board, &cataloged, NULL) == OSB_OK;
        const platform_slot *missing =
            fetch_first_missing(board, known ? &cataloged : NULL, lists_slot, listed);
        if (!missing || run->judge->allow_incomplete)
            continue;
        slot_text(missing->slot, slot);
        return osb_fail(error, OSB_ERR_REFUSED, listed->version,
                        "use another bundle, or take what there is with --allow-incomplete",
                        "%s for %s is missing in the bundle", slot, listed->platform);
    }
    return OSB_OK;
}

osb_status kit_check(kit *opened, const kit_judge *judge, const kit_visitor *visitor,
                     osb_error *error)
{
    const check run = {opened, kit_index(opened), judge};
    TRY(check_releases(&run, error));
    for (;;) {
        const index_file *object;
        BUF_OWNED content = buf_make(MODULE_FILE_MAX);
        TRY(kit_next(opened, &object, error));
        if (!object)
            return OSB_OK;
        TRY(kit_read(opened, &content, error));
        TRY(check_object(&run, object, buf_span(&content), error));
        if (visitor)
            TRY(visitor->visit(visitor->context, object, buf_span(&content), error));
    }
}
