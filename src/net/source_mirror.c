/*
 * A mirror, osbundle-mirror(5): a folder of files by content and an index of the releases that they
 * make up, behind any web server or on this machine.
 *
 * How one is made is store/mirror.c's. Invariant: the index is asked for once and goes for as long
 * as the source is open, so that all answers are from one state of the mirror.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "base/text.h"
#include "net/http.h"
#include "net/index_guard.h"
#include "net/source_index.h"
#include "net/url.h"
#include "store/mirror.h"
#include "trust/minisig.h"

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

/**
 * The signature of an index; empty where there is none. An unpacked bundle has its own beside it.
 * A server may not give out a bundle's: those have no version that could be seen to go back.
 */
static osb_status get_signature(mirror_source *self, span text, buf *signature, index_role *role,
                                osb_error *error)
{
    char name[MIRROR_SIGNATURE_SIZE];
    *role = INDEX_MIRROR;
    mirror_signature_name(text, name);
    osb_status status = get(self, name, signature, error);
    if (status != OSB_ERR_NOT_FOUND)
        return status;
    signature->size = 0;
    if (self->client)
        return OSB_OK;
    status = get(self, INDEX_SIGNATURE_NAME, signature, error);
    if (status == OSB_OK)
        *role = INDEX_BUNDLE;
    return status == OSB_ERR_NOT_FOUND ? OSB_OK : status;
}

/** What a mirror is remembered by: its URL, or its path from the root. */
static osb_status mirror_name(const mirror_source *self, char name[PATH_SIZE], osb_error *error)
{
    char current[PATH_SIZE] = "";
    if (!self->client && self->root[0] != '/' && !getcwd(current, sizeof current))
        return osb_fail_errno(error, "read", self->root);
    return path_join(name, current, self->root, error);
}

static osb_status load(source *base, const release_index **index, osb_error *error)
{
    mirror_source *self = mirror(base);
    char name[PATH_SIZE];
    BUF_OWNED text = buf_make(INDEX_TEXT_MAX);
    BUF_OWNED signature = buf_make(MINISIG_MAX);
    index_claim claim = {.name = name, .role = INDEX_MIRROR};
    *index = &self->index;
    if (self->loaded)
        return OSB_OK;
    TRY(mirror_name(self, name, error));
    TRY(get(self, INDEX_NAME, &text, error));
    if (base->options.guard)
        TRY(get_signature(self, buf_span(&text), &signature, &claim.role, error));
    claim.text = buf_span(&text);
    claim.signature = buf_span(&signature);
    osb_status status = index_admit(base->options.guard, &claim, &self->index, error);
    if (status != OSB_OK)
        release_index_free(&self->index);
    self->loaded = status == OSB_OK;
    return status;
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
