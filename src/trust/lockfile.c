/*
 * Lock files as JSON, both ways.
 *
 * Touches no disk and judges no module (verify.c does). Invariant: what was read pins every file
 * that it names, for slots that the board has, each slot once; and writing it again gives the
 * canonical text, ordered by platform and slot. What is pinned for the only platform stands beside
 * the release; for several, each has an object of its own.
 */
#include "trust/lockfile.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/text.h"

#define LOCK_TYPE "osbundle-lock"

/** What is being read, for one platform; texts are for errors. */
typedef struct reading {
    const char *name;
    const platform_list *platforms;
    release *lock;
    osb_error *error;
} reading;

static osb_status fail(const reading *from, const char *what)
{
    return osb_fail(from->error, OSB_ERR_INTEGRITY, from->name,
                    "make the lock again, or check that this is the file you mean",
                    "is no lock file that is known here: %s", what);
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
        if (!json_has_only(object, members, sizeof members / sizeof *members))
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
    if (!json_has_only(object, members, sizeof members / sizeof *members))
        return fail(from, "the application has a member that is not known");
    if (!slot_from_text(json_text(object, "slot", ""), &slot) || slot.function != MODULE_USER_PART)
        return fail(from, "the application's slot is none of an application");
    return read_module(from, slot, object);
}

static osb_status read_platform_name(const reading *from, const char *name)
{
    char shown[40];
    from->lock->board = platform_by_name(from->platforms, name);
    if (from->lock->board)
        return OSB_OK;
    text_printable(shown, sizeof shown, name, strlen(name));
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

/** What is pinned for one platform: the modules of `object`, and its application. */
static osb_status read_set(const reading *from, const char *platform_name, json_t *object)
{
    TRY(read_platform_name(from, platform_name));
    TRY(read_modules(from, json_object_get(object, "modules")));
    TRY(read_application(from, json_object_get(object, "application")));
    qsort(from->lock->modules, from->lock->module_count, sizeof *from->lock->modules, by_slot);
    return OSB_OK;
}

static osb_status read_only_set(const reading *from, json_t *document)
{
    static const char *const members[] = {"type",     "schema",  "release",
                                          "platform", "modules", "application"};
    if (!json_has_only(document, members, sizeof members / sizeof *members))
        return fail(from, "it has a member that is not known");
    return read_set(from, json_text(document, "platform", ""), document);
}

/** `from` has room for as many releases as there are platforms, each with its version. */
static osb_status read_sets(reading from, json_t *document, json_t *sets)
{
    static const char *const members[] = {"type", "schema", "release", "platforms"};
    static const char *const of_set[] = {"modules", "application"};
    const char *name;
    json_t *object;
    if (!json_has_only(document, members, sizeof members / sizeof *members))
        return fail(&from, "it has a member that is not known");
    json_object_foreach(sets, name, object)
    {
        if (!json_has_only(object, of_set, sizeof of_set / sizeof *of_set))
            return fail(&from, "a platform has a member that is not known");
        TRY(read_set(&from, name, object));
        from.lock++;
    }
    return OSB_OK;
}

/** Type and release, the same for all platforms. */
static osb_status read_head(const reading *from, const json_t *document)
{
    version parsed;
    const char *os_version = json_text(document, "release", "");
    if (!text_equal(json_text(document, "type", ""), LOCK_TYPE) ||
        json_number(document, "schema", 0) != 1)
        return fail(from, "type or schema is another");
    if (*os_version == 'v' || !version_parse(os_version, &parsed) ||
        !text_format(from->lock->version, sizeof from->lock->version, "%s", os_version))
        return fail(from, "its release is no version");
    return OSB_OK;
}

static int by_platform(const void *a, const void *b)
{
    return strcmp(((const release *)a)->board->name, ((const release *)b)->board->name);
}

osb_status lockfile_read(span text, const char *name, const platform_list *platforms, arena *memory,
                         lockfile *lock, osb_error *error)
{
    JSON_OWNED *document = NULL;
    release head = {0};
    reading from = {name, platforms, &head, error};
    TRY(json_parse(text, name, &document, error));
    json_t *several = json_object_get(document, "platforms");
    size_t count = several ? json_object_size(several) : 1;
    TRY(read_head(&from, document));
    if (count == 0 || count > platforms->count)
        return fail(&from, "it has no platforms, or too many");
    release *sets = arena_take(memory, count, sizeof *sets);
    if (!sets)
        return osb_fail_memory(error);
    for (size_t i = 0; i < count; i++)
        sets[i] = head;
    from.lock = sets;
    TRY(several ? read_sets(from, document, several) : read_only_set(&from, document));
    qsort(sets, count, sizeof *sets, by_platform);
    *lock = (lockfile){sets, count};
    return OSB_OK;
}

const release *lockfile_for(const lockfile *lock, uint16_t platform_id)
{
    for (size_t i = 0; i < lock->count; i++)
        if (lock->sets[i].board->id == platform_id)
            return &lock->sets[i];
    return NULL;
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

/** Adds what is pinned for one platform. */
static void add_set(json_t *target, const release *set)
{
    release ordered = *set;
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
    json_object_set_new(target, "modules", modules);
    if (application)
        json_object_set_new(target, "application", application);
}

/** The release whose platform's name comes next behind `after`; NULL: none does. */
static const release *next_set(const release *sets, size_t count, const char *after)
{
    const release *next = NULL;
    for (size_t i = 0; i < count; i++)
        if (strcmp(sets[i].board->name, after) > 0 &&
            (!next || strcmp(sets[i].board->name, next->board->name) < 0))
            next = &sets[i];
    return next;
}

json_t *lockfile_to_json(const release *sets, size_t count)
{
    json_t *document =
        json_pack("{s:s, s:i, s:s}", "type", LOCK_TYPE, "schema", 1, "release", sets->version);
    if (count == 1) {
        json_object_set_new(document, "platform", json_string(sets->board->name));
        add_set(document, sets);
        return document;
    }
    json_t *platforms = json_object();
    for (const release *set = NULL; (set = next_set(sets, count, set ? set->board->name : ""));) {
        json_t *object = json_object();
        json_object_set_new(platforms, set->board->name, object);
        add_set(object, set);
    }
    json_object_set_new(document, "platforms", platforms);
    return document;
}
