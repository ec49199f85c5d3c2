/*
 * Releases in an archive, as release sites publish them and as tools pack them: a .zip or .tar of
 * release files, with folders in it or not.
 *
 * Opens no socket and unpacks nothing to disk. Invariant: the archive is read once, at the first
 * question, and what was read then is what is handed out.
 */
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/text.h"
#include "net/archive.h"
#include "net/source_shelf.h"
#include "trust/release_name.h"

typedef struct archive_source {
    source base;
    char path[1024];
    arena memory;
    bool is_read;
    const shelf_file *files;
    size_t count;
} archive_source;

static archive_source *archive_of(source *self)
{
    return (archive_source *)(void *)self;
}

/** Modules, but no debug builds: those make up most of a large release archive. */
static bool is_wanted(const char *path)
{
    release_name name;
    return text_ends_with(path, ".bin") &&
           (!release_name_parse(path_name(path), &name) || release_name_is_for_boards(&name));
}

static osb_status read_once(archive_source *self, osb_error *error)
{
    const bundle_file *unpacked;
    size_t count;
    if (self->is_read)
        return OSB_OK;
    TRY(archive_unpack_wanted(self->path, is_wanted, &self->memory, &unpacked, &count, error));
    shelf_file *files = arena_take(&self->memory, count, sizeof *files);
    if (!files)
        return osb_fail_memory(error);
    for (size_t i = 0; i < count; i++)
        files[i] = (shelf_file){unpacked[i].name, unpacked[i].content.size, unpacked[i].content};
    self->files = files;
    self->count = count;
    self->is_read = true;
    return OSB_OK;
}

static shelf shelf_of(const archive_source *self)
{
    return (shelf){.options = &self->base.options,
                   .root = self->path,
                   .in_memory = true,
                   .files = self->files,
                   .count = self->count};
}

static osb_status archive_find(source *self, const char *os_version, arena *memory,
                               source_listing *listing, osb_error *error)
{
    TRY(read_once(archive_of(self), error));
    const shelf inside = shelf_of(archive_of(self));
    return shelf_find(&inside, os_version, memory, listing, error);
}

static osb_status archive_list(source *self, arena *memory, const source_listing **listings,
                               size_t *count, osb_error *error)
{
    TRY(read_once(archive_of(self), error));
    const shelf inside = shelf_of(archive_of(self));
    return shelf_list(&inside, memory, listings, count, error);
}

static osb_status copy_out(source *self, download *wanted, osb_error *error)
{
    const archive_source *from = archive_of(self);
    const char *inside = wanted->file->location + strlen(from->path) + 1;
    for (size_t i = 0; i < from->count; i++)
        if (text_equal(from->files[i].path, inside)) {
            buf_append(&wanted->content, from->files[i].content);
            return buf_check(&wanted->content, wanted->file->name, error);
        }
    return osb_fail(error, OSB_ERR_INTERNAL, wanted->file->name, NULL, "is not in the archive");
}

static osb_status archive_download(source *self, download *downloads, size_t count,
                                   const fetch_progress *progress, osb_error *error)
{
    TRY(read_once(archive_of(self), error));
    return source_copy_each(self, downloads, count, copy_out, progress, error);
}

static void archive_close(source *self)
{
    arena_free(&archive_of(self)->memory);
    free(self);
}

static const source_operations operations = {
    .find = archive_find,
    .list = archive_list,
    .download = archive_download,
    .close = archive_close,
    .is_here = true,
};

osb_status archive_source_open(const char *rest, const net_options *options, source **opened,
                               osb_error *error)
{
    (void)options;
    archive_source *made = calloc(1, sizeof *made);
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
