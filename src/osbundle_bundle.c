/*
 * The facade's release bundles (kits, net/kit.h): export, info, verify, import.
 *
 * The file's form and what makes it good are net's. Invariant: what is exported would pass the
 * import's checks: releases are in the cache, applications and locks were judged.
 */
#include "osbundle_context.h"

#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "base/text.h"
#include "model/embedded.h"
#include "net/kit_import.h"
#include "osbundle_cargo.h"
#include "osbundle_files.h"
#include "osbundle_lock.h"
#include "osbundle_trust.h"
#include "trust/minisig.h"

/** A file that is not in the cache, but goes into the bundle. */
typedef struct loose_file {
    uint8_t sha256[SHA256_SIZE];
    const char *path; /**< it is read again when its turn comes; NULL: */
    span content;     /**< built into the program */
    struct loose_file *next;
} loose_file;

/** A bundle in the making. */
typedef struct packing {
    osb_context *context;
    const osb_cargo *cargo;
    arena *memory;
    release_index index;
    lockfile *locks; /**< as many as `cargo` names */
    loose_file *loose;
} packing;

static void packing_free(packing *run)
{
    release_index_free(&run->index);
}
#define PACKING_OWNED __attribute__((cleanup(packing_free))) packing

static osb_status add_listed(packing *run, index_kind kind, const char *name, span content,
                             uint8_t digest[SHA256_SIZE], osb_error *error)
{
    index_file file = {.name = name, .size = content.size};
    if (!path_is_plain_name(name) || strlen(name) >= RELEASE_FILE_NAME || !content.size)
        return osb_fail(error, OSB_ERR_USAGE, name, "rename the file, or name another one",
                        "is empty, or has a name that a bundle cannot hold");
    sha256(content, file.sha256);
    memcpy(digest, file.sha256, SHA256_SIZE);
    return release_index_add_file(&run->index, kind, &file, error);
}

/** @param path NULL: the content is built in */
static osb_status add_loose(packing *run, index_kind kind, const char *name, const char *path,
                            span content, osb_error *error)
{
    loose_file *kept = arena_take(run->memory, 1, sizeof *kept);
    if (!kept)
        return osb_fail_memory(error);
    TRY(add_listed(run, kind, name, content, kept->sha256, error));
    kept->path = path;
    kept->content = path ? (span){0} : content;
    kept->next = run->loose;
    run->loose = kept;
    return OSB_OK;
}

/** Whether one of the bundle's platforms takes the application. */
static osb_status check_platform(packing *run, const module *application, const char *path,
                                 osb_error *error)
{
    osb_error problem = {0};
    for (size_t i = 0; i < run->index.release_count; i++) {
        const platform *board;
        TRY(context_platform(run->context, run->index.releases[i].platform, &board, error));
        if (platform_accepts(board, application, path, i ? NULL : &problem) == OSB_OK)
            return OSB_OK;
    }
    return osb_fail(error, OSB_ERR_REFUSED, path, "add the platform that it is for with -p",
                    "is for none of the boards that the bundle is for");
}

static osb_status add_application(packing *run, const char *path, osb_error *error)
{
    BUF_OWNED content = buf_make(MODULE_FILE_MAX);
    ARENA_OWNED memory = {0};
    bundle opened;
    module parsed;
    TRY(files_read(path, &content, error));
    if (file_is_zip(buf_span(&content))) {
        TRY(files_open_bundle(buf_span(&content), path, &memory, &opened, error));
        TRY(bundle_require_assets(&opened, path, error));
        parsed = opened.application;
    } else {
        TRY(module_parse(buf_span(&content), path, &parsed, error));
    }
    TRY(check_platform(run, &parsed, path, error));
    return add_loose(run, INDEX_APPLICATION, path_name(path), path, buf_span(&content), error);
}

/** The application that a lock pins comes along from the cache, unless it was named. */
static osb_status add_locked_application(packing *run, const release_module *pin, osb_error *error)
{
    BUF_OWNED content = buf_make(MODULE_FILE_MAX);
    uint8_t digest[SHA256_SIZE];
    for (size_t i = 0; i < run->index.file_count[INDEX_APPLICATION]; i++)
        if (!memcmp(run->index.files[INDEX_APPLICATION][i].sha256, pin->sha256, SHA256_SIZE))
            return OSB_OK;
    if (cas_read(run->context->store, pin->sha256, &content, NULL) != OSB_OK)
        return osb_fail(error, OSB_ERR_NOT_FOUND, pin->file, "name its file with --app FILE",
                        "is pinned by the lock, and not in the cache");
    return add_listed(run, INDEX_APPLICATION, pin->file, buf_span(&content), digest, error);
}

/** The signature that lies beside a lock comes along. */
static osb_status add_signature(packing *run, const char *lock_path, osb_error *error)
{
    char path[PATH_SIZE];
    BUF_OWNED text = buf_make(MINISIG_MAX);
    if (!text_format(path, sizeof path, "%s" SIGNATURE_SUFFIX, lock_path) || !file_exists(path))
        return OSB_OK;
    TRY(file_read(path, &text, error));
    const char *kept = arena_text(run->memory, path);
    return kept ? add_loose(run, INDEX_SIGNATURE, path_name(kept), kept, buf_span(&text), error)
                : osb_fail_memory(error);
}

/** Reads a lock and fetches what it pins of a release. */
static osb_status add_lock(packing *run, const char *path, lockfile *lock, osb_error *error)
{
    BUF_OWNED text = buf_make(LOCKFILE_MAX);
    TRY(context_read_lock(run->context, path, LOCK_ADMIT, run->memory, lock, error));
    TRY(file_read(path, &text, error));
    for (size_t i = 0; i < lock->count; i++) {
        const osb_cargo pinned = {.versions = (const char *const[]){lock->sets[i].version},
                                  .version_count = 1,
                                  .platforms = (const char *const[]){lock->sets[i].board->name},
                                  .platform_count = 1,
                                  .allow_incomplete = run->cargo->allow_incomplete};
        TRY(cargo_add_releases(run->context, &pinned, &run->index, error));
    }
    TRY(add_loose(run, INDEX_LOCK, path_name(path), path, buf_span(&text), error));
    return add_signature(run, path, error);
}

static osb_status check_lock(packing *run, const char *path, const lockfile *lock, osb_error *error)
{
    for (size_t k = 0; k < lock->count; k++)
        for (size_t i = 0; i < lock->sets[k].module_count; i++)
            if (lock->sets[k].modules[i].slot.function == MODULE_USER_PART)
                TRY(add_locked_application(run, &lock->sets[k].modules[i], error));
    return kit_check_lock(&run->index, lock, path_name(path), error);
}

/** What this program knows of each platform, for one that knows less. */
static osb_status add_platforms(packing *run, osb_error *error)
{
    for (size_t i = 0; i < run->index.release_count; i++) {
        char path[64];
        text_format(path, sizeof path, "platforms/%s.json", run->index.releases[i].platform);
        for (size_t k = 0; k < embedded_file_count; k++)
            if (text_equal(embedded_files[k].path, path))
                TRY(add_loose(run, INDEX_PLATFORM, path_name(path), NULL,
                              (span){embedded_files[k].data, embedded_files[k].size}, error));
    }
    return OSB_OK;
}

static osb_status gather(packing *run, osb_error *error)
{
    const osb_cargo *cargo = run->cargo;
    if (!cargo->lock_count && (!cargo->version_count || !cargo->platform_count))
        return osb_fail(error, OSB_ERR_USAGE, "bundle",
                        "use: osbundle bundle export VERSION -p PLATFORM -o FILE",
                        "name a release and a platform, or a lock");
    run->locks = arena_take(run->memory, cargo->lock_count, sizeof *run->locks);
    if (!run->locks)
        return osb_fail_memory(error);
    TRY(cargo_add_releases(run->context, cargo, &run->index, error));
    for (size_t i = 0; i < cargo->lock_count; i++)
        TRY(add_lock(run, cargo->locks[i], &run->locks[i], error));
    for (size_t i = 0; i < cargo->app_count; i++)
        TRY(add_application(run, cargo->apps[i], error));
    for (size_t i = 0; i < cargo->lock_count; i++)
        TRY(check_lock(run, cargo->locks[i], &run->locks[i], error));
    return add_platforms(run, error);
}

static osb_status supply(void *context, const index_file *object, buf *content, osb_error *error)
{
    const packing *run = context;
    for (const loose_file *file = run->loose; file; file = file->next) {
        if (memcmp(file->sha256, object->sha256, SHA256_SIZE) != 0)
            continue;
        if (file->path)
            return file_read(file->path, content, error);
        buf_append(content, file->content);
        return buf_check(content, object->name, error);
    }
    return cas_read(run->context->store, object->sha256, content, error);
}

/** Whether the platform data of a bundle is what this program goes by. */
static const char *compare_platform(const index_file *file)
{
    char path[RELEASE_FILE_NAME + 16];
    text_format(path, sizeof path, "platforms/%s", file->name);
    for (size_t i = 0; i < embedded_file_count; i++) {
        uint8_t digest[SHA256_SIZE];
        if (!text_equal(embedded_files[i].path, path))
            continue;
        sha256((span){embedded_files[i].data, embedded_files[i].size}, digest);
        return memcmp(digest, file->sha256, SHA256_SIZE) ? "different" : "same";
    }
    return "unknown";
}

static json_t *files_to_json(const release_index *index, index_kind kind)
{
    json_t *files = json_array();
    for (size_t i = 0; i < index->file_count[kind]; i++) {
        const index_file *file = &index->files[kind][i];
        char hash[SHA256_HEX_SIZE];
        text_hex(hash, (span){file->sha256, SHA256_SIZE});
        json_t *entry = json_pack("{s:s, s:I, s:s}", "file", file->name, "size",
                                  (json_int_t)file->size, "sha256", hash);
        if (kind == INDEX_PLATFORM)
            json_object_set_new(entry, "here", json_string(compare_platform(file)));
        json_array_append_new(files, entry);
    }
    return files;
}

/** The "osbundle-bundle" document. */
static osb_status describe(const char *path, const release_index *index, bool is_signed,
                           json_t **result, osb_error *error)
{
    ARENA_OWNED memory = {0};
    const index_file *objects;
    size_t count;
    uint64_t bytes = 0;
    struct stat status;
    if (stat(path, &status) != 0)
        return osb_fail_errno(error, "read", path);
    TRY(release_index_objects(index, &memory, &objects, &count, error));
    for (size_t i = 0; i < count; i++)
        bytes += objects[i].size;
    *result = json_pack("{s:s, s:i, s:s, s:I, s:b, s:I, s:I, s:o}", "type", "osbundle-bundle",
                        "schema", 1, "file", path, "size", (json_int_t)status.st_size, "signed",
                        is_signed, "objects", (json_int_t)count, "bytes", (json_int_t)bytes,
                        "releases", cargo_releases_to_json(index));
    for (index_kind kind = INDEX_PLATFORM; kind < INDEX_KINDS; kind++)
        json_object_set_new(*result, index_kind_name(kind), files_to_json(index, kind));
    return OSB_OK;
}

osb_status osb_bundle_export(osb_context *context, const osb_cargo *cargo, const char *path,
                             json_t **result, osb_error *error)
{
    ARENA_OWNED memory = {0};
    PACKING_OWNED run = {.context = context, .cargo = cargo, .memory = &memory};
    content_digest digest;
    BUF_OWNED text = buf_make(INDEX_TEXT_MAX);
    BUF_OWNED signature = buf_make(MINISIG_MAX);
    const kit_supply from = {supply, &run};
    *result = NULL;
    run.index.role = INDEX_BUNDLE;
    TRY(kit_check_name(path, error));
    TRY(gather(&run, error));
    TRY(release_index_to_text(&run.index, &text, error));
    if (cargo->signing) {
        TRY(content_digest_of(buf_span(&text), &digest, error));
        TRY(signing_sign(cargo->signing, &digest, SIGNED_BUNDLE, 0, &signature, error));
    }
    TRY(kit_write(path, &run.index, buf_span(&text), buf_span(&signature), &from, error));
    return describe(path, &run.index, cargo->signing, result, error);
}

static void close_kit(kit **opened)
{
    kit_close(*opened);
}
#define KIT_OWNED __attribute__((cleanup(close_kit))) kit

static osb_status go(osb_context *context, kit *opened, const char *path, osb_bundle_depth depth,
                     const char *folder, bool allow_incomplete, osb_error *error)
{
    const kit_judge judge = {&context->platforms, &context->known, allow_incomplete};
    const kit_import_options wanted = {.judge = &judge,
                                       .target = context->store,
                                       .folder = folder,
                                       .cancelled = context->net.cancelled,
                                       .cancelled_context = context->net.cancelled_context};
    switch (depth) {
    case OSB_BUNDLE_INFO:
        break;
    case OSB_BUNDLE_VERIFY:
        return kit_check(opened, &judge, NULL, error);
    case OSB_BUNDLE_IMPORT:
        return kit_import(path, opened, &wanted, error);
    }
    return OSB_OK;
}

osb_status osb_bundle_open(osb_context *context, const char *path, osb_bundle_depth depth,
                           const char *folder, bool allow_incomplete, json_t **result,
                           osb_error *error)
{
    KIT_OWNED *opened = NULL;
    *result = NULL;
    TRY(kit_open(path, context->net.guard, &opened, error));
    TRY(go(context, opened, path, depth, folder, allow_incomplete, error));
    return describe(path, kit_index(opened), kit_signature(opened).size > 0, result, error);
}
