/*
 * Release bundles: what begins with '{' is read as an index, what begins as a .zip as a bundle; all
 * else as the .tar of one, which is wrapped up so that it is reached without Zstandard's entropy
 * coding. Whatever is in it, only contents with their size and hash come out.
 */
#include "fuzz/fuzz.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "net/kit.h"

enum {
    BLOCK_MAX = 128 * 1024
};

static void read_index(span text)
{
    RELEASE_INDEX_OWNED read = {0};
    RELEASE_INDEX_OWNED again = {0};
    BUF_OWNED one = buf_make(2 * INDEX_TEXT_MAX);
    BUF_OWNED other = buf_make(2 * INDEX_TEXT_MAX);
    osb_error error = {0};
    if (release_index_read(text, "index", &read, &error) != OSB_OK) {
        PROMISE(*error.message && *error.hint);
        return;
    }
    PROMISE(release_index_to_text(&read, &one, NULL) == OSB_OK);
    PROMISE(release_index_read(buf_span(&one), "index", &again, NULL) == OSB_OK);
    PROMISE(release_index_to_text(&again, &other, NULL) == OSB_OK);
    PROMISE(one.size == other.size && !memcmp(one.data, other.data, one.size));
}

/** A Zstandard frame that holds the bytes unpacked (RFC 8878). */
static void wrap(span bytes, buf *frame)
{
    static const uint8_t head[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58};
    buf_append(frame, (span){head, sizeof head});
    do {
        size_t size = bytes.size < BLOCK_MAX ? bytes.size : BLOCK_MAX;
        uint32_t block = (uint32_t)size << 3 | (size == bytes.size);
        buf_append_u16le(frame, (uint16_t)block);
        buf_append_u8(frame, (uint8_t)(block >> 16));
        buf_append(frame, span_slice(bytes, 0, size));
        bytes = span_slice(bytes, size, bytes.size);
    } while (bytes.size);
}

static void read_contents(kit *opened)
{
    osb_error error = {0};
    size_t count;
    kit_objects(opened, &count);
    for (size_t i = 0; i <= count; i++) {
        const index_file *object;
        uint8_t digest[SHA256_SIZE];
        BUF_OWNED content = buf_make(MODULE_FILE_MAX);
        if (kit_next(opened, &object, &error) != OSB_OK || !object)
            return;
        if (kit_read(opened, &content, &error) != OSB_OK)
            break;
        sha256(buf_span(&content), digest);
        PROMISE(content.size == object->size && !memcmp(digest, object->sha256, SHA256_SIZE));
    }
    PROMISE(*error.message && *error.hint);
}

static void read_kit(span bytes)
{
    char path[] = "/tmp/osbundle-fuzz-XXXXXX";
    FD_OWNED descriptor = mkstemp(path);
    kit *opened = NULL;
    osb_error error = {0};
    PROMISE(descriptor >= 0 && file_write_all(descriptor, bytes, path, NULL) == OSB_OK);
    osb_status status = kit_open(path, NULL, &opened, &error);
    unlink(path);
    PROMISE(status == OSB_OK || (*error.message && *error.hint));
    if (status == OSB_OK)
        read_contents(opened);
    kit_close(opened);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    BUF_OWNED frame = buf_make(size + size / 1000 + 100);
    const span bytes = {data, size};
    if (size && data[0] == '{') {
        read_index(bytes);
    } else if (size && data[0] == 'P') {
        read_kit(bytes);
    } else {
        wrap(bytes, &frame);
        read_kit(buf_span(&frame));
    }
    return 0;
}
