/*
 * Publishing objects by their SHA-256.
 *
 * Does not know what the bytes are; reading them is cas_read.c. Invariant: at an object's path
 * stands either nothing or a file that was whole and on the disk when it came there, and who
 * publishes never takes a sound one away, not for a moment.
 */
#include <sys/stat.h>
#include <unistd.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "store/cache.h"
#include "store/layers.h"

osb_status object_path(char target[PATH_SIZE], const char *layer, const uint8_t digest[SHA256_SIZE],
                       osb_error *error)
{
    char hex[SHA256_HEX_SIZE], name[SHA256_HEX_SIZE + 24];
    text_hex(hex, (span){digest, SHA256_SIZE});
    text_format(name, sizeof name, "objects/sha256/%.2s/%s", hex, hex + 2);
    return path_join(target, layer, name, error);
}

static bool span_equal(span a, span b)
{
    return a.size == b.size && (!a.size || !memcmp(a.data, b.data, a.size));
}

static bool file_holds(const char *path, span content)
{
    BUF_OWNED present = buf_make(content.size);
    return file_exists(path) && file_read(path, &present, NULL) == OSB_OK &&
           span_equal(buf_span(&present), content);
}

static osb_status fill_temporary(int descriptor, span content, mode_t mode, const char *path,
                                 osb_error *error)
{
    if (fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0)
        return osb_fail_errno(error, "write", path);
    TRY(file_write_all(descriptor, content, path, error));
    if (fchmod(descriptor, mode) != 0 || fsync(descriptor) != 0)
        return osb_fail_errno(error, "write", path);
    return OSB_OK;
}

/** The folder that `path` lies in; paths here always have one. */
static void folder_of(char target[PATH_SIZE], const char *path)
{
    text_copy(target, PATH_SIZE, path);
    *strrchr(target, '/') = '\0';
}

osb_status put_in_place(const cache *opened, span content, mode_t mode, const char *target,
                        osb_error *error)
{
    char path[PATH_SIZE], folder[PATH_SIZE];
    folder_of(folder, target);
    TRY(folder_make(folder, error));
    TRY(path_join(path, cache_root(opened), "tmp/new-XXXXXX", error));
    FD_OWNED descriptor = mkstemp(path);
    if (descriptor < 0)
        return osb_fail_errno(error, "create", path);
    osb_status status = fill_temporary(descriptor, content, mode, path, error);
    if (status == OSB_OK && rename(path, target) != 0)
        status = osb_fail_errno(error, "publish", target);
    if (status != OSB_OK) {
        unlink(path);
        return status;
    }
    return folder_sync(folder, error);
}

/**
 * Keeps what stands at `path`, which is damaged, beside what will replace it: where the file system
 * knows links.
 */
static osb_status keep_damaged(const cache *opened, const char *path,
                               const uint8_t digest[SHA256_SIZE], osb_error *error)
{
    char target[PATH_SIZE], hex[SHA256_HEX_SIZE];
    text_hex(hex, (span){digest, SHA256_SIZE});
    if (!file_exists(path))
        return OSB_OK;
    TRY(damaged_path(target, opened, hex, error));
    unlink(target);
    (void)!link(path, target);
    return OSB_OK;
}

osb_status cas_publish_hashed(cache *opened, span content, const uint8_t digest[SHA256_SIZE],
                              osb_error *error)
{
    char path[PATH_SIZE];
    FD_OWNED hold = -1;
    osb_error problem = {0};
    TRY(object_path(path, cache_root(opened), digest, error));
    if (content.size > CACHE_OBJECT_MAX)
        return osb_fail(error, OSB_ERR_REFUSED, path, "keep only modules in the cache",
                        "%zu bytes are more than an object may have", content.size);
    osb_status held = cache_hold(opened, &hold, &problem);
    if (file_holds(path, content)) {
        /* Fresh again, as if it were new: a prune spares what is, with no record yet. */
        (void)!utimensat(AT_FDCWD, path, NULL, 0);
        return OSB_OK;
    }
    if (held != OSB_OK) {
        if (error)
            *error = problem;
        return held;
    }
    TRY(keep_damaged(opened, path, digest, error));
    return put_in_place(opened, content, 0444, path, error);
}

osb_status cas_publish(cache *opened, span content, uint8_t digest[SHA256_SIZE], osb_error *error)
{
    sha256(content, digest);
    return cas_publish_hashed(opened, content, digest, error);
}

bool cas_has(const cache *opened, const uint8_t digest[SHA256_SIZE])
{
    char path[PATH_SIZE];
    for (size_t i = 0; i < opened->layer_count; i++)
        if (object_path(path, opened->layers[i], digest, NULL) == OSB_OK && file_exists(path))
            return true;
    return false;
}
