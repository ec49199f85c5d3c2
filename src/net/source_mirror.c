/*
 * A mirror, osbundle-mirror(5): a folder of files by content and an index of the releases that they
 * make up, behind any web server or on this machine.
 *
 * How one is made is store/mirror.c's. Invariant: the index is asked for once and goes for as long
 * as the source is open, so that all answers are from one state of the mirror.
 */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "base/text.h"
#include "net/http.h"
#include "net/source_index.h"
#include "net/url.h"

typedef struct mirror_source {
    source base;
    char root[1024]; /**< URL or folder, without a slash at its end */
    http *client;    /**< NULL: a folder */
    bool loaded;
    release_index index;
} mirror_source;

static mirror_source *mirror(source *self)
{
    return (mirror_source *)(void *)self;
}

/** Gets one of the mirror's own files. */
static osb_status get(mirror_source *self, const char *name, buf *content, osb_error *error)
{
    char location[URL_SIZE];
    if (!text_format(location, sizeof location, "%s/%s", self->root, name))
        return osb_fail(error, OSB_ERR_USAGE, self->root, "use a shorter one",
                        "the source is too long");
    if (!self->client)
        return file_read(location, content, error);
    http_request request = {
        .url = location, .name = name, .keep = HTTP_KEEP_LIST, .content = content};
    return http_get(self->client, &request, 1, NULL, error);
}

static osb_status load(source *base, const release_index **index, osb_error *error)
{
    mirror_source *self = mirror(base);
    *index = &self->index;
    if (self->loaded)
        return OSB_OK;
    BUF_OWNED text = buf_make(INDEX_TEXT_MAX);
    TRY(get(self, INDEX_NAME, &text, error));
    osb_status status = release_index_read(buf_span(&text), base->url, &self->index, error);
    if (status != OSB_OK) {
        release_index_free(&self->index);
        return status;
    }
    self->loaded = true;
    return OSB_OK;
}

static bool locate(source *self, const index_file *file, char *target, size_t capacity)
{
    char name[OBJECT_NAME_SIZE];
    object_name(file->sha256, name);
    return text_format(target, capacity, "%s/%s", mirror(self)->root, name);
}

static osb_status mirror_find(source *self, const char *os_version, arena *memory,
                              source_listing *listing, osb_error *error)
{
    const release_index *index;
    TRY(load(self, &index, error));
    return index_find(index, self, os_version, locate, memory, listing, error);
}

static osb_status mirror_list(source *self, arena *memory, const source_listing **listings,
                              size_t *count, osb_error *error)
{
    const release_index *index;
    TRY(load(self, &index, error));
    return index_list(index, memory, listings, count, error);
}

static osb_status download_files(source *self, download *downloads, size_t count,
                                 const fetch_progress *progress, osb_error *error)
{
    return http_download(mirror(self)->client, downloads, count, progress, error);
}

static void mirror_close(source *self)
{
    http_close(mirror(self)->client);
    release_index_free(&mirror(self)->index);
    free(self);
}

static const source_operations on_server = {
    .find = mirror_find,
    .list = mirror_list,
    .download = download_files,
    .close = mirror_close,
};
static const source_operations in_folder = {
    .find = mirror_find,
    .list = mirror_list,
    .download = source_copy_files,
    .close = mirror_close,
    .is_here = true,
};

static osb_status make(const char *root, const source_operations *operations, mirror_source **made,
                       osb_error *error)
{
    *made = calloc(1, sizeof **made);
    if (!*made)
        return osb_fail_memory(error);
    if (!text_format((*made)->root, sizeof(*made)->root, "%s", root)) {
        free(*made);
        return osb_fail(error, OSB_ERR_USAGE, root, "use a shorter one", "the source is too long");
    }
    (*made)->base.operations = operations;
    size_t size = strlen((*made)->root);
    while (size > 1 && (*made)->root[size - 1] == '/')
        (*made)->root[--size] = '\0';
    return OSB_OK;
}

bool mirror_is_folder(const char *path)
{
    char index[PATH_SIZE];
    return path_join(index, path, INDEX_NAME, NULL) == OSB_OK && file_exists(index);
}

osb_status mirror_folder_open(const char *rest, const net_options *options, source **opened,
                              osb_error *error)
{
    mirror_source *made;
    (void)options;
    TRY(make(rest, &in_folder, &made, error));
    *opened = &made->base;
    return OSB_OK;
}

osb_status mirror_open(const char *rest, const net_options *options, source **opened,
                       osb_error *error)
{
    url_parts parts;
    mirror_source *made;
    TRY(url_check(rest, options->allow_http, &parts, error));
    if (strpbrk(rest, "?#"))
        return osb_fail(error, OSB_ERR_USAGE, rest, "use mirror+https://HOST/PATH",
                        "not the address of a folder");
    TRY(make(rest, &on_server, &made, error));
    osb_status status = http_open(options, &http_limits_default, &made->client, error);
    if (status != OSB_OK) {
        free(made);
        return status;
    }
    *opened = &made->base;
    return OSB_OK;
}
