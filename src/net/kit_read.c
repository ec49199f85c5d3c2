/*
 * Reads kits with libarchive, as if each had been made to do harm.
 *
 * Judges no content beyond its hash (kit_check.c does). Nothing is written to disk, and no name in
 * the archive decides anything: each has to be the very one that the index has next. Invariant:
 * what is handed out has the size and hash of its line in the index, and memory is bounded by the
 * limits of the header, whatever the archive promises.
 */
#include "net/kit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/file.h"
#include "base/path.h"
#include "base/text.h"
#include "net/archive_library.h"

enum {
    BLOCK_SIZE = 64 * 1024,
    MAGIC_SIZE = 4
};

static const uint8_t zstd_magic[MAGIC_SIZE] = {0x28, 0xb5, 0x2f, 0xfd};
static const uint8_t zip_magic[MAGIC_SIZE] = {'P', 'K', 3, 4};

struct kit {
    archive_library lib;
    struct archive *reader;
    struct archive_entry *entry; /**< whose header was read but not used yet; NULL: none */
    int descriptor;
    char path[PATH_SIZE];
    buf text, signature;
    release_index index;
    arena memory;
    const index_file *objects;
    size_t object_count;
    size_t next; /**< the object whose turn it is */
};

void kit_close(kit *opened)
{
    if (!opened)
        return;
    if (opened->reader)
        opened->lib.archive_read_free(opened->reader);
    file_close(&opened->descriptor);
    buf_free(&opened->text);
    buf_free(&opened->signature);
    release_index_free(&opened->index);
    arena_free(&opened->memory);
    free(opened);
}

static void close_unready(kit **unready)
{
    kit_close(*unready);
}

const release_index *kit_index(const kit *opened)
{
    return &opened->index;
}

span kit_index_text(const kit *opened)
{
    return buf_span(&opened->text);
}

span kit_signature(const kit *opened)
{
    return buf_span(&opened->signature);
}

const index_file *kit_objects(const kit *opened, size_t *count)
{
    *count = opened->object_count;
    return opened->objects;
}

static osb_status fail(const kit *from, const char *what, osb_error *error)
{
    return osb_fail(error, OSB_ERR_INTEGRITY, from->path,
                    "do not use this bundle; get it again from who made it", "%s", what);
}

/** What is wrong with one member, whose name nobody vouches for. */
static osb_status fail_member(const kit *from, const char *name, const char *what, osb_error *error)
{
    char shown[100];
    text_printable(shown, sizeof shown, name, strlen(name));
    return osb_fail(error, OSB_ERR_INTEGRITY, from->path,
                    "do not use this bundle; get it again from who made it", "'%s' in it %s", shown,
                    what);
}

static osb_status damaged(const kit *from, osb_error *error)
{
    char detail[200] = "";
    const char *why = from->lib.archive_error_string(from->reader);
    if (why)
        text_printable(detail, sizeof detail, why, strlen(why));
    return osb_fail(error, OSB_ERR_INTEGRITY, from->path, "get the bundle again",
                    "it is damaged or cut short%s%s", why ? ": " : "", detail);
}

/**
 * Bytes that a packed stream wants to look back, by the head of its first frame (RFC 8878,
 * 3.1.1.1). Without a window of its own it is as large as the content.
 */
static uint64_t window_size(span head)
{
    static const size_t id_sizes[] = {0, 1, 2, 4}, content_sizes[] = {1, 2, 4, 8};
    cursor reader = cursor_make(head);
    cursor_seek(&reader, MAGIC_SIZE);
    uint8_t flags = cursor_u8(&reader);
    if (!(flags & 0x20)) {
        uint8_t window = cursor_u8(&reader);
        uint64_t base = (uint64_t)1 << (10 + (window >> 3));
        return base + base / 8 * (window & 7);
    }
    cursor_take(&reader, id_sizes[flags & 3]);
    span digits = cursor_take(&reader, content_sizes[flags >> 6]);
    uint64_t size = 0;
    for (size_t i = digits.size; i > 0; i--)
        size = size << 8 | digits.data[i - 1];
    return size;
}

static osb_status open_format(kit *made, osb_error *error)
{
    const archive_library *lib = &made->lib;
    uint8_t head[16];
    ssize_t size = pread(made->descriptor, head, sizeof head, 0);
    if (size >= MAGIC_SIZE && !memcmp(head, zip_magic, MAGIC_SIZE))
        return lib->archive_read_support_format_zip_streamable(made->reader) == ARCHIVE_OK
                   ? OSB_OK
                   : damaged(made, error);
    if (size < MAGIC_SIZE || memcmp(head, zstd_magic, MAGIC_SIZE) != 0)
        return osb_fail(error, OSB_ERR_INTEGRITY, made->path,
                        "name a file that 'osbundle bundle export' made",
                        "is no bundle: neither .tar.zst nor .zip");
    if (window_size((span){head, (size_t)size}) > KIT_WINDOW_MAX)
        return fail(made, "it takes more than 8 MB of memory to unpack", error);
    return lib->archive_read_support_filter_zstd(made->reader) == ARCHIVE_OK &&
                   lib->archive_read_support_format_tar(made->reader) == ARCHIVE_OK
               ? OSB_OK
               : damaged(made, error);
}

static osb_status open_reader(kit *made, osb_error *error)
{
    struct stat status;
    made->descriptor = open(made->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (made->descriptor < 0 || fstat(made->descriptor, &status) != 0)
        return osb_fail_errno(error, "open", made->path);
    if (!S_ISREG(status.st_mode))
        return osb_fail(error, OSB_ERR_USAGE, made->path, "name a file", "is no file");
    TRY(archive_library_open(&made->lib, error));
    made->reader = made->lib.archive_read_new();
    if (!made->reader)
        return osb_fail_memory(error);
    TRY(open_format(made, error));
    return made->lib.archive_read_open_fd(made->reader, made->descriptor, BLOCK_SIZE) == ARCHIVE_OK
               ? OSB_OK
               : damaged(made, error);
}

/** The next member, left in `entry`; its name is NULL at the end of the archive. */
static osb_status next_member(kit *from, const char **name, osb_error *error)
{
    *name = NULL;
    if (!from->entry) {
        int code = from->lib.archive_read_next_header(from->reader, &from->entry);
        if (code != ARCHIVE_OK)
            from->entry = NULL;
        if (code == ARCHIVE_EOF)
            return OSB_OK;
        if (code != ARCHIVE_OK)
            return damaged(from, error);
    }
    *name = from->lib.archive_entry_pathname(from->entry);
    if (!*name)
        return fail(from, "a name in it cannot be read", error);
    if (from->lib.archive_entry_filetype(from->entry) != AE_IFREG ||
        from->lib.archive_entry_hardlink(from->entry))
        return fail_member(from, *name, "is a link, a folder or a device, not a file", error);
    if (from->lib.archive_entry_is_encrypted(from->entry))
        return fail_member(from, *name, "is encrypted", error);
    return OSB_OK;
}

/** Appends the content of the member in `entry`, `limit` bytes at most. */
static osb_status read_member(kit *from, const char *name, size_t limit, buf *content,
                              osb_error *error)
{
    uint8_t block[BLOCK_SIZE];
    from->entry = NULL;
    for (;;) {
        la_ssize_t size = from->lib.archive_read_data(from->reader, block, sizeof block);
        if (size < 0)
            return damaged(from, error);
        if (size == 0)
            return buf_check(content, from->path, error);
        if ((size_t)size > limit)
            return fail_member(from, name, "is larger than it may be", error);
        limit -= (size_t)size;
        buf_append(content, (span){block, (size_t)size});
    }
}

/** The members before the contents: the index, and its signature where there is one. */
static osb_status read_head(kit *made, osb_error *error)
{
    const char *name;
    TRY(next_member(made, &name, error));
    if (!name || !text_equal(name, INDEX_NAME))
        return fail(made, "is no bundle: the first file in it is not " INDEX_NAME, error);
    TRY(read_member(made, INDEX_NAME, INDEX_TEXT_MAX, &made->text, error));
    TRY(next_member(made, &name, error));
    if (name && text_equal(name, INDEX_SIGNATURE_NAME))
        return read_member(made, INDEX_SIGNATURE_NAME, KIT_SIGNATURE_MAX, &made->signature, error);
    return OSB_OK;
}

static osb_status make(const char *path, kit **made, osb_error *error)
{
    *made = calloc(1, sizeof **made);
    if (!*made)
        return osb_fail_memory(error);
    (*made)->descriptor = -1;
    (*made)->text = buf_make(INDEX_TEXT_MAX);
    (*made)->signature = buf_make(KIT_SIGNATURE_MAX);
    if (!text_format((*made)->path, sizeof(*made)->path, "%s", path))
        return osb_fail(error, OSB_ERR_USAGE, path, "use a shorter path", "the path is too long");
    return open_reader(*made, error);
}

bool kit_is_likely(const char *path)
{
    __attribute__((cleanup(close_unready))) kit *made = NULL;
    const char *name;
    return file_exists(path) && make(path, &made, NULL) == OSB_OK &&
           next_member(made, &name, NULL) == OSB_OK && name && text_equal(name, INDEX_NAME);
}

static osb_status check_total(const kit *made, osb_error *error)
{
    uint64_t total = 0;
    for (size_t i = 0; i < made->object_count; i++)
        total += made->objects[i].size;
    if (total > (uint64_t)KIT_TOTAL_MAX * 1024 * 1024)
        return fail(made, "it unpacks to more than 1 GB", error);
    return OSB_OK;
}

osb_status kit_open(const char *path, const index_guard *guard, kit **opened, osb_error *error)
{
    __attribute__((cleanup(close_unready))) kit *made = NULL;
    *opened = NULL;
    TRY(make(path, &made, error));
    TRY(read_head(made, error));
    const index_claim claim = {.name = path,
                               .role = INDEX_BUNDLE,
                               .text = buf_span(&made->text),
                               .signature = buf_span(&made->signature)};
    TRY(index_admit(guard, &claim, &made->index, error));
    if (made->index.role != INDEX_BUNDLE)
        return fail(made, "the index in it is that of a mirror", error);
    TRY(release_index_objects(&made->index, &made->memory, &made->objects, &made->object_count,
                              error));
    TRY(check_total(made, error));
    *opened = made;
    made = NULL;
    return OSB_OK;
}

/** Why a member is not the one whose turn it is. */
static osb_status fail_order(const kit *from, const char *name, osb_error *error)
{
    for (size_t i = 0; i < from->object_count; i++) {
        char listed[OBJECT_NAME_SIZE];
        object_name(from->objects[i].sha256, listed);
        if (text_equal(name, listed))
            return fail_member(from, name, "stands there twice, or not in its place", error);
    }
    return fail_member(from, name, "is not listed in its index", error);
}

static osb_status fail_end(const kit *from, osb_error *error)
{
    return osb_fail(error, OSB_ERR_INTEGRITY, from->path, "get the bundle again",
                    "it is cut short: %zu of %zu files are missing",
                    from->object_count - from->next, from->object_count);
}

osb_status kit_next(kit *from, const index_file **object, osb_error *error)
{
    const char *name;
    char expected[OBJECT_NAME_SIZE];
    *object = NULL;
    TRY(next_member(from, &name, error));
    if (!name)
        return from->next == from->object_count ? OSB_OK : fail_end(from, error);
    if (from->next == from->object_count)
        return fail_order(from, name, error);
    const index_file *wanted = &from->objects[from->next];
    object_name(wanted->sha256, expected);
    if (!text_equal(name, expected))
        return fail_order(from, name, error);
    if (from->lib.archive_entry_size_is_set(from->entry) &&
        (uint64_t)from->lib.archive_entry_size(from->entry) != wanted->size)
        return fail_member(from, wanted->name, "has another size than its index says", error);
    from->entry = NULL;
    from->next++;
    *object = wanted;
    return OSB_OK;
}

osb_status kit_read(kit *from, buf *content, osb_error *error)
{
    const index_file *object = &from->objects[from->next - 1];
    const size_t before = content->size;
    uint8_t digest[SHA256_SIZE];
    TRY(read_member(from, object->name, (size_t)object->size, content, error));
    span read = span_slice(buf_span(content), before, content->size);
    sha256(read, digest);
    if (read.size == object->size && !memcmp(digest, object->sha256, SHA256_SIZE))
        return OSB_OK;
    content->size = before;
    return fail_member(from, object->name, "does not have the bytes that its index names", error);
}
