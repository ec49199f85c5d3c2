/*
 * The index of releases that travel as JSON, both ways.
 *
 * Touches no disk and trusts no signature. Invariant: an index that was read holds plain names,
 * possible sizes, whole hashes, and nothing twice; written again it gives the very bytes it was
 * read from, or it was not one of ours.
 */
#include "store/release_index.h"

#include <string.h>

#include "base/json.h"
#include "base/path.h"
#include "base/text.h"
#include "model/version.h"

#define INDEX_TYPE "osbundle-index"

static json_t *file_to_object(const index_file *file)
{
    char hex[SHA256_HEX_SIZE];
    text_hex(hex, (span){file->sha256, SHA256_SIZE});
    return json_pack("{s:s, s:I, s:s}", "file", file->name, "size", (json_int_t)file->size,
                     "sha256", hex);
}

static json_t *release_to_object(const index_release *listed)
{
    json_t *modules = json_object();
    for (size_t i = 0; i < listed->count; i++) {
        char slot[MODULE_SLOT_TEXT];
        slot_text(listed->modules[i].slot, slot);
        json_t *object = file_to_object(&listed->modules[i].file);
        if (*listed->modules[i].older)
            json_object_set_new(object, "older", json_string(listed->modules[i].older));
        json_object_set_new(modules, slot, object);
    }
    return json_pack("{s:s, s:s, s:o}", "version", listed->version, "platform", listed->platform,
                     "modules", modules);
}

static json_t *files_to_array(const release_index *index, index_kind kind)
{
    json_t *files = json_array();
    for (size_t i = 0; i < index->file_count[kind]; i++)
        json_array_append_new(files, file_to_object(&index->files[kind][i]));
    return files;
}

osb_status release_index_to_text(const release_index *index, buf *text, osb_error *error)
{
    JSON_OWNED *document = json_pack("{s:s, s:i, s:s}", "type", INDEX_TYPE, "schema", 1, "role",
                                     index->role == INDEX_MIRROR ? "mirror" : "bundle");
    json_t *releases = json_array();
    if (index->version)
        json_object_set_new(document, "version", json_integer(index->version));
    for (size_t i = 0; i < index->release_count; i++)
        json_array_append_new(releases, release_to_object(&index->releases[i]));
    json_object_set_new(document, "releases", releases);
    for (index_kind kind = INDEX_PLATFORM; kind < INDEX_KINDS; kind++)
        if (index->file_count[kind])
            json_object_set_new(document, index_kind_name(kind), files_to_array(index, kind));
    return json_to_text(document, text, error);
}

/** What is being read; texts are for errors. */
typedef struct reading {
    const char *subject;
    release_index *index;
    osb_error *error;
} reading;

static osb_status fail(const reading *from, const char *what)
{
    return osb_fail(from->error, OSB_ERR_INTEGRITY, from->subject,
                    "use a newer osbundle, or get it again from where it was made",
                    "holds no index that is known here: %s", what);
}

static osb_status read_file(const reading *from, const json_t *object, index_file *file)
{
    const char *name = json_text(object, "file", "");
    int64_t size = json_number(object, "size", 0);
    if (!path_is_plain_name(name) || strlen(name) >= RELEASE_FILE_NAME)
        return fail(from, "a file has no plain name");
    if (size <= 0 || size > MODULE_FILE_MAX)
        return fail(from, "a file has no possible size");
    if (!text_unhex(file->sha256, SHA256_SIZE, json_text(object, "sha256", "")))
        return fail(from, "a file has no SHA-256");
    file->size = (uint64_t)size;
    file->name = name;
    return OSB_OK;
}

/** Whether a name may become a folder or file of a cache. */
static bool is_name(const char *text, size_t capacity)
{
    return path_is_plain_name(text) && text[0] != '.' && strlen(text) < capacity;
}

static osb_status read_module(const reading *from, json_t *object, cached_module *entry)
{
    static const char *const members[] = {"file", "size", "sha256", "older"};
    index_file file;
    const char *older = json_text(object, "older", "");
    if (!json_has_only(object, members, sizeof members / sizeof *members))
        return fail(from, "a module has a member that is not known");
    if (json_object_get(object, "older") && !is_name(older, sizeof entry->older))
        return fail(from, "the release that a module was taken from is none");
    TRY(read_file(from, object, &file));
    entry->size = file.size;
    memcpy(entry->sha256, file.sha256, SHA256_SIZE);
    text_copy(entry->file, sizeof entry->file, file.name);
    text_copy(entry->older, sizeof entry->older, older);
    return OSB_OK;
}

static osb_status read_modules(const reading *from, json_t *modules, cached_release *record)
{
    const char *name;
    json_t *object;
    if (!json_object_size(modules) || json_object_size(modules) > RELEASE_MODULES_MAX)
        return fail(from, "a release has no modules, or too many");
    json_object_foreach(modules, name, object)
    {
        cached_module *entry = &record->modules[record->count++];
        if (!slot_from_text(name, &entry->slot))
            return fail(from, "a slot's name is not 'function/index'");
        TRY(read_module(from, object, entry));
    }
    return OSB_OK;
}

static osb_status read_release(const reading *from, json_t *object)
{
    static const char *const members[] = {"version", "platform", "modules"};
    cached_release record = {0};
    version parsed;
    const char *os_version = json_text(object, "version", "");
    const char *platform_name = json_text(object, "platform", "");
    if (!json_has_only(object, members, sizeof members / sizeof *members))
        return fail(from, "a release has a member that is not known");
    if (*os_version == 'v' || !version_parse(os_version, &parsed) ||
        !is_name(os_version, sizeof record.version))
        return fail(from, "a release has no version");
    if (!is_name(platform_name, sizeof record.platform))
        return fail(from, "a release has no platform");
    text_copy(record.version, sizeof record.version, os_version);
    text_copy(record.platform, sizeof record.platform, platform_name);
    TRY(read_modules(from, json_object_get(object, "modules"), &record));
    size_t before = from->index->release_count;
    TRY(release_index_add(from->index, &record, from->error));
    const index_release *last = &from->index->releases[from->index->release_count - 1];
    if (from->index->release_count == before || !text_equal(last->version, os_version) ||
        !text_equal(last->platform, platform_name))
        return fail(from, "a release is listed twice, or not in its place");
    return OSB_OK;
}

static osb_status read_releases(const reading *from, json_t *releases)
{
    size_t i;
    json_t *object;
    if (!json_is_array(releases) || json_array_size(releases) > INDEX_ENTRIES_MAX)
        return fail(from, "it lists no releases, or too many");
    json_array_foreach(releases, i, object)
    {
        TRY(read_release(from, object));
    }
    return OSB_OK;
}

static osb_status read_files(const reading *from, index_kind kind, json_t *files)
{
    static const char *const members[] = {"file", "size", "sha256"};
    size_t i;
    json_t *object;
    if (files && (!json_array_size(files) || json_array_size(files) > INDEX_ENTRIES_MAX))
        return fail(from, "a list of files is empty, or too long");
    json_array_foreach(files, i, object)
    {
        index_file file;
        if (!json_has_only(object, members, sizeof members / sizeof *members))
            return fail(from, "a file has a member that is not known");
        TRY(read_file(from, object, &file));
        if (i && strcmp(from->index->files[kind][i - 1].name, file.name) >= 0)
            return fail(from, "a file is listed twice, or not in its place");
        TRY(release_index_add_file(from->index, kind, &file, from->error));
    }
    return OSB_OK;
}

/** Role and version: what tells one index from another of the same place. */
static osb_status read_head(const reading *from, json_t *document)
{
    static const char *const members[] = {"type",    "schema",     "role",
                                          "version", "releases",   "platforms",
                                          "locks",   "signatures", "applications"};
    const char *role = json_text(document, "role", "");
    int64_t number = json_number(document, "version", 0);
    if (!text_equal(json_text(document, "type", ""), INDEX_TYPE) ||
        json_number(document, "schema", 0) != 1)
        return fail(from, "type or schema is another");
    if (!json_has_only(document, members, sizeof members / sizeof *members))
        return fail(from, "it has a member that is not known");
    if (!text_equal(role, "mirror") && !text_equal(role, "bundle"))
        return fail(from, "its role is not known");
    from->index->role = text_equal(role, "mirror") ? INDEX_MIRROR : INDEX_BUNDLE;
    if (number < 0 || number > INDEX_VERSION_MAX ||
        (from->index->role == INDEX_MIRROR) != (number > 0))
        return fail(from, "it has no version, or no business to have one");
    from->index->version = (uint32_t)number;
    return OSB_OK;
}

osb_status release_index_read(span text, const char *subject, release_index *index,
                              osb_error *error)
{
    JSON_OWNED *document = NULL;
    const reading from = {subject, index, error};
    *index = (release_index){0};
    TRY(json_parse(text, subject, &document, error));
    TRY(read_head(&from, document));
    TRY(read_releases(&from, json_object_get(document, "releases")));
    for (index_kind kind = INDEX_PLATFORM; kind < INDEX_KINDS; kind++)
        TRY(read_files(&from, kind, json_object_get(document, index_kind_name(kind))));
    return OSB_OK;
}
