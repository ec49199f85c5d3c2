/*
 * A kit (release bundle) that is used in place: its index answers, and each download is one pass
 * through the file.
 *
 * Opens no socket and unpacks nothing to disk. Invariant: what it hands out has the size and hash
 * that the index names (kit_read.c).
 */
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/text.h"
#include "net/kit.h"
#include "net/source_index.h"

typedef struct kit_source {
    source base;
    char path[1024];
    kit *opened; /**< for its index; NULL before the first question */
} kit_source;

static kit_source *kit_of(source *self)
{
    return (kit_source *)(void *)self;
}

static osb_status ask_index(source *self, const release_index **index, osb_error *error)
{
    kit_source *from = kit_of(self);
    if (!from->opened)
        TRY(kit_open(from->path, self->options.guard, &from->opened, error));
    *index = kit_index(from->opened);
    return OSB_OK;
}

static bool locate(source *self, const index_file *file, char *target, size_t capacity)
{
    return text_format(target, capacity, "%s#%s", kit_of(self)->path, file->name);
}

static osb_status kit_find(source *self, const char *os_version, arena *memory,
                           source_listing *listing, osb_error *error)
{
    const release_index *index;
    TRY(ask_index(self, &index, error));
    return index_find(index, self, os_version, locate, memory, listing, error);
}

static osb_status kit_list(source *self, arena *memory, const source_listing **listings,
                           size_t *count, osb_error *error)
{
    const release_index *index;
    TRY(ask_index(self, &index, error));
    return index_list(index, memory, listings, count, error);
}

/** Gives a content to each download that wants it. */
static osb_status hand_out(kit *from, const index_file *object, download *downloads, size_t count,
                           size_t *given, osb_error *error)
{
    const buf *first = NULL;
    for (size_t i = 0; i < count; i++) {
        buf *content = &downloads[i].content;
        if (memcmp(downloads[i].file->sha256, object->sha256, SHA256_SIZE) != 0)
            continue;
        if (first)
            buf_append(content, buf_span(first));
        else
            TRY(kit_read(from, content, error));
        TRY(buf_check(content, object->name, error));
        first = content;
        ++*given;
    }
    return OSB_OK;
}

static osb_status check_cancelled(const source *self, osb_error *error)
{
    const net_options *options = &self->options;
    if (!options->cancelled || !options->cancelled(options->cancelled_context))
        return OSB_OK;
    return osb_fail(error, OSB_ERR_INTERRUPTED, NULL, "run the same command again to go on",
                    "the copy was stopped");
}

static void close_kit(kit **opened)
{
    kit_close(*opened);
}

static osb_status kit_download(source *self, download *downloads, size_t count,
                               const fetch_progress *progress, osb_error *error)
{
    uint64_t done = 0, total = 0;
    size_t given = 0;
    __attribute__((cleanup(close_kit))) kit *from = NULL;
    TRY(kit_open(kit_of(self)->path, self->options.guard, &from, error));
    for (size_t i = 0; i < count; i++)
        total += downloads[i].file->size;
    while (given < count) {
        const index_file *object;
        size_t before = given;
        TRY(check_cancelled(self, error));
        TRY(kit_next(from, &object, error));
        if (!object)
            return osb_fail(error, OSB_ERR_INTEGRITY, self->url, "run the same command again",
                            "was replaced while it was read");
        TRY(hand_out(from, object, downloads, count, &given, error));
        done += (given - before) * object->size;
        const fetch_news news = {.file = object->name,
                                 .file_done = object->size,
                                 .file_total = object->size,
                                 .done = done,
                                 .total = total};
        if (given > before && progress && progress->advance)
            progress->advance(progress->context, &news);
    }
    return OSB_OK;
}

static void kit_source_close(source *self)
{
    kit_close(kit_of(self)->opened);
    free(self);
}

static const source_operations operations = {
    .find = kit_find,
    .list = kit_list,
    .download = kit_download,
    .is_here = true,
    .close = kit_source_close,
};

osb_status kit_source_open(const char *rest, const net_options *options, source **opened,
                           osb_error *error)
{
    (void)options;
    kit_source *made = calloc(1, sizeof *made);
    if (!made)
        return osb_fail_memory(error);
    if (!text_format(made->path, sizeof made->path, "%s", rest)) {
        free(made);
        return osb_fail(error, OSB_ERR_USAGE, rest, "use a shorter path", "the path is too long");
    }
    made->base.operations = &operations;
    *opened = &made->base;
    return OSB_OK;
}
