/*
 * Walks the folders that a user names, and reads what it finds there.
 *
 * Does not look into the files. Invariant: the list is complete and in order; a folder that cannot
 * be read stands in it as a problem, never as silence.
 */
#include "osbundle_files.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/path.h"
#include "base/text.h"
#include "net/archive.h"

enum {
    FILES_MAX = 256 * 1024, /**< of one call: more is a slip, such as naming / */
    DEPTH_MAX = 32
};

typedef struct walk {
    arena *memory;
    buf *files; /**< of named_file */
    size_t argument;
    int depth; /**< of folders that were entered */
} walk;

static osb_status add(walk *self, const char *path, const osb_error *problem, osb_error *error)
{
    named_file file = {.argument = self->argument,
                       .path = arena_text(self->memory, path),
                       .inside = self->depth > 0};
    if (problem && file.path)
        file.problem = arena_copy(self->memory, problem, sizeof *problem);
    if (!file.path || (problem && !file.problem))
        return osb_fail_memory(error);
    buf_append(self->files, (span){(const uint8_t *)&file, sizeof file});
    if (self->files->overflow)
        return osb_fail(error, OSB_ERR_USAGE, path, "name a smaller folder",
                        "more than %d files are named", FILES_MAX);
    return OSB_OK;
}

static osb_status add_folder(walk *self, const char *path, osb_error *error);

static osb_status add_entry(walk *self, const char *path, osb_error *error)
{
    struct stat status;
    osb_error problem = {0};
    if (lstat(path, &status) != 0) {
        osb_fail_errno(&problem, "open", path);
        return add(self, path, &problem, error);
    }
    if (S_ISDIR(status.st_mode))
        return add_folder(self, path, error);
    return file_exists(path) ? add(self, path, NULL, error) : OSB_OK;
}

/** The list of a folder's names, or the folder itself as a problem. */
static osb_status list_names(walk *self, const char *path, const char *const **names, size_t *count,
                             osb_error *error)
{
    osb_error problem = {0};
    *count = 0;
    osb_status status = OSB_OK;
    if (self->depth > DEPTH_MAX)
        status = osb_fail(&problem, OSB_ERR_USAGE, path, "name a folder further in",
                          "folders are nested too deep");
    else
        status = folder_list(path, self->memory, names, count, &problem);
    return status == OSB_OK ? OSB_OK : add(self, path, &problem, error);
}

static osb_status add_folder(walk *self, const char *path, osb_error *error)
{
    const char *const *names = NULL;
    char inner[PATH_SIZE];
    size_t count;
    TRY(list_names(self, path, &names, &count, error));
    self->depth++;
    for (size_t i = 0; i < count; i++) {
        TRY(path_join(inner, path, names[i], error));
        TRY(add_entry(self, inner, error));
    }
    self->depth--;
    return OSB_OK;
}

static osb_status add_word(walk *self, const char *word, osb_error *error)
{
    size_t before = self->files->size;
    osb_error problem = {0};
    if (!folder_exists(word))
        return add(self, word, NULL, error);
    TRY(add_folder(self, word, error));
    if (self->files->size > before)
        return OSB_OK;
    osb_fail(&problem, OSB_ERR_NOT_FOUND, word, "name a folder that holds modules",
             "there is no file in this folder");
    return add(self, word, &problem, error);
}

osb_status files_find(const char *const *words, size_t count, arena *memory, file_list *found,
                      osb_error *error)
{
    BUF_OWNED files = buf_make(FILES_MAX * sizeof(named_file));
    walk self = {.memory = memory, .files = &files};
    for (; self.argument < count; self.argument++)
        TRY(add_word(&self, words[self.argument], error));
    found->count = files.size / sizeof(named_file);
    found->items = arena_copy(memory, files.data, files.size);
    return found->items || !found->count ? OSB_OK : osb_fail_memory(error);
}

bool file_is_stray(const char *path, bool inside, osb_status status)
{
    return status == OSB_ERR_NOT_A_MODULE && inside && !text_ends_with(path, ".bin");
}

osb_status files_read(const char *path, buf *content, osb_error *error)
{
    char size[24];
    osb_status status = file_read(path, content, error);
    if (status != OSB_ERR_REFUSED)
        return status;
    text_bytes(size, sizeof size, content->maximum);
    return osb_fail(error, OSB_ERR_NOT_A_MODULE, path, "check that this is the file you mean",
                    "larger than any Device OS module (at most %s)", size);
}

bool file_is_zip(span file)
{
    static const char first[] = "PK\x03\x04", empty[] = "PK\x05\x06";
    size_t size = sizeof first - 1;
    return file.size >= size &&
           (memcmp(file.data, first, size) == 0 || memcmp(file.data, empty, size) == 0);
}

osb_status files_open_bundle(span file, const char *path, arena *memory, bundle *opened,
                             osb_error *error)
{
    const bundle_file *files;
    size_t count;
    TRY(archive_unpack_zip(file, path, memory, &files, &count, error));
    return bundle_open(files, count, path, memory, opened, error);
}
