/*
 * Opening a cache: the list of folders, their format file, and making a new one.
 *
 * Objects and records are elsewhere (cas.c, releases.c). Invariant: a folder that is not ours, or
 * is in a format of another time, is never written into.
 */
#include "store/cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/lock.h"
#include "base/text.h"
#include "store/layers.h"

#define FORMAT_LINE "osbundle-cache 1"
/* The signature is fixed by the Cache Directory Tagging Specification; backup tools look for it. */
#define TAG_TEXT                                                                                   \
    "Signature: 8a477f597d28d172789f06886806bc55\n"                                                \
    "# This folder is a cache of osbundle. Everything in it can be fetched again.\n"

static void close_unready(cache **unready)
{
    cache_close(*unready);
}

static osb_status check_format(const char *folder, const char *path, osb_error *error)
{
    BUF_OWNED text = buf_make(256);
    TRY(file_read(path, &text, error));
    span line = buf_span(&text);
    if (line.size && line.data[line.size - 1] == '\n')
        line.size--;
    if (line.size == strlen(FORMAT_LINE) && !memcmp(line.data, FORMAT_LINE, line.size))
        return OSB_OK;
    char found[40];
    text_printable(found, sizeof found, (const char *)line.data, line.size);
    return osb_fail(error, OSB_ERR_REFUSED, folder,
                    "use the osbundle that made it, or name another folder",
                    "is a cache of format '%s'; this program knows '%s'", found, FORMAT_LINE);
}

/** What may lie in a cache before its format file: the papers of a fresh one, or its beginnings. */
static bool name_is_ours(const char *name)
{
    return text_equal(name, "README.md") || text_equal(name, "CACHEDIR.TAG") ||
           text_equal(name, "tmp");
}

static osb_status check_unmarked(const char *folder, osb_error *error)
{
    ARENA_OWNED memory = {0};
    const char *const *names;
    size_t count;
    TRY(folder_list(folder, &memory, &names, &count, error));
    for (size_t i = 0; i < count; i++) {
        if (name_is_ours(names[i]))
            continue;
        char shown[64];
        text_printable(shown, sizeof shown, names[i], strlen(names[i]));
        return osb_fail(error, OSB_ERR_REFUSED, folder,
                        "name an empty or a new folder as the cache",
                        "is no cache: it holds '%s' and no format file", shown);
    }
    return OSB_OK;
}

static osb_status check_layer(const char *folder, osb_error *error)
{
    char format[PATH_SIZE];
    TRY(path_join(format, folder, "format", error));
    if (file_exists(format))
        return check_format(folder, format, error);
    if (folder_exists(folder)) {
        osb_status status = check_unmarked(folder, error);
        /* Another process may have made a cache of it since we looked. */
        return file_exists(format) ? check_format(folder, format, error) : status;
    }
    if (file_exists(folder))
        return osb_fail(error, OSB_ERR_REFUSED, folder, "name a folder as the cache",
                        "is a file, not a folder");
    return OSB_OK;
}

static osb_status add_layer(cache *opened, const char *begin, size_t size, osb_error *error)
{
    while (size > 1 && begin[size - 1] == '/')
        size--;
    if (opened->layer_count == CACHE_LAYERS_MAX)
        return osb_fail(error, OSB_ERR_USAGE, NULL, "name fewer cache folders",
                        "a cache has at most %d folders", CACHE_LAYERS_MAX);
    char *folder = opened->layers[opened->layer_count];
    if (size >= PATH_SIZE)
        return osb_fail(error, OSB_ERR_USAGE, NULL, "use a shorter path",
                        "the path of a cache folder is too long");
    memcpy(folder, begin, size);
    folder[size] = '\0';
    TRY(check_layer(folder, error));
    opened->layer_count++;
    return OSB_OK;
}

osb_status cache_open(const char *folders, cache **opened, osb_error *error)
{
    __attribute__((cleanup(close_unready))) cache *made = calloc(1, sizeof *made);
    if (!made)
        return osb_fail_memory(error);
    for (const char *begin = folders; *begin;) {
        size_t size = strcspn(begin, ":");
        if (size)
            TRY(add_layer(made, begin, size, error));
        begin += size;
        begin += *begin == ':';
    }
    if (!made->layer_count)
        return osb_fail(error, OSB_ERR_USAGE, NULL, "name a folder, e.g. ~/.cache/osbundle",
                        "no cache folder is named");
    *opened = made;
    made = NULL;
    return OSB_OK;
}

void cache_close(cache *opened)
{
    free(opened);
}

const char *cache_root(const cache *opened)
{
    return opened->layers[0];
}

size_t cache_layer_count(const cache *opened)
{
    return opened->layer_count;
}

const char *cache_layer(const cache *opened, size_t layer)
{
    return opened->layers[layer];
}

static osb_status write_once(const cache *opened, const char *name, const char *text,
                             osb_error *error)
{
    char path[PATH_SIZE];
    TRY(path_join(path, cache_root(opened), name, error));
    if (file_exists(path))
        return OSB_OK;
    return put_in_place(opened, (span){(const uint8_t *)text, strlen(text)}, 0644, path, error);
}

static osb_status lock_path(const cache *opened, char path[PATH_SIZE], osb_error *error)
{
    char folder[PATH_SIZE];
    TRY(path_join(folder, cache_root(opened), "tmp", error));
    TRY(folder_make(folder, error));
    return path_join(path, folder, "lock", error);
}

osb_status cache_hold(cache *opened, int *descriptor, osb_error *error)
{
    char path[PATH_SIZE];
    TRY(lock_path(opened, path, error));
    TRY(lock_share(path, descriptor, error));
    TRY(write_once(opened, "CACHEDIR.TAG", TAG_TEXT, error));
    return write_once(opened, "format", FORMAT_LINE "\n", error);
}

osb_status cache_prepare(cache *opened, osb_error *error)
{
    FD_OWNED hold = -1;
    return cache_hold(opened, &hold, error);
}

osb_status cache_lock(cache *opened, int *descriptor, osb_error *error)
{
    char path[PATH_SIZE];
    TRY(lock_path(opened, path, error));
    return lock_take(path, descriptor, error);
}

osb_status cache_lock_try(cache *opened, int *descriptor, osb_error *error)
{
    char path[PATH_SIZE];
    TRY(lock_path(opened, path, error));
    return lock_try(path, descriptor, error);
}
