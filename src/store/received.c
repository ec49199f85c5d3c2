/*
 * The files of what was received: a few lines that say of what, then the bytes.
 *
 * Asks nobody and judges nothing. Invariant: a part's bytes are those of one version of one URL,
 * in order from its first; they are written behind the lines that say so, never before.
 */
#include "store/received.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/lock.h"
#include "base/path.h"
#include "base/text.h"
#include "store/layers.h"

#define FIRST_LINE "osbundle-received 1\n"

enum {
    HEADER_MAX = 16 * 1024 /**< a URL has at most 8 KB */
};

/** "FOLDER/NAME" of a URL in the written layer: `name` is "tmp/part-" or "lists/". */
static osb_status received_path(char target[PATH_SIZE], const cache *opened, const char *name,
                                const char *url, osb_error *error)
{
    uint8_t digest[SHA256_SIZE];
    char hex[SHA256_HEX_SIZE], below[SHA256_HEX_SIZE + 16];
    sha256((span){(const uint8_t *)url, strlen(url)}, digest);
    text_hex(hex, (span){digest, sizeof digest});
    text_format(below, sizeof below, "%s%s", name, hex);
    return path_join(target, cache_root(opened), below, error);
}

static void write_header(buf *file, const char *url, const received_note *note)
{
    buf_append_format(file, FIRST_LINE "%s\n%s\n%s\n", url, note->validator, note->remark);
}

/** Cuts `expected` off. */
static bool skip_text(span *rest, const char *expected)
{
    size_t size = strlen(expected);
    if (rest->size < size || memcmp(rest->data, expected, size) != 0)
        return false;
    *rest = span_slice(*rest, size, rest->size);
    return true;
}

/** Cuts a line off, which has to fit. */
static bool take_line(span *rest, char *target, size_t capacity)
{
    const uint8_t *end = rest->size ? memchr(rest->data, '\n', rest->size) : NULL;
    size_t size = end ? (size_t)(end - rest->data) : 0;
    if (!end || size >= capacity || memchr(rest->data, '\0', size))
        return false;
    memcpy(target, rest->data, size);
    target[size] = '\0';
    *rest = span_slice(*rest, size + 1, rest->size);
    return true;
}

/** Takes a file of this URL apart. False for any other, torn ones included. */
static bool split_file(span file, const char *url, received_note *note, span *bytes)
{
    *bytes = file;
    return skip_text(bytes, FIRST_LINE) && skip_text(bytes, url) && skip_text(bytes, "\n") &&
           take_line(bytes, note->validator, sizeof note->validator) &&
           take_line(bytes, note->remark, sizeof note->remark);
}

osb_status received_list_read(const cache *opened, const char *url, buf *content,
                              received_note *note, osb_error *error)
{
    char path[PATH_SIZE];
    span bytes;
    BUF_OWNED file = buf_make(HEADER_MAX + content->maximum);
    *note = (received_note){0};
    TRY(received_path(path, opened, "lists/", url, error));
    TRY(file_read(path, &file, error));
    if (!split_file(buf_span(&file), url, note, &bytes)) {
        *note = (received_note){0};
        return osb_fail(error, OSB_ERR_INTEGRITY, path, "remove it", "is no list that was kept");
    }
    buf_append(content, bytes);
    return buf_check(content, path, error);
}

osb_status received_list_save(cache *opened, const char *url, span content,
                              const received_note *note, osb_error *error)
{
    char path[PATH_SIZE], folder[PATH_SIZE];
    BUF_OWNED file = buf_make(HEADER_MAX + content.size);
    write_header(&file, url, note);
    buf_append(&file, content);
    TRY(buf_check(&file, url, error));
    TRY(cache_prepare(opened, error));
    TRY(path_join(folder, cache_root(opened), "lists", error));
    TRY(folder_make(folder, error));
    TRY(received_path(path, opened, "lists/", url, error));
    return file_write_atomic(path, buf_span(&file), 0600, error);
}

/** Opens the file and takes its lock, which goes with the descriptor. False: do without. */
static bool open_part(cache *opened, const char *url, received_part *part)
{
    if (cache_prepare(opened, NULL) != OSB_OK ||
        received_path(part->path, opened, "tmp/part-", url, NULL) != OSB_OK)
        return false;
    part->descriptor = open(part->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (part->descriptor >= 0 && lock_opened(part->descriptor))
        return true;
    file_close(&part->descriptor);
    part->descriptor = -1;
    return false;
}

void received_part_open(cache *opened, const char *url, buf *content, received_note *note,
                        received_part *part)
{
    span bytes;
    part->descriptor = -1;
    part->header_size = 0;
    *note = (received_note){0};
    if (!open_part(opened, url, part))
        return;
    BUF_OWNED file = buf_make(HEADER_MAX + content->maximum);
    if (file_read(part->path, &file, NULL) == OSB_OK &&
        split_file(buf_span(&file), url, note, &bytes) && *note->validator &&
        bytes.size <= content->maximum - content->size) {
        part->header_size = file.size - bytes.size;
        buf_append(content, bytes);
    } else
        *note = (received_note){0};
}

/** Writes at an offset of the file. What cannot be written ends the keeping, not the download. */
static bool write_at(received_part *part, size_t offset, span bytes)
{
    bool written = lseek(part->descriptor, (off_t)offset, SEEK_SET) >= 0 &&
                   file_write_all(part->descriptor, bytes, "part", NULL) == OSB_OK;
    if (!written) {
        received_part_forget(part);
        received_part_close(part);
    }
    return written;
}

void received_part_begin(received_part *part, const char *url, const received_note *note)
{
    if (part->descriptor < 0)
        return;
    BUF_OWNED header = buf_make(HEADER_MAX);
    write_header(&header, url, note);
    received_part_forget(part);
    if (*note->validator && !header.overflow && write_at(part, 0, buf_span(&header)))
        part->header_size = header.size;
}

void received_part_write(received_part *part, size_t offset, span bytes)
{
    if (part->descriptor >= 0 && part->header_size)
        (void)write_at(part, part->header_size + offset, bytes);
}

void received_part_forget(received_part *part)
{
    part->header_size = 0;
    if (part->descriptor >= 0)
        (void)!ftruncate(part->descriptor, 0);
}

void received_part_close(received_part *part)
{
    if (part->descriptor >= 0 && !part->header_size)
        (void)unlink(part->path);
    file_close(&part->descriptor);
    part->descriptor = -1;
}

void received_part_remove(const cache *opened, const char *url)
{
    char path[PATH_SIZE];
    if (received_path(path, opened, "tmp/part-", url, NULL) == OSB_OK)
        (void)unlink(path);
}
