/*
 * Objects by their SHA-256: publishing, reading with a fresh hash, setting damaged ones aside.
 *
 * Does not know what the bytes are. Invariant: at an object's path stands either nothing or a file
 * that was whole when it came there; what a reader hands out has the hash that was asked for.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "store/cache.h"
#include "store/layers.h"

/** Path of an object in a layer; with `folder_only`, of the folder that holds it. */
static osb_status object_path(char target[PATH_SIZE], const char *layer,
                              const uint8_t digest[SHA256_SIZE], bool folder_only, osb_error *error)
{
    char hex[SHA256_HEX_SIZE], name[SHA256_HEX_SIZE + 24];
    text_hex(hex, (span){digest, SHA256_SIZE});
    text_format(name, sizeof name, "objects/sha256/%.2s%s%s", hex, folder_only ? "" : "/",
                folder_only ? "" : hex + 2);
    return path_join(target, layer, name, error);
}

static bool span_equal(span a, span b)
{
    return a.size == b.size && (!a.size || !memcmp(a.data, b.data, a.size));
}

/** Whether the file is there with exactly these bytes. A damaged one is simply replaced. */
static bool file_holds(const char *path, span content)
{
    BUF_OWNED present = buf_make(content.size);
    return file_exists(path) && file_read(path, &present, NULL) == OSB_OK &&
           span_equal(buf_span(&present), content);
}

static osb_status fill_temporary(int descriptor, span content, const char *path, osb_error *error)
{
    if (fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0)
        return osb_fail_errno(error, "write", path);
    TRY(file_write_all(descriptor, content, path, error));
    if (fchmod(descriptor, 0444) != 0 || fsync(descriptor) != 0)
        return osb_fail_errno(error, "write", path);
    return OSB_OK;
}

/** Writes `content` under a new name in tmp/ and moves it to `target`. */
static osb_status write_and_move(cache *opened, span content, const char *target, osb_error *error)
{
    char path[PATH_SIZE];
    TRY(path_join(path, cache_root(opened), "tmp/object-XXXXXX", error));
    FD_OWNED descriptor = mkstemp(path);
    if (descriptor < 0)
        return osb_fail_errno(error, "create", path);
    osb_status status = fill_temporary(descriptor, content, path, error);
    if (status == OSB_OK && rename(path, target) != 0)
        status = osb_fail_errno(error, "publish", target);
    if (status != OSB_OK)
        unlink(path);
    return status;
}

/** Makes the folder of one object; a new one is made to last before anything is put into it. */
static osb_status object_folder_make(cache *opened, const char *folder, osb_error *error)
{
    if (mkdir(folder, 0777) != 0)
        return errno == EEXIST ? OSB_OK : osb_fail_errno(error, "create folder", folder);
    char above[PATH_SIZE];
    TRY(path_join(above, cache_root(opened), "objects/sha256", error));
    return folder_sync(above, error);
}

osb_status cas_publish(cache *opened, span content, uint8_t digest[SHA256_SIZE], osb_error *error)
{
    char path[PATH_SIZE], folder[PATH_SIZE];
    sha256(content, digest);
    TRY(object_path(path, cache_root(opened), digest, false, error));
    if (file_holds(path, content))
        return OSB_OK;
    if (content.size > CACHE_OBJECT_MAX)
        return osb_fail(error, OSB_ERR_REFUSED, path, "keep only modules in the cache",
                        "%zu bytes are more than an object may have", content.size);
    TRY(cache_prepare(opened, error));
    TRY(object_path(folder, cache_root(opened), digest, true, error));
    TRY(object_folder_make(opened, folder, error));
    TRY(write_and_move(opened, content, path, error));
    return folder_sync(folder, error);
}

/**
 * Moves a damaged object to damaged/, so that it can be looked at and is not read again. Where
 * that fails (a full disk, no permission) it stays, and every reader finds the damage anew.
 */
static void set_aside(cache *opened, const char *path, const uint8_t digest[SHA256_SIZE])
{
    char folder[PATH_SIZE], target[PATH_SIZE], hex[SHA256_HEX_SIZE];
    text_hex(hex, (span){digest, SHA256_SIZE});
    if (path_join(folder, cache_root(opened), "damaged", NULL) == OSB_OK &&
        path_join(target, folder, hex, NULL) == OSB_OK && folder_make(folder, NULL) == OSB_OK)
        (void)rename(path, target);
}

/** An object that is wanted, and who says what the hash of its content is. */
typedef struct wanted_object {
    const uint8_t *digest;
    cas_hasher hasher;
    void *context;
} wanted_object;

static osb_status read_checked(const char *path, const wanted_object *wanted, buf *content,
                               osb_error *error)
{
    size_t before = content->size;
    uint8_t found[SHA256_SIZE] = {0};
    osb_status status = file_read(path, content, error);
    if (status == OSB_OK) {
        wanted->hasher(wanted->context, span_slice(buf_span(content), before, content->size),
                       found);
        if (!memcmp(found, wanted->digest, SHA256_SIZE))
            return OSB_OK;
        status = osb_fail(error, OSB_ERR_INTEGRITY, path, "fetch the release again",
                          "the cached file is damaged: its bytes no longer have its SHA-256");
    }
    content->size = before;
    return status;
}

static void hash_only(void *context, span content, uint8_t digest[SHA256_SIZE])
{
    (void)context;
    sha256(content, digest);
}

osb_status cas_read(cache *opened, const uint8_t digest[SHA256_SIZE], buf *content,
                    osb_error *error)
{
    return cas_read_hashed(opened, digest, hash_only, NULL, content, error);
}

osb_status cas_read_hashed(cache *opened, const uint8_t digest[SHA256_SIZE], cas_hasher hasher,
                           void *context, buf *content, osb_error *error)
{
    const wanted_object wanted = {digest, hasher, context};
    char path[PATH_SIZE], hex[SHA256_HEX_SIZE];
    osb_error first = {0};
    for (size_t i = 0; i < opened->layer_count; i++) {
        osb_error problem = {0};
        TRY(object_path(path, opened->layers[i], digest, false, error));
        osb_status status = read_checked(path, &wanted, content, &problem);
        if (status == OSB_OK)
            return OSB_OK;
        if (status == OSB_ERR_INTEGRITY && i == 0)
            set_aside(opened, path, digest);
        if (status != OSB_ERR_NOT_FOUND && first.status == OSB_OK)
            first = problem;
    }
    if (first.status != OSB_OK) {
        if (error)
            *error = first;
        return first.status;
    }
    text_hex(hex, (span){digest, SHA256_SIZE});
    return osb_fail(error, OSB_ERR_NOT_FOUND, hex, "fetch the release again",
                    "no such object in the cache");
}

bool cas_has(const cache *opened, const uint8_t digest[SHA256_SIZE])
{
    char path[PATH_SIZE];
    for (size_t i = 0; i < opened->layer_count; i++)
        if (object_path(path, opened->layers[i], digest, false, NULL) == OSB_OK &&
            file_exists(path))
            return true;
    return false;
}
