/*
 * Which release each file on this machine belongs to, and which module of it it is.
 *
 * Names are believed where they have the form of release files, because reading hundreds of files
 * would take long; that the header agrees is found out later (trust/verify.c). Invariant: a file
 * never counts for another version than the one its name or its folder states.
 */
#include "net/source_shelf.h"

#include <ctype.h>
#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "base/text.h"
#include "model/version.h"
#include "trust/release_name.h"

/** One file, and what it is. */
typedef struct label {
    const shelf_file *file;
    char name[RELEASE_FILE_NAME]; /**< as a release site would call it */
    char version[VERSION_SIZE];   /**< empty while it is not known */
    const platform *board;        /**< NULL: the name said all */
    module_slot slot;             /**< by the header, where there is a board */
    uint16_t number;
} label;

osb_status shelf_locate(const shelf *self, const shelf_file *file, char *target, size_t capacity,
                        osb_error *error)
{
    if (text_format(target, capacity, "%s%s%s", self->root, self->in_memory ? "#" : "/",
                    file->path))
        return OSB_OK;
    return osb_fail(error, OSB_ERR_USAGE, file->path, "use a shorter path", "the path is too long");
}

static osb_status read_file(const shelf *self, const shelf_file *file, buf *content,
                            osb_error *error)
{
    char path[PATH_SIZE];
    if (self->in_memory) {
        buf_append(content, file->content);
        return buf_check(content, file->path, error);
    }
    TRY(path_join(path, self->root, file->path, error));
    return file_read(path, content, error);
}

/* Versions in paths ----------------------------------------------------------------------- */

/** The longest version that `text` begins with. */
static bool version_at(const char *text, const char *end, char found[VERSION_SIZE])
{
    version parsed;
    size_t size = (size_t)(end - text);
    for (size = size < VERSION_SIZE ? size : VERSION_SIZE - 1; size; size--) {
        text_format(found, VERSION_SIZE, "%.*s", (int)size, text);
        if (version_parse(found, &parsed) && isalnum((unsigned char)found[size - 1]))
            return true;
    }
    return false;
}

/** The end of a name without the endings of archives, which could pass for a pre-release. */
static const char *end_of_stem(const char *name, const char *end)
{
    static const char *const endings[] = {".binaries", ".zip", ".tar", ".tgz",
                                          ".txz",      ".tbz", ".tzst"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        const char *found = strstr(name, endings[i]);
        if (found && found < end)
            end = found;
    }
    return end;
}

static bool version_in(const char *name, const char *end, char found[VERSION_SIZE])
{
    end = end_of_stem(name, end);
    for (const char *at = name; at < end; at++) {
        const bool starts = at == name || !isalnum((unsigned char)at[-1]) ||
                            (at[-1] == 'v' && (at - 1 == name || !isalnum((unsigned char)at[-2])));
        if (isdigit((unsigned char)*at) && starts && version_at(at, end, found))
            return true;
    }
    return false;
}

bool shelf_version_of_path(const char *path, char found[VERSION_SIZE])
{
    const char *end = path + strlen(path);
    while (end > path) {
        const char *begin = end;
        while (begin > path && begin[-1] != '/')
            begin--;
        if (version_in(begin, end, found))
            return true;
        end = begin > path ? begin - 1 : path;
    }
    found[0] = '\0';
    return false;
}

/** The version that the nearest folder of a file is called after. */
static bool version_of_folder(const char *path, char found[VERSION_SIZE])
{
    version parsed;
    const char *end = strrchr(path, '/');
    while (end) {
        char part[VERSION_SIZE + 1];
        const char *begin = end;
        while (begin > path && begin[-1] != '/')
            begin--;
        if (text_format(part, sizeof part, "%.*s", (int)(end - begin), begin) &&
            version_parse(part, &parsed)) {
            text_copy(found, VERSION_SIZE, part[0] == 'v' ? part + 1 : part);
            return true;
        }
        end = begin > path ? begin - 1 : NULL;
    }
    return false;
}

/* What a file is -------------------------------------------------------------------------- */

/** PLATFORM-PART@VERSION.bin, where the part is one that the platform has. */
static bool label_by_name(const shelf *self, label *made)
{
    release_name name;
    version parsed;
    const char *file_name = path_name(made->file->path);
    if (!release_name_parse(file_name, &name) || !version_parse(name.version, &parsed) ||
        strlen(file_name) >= sizeof made->name)
        return false;
    const platform *board =
        self->options->platforms ? platform_by_name(self->options->platforms, name.platform) : NULL;
    if (board && !release_name_slot(board, name.part) && !text_equal(name.part, "tinker"))
        return false;
    text_copy(made->name, sizeof made->name, file_name);
    text_copy(made->version, sizeof made->version, name.version);
    return true;
}

/** PART-VERSION-PLATFORM.bin, as files were named before OS 1.1.0. */
static bool version_of_old_name(const shelf *self, const char *name, char found[VERSION_SIZE])
{
    const size_t size = strlen(name);
    const char *last = strrchr(name, '-');
    char board[32];
    if (!last || !text_ends_with(name, ".bin") ||
        !text_format(board, sizeof board, "%.*s", (int)(name + size - 4 - (last + 1)), last + 1) ||
        !platform_by_name(self->options->platforms, board))
        return false;
    for (const char *at = name; (at = strchr(at, '-')) && at < last; at++)
        if (isdigit((unsigned char)at[1]))
            return version_at(at + 1, last, found);
    return false;
}

/** By its header; false for what is no module of a release. */
static bool label_by_header(const shelf *self, label *made)
{
    BUF_OWNED content = buf_make(MODULE_FILE_MAX);
    osb_error problem;
    module parsed;
    const char *path = made->file->path;
    if (!self->options->platforms || read_file(self, made->file, &content, &problem) != OSB_OK)
        return false;
    if (module_parse(buf_span(&content), path, &parsed, &problem) != OSB_OK) {
        log_line(self->options->log, LOG_INFO, "sources", "%s is passed over: %s", path,
                 problem.message);
        return false;
    }
    made->board = platform_by_id(self->options->platforms, parsed.platform_id);
    if (!made->board || !platform_find_slot(made->board, parsed.slot) ||
        parsed.slot.function == MODULE_USER_PART)
        return false;
    made->slot = parsed.slot;
    made->number = parsed.version;
    if (!version_of_old_name(self, path_name(path), made->version) &&
        !version_of_folder(path, made->version))
        shelf_version_of_path(self->root, made->version);
    return true;
}

static bool same_folder(const char *a, const char *b)
{
    const size_t size = (size_t)(path_name(a) - a);
    return size == (size_t)(path_name(b) - b) && strncmp(a, b, size) == 0;
}

/** Whether a label is of a module for that board; it may only have a name. */
static bool is_of_board(const label *made, const platform *board)
{
    release_name name;
    return made->board
               ? made->board == board
               : release_name_parse(made->name, &name) && text_equal(name.platform, board->name);
}

/** What the files beside it are from: by their names, else by what the catalog knows of numbers. */
static void version_from_beside(const shelf *self, label *lost, const label *labels, size_t count)
{
    const catalog *known = self->options->known;
    const char *by_name = NULL, *by_number = NULL;
    for (size_t i = 0; i < count; i++) {
        const label *beside = &labels[i];
        if (!same_folder(lost->file->path, beside->file->path) || !is_of_board(beside, lost->board))
            continue;
        if (!beside->board && by_name && !text_equal(by_name, beside->version))
            return; /* files of several releases lie there */
        if (!beside->board)
            by_name = beside->version;
        else if (known && beside->slot.function == MODULE_SYSTEM_PART)
            by_number = catalog_os_version(known, lost->board, beside->slot, beside->number);
    }
    if (by_name || by_number)
        text_copy(lost->version, sizeof lost->version, by_name ? by_name : by_number);
}

/** The catalog's name for it, else one made up by the rule. */
static void name_by_slot(const shelf *self, label *made)
{
    release cataloged;
    const catalog *known = self->options->known;
    const release_module *entry = NULL;
    if (known && catalog_release(known, made->version, made->board, &cataloged, NULL) == OSB_OK)
        entry = release_find(&cataloged, made->slot);
    if (entry && *entry->file)
        text_copy(made->name, sizeof made->name, entry->file);
    else
        text_format(made->name, sizeof made->name, "%s-%s@%s.bin", made->board->name,
                    platform_find_slot(made->board, made->slot)->name, made->version);
}

static void label_all(const shelf *self, buf *labels)
{
    for (size_t i = 0; i < self->count; i++) {
        label made = {.file = &self->files[i]};
        if (text_ends_with(made.file->path, ".bin") && made.file->size <= MODULE_FILE_MAX &&
            (label_by_name(self, &made) || label_by_header(self, &made)))
            buf_append(labels, (span){(const uint8_t *)&made, sizeof made});
    }
    label *all = (label *)(void *)labels->data;
    const size_t count = labels->size / sizeof *all;
    for (size_t i = 0; i < count; i++) {
        if (all[i].board && !*all[i].version)
            version_from_beside(self, &all[i], all, count);
        if (all[i].board && *all[i].version)
            name_by_slot(self, &all[i]);
    }
}

/** A folder that is called after a version holds files of that version only. */
static bool is_from(const label *made, const char *os_version)
{
    char folder[VERSION_SIZE];
    return text_equal(made->version, os_version) &&
           (!version_of_folder(made->file->path, folder) || text_equal(folder, os_version));
}

/* Answers --------------------------------------------------------------------------------- */

static const label *find_named(const label *labels, size_t count, const label *like)
{
    for (size_t i = 0; i < count; i++)
        if (text_equal(labels[i].name, like->name) && is_from(&labels[i], like->version))
            return &labels[i];
    return NULL;
}

/** Two files of one name have to be the same file. */
static osb_status check_same(const shelf *self, const label *a, const label *b, osb_error *error)
{
    BUF_OWNED one = buf_make(MODULE_FILE_MAX);
    BUF_OWNED other = buf_make(MODULE_FILE_MAX);
    TRY(read_file(self, a->file, &one, error));
    TRY(read_file(self, b->file, &other, error));
    if (one.size == other.size && memcmp(one.data, other.data, one.size) == 0)
        return OSB_OK;
    return osb_fail(error, OSB_ERR_INTEGRITY, a->name,
                    "find out which of the two is right, and take the other one away",
                    "%s holds it twice, and they differ: %.100s and %.100s", self->root,
                    a->file->path, b->file->path);
}

static osb_status add_file(const shelf *self, const label *made, buf *files, osb_error *error)
{
    source_file file = {.size = made->file->size};
    text_copy(file.name, sizeof file.name, made->name);
    TRY(shelf_locate(self, made->file, file.location, sizeof file.location, error));
    buf_append(files, (span){(const uint8_t *)&file, sizeof file});
    return OSB_OK;
}

osb_status shelf_find(const shelf *self, const char *os_version, arena *memory,
                      source_listing *listing, osb_error *error)
{
    version parsed;
    BUF_OWNED files = source_files_make();
    BUF_OWNED labels = buf_make(SHELF_FILES_MAX * sizeof(label));
    const char *wanted = os_version[0] == 'v' ? os_version + 1 : os_version;
    label_all(self, &labels);
    TRY(buf_check(&labels, self->root, error));
    const label *all = (const label *)(const void *)labels.data;
    for (size_t i = 0; i < labels.size / sizeof *all; i++) {
        if (!is_from(&all[i], wanted))
            continue;
        const label *before = find_named(all, i, &all[i]);
        if (before)
            TRY(check_same(self, before, &all[i], error));
        else
            TRY(add_file(self, &all[i], &files, error));
    }
    if (!files.size)
        return osb_fail(error, OSB_ERR_NOT_FOUND, wanted,
                        "check that it holds files named PLATFORM-part@VERSION.bin",
                        "no such release in %s", self->root);
    text_copy(listing->version, sizeof listing->version, wanted);
    listing->prerelease = version_parse(wanted, &parsed) && *parsed.prerelease;
    return source_files_take(&files, memory, listing, error);
}

osb_status shelf_list(const shelf *self, arena *memory, const source_listing **listings,
                      size_t *count, osb_error *error)
{
    BUF_OWNED found = source_listings_make();
    BUF_OWNED labels = buf_make(SHELF_FILES_MAX * sizeof(label));
    label_all(self, &labels);
    TRY(buf_check(&labels, self->root, error));
    const label *all = (const label *)(const void *)labels.data;
    for (size_t i = 0; i < labels.size / sizeof *all; i++) {
        version parsed;
        source_listing listing = {0};
        if (!version_parse(all[i].version, &parsed) || !is_from(&all[i], all[i].version))
            continue;
        text_copy(listing.version, sizeof listing.version, all[i].version);
        listing.prerelease = *parsed.prerelease != '\0';
        buf_append(&found, (span){(const uint8_t *)&listing, sizeof listing});
    }
    return source_listings_take(&found, memory, self->root, listings, count, error);
}
