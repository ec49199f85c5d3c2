/*
 * Reads archives with libarchive, as if each had been made to do harm.
 *
 * What the files mean is not known here (model/bundle.c). Invariant: memory taken is bounded by the
 * limits of the header whatever an archive promises, because bytes are counted as they come out and
 * unpacking stops at the first one too many.
 */
#include "net/archive.h"

#include <locale.h>
#include <string.h>

#include "base/path.h"
#include "base/text.h"
#include "net/archive_library.h"

/** What an archive may be, and how large. */
typedef struct unpacking_rules {
    bool (*wants)(
        const char *path);         /**< NULL: every file is wanted, and nothing else may be there */
    size_t entries_max, total_max; /**< bytes of all that is wanted together */
    uint64_t passed_max;           /**< bytes of what is passed over */
} unpacking_rules;

/** One archive being read. */
typedef struct unpacking {
    archive_library lib;
    struct archive *reader;
    const char *name;
    const unpacking_rules *rules;
    arena *memory;
    buf *files; /**< bundle_file each */
    size_t entries;
    size_t total;    /**< bytes unpacked so far */
    uint64_t passed; /**< bytes passed over so far */
} unpacking;

static const unpacking_rules of_bundles = {NULL, ARCHIVE_ENTRIES_MAX, ARCHIVE_TOTAL_MAX, 0};

static void unpacking_end(unpacking *run)
{
    if (run->reader)
        run->lib.archive_read_free(run->reader);
}
#define UNPACKING_OWNED __attribute__((cleanup(unpacking_end))) unpacking

/** libarchive passes names through the locale, and a plain C one has no room for other letters. */
typedef struct utf8_names {
    locale_t locale; /**< 0 where the system has none for UTF-8: then names are ASCII */
    locale_t former;
} utf8_names;

/** Changes how this thread alone reads characters, until utf8_end. */
static utf8_names utf8_begin(void)
{
    utf8_names names = {.locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0)};
    if (names.locale)
        names.former = uselocale(names.locale);
    return names;
}

static void utf8_end(utf8_names *names)
{
    if (!names->locale)
        return;
    uselocale(names->former);
    freelocale(names->locale);
}

static osb_status refuse(const char *subject, const char *what, osb_error *error)
{
    char shown[128];
    text_printable(shown, sizeof shown, subject, strlen(subject));
    return osb_fail(error, OSB_ERR_REFUSED, shown, "do not use this archive; make it again", "%s",
                    what);
}

static osb_status refuse_size(const char *subject, size_t maximum, osb_error *error)
{
    char what[60];
    text_format(what, sizeof what, "it unpacks to more than %zu MB", maximum / (1024 * 1024));
    return refuse(subject, what, error);
}

static osb_status damaged(unpacking *run, const char *what, osb_error *error)
{
    char detail[200] = "";
    const char *why = run->lib.archive_error_string(run->reader);
    if (why)
        text_printable(detail, sizeof detail, why, strlen(why));
    return osb_fail(error, OSB_ERR_INTEGRITY, run->name, "get the archive again", "%s%s%s", what,
                    why ? ": " : "", detail);
}

/** Whether every part of a path is a plain name. Folders may end in a slash. */
static bool is_safe_path(const char *path)
{
    char part[ARCHIVE_NAME_MAX + 1];
    if (strlen(path) > ARCHIVE_NAME_MAX)
        return false;
    for (const char *rest = path; *rest;) {
        size_t size = strcspn(rest, "/");
        text_format(part, sizeof part, "%.*s", (int)size, rest);
        if (!path_is_plain_name(part))
            return false;
        rest += size + (rest[size] == '/');
    }
    return *path != '\0';
}

static bool is_there_already(const unpacking *run, const char *path)
{
    const bundle_file *files = (const bundle_file *)(const void *)run->files->data;
    for (size_t i = 0; i < run->files->size / sizeof *files; i++) {
        if (text_equal(files[i].name, path))
            return true;
    }
    return false;
}

static osb_status read_content(unpacking *run, const char *path, buf *content, osb_error *error)
{
    uint8_t block[16 * 1024];
    for (;;) {
        la_ssize_t size = run->lib.archive_read_data(run->reader, block, sizeof block);
        if (size < 0)
            return damaged(run, "it is damaged", error);
        if (size == 0)
            return buf_check(content, path, error);
        run->total += (size_t)size;
        if (run->total > run->rules->total_max)
            return refuse_size(run->name, run->rules->total_max, error);
        if ((size_t)size > content->maximum - content->size)
            return refuse_size(path, ARCHIVE_FILE_MAX, error);
        buf_append(content, (span){block, (size_t)size});
    }
}

static osb_status keep_file(unpacking *run, const char *path, osb_error *error)
{
    BUF_OWNED content = buf_make(ARCHIVE_FILE_MAX);
    TRY(read_content(run, path, &content, error));
    bundle_file file = {.name = arena_text(run->memory, path)};
    file.content.data = arena_copy(run->memory, content.data, content.size);
    file.content.size = content.size;
    if (!file.name || !file.content.data)
        return osb_fail_memory(error);
    buf_append(run->files, (span){(const uint8_t *)&file, sizeof file});
    return buf_check(run->files, run->name, error);
}

/** Of .zip, libarchive knows methods whose dictionaries an archive may make as large as it likes.
 */
static bool is_plain_method(unpacking *run)
{
    const char *format = run->lib.archive_format_name(run->reader);
    return format &&
           (!text_starts_with(format, "ZIP") || text_ends_with(format, "(uncompressed)") ||
            text_ends_with(format, "(deflation)"));
}

static osb_status take_file(unpacking *run, struct archive_entry *entry, const char *path,
                            osb_error *error)
{
    if (run->lib.archive_entry_filetype(entry) != AE_IFREG ||
        run->lib.archive_entry_hardlink(entry))
        return refuse(path, "it is a link or a device, not a file", error);
    if (is_there_already(run, path))
        return refuse(path, "it stands in the archive twice", error);
    if (run->lib.archive_entry_is_encrypted(entry))
        return osb_fail(error, OSB_ERR_INTEGRITY, run->name, "make it again without a password",
                        "it is encrypted");
    if (!is_plain_method(run))
        return osb_fail(error, OSB_ERR_INTEGRITY, run->name, "make it again with an ordinary zip",
                        "it is packed in another way than Deflate");
    if (run->lib.archive_entry_size_is_set(entry) &&
        run->lib.archive_entry_size(entry) > ARCHIVE_FILE_MAX)
        return refuse_size(path, ARCHIVE_FILE_MAX, error);
    return keep_file(run, path, error);
}

/** libarchive reads through what is passed over, whatever an archive makes of that. */
static osb_status pass_over(unpacking *run, struct archive_entry *entry, osb_error *error)
{
    const int64_t size = run->lib.archive_entry_size(entry);
    if (size < 0 || (uint64_t)size > run->rules->passed_max - run->passed)
        return refuse(run->name, "it holds too much beside release files", error);
    run->passed += (uint64_t)size;
    return OSB_OK;
}

static osb_status take_entry(unpacking *run, struct archive_entry *entry, osb_error *error)
{
    const char *path = run->lib.archive_entry_pathname_utf8(entry);
    const bool is_folder = run->lib.archive_entry_filetype(entry) == AE_IFDIR;
    char what[60];
    text_format(what, sizeof what, "it holds more than %zu files", run->rules->entries_max);
    if (++run->entries > run->rules->entries_max)
        return refuse(run->name, what, error);
    if (!path)
        return refuse(run->name, "a name in it is not UTF-8", error);
    if (run->rules->wants && text_starts_with(path, "./"))
        path += 2; /* as tar(1) writes them for "." */
    if (run->rules->wants && is_folder && (!*path || text_equal(path, ".")))
        return OSB_OK;
    if (!is_safe_path(path))
        return refuse(path, "an archive may not hold a file of this name", error);
    if (is_folder)
        return OSB_OK;
    if (run->rules->wants && !run->rules->wants(path))
        return pass_over(run, entry, error);
    return take_file(run, entry, path, error);
}

static osb_status unpack_entries(unpacking *run, osb_error *error)
{
    for (;;) {
        struct archive_entry *entry;
        int code = run->lib.archive_read_next_header(run->reader, &entry);
        if (code == ARCHIVE_EOF)
            return OSB_OK;
        if (code != ARCHIVE_OK && code != ARCHIVE_WARN)
            return damaged(run, "it cannot be read as an archive", error);
        TRY(take_entry(run, entry, error));
    }
}

static osb_status make_reader(unpacking *run, osb_error *error)
{
    TRY(archive_library_open(&run->lib, error));
    run->reader = run->lib.archive_read_new();
    return run->reader ? OSB_OK : osb_fail_memory(error);
}

/** The central directory counts, and names without a mark are read as UTF-8. */
static bool reads_zip(unpacking *run)
{
    const archive_library *lib = &run->lib;
    return lib->archive_read_support_format_zip_seekable(run->reader) == ARCHIVE_OK &&
           lib->archive_read_set_format_option(run->reader, "zip", "hdrcharset", "UTF-8") ==
               ARCHIVE_OK;
}

/** Without one of these filters libarchive would start a program for it: then nothing is read. */
static bool reads_tar(unpacking *run)
{
    const archive_library *lib = &run->lib;
    return lib->archive_read_support_format_tar(run->reader) == ARCHIVE_OK &&
           lib->archive_read_set_format_option(run->reader, "tar", "hdrcharset", "UTF-8") ==
               ARCHIVE_OK &&
           lib->archive_read_support_filter_gzip(run->reader) == ARCHIVE_OK &&
           lib->archive_read_support_filter_bzip2(run->reader) == ARCHIVE_OK &&
           lib->archive_read_support_filter_xz(run->reader) == ARCHIVE_OK &&
           lib->archive_read_support_filter_zstd(run->reader) == ARCHIVE_OK;
}

static osb_status unpack(unpacking *run, const bundle_file **files, size_t *count, osb_error *error)
{
    TRY(unpack_entries(run, error));
    *count = run->files->size / sizeof **files;
    *files = arena_copy(run->memory, run->files->data, run->files->size);
    return *files ? OSB_OK : osb_fail_memory(error);
}

osb_status archive_unpack_zip(span packed, const char *name, arena *memory,
                              const bundle_file **files, size_t *count, osb_error *error)
{
    if (packed.size > ARCHIVE_PACKED_MAX)
        return refuse(name, "it is larger than 64 MB", error);
    __attribute__((cleanup(utf8_end), unused)) utf8_names names = utf8_begin();
    BUF_OWNED list = buf_make(of_bundles.entries_max * sizeof(bundle_file));
    UNPACKING_OWNED run = {.name = name, .rules = &of_bundles, .memory = memory, .files = &list};
    TRY(make_reader(&run, error));
    if (!reads_zip(&run) ||
        run.lib.archive_read_open_memory(run.reader, packed.data, packed.size) != ARCHIVE_OK)
        return damaged(&run, "it cannot be read as a .zip archive", error);
    return unpack(&run, files, count, error);
}

bool archive_is_named(const char *path)
{
    static const char *const endings[] = {".zip",     ".tar",  ".tar.gz",  ".tgz", ".tar.xz",
                                          ".tar.bz2", ".tbz2", ".tar.zst", ".txz", ".tzst"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (text_ends_with(path, endings[i]))
            return true;
    return false;
}

osb_status archive_unpack_wanted(const char *path, bool (*wants)(const char *path), arena *memory,
                                 const bundle_file **files, size_t *count, osb_error *error)
{
    const unpacking_rules rules = {wants, 65536, 256 * 1024 * 1024, UINT64_C(4) << 30};
    const bool is_zip = text_ends_with(path, ".zip");
    __attribute__((cleanup(utf8_end), unused)) utf8_names names = utf8_begin();
    BUF_OWNED list = buf_make(rules.entries_max * sizeof(bundle_file));
    UNPACKING_OWNED run = {.name = path, .rules = &rules, .memory = memory, .files = &list};
    TRY(make_reader(&run, error));
    if (!(is_zip ? reads_zip(&run) : reads_tar(&run)) ||
        run.lib.archive_read_open_filename(run.reader, path, 64 * 1024) != ARCHIVE_OK)
        return damaged(&run, "it cannot be read as an archive", error);
    return unpack(&run, files, count, error);
}
