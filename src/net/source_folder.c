/*
 * Releases in a folder: release files anywhere below it, such as in a folder VERSION for each
 * release, in one for each platform below that (as other tools keep their caches), or all together.
 *
 * Opens no socket. Invariant: what is hidden, and folders that are linked to, are left out.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/path.h"
#include "base/text.h"
#include "model/version.h"
#include "net/source_shelf.h"

enum {
    DEPTH_MAX = 6, /**< folders below folders */
    FOLDERS_MAX = 16384
};

typedef struct folder_source {
    source base;
    char path[1024];
} folder_source;

/** One look through the folders. */
typedef struct walk {
    const char *root;
    const char *wanted; /**< NULL: all versions */
    arena *memory;
    buf files; /**< shelf_file each */
    size_t folders;
} walk;

static const char *folder_path(source *self)
{
    return ((folder_source *)(void *)self)->path;
}

static osb_status check_folder(const char *path, osb_error *error)
{
    if (folder_exists(path))
        return OSB_OK;
    if (file_exists(path))
        return osb_fail(error, OSB_ERR_USAGE, path, "name a folder, or a .zip or .tar archive",
                        "the source is a file of another kind");
    return osb_fail(error, OSB_ERR_NOT_FOUND, path, "check the path", "no such folder");
}

/** A folder that is called after another release than the wanted one. */
static bool is_of_another(const walk *run, const char *name)
{
    version parsed;
    return run->wanted && version_parse(name, &parsed) &&
           !text_equal(name[0] == 'v' ? name + 1 : name, run->wanted);
}

static osb_status look_into(walk *run, const char *below, unsigned depth, osb_error *error);

static osb_status look_at(walk *run, const char *below, const char *name, unsigned depth,
                          osb_error *error)
{
    char inside[PATH_SIZE], path[PATH_SIZE];
    struct stat status;
    text_copy(inside, sizeof inside, name);
    if (*below)
        TRY(path_join(inside, below, name, error));
    TRY(path_join(path, run->root, inside, error));
    if (lstat(path, &status) != 0)
        return osb_fail_errno(error, "read", path);
    if (S_ISDIR(status.st_mode))
        return is_of_another(run, name) ? OSB_OK : look_into(run, inside, depth + 1, error);
    if (!text_ends_with(name, ".bin") || stat(path, &status) != 0 || !S_ISREG(status.st_mode))
        return OSB_OK;
    shelf_file file = {.path = arena_text(run->memory, inside), .size = (uint64_t)status.st_size};
    if (!file.path)
        return osb_fail_memory(error);
    buf_append(&run->files, (span){(const uint8_t *)&file, sizeof file});
    return OSB_OK;
}

static osb_status look_into(walk *run, const char *below, unsigned depth, osb_error *error)
{
    ARENA_OWNED memory = {0};
    char path[PATH_SIZE];
    const char *const *names;
    size_t count;
    if (depth > DEPTH_MAX)
        return OSB_OK;
    if (++run->folders > FOLDERS_MAX || run->files.overflow)
        return osb_fail(error, OSB_ERR_REFUSED, run->root, "name the folder of the releases",
                        "holds far more files and folders than releases have");
    TRY(path_join(path, run->root, below, error));
    osb_status status = folder_list(path, &memory, &names, &count, error);
    if (status == OSB_ERR_PERMISSION && depth)
        return OSB_OK;
    TRY(status);
    for (size_t i = 0; i < count; i++)
        TRY(look_at(run, below, names[i], depth, error));
    return OSB_OK;
}

static void walk_end(walk *run)
{
    buf_free(&run->files);
}
#define WALK_OWNED __attribute__((cleanup(walk_end))) walk

/** Walks through the folders and makes a shelf of what lies there, whose texts are in `memory`. */
static osb_status gather(source *self, walk *run, shelf *gathered, osb_error *error)
{
    run->root = folder_path(self);
    run->files = buf_make(SHELF_FILES_MAX * sizeof(shelf_file));
    TRY(check_folder(run->root, error));
    TRY(look_into(run, "", 0, error));
    *gathered = (shelf){.options = &self->options,
                        .root = run->root,
                        .files = (const shelf_file *)(const void *)run->files.data,
                        .count = run->files.size / sizeof(shelf_file)};
    return OSB_OK;
}

static osb_status folder_find(source *self, const char *os_version, arena *memory,
                              source_listing *listing, osb_error *error)
{
    ARENA_OWNED paths = {0};
    WALK_OWNED run = {.wanted = os_version[0] == 'v' ? os_version + 1 : os_version,
                      .memory = &paths};
    shelf gathered;
    TRY(gather(self, &run, &gathered, error));
    return shelf_find(&gathered, os_version, memory, listing, error);
}

static osb_status folder_list_releases(source *self, arena *memory, const source_listing **listings,
                                       size_t *count, osb_error *error)
{
    ARENA_OWNED paths = {0};
    WALK_OWNED run = {.memory = &paths};
    shelf gathered;
    TRY(gather(self, &run, &gathered, error));
    return shelf_list(&gathered, memory, listings, count, error);
}

static void folder_close(source *self)
{
    free(self);
}

static const source_operations operations = {
    .find = folder_find,
    .list = folder_list_releases,
    .download = source_copy_files,
    .close = folder_close,
    .is_here = true,
};

osb_status folder_open(const char *rest, const net_options *options, source **opened,
                       osb_error *error)
{
    (void)options;
    folder_source *made = calloc(1, sizeof *made);
    if (!made)
        return osb_fail_memory(error);
    if (!text_format(made->path, sizeof made->path, "%s", rest)) {
        free(made);
        return osb_fail(error, OSB_ERR_USAGE, rest, "use a shorter path", "the path is too long");
    }
    for (size_t size = strlen(made->path); size > 1 && made->path[size - 1] == '/'; size--)
        made->path[size - 1] = '\0';
    made->base.operations = &operations;
    *opened = &made->base;
    return OSB_OK;
}
