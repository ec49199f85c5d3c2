/*
 * Listings in the JSON of release sites, read as if each had been made to do harm.
 *
 * Invariant: a listing that was read names only plain files, each once, with addresses that fit; a
 * member of another type than expected counts as missing.
 */
#include "net/source_json.h"

#include <string.h>

#include "base/path.h"
#include "base/text.h"
#include "model/version.h"
#include "net/source_backend.h"
#include "net/url.h"

static osb_status fail_file(osb_error *error, const char *url, const char *name, const char *what)
{
    char shown[RELEASE_FILE_NAME];
    text_printable(shown, sizeof shown, name, strlen(name));
    return osb_fail(error, OSB_ERR_INTEGRITY, url, "report this to whoever runs the source",
                    "the listing is broken: %s %s", *shown ? shown : "a file", what);
}

static osb_status add_file(buf *files, const source_file *file, const char *url, osb_error *error)
{
    const source_file *before = (const source_file *)(const void *)files->data;
    for (size_t i = 0; i < files->size / sizeof *before; i++)
        if (text_equal(before[i].name, file->name))
            return fail_file(error, url, file->name, "is listed twice");
    if (files->maximum - files->size < sizeof *file)
        return osb_fail(error, OSB_ERR_INTEGRITY, url, "report this to whoever runs the source",
                        "the listing is broken: it has far more files than releases have");
    buf_append(files, (span){(const uint8_t *)file, sizeof *file});
    return OSB_OK;
}

/** Adds a version to a list of releases; what is none is left out. */
static osb_status add_version(buf *listings, const char *name, bool prerelease, const char *url,
                              osb_error *error)
{
    version parsed;
    source_listing listing = {.prerelease = prerelease};
    if (strlen(name) >= sizeof listing.version || !path_is_plain_name(name) ||
        !version_parse(name, &parsed))
        return OSB_OK;
    if (listings->maximum - listings->size < sizeof listing)
        return osb_fail(error, OSB_ERR_INTEGRITY, url, "report this to whoever runs the source",
                        "the source lists far more releases than there are");
    text_copy(listing.version, sizeof listing.version, name);
    buf_append(listings, (span){(const uint8_t *)&listing, sizeof listing});
    return OSB_OK;
}

/* GitHub ---------------------------------------------------------------------------------- */

const char *github_version_of_tag(const char *tag)
{
    return tag[0] == 'v' ? tag + 1 : tag;
}

/** Takes the published digest; one of another kind than SHA-256 counts as none. */
static bool take_digest(const json_t *asset, source_file *file)
{
    static const char kind[] = "sha256:";
    const char *digest = json_text(asset, "digest", "");
    if (!text_starts_with(digest, kind))
        return true;
    file->has_sha256 = text_unhex(file->sha256, SHA256_SIZE, digest + strlen(kind));
    return file->has_sha256;
}

static osb_status asset_to_file(const json_t *asset, const char *url, source_file *file,
                                osb_error *error)
{
    const char *name = json_text(asset, "name", "");
    const char *location = json_text(asset, "browser_download_url", "");
    int64_t size = json_number(asset, "size", 0);
    *file = (source_file){0};
    if (!path_is_plain_name(name) || strlen(name) >= sizeof file->name)
        return fail_file(error, url, name, "has no usable name");
    if (!*location || strlen(location) >= sizeof file->location)
        return fail_file(error, url, name, "has no usable download URL");
    if (size < 0)
        return fail_file(error, url, name, "has a negative size");
    if (!take_digest(asset, file))
        return fail_file(error, url, name, "has a broken digest");
    text_copy(file->name, sizeof file->name, name);
    text_copy(file->location, sizeof file->location, location);
    file->size = (uint64_t)size;
    return OSB_OK;
}

osb_status github_release_from_json(const json_t *document, const char *url, arena *memory,
                                    source_listing *listing, osb_error *error)
{
    BUF_OWNED files = source_files_make();
    size_t i;
    json_t *asset;
    listing->prerelease = json_true_at(document, "prerelease");
    json_array_foreach(json_object_get(document, "assets"), i, asset)
    {
        source_file file;
        if (!text_equal(json_text(asset, "state", "uploaded"), "uploaded"))
            continue; /* GitHub lists files whose upload broke off as "starter" */
        TRY(asset_to_file(asset, url, &file, error));
        TRY(add_file(&files, &file, url, error));
    }
    return source_files_take(&files, memory, listing, error);
}

osb_status github_page_from_json(const json_t *page, const char *url, buf *listings,
                                 osb_error *error)
{
    size_t i;
    json_t *entry;
    if (!json_is_array(page))
        return osb_fail(error, OSB_ERR_INTEGRITY, url, "check the source",
                        "the answer is no list of releases");
    json_array_foreach(page, i, entry)
    {
        const char *name = github_version_of_tag(json_text(entry, "tag_name", ""));
        if (!json_true_at(entry, "draft"))
            TRY(add_version(listings, name, json_true_at(entry, "prerelease"), url, error));
    }
    return OSB_OK;
}

/* Particle -------------------------------------------------------------------------------- */

static bool number_within(const json_t *object, const char *member, int64_t maximum,
                          int64_t *number)
{
    const json_t *value = json_object_get(object, member);
    *number = json_is_integer(value) ? json_integer_value(value) : -1;
    return *number >= 0 && *number <= maximum;
}

/** A function as a number or a word: "system_part", "system-part", "ncp". */
static bool function_at(const json_t *prefix, const char *member, uint8_t *function)
{
    int64_t number;
    char word[MODULE_SLOT_TEXT];
    module_slot slot;
    const char *text = json_text(prefix, member, NULL);
    if (number_within(prefix, member, UINT8_MAX, &number)) {
        *function = (uint8_t)number;
        return true;
    }
    if (!text ||
        !text_format(word, sizeof word, "%s/0", text_equal(text, "ncp") ? "ncp_firmware" : text))
        return false;
    for (char *at = word; *at; at++)
        *at = *at == '-' ? '_' : *at;
    if (!slot_from_text(word, &slot))
        return false;
    *function = slot.function;
    return true;
}

/** `names`: the members of function, index and version. */
static bool dependency_at(const json_t *prefix, const char *const names[3],
                          module_dependency *dependency)
{
    int64_t index, number;
    if (!function_at(prefix, names[0], &dependency->slot.function) ||
        !number_within(prefix, names[1], UINT8_MAX, &index) ||
        !number_within(prefix, names[2], UINT16_MAX, &number))
        return false;
    dependency->slot.index = (uint8_t)index;
    dependency->version = (uint16_t)number;
    return true;
}

/** The header, where it is told in full. */
static bool take_header(const json_t *prefix, source_promise *promise)
{
    static const char *const slot[] = {"moduleFunction", "moduleIndex", "moduleVersion"};
    static const char *const needs[][3] = {
        {"depModuleFunction", "depModuleIndex", "depModuleVersion"},
        {"dep2ModuleFunction", "dep2ModuleIndex", "dep2ModuleVersion"}};
    module_dependency own;
    int64_t platform_id;
    if (!dependency_at(prefix, slot, &own) ||
        !number_within(prefix, "platformID", UINT16_MAX, &platform_id))
        return false;
    promise->slot = own.slot;
    promise->version = own.version;
    promise->platform_id = (uint16_t)platform_id;
    return dependency_at(prefix, needs[0], &promise->dependencies[0]) &&
           dependency_at(prefix, needs[1], &promise->dependencies[1]);
}

static bool take_crc(const json_t *module, source_promise *promise)
{
    uint8_t bytes[4];
    const json_t *crc = json_object_get(module, "crc");
    const char *stored = json_text(crc, "storedCrc", NULL);
    if (!stored)
        return true;
    if (!text_unhex(bytes, sizeof bytes, stored) ||
        !text_equal(json_text(crc, "actualCrc", stored), stored))
        return false;
    promise->has_crc32 = true;
    promise->crc32 =
        (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
    return true;
}

static bool take_identity(const json_t *module, source_promise *promise)
{
    const char *unique = json_text(json_object_get(module, "suffixInfo"), "fwUniqueId", NULL);
    promise->has_identity = unique && text_unhex(promise->identity, SHA256_SIZE, unique);
    return !unique || promise->has_identity;
}

static osb_status module_to_file(const json_t *module, const char *url, const char *base,
                                 source_file *file, osb_error *error)
{
    char encoded[3 * RELEASE_FILE_NAME];
    const char *name = json_text(module, "filename", "");
    *file = (source_file){0};
    if (!path_is_plain_name(name) || strlen(name) >= sizeof file->name ||
        !url_encode(name, encoded, sizeof encoded))
        return fail_file(error, url, name, "has no usable name");
    if (!text_format(file->location, sizeof file->location, "%s/%s", base, encoded))
        return fail_file(error, url, name, "has no usable download URL");
    if (!take_crc(module, &file->promise))
        return fail_file(error, url, name, "has a broken CRC-32");
    if (!take_identity(module, &file->promise))
        return fail_file(error, url, name, "has a broken SHA-256 in its suffix");
    text_copy(file->name, sizeof file->name, name);
    file->promise.has_header = take_header(json_object_get(module, "prefixInfo"), &file->promise);
    return OSB_OK;
}

static bool is_prerelease(const json_t *entry, const char *name)
{
    version parsed;
    return text_equal(json_text(entry, "state", ""), "pre_release") ||
           (version_parse(name, &parsed) && parsed.prerelease[0]);
}

osb_status particle_release_from_json(const json_t *document, const char *url, const char *wanted,
                                      arena *memory, source_listing *listing, osb_error *error)
{
    BUF_OWNED files = source_files_make();
    size_t i;
    json_t *module;
    url_parts parts;
    const char *base = json_text(document, "base_url", "");
    if (!text_equal(json_text(document, "version", ""), wanted))
        return osb_fail(error, OSB_ERR_INTEGRITY, url, "report this to whoever runs the source",
                        "the answer is about another release");
    if (!url_split(base, &parts) || strpbrk(base, "?#"))
        return osb_fail(error, OSB_ERR_INTEGRITY, url, "report this to whoever runs the source",
                        "the answer does not say where the files are (base_url)");
    text_copy(listing->version, sizeof listing->version, wanted);
    listing->prerelease = is_prerelease(document, wanted);
    json_array_foreach(json_object_get(document, "modules"), i, module)
    {
        source_file file;
        TRY(module_to_file(module, url, base, &file, error));
        TRY(add_file(&files, &file, url, error));
    }
    return source_files_take(&files, memory, listing, error);
}

osb_status particle_page_from_json(const json_t *page, const char *url, buf *listings,
                                   bool *is_last, osb_error *error)
{
    size_t i;
    json_t *entry;
    const json_t *versions = json_object_get(page, "versions");
    *is_last = !json_array_size(versions);
    if (!json_is_array(versions))
        return osb_fail(error, OSB_ERR_INTEGRITY, url, "check the source",
                        "the answer is no list of releases");
    json_array_foreach(versions, i, entry)
    {
        const char *name = json_text(entry, "version", "");
        TRY(add_version(listings, name, is_prerelease(entry, name), url, error));
    }
    return OSB_OK;
}
