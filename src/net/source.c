/*
 * Which kind of source a URL names, and the calls that every kind answers.
 *
 * Knows no kind from inside. Invariant: no server is asked before the first source_find or
 * source_list; a path is only looked at.
 */
#include "net/source.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "net/archive.h"
#include "net/kit.h"
#include "net/source_backend.h"
#include "net/url.h"

enum {
    FILES_MAX = 8192,    /**< of one release; real ones have a few hundred */
    LISTINGS_MAX = 16384 /**< releases of one source, repeated ones counted; real ones have 300 */
};

/** What lies at a path decides: a bundle, an archive or folder of release files, a mirror. */
static osb_status path_open(const char *path, const net_options *options, source **opened,
                            osb_error *error)
{
    if (kit_is_likely(path))
        return kit_source_open(path, options, opened, error);
    if (archive_is_named(path) && file_exists(path))
        return archive_source_open(path, options, opened, error);
    if (mirror_is_folder(path))
        return mirror_folder_open(path, options, opened, error);
    return folder_open(path, options, opened, error);
}

static osb_status file_url_open(const char *url, const net_options *options, source **opened,
                                osb_error *error)
{
    char path[URL_SIZE];
    const char *rest = url + strlen("file://");
    if (*rest != '/' || strpbrk(rest, "?#") || !url_decode(rest, path, sizeof path))
        return osb_fail(error, OSB_ERR_USAGE, url, "write file:///FOLDER",
                        "not the URL of a folder or file on this machine");
    return path_open(path, options, opened, error);
}

static const struct {
    const char *scheme;
    size_t skip; /**< of the URL before the opener gets it */
    osb_status (*open)(const char *rest, const net_options *options, source **opened,
                       osb_error *error);
} kinds[] = {
    {"github+https://", sizeof "github+" - 1, github_open},
    {"github+http://", sizeof "github+" - 1, github_open},
    {"particle+https://", sizeof "particle+" - 1, particle_open},
    {"particle+http://", sizeof "particle+" - 1, particle_open},
    {"mirror+https://", sizeof "mirror+" - 1, mirror_open},
    {"mirror+http://", sizeof "mirror+" - 1, mirror_open},
    {"file://", 0, file_url_open},
};

static osb_status open_by_scheme(const char *url, const net_options *options, source **opened,
                                 osb_error *error)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (text_starts_with(url, kinds[i].scheme))
            return kinds[i].open(url + kinds[i].skip, options, opened, error);
    if (!*url || strstr(url, "://"))
        return osb_fail(error, OSB_ERR_USAGE, url,
                        "use github+https://HOST/repos/OWNER/NAME, particle+https://HOST/v1, "
                        "mirror+https://HOST/PATH, "
                        "file:///FOLDER or a path",
                        "not a source that is known here");
    return path_open(url, options, opened, error);
}

osb_status source_open(const char *url, const net_options *options, source **opened,
                       osb_error *error)
{
    if (strlen(url) >= sizeof(*opened)->url)
        return osb_fail(error, OSB_ERR_USAGE, url, "use a shorter one", "the source is too long");
    TRY(open_by_scheme(url, options, opened, error));
    (*opened)->options = *options;
    text_copy((*opened)->url, sizeof(*opened)->url, url);
    return OSB_OK;
}

void source_close(source *opened)
{
    if (opened)
        opened->operations->close(opened);
}

osb_status source_order_at(source_order *list, size_t index, source **opened, osb_error *error)
{
    if (!list->opened[index])
        TRY(source_open(list->urls[index], list->options, &list->opened[index], error));
    *opened = list->opened[index];
    return OSB_OK;
}

void source_order_close(source_order *list)
{
    for (size_t i = 0; i < list->count; i++) {
        source_close(list->opened[i]);
        list->opened[i] = NULL;
    }
}

const char *source_url(const source *opened)
{
    return opened->url;
}

bool source_is_here(const source *opened)
{
    return opened->operations->is_here;
}

osb_status source_find_for(source *opened, const platform *board, const char *os_version,
                           arena *memory, source_listing *listing, osb_error *error)
{
    opened->board = board;
    osb_status status = source_find(opened, os_version, memory, listing, error);
    opened->board = NULL;
    return status;
}

bool source_locate(const source *opened, const char *os_version, const char *name,
                   char location[SOURCE_LOCATION])
{
    const source_operations *operations = opened->operations;
    return operations->locate && operations->locate(opened, os_version, name, location);
}

osb_status source_find(source *opened, const char *os_version, arena *memory,
                       source_listing *listing, osb_error *error)
{
    *listing = (source_listing){0};
    return opened->operations->find(opened, os_version, memory, listing, error);
}

osb_status source_list(source *opened, arena *memory, const source_listing **listings,
                       size_t *count, osb_error *error)
{
    *listings = NULL;
    *count = 0;
    return opened->operations->list(opened, memory, listings, count, error);
}

osb_status source_download(source *opened, download *downloads, size_t count,
                           const fetch_progress *progress, osb_error *error)
{
    if (!count)
        return OSB_OK;
    return opened->operations->download(opened, downloads, count, progress, error);
}

osb_status source_copy_each(source *self, download *downloads, size_t count,
                            osb_status (*copy)(source *self, download *wanted, osb_error *error),
                            const fetch_progress *progress, osb_error *error)
{
    fetch_news news = {0};
    for (size_t i = 0; i < count; i++)
        news.total += downloads[i].file->size;
    for (size_t i = 0; i < count; i++) {
        const net_options *options = &self->options;
        if (options->cancelled && options->cancelled(options->cancelled_context))
            return osb_fail(error, OSB_ERR_INTERRUPTED, NULL, "run the same command again to go on",
                            "the copy was stopped");
        TRY(copy(self, &downloads[i], error));
        news.file = downloads[i].file->name;
        news.file_total = downloads[i].file->size;
        news.file_done = downloads[i].content.size;
        news.done += news.file_done;
        if (progress && progress->advance)
            progress->advance(progress->context, &news);
    }
    return OSB_OK;
}

static osb_status copy_file(source *self, download *wanted, osb_error *error)
{
    (void)self;
    return file_read(wanted->file->location, &wanted->content, error);
}

osb_status source_copy_files(source *self, download *downloads, size_t count,
                             const fetch_progress *progress, osb_error *error)
{
    return source_copy_each(self, downloads, count, copy_file, progress, error);
}

buf source_files_make(void)
{
    return buf_make(FILES_MAX * sizeof(source_file));
}

osb_status source_files_take(buf *files, arena *memory, source_listing *listing, osb_error *error)
{
    TRY(buf_check(files, listing->version, error));
    listing->count = files->size / sizeof(source_file);
    listing->files = arena_copy(memory, files->data, files->size);
    return listing->files || !listing->count ? OSB_OK : osb_fail_memory(error);
}

static int newest_first(const void *a, const void *b)
{
    const source_listing *left = a, *right = b;
    int order = version_compare_text(right->version, left->version);
    return order ? order : strcmp(left->version, right->version);
}

void source_listings_sort(source_listing *listings, size_t count)
{
    if (count)
        qsort(listings, count, sizeof *listings, newest_first);
}

buf source_listings_make(void)
{
    return buf_make(LISTINGS_MAX * sizeof(source_listing));
}

static size_t drop_repeated(source_listing *listings, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (!kept || !text_equal(listings[kept - 1].version, listings[i].version))
            listings[kept++] = listings[i];
    return kept;
}

osb_status source_listings_take(buf *found, arena *memory, const char *subject,
                                const source_listing **listings, size_t *count, osb_error *error)
{
    TRY(buf_check(found, subject, error));
    source_listing *sorted = arena_copy(memory, found->data, found->size);
    if (!sorted)
        return osb_fail_memory(error);
    source_listings_sort(sorted, found->size / sizeof *sorted);
    *count = drop_repeated(sorted, found->size / sizeof *sorted);
    *listings = sorted;
    return OSB_OK;
}
