/*
 * Reads one release manifest.
 *
 * manifests/schema/release.json describes the form. What a manifest leaves out or sets to null is
 * not known, and stays unset. Invariant: every module that was read has a slot, a version and a
 * plain file name.
 */
#include "model/catalog_entry.h"

#include "base/path.h"
#include "base/text.h"

typedef struct reading {
    const char *subject;
    arena *memory;
    osb_error *error;
} reading;

static osb_status wrong(const reading *from, const char *where, const char *member)
{
    return osb_fail(from->error, OSB_ERR_INTEGRITY, from->subject,
                    "compare with manifests/schema/release.json",
                    "release manifest: %s: \"%s\" is missing or wrong", where, member);
}

static bool is_unset(const json_t *object, const char *member)
{
    const json_t *value = json_object_get(object, member);
    return !value || json_is_null(value);
}

static bool read_u16(const json_t *object, const char *member, uint16_t *number)
{
    int64_t value = json_number(object, member, -1);
    *number = (uint16_t)value;
    return value >= 0 && value <= UINT16_MAX;
}

/** A number or "0x..." text that may be unset, which is 0. */
static bool read_optional(const json_t *object, const char *member, uint32_t *number)
{
    *number = 0;
    return is_unset(object, member) || json_address(object, member, number);
}

static bool read_digest(const json_t *object, const char *member, uint8_t digest[SHA256_SIZE])
{
    return is_unset(object, member) ||
           text_unhex(digest, SHA256_SIZE, json_text(object, member, ""));
}

static bool read_dependencies(const json_t *object, release_module *entry)
{
    const json_t *list = json_object_get(object, "dependencies");
    entry->needs_unknown = is_unset(object, "dependencies");
    if (json_array_size(list) > 2)
        return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *need = json_array_get(list, i);
        if (!slot_from_text(json_text(need, "slot", ""), &entry->dependencies[i].slot) ||
            !read_u16(need, "version", &entry->dependencies[i].version))
            return false;
    }
    return true;
}

static osb_status read_module(const reading *from, const json_t *object, release_module *entry)
{
    const char *where = json_text(object, "slot", "");
    const char *file = json_text(object, "file", "");
    if (!slot_from_text(where, &entry->slot))
        return wrong(from, "modules", "slot");
    if (!path_is_plain_name(file) || !text_format(entry->file, sizeof entry->file, "%s", file))
        return wrong(from, where, "file");
    if (!read_u16(object, "version", &entry->version))
        return wrong(from, where, "version");
    if (!read_optional(object, "start", &entry->start))
        return wrong(from, where, "start");
    if (!read_optional(object, "size", &entry->size))
        return wrong(from, where, "size");
    if (!read_dependencies(object, entry))
        return wrong(from, where, "dependencies");
    if (!read_digest(object, "sha256", entry->sha256))
        return wrong(from, where, "sha256");
    if (!read_digest(object, "identity", entry->identity))
        return wrong(from, where, "identity");
    entry->pinned = !is_unset(object, "sha256");
    return OSB_OK;
}

static osb_status read_board(const reading *from, const char *platform_name, const json_t *object,
                             catalog_board *board)
{
    const json_t *list = json_object_get(object, "modules");
    size_t count = json_array_size(list);
    if (!count || count > RELEASE_MODULES_MAX)
        return wrong(from, platform_name, "modules");
    release_module *modules = arena_take(from->memory, count, sizeof *modules);
    board->platform = arena_text(from->memory, platform_name);
    if (!modules || !board->platform)
        return osb_fail_memory(from->error);
    for (size_t i = 0; i < count; i++)
        TRY(read_module(from, json_array_get(list, i), &modules[i]));
    board->latest = json_true_at(object, "latest");
    board->modules = modules;
    board->module_count = count;
    return OSB_OK;
}

static osb_status read_boards(const reading *from, const json_t *manifest, catalog_entry *entry)
{
    json_t *platforms = json_object_get(manifest, "platforms");
    size_t count = json_object_size(platforms);
    if (!count)
        return wrong(from, "release", "platforms");
    catalog_board *boards = arena_take(from->memory, count, sizeof *boards);
    if (!boards)
        return osb_fail_memory(from->error);
    const char *name;
    json_t *object;
    json_object_foreach(platforms, name, object)
    {
        TRY(read_board(from, name, object, &boards[entry->board_count]));
        entry->board_count++;
    }
    entry->boards = boards;
    return OSB_OK;
}

osb_status catalog_entry_read(const json_t *manifest, const char *subject, arena *memory,
                              catalog_entry *entry, osb_error *error)
{
    const reading from = {subject, memory, error};
    *entry = (catalog_entry){0};
    if (!text_equal(json_text(manifest, "type", ""), "osbundle-release") ||
        json_number(manifest, "schema", 0) != 1)
        return osb_fail(error, OSB_ERR_INTEGRITY, subject, "see manifests/README.md",
                        "not a release manifest of schema 1");
    const char *text = json_text(manifest, "version", "");
    if (!version_parse(text, &entry->parsed) || *text == 'v')
        return wrong(&from, "release", "version");
    entry->text = arena_text(memory, text);
    entry->channel = arena_text(memory, json_text(manifest, "channel", ""));
    if (!entry->text || !entry->channel)
        return osb_fail_memory(error);
    entry->prerelease = json_true_at(manifest, "prerelease") || *entry->parsed.prerelease;
    entry->lts = json_true_at(manifest, "lts");
    return read_boards(&from, manifest, entry);
}

const catalog_board *catalog_entry_find(const catalog_entry *entry, const platform *board)
{
    for (size_t i = 0; i < entry->board_count; i++) {
        const char *name = entry->boards[i].platform;
        /* Asked for each module and release: the first letter spares most calls. */
        if (name[0] == board->name[0] && text_equal(name, board->name))
            return &entry->boards[i];
    }
    return NULL;
}
