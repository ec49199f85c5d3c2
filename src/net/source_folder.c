/*
 * Releases in a folder: files named as release sites name them, either all in one folder or in a
 * folder VERSION or vVERSION for each release.
 *
 * Opens no socket. Invariant: a file belongs to the version behind the '@' of its name, whatever
 * the folder is called.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/path.h"
#include "base/text.h"
#include "model/version.h"
#include "net/source_backend.h"
#include "trust/release_name.h"

enum {
    VERSIONS_MAX = 4096
};

typedef struct folder_source {
    source base;
    char path[1024];
} folder_source;

static const char *folder_path(source *self)
{
    return ((folder_source *)(void *)self)->path;
}

static osb_status check_folder(const char *path, osb_error *error)
{
    if (folder_exists(path))
        return OSB_OK;
    if (file_exists(path))
        return osb_fail(error, OSB_ERR_USAGE, path, "name the folder that it was unpacked to",
                        "the source is a file, not a folder");
    return osb_fail(error, OSB_ERR_NOT_FOUND, path, "check the path", "no such folder");
}

static osb_status add_file(const char *folder, const char *name, buf *files, osb_error *error)
{
    char path[PATH_SIZE];
    struct stat status;
    source_file file = {0};
    TRY(path_join(path, folder, name, error));
    if (stat(path, &status) != 0)
        return osb_fail_errno(error, "read", path);
    if (!S_ISREG(status.st_mode))
        return OSB_OK;
    if (strlen(name) >= sizeof file.name || strlen(path) >= sizeof file.location)
        return osb_fail(error, OSB_ERR_USAGE, path, "use a shorter path", "the path is too long");
    text_copy(file.name, sizeof file.name, name);
    text_copy(file.location, sizeof file.location, path);
    file.size = (uint64_t)status.st_size;
    buf_append(files, (span){(const uint8_t *)&file, sizeof file});
    return OSB_OK;
}

static osb_status add_folder(const char *folder, const char *os_version, buf *files,
                             osb_error *error)
{
    ARENA_OWNED memory = {0};
    const char *const *names;
    size_t count;
    release_name name;
    TRY(folder_list(folder, &memory, &names, &count, error));
    for (size_t i = 0; i < count; i++)
        if (release_name_parse(names[i], &name) && text_equal(name.version, os_version))
            TRY(add_file(folder, names[i], files, error));
    return OSB_OK;
}

/** The folder of one version: VERSION, vVERSION, else the source's own. */
static osb_status version_folder(const char *root, const char *os_version, char target[PATH_SIZE],
                                 osb_error *error)
{
    static const char *const marks[] = {"", "v"};
    for (size_t i = 0; i < 2; i++) {
        char name[VERSION_SIZE + 2];
        text_format(name, sizeof name, "%s%s", marks[i], os_version);
        TRY(path_join(target, root, name, error));
        if (folder_exists(target))
            return OSB_OK;
    }
    return path_join(target, root, "", error);
}

static osb_status folder_find(source *self, const char *os_version, arena *memory,
                              source_listing *listing, osb_error *error)
{
    char folder[PATH_SIZE];
    version parsed;
    BUF_OWNED files = source_files_make();
    const char *wanted = os_version[0] == 'v' ? os_version + 1 : os_version;
    TRY(check_folder(folder_path(self), error));
    if (path_is_plain_name(wanted) && strlen(wanted) < VERSION_SIZE) {
        TRY(version_folder(folder_path(self), wanted, folder, error));
        TRY(add_folder(folder, wanted, &files, error));
    }
    if (!files.size)
        return osb_fail(error, OSB_ERR_NOT_FOUND, wanted,
                        "check that it holds files named PLATFORM-part@VERSION.bin",
                        "no such release in %s", folder_path(self));
    text_copy(listing->version, sizeof listing->version, wanted);
    listing->prerelease = version_parse(wanted, &parsed) && *parsed.prerelease;
    return source_files_take(&files, memory, listing, error);
}

/** Notes the versions of the release files in one folder. */
static osb_status see_versions(const char *folder, buf *listings, osb_error *error)
{
    ARENA_OWNED memory = {0};
    const char *const *names;
    size_t count;
    TRY(folder_list(folder, &memory, &names, &count, error));
    for (size_t i = 0; i < count; i++) {
        release_name name;
        version parsed;
        source_listing listing = {0};
        if (!release_name_parse(names[i], &name) || !version_parse(name.version, &parsed))
            continue;
        text_copy(listing.version, sizeof listing.version, name.version);
        listing.prerelease = *parsed.prerelease != '\0';
        buf_append(listings, (span){(const uint8_t *)&listing, sizeof listing});
    }
    return OSB_OK;
}

static osb_status see_subfolders(const char *root, buf *listings, osb_error *error)
{
    ARENA_OWNED memory = {0};
    const char *const *names;
    size_t count;
    TRY(folder_list(root, &memory, &names, &count, error));
    for (size_t i = 0; i < count; i++) {
        char path[PATH_SIZE];
        version parsed;
        TRY(path_join(path, root, names[i], error));
        if (version_parse(names[i], &parsed) && folder_exists(path))
            TRY(see_versions(path, listings, error));
    }
    return OSB_OK;
}

static size_t drop_repeated(source_listing *listings, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (!kept || !text_equal(listings[kept - 1].version, listings[i].version))
            listings[kept++] = listings[i];
    return kept;
}

static osb_status folder_list_releases(source *self, arena *memory, const source_listing **listings,
                                       size_t *count, osb_error *error)
{
    BUF_OWNED found = buf_make((size_t)VERSIONS_MAX * 64 * sizeof(source_listing));
    TRY(check_folder(folder_path(self), error));
    TRY(see_versions(folder_path(self), &found, error));
    TRY(see_subfolders(folder_path(self), &found, error));
    TRY(buf_check(&found, folder_path(self), error));
    if (!found.size)
        return OSB_OK;
    source_listing *sorted = arena_copy(memory, found.data, found.size);
    if (!sorted)
        return osb_fail_memory(error);
    source_listings_sort(sorted, found.size / sizeof *sorted);
    *count = drop_repeated(sorted, found.size / sizeof *sorted);
    *listings = sorted;
    return OSB_OK;
}

static osb_status folder_download(source *self, download *downloads, size_t count,
                                  const fetch_progress *progress, osb_error *error)
{
    uint64_t done = 0, total = 0;
    for (size_t i = 0; i < count; i++)
        total += downloads[i].file->size;
    for (size_t i = 0; i < count; i++) {
        const net_options *options = &self->options;
        if (options->cancelled && options->cancelled(options->cancelled_context))
            return osb_fail(error, OSB_ERR_INTERRUPTED, NULL, "run the same command again to go on",
                            "the copy was stopped");
        TRY(file_read(downloads[i].file->location, &downloads[i].content, error));
        done += downloads[i].content.size;
        fetch_news news = {.file = downloads[i].file->name,
                           .file_done = downloads[i].content.size,
                           .file_total = downloads[i].file->size,
                           .done = done,
                           .total = total};
        if (progress && progress->advance)
            progress->advance(progress->context, &news);
    }
    return OSB_OK;
}

static void folder_close(source *self)
{
    free(self);
}

static const source_operations operations = {
    .find = folder_find,
    .list = folder_list_releases,
    .download = folder_download,
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
    made->base.operations = &operations;
    *opened = &made->base;
    return OSB_OK;
}
