/*
 * Lock files as JSON, both ways.
 *
 * Touches no disk and judges no module (verify.c does). Invariant: what was read pins every file
 * that it names, for slots that the board has, each slot once; and writing it again gives the
 * canonical text, ordered by slot.
 */
#include "trust/lockfile.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/text.h"

#define LOCK_TYPE "osbundle-lock"

/** What is being read; texts are for errors. */
typedef struct reading {
    const char *name;
    release *lock;
    osb_error *error;
} reading;

static osb_status fail(const reading *from, const char *what)
{
    return osb_fail(from->error, OSB_ERR_INTEGRITY, from->name,
                    "make the lock again, or check that this is the file you mean",
                    "is no lock file that is known here: %s", what);
}

/** Whether an object has no other members than those of the list. */
static bool has_only(json_t *object, const char *const *members, size_t count)
{
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value)
    {
        bool known = false;
        for (size_t i = 0; i < count; i++)
            known = known || text_equal(name, members[i]);
        if (!known)
            return false;
    }
    return json_is_object(object);
}

static osb_status read_module(const reading *from, module_slot slot, const json_t *object)
{
    release *lock = from->lock;
    const char *file = json_text(object, "file", "");
    int64_t size = json_number(object, "size", 0), number = json_number(object, "version", -1);
    if (!platform_find_slot(lock->board, slot))
        return fail(from, "the board has no slot of that name");
    if (lock->module_count == RELEASE_MODULES_MAX || release_find(lock, slot))
        return fail(from, "it lists a slot twice, or too many of them");
    release_module *entry = &lock->modules[lock->module_count];
    *entry = (release_module){.slot = slot, .pinned = true};
    if (!text_format(entry->file, sizeof entry->file, "%s", file) || !path_is_plain_name(file))
        return fail(from, "a module has no plain file name");
    if (number < 0 || number > UINT16_MAX)
        return fail(from, "a module has no version");
    if (size <= 0 || size > MODULE_FILE_MAX)
        return fail(from, "a module has no possible size");
    if (!text_unhex(entry->sha256, SHA256_SIZE, json_text(object, "sha256", "")))
        return fail(from, "a module has no SHA-256");
    entry->version = (uint16_t)number;
    entry->size = (uint32_t)size;
    lock->module_count++;
    return OSB_OK;
}

static osb_status read_modules(const reading *from, json_t *modules)
{
    static const char *const members[] = {"file", "version", "size", "sha256"};
    const char *name;
    json_t *object;
    if (!json_object_size(modules))
        return fail(from, "it lists no modules");
    json_object_foreach(modules, name, object)
    {
        module_slot slot;
        if (!slot_from_text(name, &slot) || slot.function == MODULE_USER_PART)
            return fail(from, "a module's slot is none of a release");
        if (!has_only(object, members, sizeof members / sizeof *members))
            return fail(from, "a module has a member that is not known");
        TRY(read_module(from, slot, object));
    }
    return OSB_OK;
}

static osb_status read_application(const reading *from, json_t *object)
{
    static const char *const members[] = {"slot", "file", "version", "size", "sha256"};
    module_slot slot;
    if (!object)
        return OSB_OK;
    if (!has_only(object, members, sizeof members / sizeof *members))
        return fail(from, "the application has a member that is not known");
    if (!slot_from_text(json_text(object, "slot", ""), &slot) || slot.function != MODULE_USER_PART)
        return fail(from, "the application's slot is none of an application");
    return read_module(from, slot, object);
}

/** Release and platform. */
static osb_status read_head(const reading *from, json_t *document, const platform_list *platforms)
{
    static const char *const members[] = {"type",     "schema",  "release",
                                          "platform", "modules", "application"};
    version parsed;
    const char *os_version = json_text(document, "release", "");
    const char *platform_name = json_text(document, "platform", "");
    if (!text_equal(json_text(document, "type", ""), LOCK_TYPE) ||
        json_number(document, "schema", 0) != 1)
        return fail(from, "type or schema is another");
    if (!has_only(document, members, sizeof members / sizeof *members))
        return fail(from, "it has a member that is not known");
    if (*os_version == 'v' || !version_parse(os_version, &parsed) ||
        !text_format(from->lock->version, sizeof from->lock->version, "%s", os_version))
        return fail(from, "its release is no version");
    from->lock->board = platform_by_name(platforms, platform_name);
    if (from->lock->board)
        return OSB_OK;
    char shown[40];
    text_printable(shown, sizeof shown, platform_name, strlen(platform_name));
    return osb_fail(from->error, OSB_ERR_NOT_FOUND, from->name,
                    "use a newer osbundle, or check the lock",
                    "it is for a platform that is not known here: '%s'", shown);
}

static int by_slot(const void *a, const void *b)
{
    module_slot left = ((const release_module *)a)->slot;
    module_slot right = ((const release_module *)b)->slot;
    return left.function != right.function ? left.function - right.function
                                           : left.index - right.index;
}

osb_status lockfile_read(span text, const char *name, const platform_list *platforms, release *lock,
                         osb_error *error)
{
    JSON_OWNED *document = NULL;
    const reading from = {name, lock, error};
    *lock = (release){0};
    TRY(json_parse(text, name, &document, error));
    TRY(read_head(&from, document, platforms));
    TRY(read_modules(&from, json_object_get(document, "modules")));
    TRY(read_application(&from, json_object_get(document, "application")));
    qsort(lock->modules, lock->module_count, sizeof *lock->modules, by_slot);
    return OSB_OK;
}

/** Adds the members that pin a file. */
static void pin(json_t *object, const release_module *entry)
{
    char hex[SHA256_HEX_SIZE];
    text_hex(hex, (span){entry->sha256, SHA256_SIZE});
    json_object_set_new(object, "file", json_string(entry->file));
    json_object_set_new(object, "version", json_integer(entry->version));
    json_object_set_new(object, "size", json_integer(entry->size));
    json_object_set_new(object, "sha256", json_string(hex));
}

json_t *lockfile_to_json(const release *lock)
{
    release ordered = *lock;
    json_t *modules = json_object(), *application = NULL;
    qsort(ordered.modules, ordered.module_count, sizeof *ordered.modules, by_slot);
    for (size_t i = 0; i < ordered.module_count; i++) {
        const release_module *entry = &ordered.modules[i];
        char slot[MODULE_SLOT_TEXT];
        slot_text(entry->slot, slot);
        json_t *object = json_object();
        if (entry->slot.function == MODULE_USER_PART) {
            json_object_set_new(object, "slot", json_string(slot));
            application = object;
        } else {
            json_object_set_new(modules, slot, object);
        }
        pin(object, entry);
    }
    json_t *document =
        json_pack("{s:s, s:i, s:s, s:s, s:o}", "type", LOCK_TYPE, "schema", 1, "release",
                  lock->version, "platform", lock->board->name, "modules", modules);
    if (application)
        json_object_set_new(document, "application", application);
    return document;
}
