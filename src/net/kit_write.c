/*
 * Writes kits with libarchive.
 *
 * Decides nothing about what goes into one. Invariant: the bytes depend on the index, its signature
 * and the contents alone. Members come in the order of their hashes, without owners and times, from
 * one thread with fixed settings; a time would also be written in the local time zone (.zip).
 */
#include "net/kit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "base/text.h"
#include "net/archive_library.h"

#define ZSTD_LEVEL "4" /* higher ones take more memory than all else together */
#define ZIP_LEVEL  "9"

enum {
    BLOCK_SIZE = 64 * 1024,
    MEMBER_MODE = 0444
};

typedef struct writing {
    archive_library lib;
    struct archive *writer;
    const char *path;
    char temporary[PATH_SIZE];
    int descriptor;
} writing;

static void writing_end(writing *run)
{
    if (run->writer)
        run->lib.archive_write_free(run->writer);
    file_close(&run->descriptor);
    if (*run->temporary)
        unlink(run->temporary);
}
#define WRITING_OWNED __attribute__((cleanup(writing_end))) writing

static osb_status broken(const writing *run, osb_error *error)
{
    const char *why = run->lib.archive_error_string(run->writer);
    return osb_fail(error, OSB_ERR_IO, run->path, "check that there is room on the disk",
                    "cannot be written: %s", why ? why : "no reason is given");
}

static bool is_zip(const char *path)
{
    return text_ends_with(path, ".zip");
}

osb_status kit_check_name(const char *path, osb_error *error)
{
    if (is_zip(path) || text_ends_with(path, ".tar.zst"))
        return OSB_OK;
    return osb_fail(error, OSB_ERR_USAGE, path, "call it NAME.tar.zst or NAME.zip",
                    "its name does not say what kind of bundle it is to be");
}

static bool set_format(const archive_library *lib, struct archive *writer, bool zip)
{
    if (zip)
        return lib->archive_write_set_format_zip(writer) == ARCHIVE_OK &&
               lib->archive_write_set_format_option(writer, "zip", "compression-level",
                                                    ZIP_LEVEL) == ARCHIVE_OK;
    return lib->archive_write_set_format_ustar(writer) == ARCHIVE_OK &&
           lib->archive_write_add_filter_zstd(writer) == ARCHIVE_OK &&
           lib->archive_write_set_filter_option(writer, "zstd", "compression-level", ZSTD_LEVEL) ==
               ARCHIVE_OK;
}

static osb_status begin(writing *run, osb_error *error)
{
    const archive_library *lib = &run->lib;
    TRY(archive_library_open(&run->lib, error));
    if (!text_format(run->temporary, sizeof run->temporary, "%s.%ld.tmp", run->path,
                     (long)getpid())) {
        *run->temporary = '\0';
        return osb_fail(error, OSB_ERR_USAGE, run->path, "use a shorter path", "path is too long");
    }
    unlink(run->temporary);
    run->descriptor = open(run->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (run->descriptor < 0)
        return osb_fail_errno(error, "create", run->temporary);
    run->writer = lib->archive_write_new();
    if (!run->writer)
        return osb_fail_memory(error);
    if (!set_format(lib, run->writer, is_zip(run->path)) ||
        lib->archive_write_set_bytes_per_block(run->writer, BLOCK_SIZE) != ARCHIVE_OK ||
        lib->archive_write_set_bytes_in_last_block(run->writer, 1) != ARCHIVE_OK ||
        lib->archive_write_open_fd(run->writer, run->descriptor) != ARCHIVE_OK)
        return broken(run, error);
    return OSB_OK;
}

static osb_status add_member(writing *run, const char *name, span content, osb_error *error)
{
    const archive_library *lib = &run->lib;
    struct archive_entry *entry = lib->archive_entry_new();
    if (!entry)
        return osb_fail_memory(error);
    lib->archive_entry_set_pathname(entry, name);
    lib->archive_entry_set_size(entry, (la_int64_t)content.size);
    lib->archive_entry_set_filetype(entry, AE_IFREG);
    lib->archive_entry_set_perm(entry, MEMBER_MODE);
    int code = lib->archive_write_header(run->writer, entry);
    lib->archive_entry_free(entry);
    if (code != ARCHIVE_OK)
        return broken(run, error);
    while (content.size) {
        la_ssize_t size = lib->archive_write_data(run->writer, content.data, content.size);
        if (size <= 0)
            return broken(run, error);
        content = span_slice(content, (size_t)size, content.size);
    }
    return OSB_OK;
}

static osb_status add_object(writing *run, const index_file *object, const kit_supply *supply,
                             osb_error *error)
{
    char name[OBJECT_NAME_SIZE];
    uint8_t digest[SHA256_SIZE];
    BUF_OWNED content = buf_make((size_t)object->size);
    TRY(supply->read(supply->context, object, &content, error));
    sha256(buf_span(&content), digest);
    if (content.size != object->size || memcmp(digest, object->sha256, SHA256_SIZE) != 0)
        return osb_fail(error, OSB_ERR_INTEGRITY, object->name, "run the same command again",
                        "has changed while the bundle was made");
    object_name(object->sha256, name);
    return add_member(run, name, buf_span(&content), error);
}

/** Makes what was written last, under its own name. */
static osb_status finish(writing *run, osb_error *error)
{
    char folder[PATH_SIZE];
    if (run->lib.archive_write_close(run->writer) != ARCHIVE_OK)
        return broken(run, error);
    if (fsync(run->descriptor) != 0)
        return osb_fail_errno(error, "write", run->path);
    if (rename(run->temporary, run->path) != 0)
        return osb_fail_errno(error, "rename", run->path);
    *run->temporary = '\0';
    path_folder(run->path, folder);
    return folder_sync(folder, error);
}

osb_status kit_write(const char *path, const release_index *index, span text, span signature,
                     const kit_supply *supply, osb_error *error)
{
    ARENA_OWNED memory = {0};
    const index_file *objects;
    size_t count;
    WRITING_OWNED run = {.path = path, .descriptor = -1};
    TRY(kit_check_name(path, error));
    TRY(release_index_objects(index, &memory, &objects, &count, error));
    TRY(begin(&run, error));
    TRY(add_member(&run, INDEX_NAME, text, error));
    if (signature.size)
        TRY(add_member(&run, INDEX_SIGNATURE_NAME, signature, error));
    for (size_t i = 0; i < count; i++)
        TRY(add_object(&run, &objects[i], supply, error));
    return finish(&run, error);
}
