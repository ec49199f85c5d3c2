/*
 * Bundles: a .zip from anybody, unpacked, sorted and judged. What does not begin as a .zip is read
 * as a list of names and contents instead, so that bundles are reached without zip's checksums:
 * size of name, name, two bytes size of content, content; contents of .bin files are sealed.
 */
#include "fuzz/fuzz.h"

#include <string.h>

#include "base/cursor.h"
#include "base/text.h"
#include "fuzz/seal.h"
#include "net/archive.h"

enum {
    LISTED_MAX = 32
};

static void judge(const bundle_file *files, size_t count)
{
    ARENA_OWNED memory = {0};
    bundle opened;
    osb_error error = {0};
    if (bundle_open(files, count, "input.zip", &memory, &opened, &error) != OSB_OK) {
        PROMISE(*error.message && *error.hint);
        return;
    }
    PROMISE(opened.application_file && opened.asset_count <= count);
    JSON_OWNED *told = bundle_to_json(&opened, "input.zip", NULL);
    PROMISE(told);
    (void)!bundle_require_assets(&opened, "input.zip", &error);
    for (size_t i = 0; i < opened.asset_count; i++) {
        BUF_OWNED sent = buf_make(MODULE_FILE_MAX);
        module parsed;
        PROMISE(bundle_write_asset(&opened.assets[i], &sent, &error) == OSB_OK);
        PROMISE(module_parse(buf_span(&sent), "sent", &parsed, NULL) == OSB_OK);
    }
}

static bool leads_elsewhere(const char *path)
{
    return *path == '/' || text_starts_with(path, "../") || strstr(path, "/../") ||
           text_ends_with(path, "/..") || text_equal(path, "..");
}

static void unpack(span packed)
{
    ARENA_OWNED memory = {0};
    const bundle_file *files;
    size_t count, total = 0;
    osb_error error = {0};
    if (archive_unpack_zip(packed, "input.zip", &memory, &files, &count, &error) != OSB_OK) {
        PROMISE(*error.message && *error.hint);
        return;
    }
    PROMISE(count <= ARCHIVE_ENTRIES_MAX);
    for (size_t i = 0; i < count; i++) {
        PROMISE(files[i].content.size <= ARCHIVE_FILE_MAX);
        PROMISE(!leads_elsewhere(files[i].name));
        total += files[i].content.size;
    }
    PROMISE(total <= ARCHIVE_TOTAL_MAX);
    judge(files, count);
}

static void take_listed(cursor *reader, arena *memory, bundle_file *file)
{
    span name = cursor_take(reader, cursor_u8(reader));
    span content = cursor_take(reader, cursor_u16le(reader));
    char *text = arena_take(memory, name.size + 1, 1);
    if (name.size)
        memcpy(text, name.data, name.size);
    file->name = text;
    file->content = content;
    if (!text_ends_with(text, ".bin"))
        return;
    BUF_OWNED sealed = buf_make(MODULE_FILE_MAX);
    seal_as_module(content, &sealed);
    file->content = (span){arena_copy(memory, sealed.data, sealed.size), sealed.size};
}

static void read_list(span bytes)
{
    ARENA_OWNED memory = {0};
    bundle_file files[LISTED_MAX];
    size_t count = 0;
    cursor reader = cursor_make(bytes);
    while (cursor_rest(&reader) && count < LISTED_MAX)
        take_listed(&reader, &memory, &files[count++]);
    judge(files, count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size && data[0] == 'P')
        unpack((span){data, size});
    else
        read_list((span){data, size});
    return 0;
}
