/*
 * Writes the built-in catalog as C: `embed_catalog OUTPUT.c MANIFEST.json...`, run by the build.
 *
 * Reads the manifests with the library's own code, so a manifest that it would refuse breaks the
 * build. Invariant: the same manifests give the same bytes, whatever their order. At run time the
 * catalog is there at once; reading three hundred kilobytes of JSON would take every command 5 ms.
 */
#include <stdio.h>

#include "base/file.h"
#include "base/json.h"
#include "base/path.h"
#include "model/catalog_entry.h"

enum {
    MANIFEST_MAX = 1024 * 1024,
    OUTPUT_MAX = 16 * 1024 * 1024
};

/* The catalog that this program's own copy of the library begins with. */
const catalog_entry built_in_releases[1] = {{0}};
const size_t built_in_release_count = 0;

/** A C string literal. The texts are versions, names and channels: whatever else is escaped. */
static void append_text(buf *code, const char *text)
{
    buf_append_text(code, "\"");
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '?')
            buf_append_u8(code, c);
        else
            buf_append_format(code, "\\%03o", c);
    }
    buf_append_text(code, "\"");
}

static void append_digest(buf *code, const char *member, const uint8_t digest[SHA256_SIZE])
{
    buf_append_format(code, ", .%s = {", member);
    for (size_t i = 0; i < SHA256_SIZE; i++)
        buf_append_format(code, "%s%u", i ? "," : "", digest[i]);
    buf_append_text(code, "}");
}

static void append_module(buf *code, const release_module *entry)
{
    const module_dependency *needs = entry->dependencies;
    buf_append_format(code, "    {.slot = {%u, %u}, .version = %u, .size = %u, .start = 0x%x, ",
                      entry->slot.function, entry->slot.index, entry->version, entry->size,
                      entry->start);
    buf_append_format(code, ".dependencies = {{{%u, %u}, %u}, {{%u, %u}, %u}}, .pinned = %d",
                      needs[0].slot.function, needs[0].slot.index, needs[0].version,
                      needs[1].slot.function, needs[1].slot.index, needs[1].version, entry->pinned);
    if (entry->needs_unknown)
        buf_append_text(code, ", .needs_unknown = true");
    buf_append_text(code, ", .file = ");
    append_text(code, entry->file);
    append_digest(code, "sha256", entry->sha256);
    append_digest(code, "identity", entry->identity);
    buf_append_text(code, "},\n");
}

/** The arrays of a release's boards; `number` tells them apart from those of other releases. */
static void append_boards(buf *code, const catalog_entry *entry, size_t number)
{
    for (size_t i = 0; i < entry->board_count; i++) {
        const catalog_board *board = &entry->boards[i];
        buf_append_format(code, "static const release_module modules_%zu_%zu[] = {\n", number, i);
        for (size_t k = 0; k < board->module_count; k++)
            append_module(code, &board->modules[k]);
        buf_append_text(code, "};\n");
    }
    buf_append_format(code, "static const catalog_board boards_%zu[] = {\n", number);
    for (size_t i = 0; i < entry->board_count; i++) {
        const catalog_board *board = &entry->boards[i];
        buf_append_text(code, "    {");
        append_text(code, board->platform);
        buf_append_format(code, ", %d, %zu, modules_%zu_%zu},\n", board->latest,
                          board->module_count, number, i);
    }
    buf_append_text(code, "};\n\n");
}

static void append_entry(buf *code, const catalog_entry *entry, size_t number)
{
    buf_append_text(code, "    {.text = ");
    append_text(code, entry->text);
    buf_append_format(code, ", .parsed = {%u, %u, %u, ", entry->parsed.major, entry->parsed.minor,
                      entry->parsed.patch);
    append_text(code, entry->parsed.prerelease);
    buf_append_text(code, "}, .channel = ");
    append_text(code, entry->channel);
    buf_append_format(code,
                      ", .prerelease = %d, .lts = %d, .board_count = %zu, .boards = boards_%zu},\n",
                      entry->prerelease, entry->lts, entry->board_count, number);
}

static void append_catalog(buf *code, const catalog *known)
{
    buf_append_text(code, "/* Made by embed_catalog from manifests/releases/. */\n"
                          "#include \"model/catalog_entry.h\"\n\n");
    for (size_t i = 0; i < known->count; i++)
        append_boards(code, &known->entries[i], i);
    buf_append_text(code, "const catalog_entry built_in_releases[] = {\n");
    for (size_t i = 0; i < known->count; i++)
        append_entry(code, &known->entries[i], i);
    buf_append_format(code, "};\nconst size_t built_in_release_count = %zu;\n", known->count);
}

static osb_status add_manifest(catalog *known, const char *path, osb_error *error)
{
    BUF_OWNED text = buf_make(MANIFEST_MAX);
    JSON_OWNED *manifest = NULL;
    TRY(file_read(path, &text, error));
    TRY(json_parse(buf_span(&text), path, &manifest, error));
    return catalog_add(known, manifest, path_name(path), error);
}

static osb_status embed(const char *output, char *const *manifests, catalog *known,
                        osb_error *error)
{
    BUF_OWNED code = buf_make(OUTPUT_MAX);
    for (; *manifests; manifests++)
        TRY(add_manifest(known, *manifests, error));
    append_catalog(&code, known);
    TRY(buf_check(&code, output, error));
    return file_write_atomic(output, buf_span(&code), 0644, error);
}

int main(int count, char **words)
{
    osb_error error = {0};
    catalog known = {0};
    if (count < 3) {
        fprintf(stderr, "use: embed_catalog OUTPUT.c MANIFEST.json...\n");
        return 2;
    }
    osb_status status = embed(words[1], words + 2, &known, &error);
    catalog_free(&known);
    if (status != OSB_OK)
        fprintf(stderr, "%s: %s\n  %s\n", error.subject, error.message, error.hint);
    return status == OSB_OK ? 0 : 1;
}
