/*
 * Reading objects: hashed again at every use, damaged ones set aside.
 *
 * Invariant: what a reader hands out has the hash that was asked for; what is set aside was hashed
 * with nobody else publishing, so a sound object is never moved.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "store/cache.h"
#include "store/layers.h"

enum {
    BLOCK_SIZE = 128 * 1024 /**< small enough to be hashed while it is in the processor's cache */
};

osb_status damaged_path(char target[PATH_SIZE], const cache *opened, const char *name,
                        osb_error *error)
{
    char folder[PATH_SIZE];
    TRY(path_join(folder, cache_root(opened), "damaged", error));
    TRY(folder_make(folder, error));
    return path_join(target, folder, name, error);
}

static osb_status fail_damaged(const char *path, osb_error *error)
{
    return osb_fail(error, OSB_ERR_INTEGRITY, path, "fetch the release again",
                    "the cached file is damaged: its bytes no longer have its SHA-256");
}

static osb_status hash_file(const char *path, uint8_t digest[SHA256_SIZE], uint64_t *size,
                            osb_error *error)
{
    uint8_t block[BLOCK_SIZE];
    sha256_state state;
    FD_OWNED descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (descriptor < 0)
        return osb_fail_errno(error, "open", path);
    *size = 0;
    sha256_begin(&state);
    for (;;) {
        ssize_t got = read(descriptor, block, sizeof block);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return osb_fail_errno(error, "read", path);
        if (got == 0)
            break;
        sha256_add(&state, (span){block, (size_t)got});
        *size += (uint64_t)got;
    }
    sha256_end(&state, digest);
    return OSB_OK;
}

static osb_status check_file(const char *path, const uint8_t digest[SHA256_SIZE], uint64_t *size,
                             osb_error *error)
{
    uint8_t found[SHA256_SIZE];
    TRY(hash_file(path, found, size, error));
    return memcmp(found, digest, SHA256_SIZE) ? fail_damaged(path, error) : OSB_OK;
}

/**
 * Moves a damaged object to damaged/, so that it can be looked at and is not read again. While
 * somebody publishes, it may be sound again at any moment: then it stays, as it does where it
 * cannot be moved (a full disk, no permission), and every reader finds the damage anew.
 */
static bool set_aside(cache *opened, const char *path, const uint8_t digest[SHA256_SIZE])
{
    char target[PATH_SIZE], hex[SHA256_HEX_SIZE];
    uint64_t size;
    FD_OWNED lock = -1;
    text_hex(hex, (span){digest, SHA256_SIZE});
    return cache_lock_try(opened, &lock, NULL) == OSB_OK &&
           check_file(path, digest, &size, NULL) == OSB_ERR_INTEGRITY &&
           damaged_path(target, opened, hex, NULL) == OSB_OK && rename(path, target) == 0;
}

osb_status cas_check(cache *opened, size_t layer, const uint8_t digest[SHA256_SIZE], uint64_t *size,
                     bool *moved, osb_error *error)
{
    char path[PATH_SIZE];
    *moved = false;
    TRY(object_path(path, opened->layers[layer], digest, error));
    osb_status status = check_file(path, digest, size, error);
    if (status == OSB_ERR_INTEGRITY && layer == 0)
        *moved = set_aside(opened, path, digest);
    return status;
}

/** What a look through the layers comes to when no copy was sound. */
static osb_status fail_unsound(const uint8_t digest[SHA256_SIZE], const osb_error *first,
                               osb_error *error)
{
    char hex[SHA256_HEX_SIZE];
    if (first->status != OSB_OK) {
        if (error)
            *error = *first;
        return first->status;
    }
    text_hex(hex, (span){digest, SHA256_SIZE});
    return osb_fail(error, OSB_ERR_NOT_FOUND, hex, "fetch the release again",
                    "no such object in the cache");
}

osb_status cas_locate(cache *opened, const uint8_t digest[SHA256_SIZE], char path[PATH_SIZE],
                      osb_error *error)
{
    osb_error first = {0};
    for (size_t i = 0; i < opened->layer_count; i++) {
        osb_error problem = {0};
        uint64_t size;
        bool moved;
        osb_status status = cas_check(opened, i, digest, &size, &moved, &problem);
        if (status == OSB_OK)
            return object_path(path, opened->layers[i], digest, error);
        if (status != OSB_ERR_NOT_FOUND && first.status == OSB_OK)
            first = problem;
    }
    return fail_unsound(digest, &first, error);
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
        status = fail_damaged(path, error);
    } else if (status == OSB_ERR_REFUSED && content->maximum - before >= CACHE_OBJECT_MAX) {
        status = fail_damaged(path, error); /* none is so large */
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
    char path[PATH_SIZE];
    osb_error first = {0};
    for (size_t i = 0; i < opened->layer_count; i++) {
        osb_error problem = {0};
        TRY(object_path(path, opened->layers[i], digest, error));
        osb_status status = read_checked(path, &wanted, content, &problem);
        if (status == OSB_OK)
            return OSB_OK;
        if (status == OSB_ERR_INTEGRITY && i == 0)
            set_aside(opened, path, digest);
        if (status != OSB_ERR_NOT_FOUND && first.status == OSB_OK)
            first = problem;
    }
    return fail_unsound(digest, &first, error);
}
