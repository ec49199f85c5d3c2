/*
 * STATE/seen.json: the versions of mirrors' indexes and the hashes of locked modules that were
 * seen.
 *
 * Checks no signature. Invariants: what is remembered only grows, by one process at a time, and the
 * file is either the old one or the new one; what is not wholly understood is refused, since
 * forgetting is what an attacker would want.
 */
#include "store/seen.h"

#include <string.h>

#include "base/file.h"
#include "base/lock.h"
#include "base/path.h"
#include "base/text.h"

#define SEEN_TYPE "osbundle-seen"

enum {
    SEEN_MAX = 16 * 1024 * 1024 /**< bytes */
};

/** The file in memory. */
typedef struct memory {
    char path[PATH_SIZE];
    json_t *document; /**< of the known form */
    bool changed;
} memory;

static void forget(memory *held)
{
    json_decref(held->document);
}

#define MEMORY_OWNED __attribute__((cleanup(forget))) memory

static osb_status fail_damaged(const memory *held, const char *what, osb_error *error)
{
    return osb_fail(error, OSB_ERR_INTEGRITY, held->path,
                    "put a backup of it back; only if there is none, and you trust what you use "
                    "now, remove it: then what was seen before is forgotten",
                    "is damaged, and what was seen before cannot be known: %s", what);
}

static bool is_hash(const json_t *value)
{
    uint8_t ignored[SHA256_SIZE];
    return json_is_string(value) && text_unhex(ignored, SHA256_SIZE, json_string_value(value));
}

static bool is_version(const json_t *value)
{
    return json_is_integer(value) && json_integer_value(value) > 0 &&
           json_integer_value(value) <= UINT32_MAX;
}

/** Whether it is an object of objects, `depth` levels of them, with such leaves. */
static bool is_tree(json_t *object, unsigned depth, bool (*is_leaf)(const json_t *value))
{
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value)
    {
        if (depth ? !is_tree(value, depth - 1, is_leaf) : !is_leaf(value))
            return false;
    }
    return json_is_object(object);
}

static osb_status check_form(const memory *held, osb_error *error)
{
    if (!text_equal(json_text(held->document, "type", ""), SEEN_TYPE) ||
        json_number(held->document, "schema", 0) != 1 || json_object_size(held->document) != 4)
        return fail_damaged(held, "type, schema or members are others", error);
    if (!is_tree(json_object_get(held->document, "mirrors"), 1, is_version))
        return fail_damaged(held, "its mirrors have something else than versions", error);
    if (!is_tree(json_object_get(held->document, "releases"), 2, is_hash))
        return fail_damaged(held, "its releases have something else than hashes", error);
    return OSB_OK;
}

/** Reads the file; where there is none, nothing was seen. */
static osb_status recall(const char *state, memory *held, osb_error *error)
{
    BUF_OWNED text = buf_make(SEEN_MAX);
    osb_error problem = {0};
    TRY(path_join(held->path, state, "seen.json", error));
    osb_status status = file_read(held->path, &text, error);
    if (status == OSB_ERR_NOT_FOUND) {
        held->document = json_pack("{s:s, s:i, s:{}, s:{}}", "type", SEEN_TYPE, "schema", 1,
                                   "mirrors", "releases");
        return held->document ? OSB_OK : osb_fail_memory(error);
    }
    TRY(status);
    if (json_parse(buf_span(&text), held->path, &held->document, &problem) != OSB_OK)
        return fail_damaged(held, problem.message, error);
    return check_form(held, error);
}

static osb_status remember(const memory *held, osb_error *error)
{
    BUF_OWNED text = buf_make(SEEN_MAX);
    if (!held->changed)
        return OSB_OK;
    TRY(json_to_text(held->document, &text, error));
    return file_write_atomic(held->path, buf_span(&text), 0644, error);
}

/** Keeps others from changing the file, until the descriptor is closed. */
static osb_status take_turn(const char *state, int *descriptor, osb_error *error)
{
    char path[PATH_SIZE];
    TRY(folder_make(state, error));
    TRY(path_join(path, state, "seen.lock", error));
    return lock_take(path, descriptor, error);
}

/** A member that is an object, made when it is missing. */
static json_t *below(json_t *object, const char *name)
{
    json_t *found = json_object_get(object, name);
    if (found)
        return found;
    json_object_set_new(object, name, json_object());
    return json_object_get(object, name);
}

/** An index of a mirror. */
typedef struct index_seen {
    const char *mirror, *key_id;
    uint32_t version;
} index_seen;

static osb_status compare_index(memory *held, const index_seen *now, osb_error *error)
{
    json_t *keys = below(json_object_get(held->document, "mirrors"), now->mirror);
    int64_t before = json_number(keys, now->key_id, 0);
    if (now->version < before)
        return osb_fail(error, OSB_ERR_INTEGRITY, now->mirror,
                        "ask who runs the mirror; if it was truly set back, remove its entry from "
                        "seen.json in the state folder",
                        "offers version %u of its index, signed by key %s, and version %u was seen "
                        "before",
                        (unsigned)now->version, now->key_id, (unsigned)before);
    if (now->version > before) {
        json_object_set_new(keys, now->key_id, json_integer(now->version));
        held->changed = true;
    }
    return OSB_OK;
}

osb_status seen_check_index(const char *state, const char *mirror, const char *key_id,
                            uint32_t version, osb_error *error)
{
    MEMORY_OWNED held = {0};
    const index_seen now = {mirror, key_id, version};
    TRY(recall(state, &held, error));
    return compare_index(&held, &now, error);
}

osb_status seen_admit_index(const char *state, const char *mirror, const char *key_id,
                            uint32_t version, osb_error *error)
{
    FD_OWNED turn = -1;
    MEMORY_OWNED held = {0};
    const index_seen now = {mirror, key_id, version};
    TRY(take_turn(state, &turn, error));
    TRY(recall(state, &held, error));
    TRY(compare_index(&held, &now, error));
    return remember(&held, error);
}

static osb_status compare_module(memory *held, json_t *modules, const release *set,
                                 const release_module *module, const char *name, osb_error *error)
{
    char slot[MODULE_SLOT_TEXT], hex[SHA256_HEX_SIZE];
    slot_text(module->slot, slot);
    text_hex(hex, (span){module->sha256, SHA256_SIZE});
    const char *before = json_text(modules, slot, NULL);
    if (before && strcmp(before, hex) != 0) {
        osb_fail(error, OSB_ERR_INTEGRITY, name, NULL,
                 "pins another %s of %s for %s than a lock did before, SHA-256 %s", slot,
                 set->version, set->board->name, before);
        osb_error_set_hint(error,
                           "find out which of them is the true one; if it is this lock, remove %s "
                           "of %s from seen.json in the state folder",
                           set->board->name, set->version);
        return OSB_ERR_INTEGRITY;
    }
    if (!before) {
        json_object_set_new(modules, slot, json_string(hex));
        held->changed = true;
    }
    return OSB_OK;
}

static osb_status compare_lock(memory *held, const release *pinned, size_t count, const char *name,
                               osb_error *error)
{
    json_t *releases = json_object_get(held->document, "releases");
    for (size_t i = 0; i < count; i++) {
        const release *set = &pinned[i];
        json_t *modules = below(below(releases, set->version), set->board->name);
        for (size_t k = 0; k < set->module_count; k++)
            if (set->modules[k].pinned && set->modules[k].slot.function != MODULE_USER_PART)
                TRY(compare_module(held, modules, set, &set->modules[k], name, error));
    }
    return OSB_OK;
}

osb_status seen_check_lock(const char *state, const release *pinned, size_t count, const char *name,
                           osb_error *error)
{
    MEMORY_OWNED held = {0};
    TRY(recall(state, &held, error));
    return compare_lock(&held, pinned, count, name, error);
}

osb_status seen_admit_lock(const char *state, const release *pinned, size_t count, const char *name,
                           osb_error *error)
{
    FD_OWNED turn = -1;
    MEMORY_OWNED held = {0};
    TRY(take_turn(state, &turn, error));
    TRY(recall(state, &held, error));
    TRY(compare_lock(&held, pinned, count, name, error));
    return remember(&held, error);
}
