/*
 * The facade's check of the whole cache: every object's hash, every record, and that each record's
 * objects are there.
 *
 * What the modules are worth is osb_verify's. Invariant: what others add or prune meanwhile is no
 * problem; whatever else is not as it should be is told, all of it.
 */
#include "osbundle_cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "osbundle_crew.h"
#include "store/inventory.h"

/** One copy of an object, and what hashing it gave. */
typedef struct copy {
    const stored_object *object;
    size_t layer;
    uint64_t size;
    osb_status status;
    bool moved;
} copy;

typedef struct verification {
    osb_context *context;
    arena memory;
    const stored_release *releases;
    size_t release_count;
    copy *copies;
    size_t copy_count, told;
    uint64_t bytes, bytes_done, bytes_expected;
    json_t *problems;
    size_t damaged; /**< copies and records */
    size_t missing; /**< modules that are in no layer */
    osb_status worst;
    osb_error first;
} verification;

static void verification_free(verification *run)
{
    arena_free(&run->memory);
    json_release(&run->problems);
}

static osb_status take_stock(verification *run, osb_error *error)
{
    cache *store = run->context->store;
    const stored_object *objects[CACHE_LAYERS_MAX];
    size_t counts[CACHE_LAYERS_MAX], layers = cache_layer_count(store);
    /* Records first: whatever is published later has its objects before its record. */
    TRY(inventory_releases(store, &run->memory, &run->releases, &run->release_count, error));
    for (size_t i = 0; i < layers; i++) {
        TRY(inventory_objects(store, i, &run->memory, &objects[i], &counts[i], error));
        run->copy_count += counts[i];
    }
    run->copies = arena_take(&run->memory, run->copy_count + 1, sizeof *run->copies);
    if (!run->copies)
        return osb_fail_memory(error);
    copy *next = run->copies;
    for (size_t i = 0; i < layers; i++) {
        for (size_t k = 0; k < counts[i]; k++) {
            *next++ = (copy){.object = &objects[i][k], .layer = i};
            run->bytes_expected += objects[i][k].size;
        }
    }
    return OSB_OK;
}

/** Of one copy, on any thread: each has its own place for what comes out. */
static void check_copy(const void *shared, size_t index, buf *content, crew_answer *answer)
{
    const verification *run = shared;
    copy *checked = &run->copies[index];
    (void)content;
    checked->status = cas_check(run->context->store, checked->layer, checked->object->sha256,
                                &checked->size, &checked->moved, &answer->error);
    answer->argument = index;
    answer->status = checked->status == OSB_ERR_NOT_FOUND ? OSB_OK : checked->status;
}

/** Versions and platforms whose records name an object. */
static json_t *used_by(const verification *run, const uint8_t digest[SHA256_SIZE])
{
    json_t *users = json_array();
    for (size_t i = 0; i < run->release_count; i++) {
        const stored_release *record = &run->releases[i];
        bool names = false;
        for (size_t k = 0; k < record->module_count; k++)
            names = names || !memcmp(record->modules[k].sha256, digest, SHA256_SIZE);
        if (names && !record->hidden)
            json_array_append_new(users, json_sprintf("%s/%s", record->version, record->platform));
    }
    return users;
}

static void add_problem(verification *run, const char *kind, const osb_error *problem,
                        const char *sha256, bool moved, json_t *users)
{
    json_array_append_new(
        run->problems, json_pack("{s:s, s:s, s:o, s:s, s:b, s:o}", "kind", kind, "path",
                                 problem->subject, "sha256", json_text_or_null(sha256), "message",
                                 problem->message, "set_aside", moved, "used_by", users));
    if (run->worst == OSB_OK || (run->worst == OSB_ERR_IO && problem->status != OSB_ERR_IO)) {
        run->worst = problem->status;
        run->first = *problem;
    }
}

static void hear(void *context, const osb_finding *found)
{
    verification *run = context;
    const copy *checked = &run->copies[found->argument];
    char hex[SHA256_HEX_SIZE];
    run->bytes_done += checked->object->size;
    const osb_event event = {
        .phase = "verify", .file = "cache", .done = run->bytes_done, .total = run->bytes_expected};
    context_tell(run->context, &event);
    run->told += checked->status != OSB_ERR_NOT_FOUND;
    run->bytes += checked->status == OSB_ERR_NOT_FOUND ? 0 : checked->size;
    if (!found->problem)
        return;
    const bool damaged = checked->status == OSB_ERR_INTEGRITY;
    text_hex(hex, (span){checked->object->sha256, SHA256_SIZE});
    run->damaged += damaged;
    add_problem(run, damaged ? "damaged" : "unreadable", found->problem, hex, checked->moved,
                used_by(run, checked->object->sha256));
}

static int by_hash(const void *wanted, const void *place)
{
    return memcmp(wanted, ((const copy *)place)->object->sha256, SHA256_SIZE);
}

/** Whether some copy was found, sound or not. */
static bool was_found(const verification *run, const uint8_t digest[SHA256_SIZE])
{
    const copy *layer = run->copies, *end = run->copies + run->copy_count;
    while (layer < end) {
        const copy *next = layer;
        while (next < end && next->layer == layer->layer)
            next++;
        if (bsearch(digest, layer, (size_t)(next - layer), sizeof *layer, by_hash))
            return true;
        layer = next;
    }
    return false;
}

/** Whether the record is still there and names what it named before. */
static bool still_wants(const verification *run, const stored_release *record,
                        const uint8_t digest[SHA256_SIZE])
{
    cached_release now;
    bool wants = false;
    if (cache_find_release(run->context->store, record->version, record->platform, &now, NULL) !=
        OSB_OK)
        return false;
    for (size_t i = 0; i < now.count; i++)
        wants = wants || !memcmp(now.modules[i].sha256, digest, SHA256_SIZE);
    return wants && !cas_has(run->context->store, digest);
}

static void check_module(verification *run, const stored_release *record,
                         const stored_module *entry)
{
    char hex[SHA256_HEX_SIZE], name[VERSION_SIZE + 40];
    osb_error problem;
    if (was_found(run, entry->sha256) || !still_wants(run, record, entry->sha256))
        return;
    text_hex(hex, (span){entry->sha256, SHA256_SIZE});
    text_format(name, sizeof name, "%s/%s", record->version, record->platform);
    osb_fail(&problem, OSB_ERR_INTEGRITY, name, "fetch the release again",
             "a module of the release is not in the cache: %s", hex);
    run->missing++;
    add_problem(run, "missing", &problem, hex, false, json_pack("[s]", name));
}

static void check_records(verification *run)
{
    for (size_t i = 0; i < run->release_count; i++) {
        const stored_release *record = &run->releases[i];
        if (record->problem) {
            bool moved =
                record->layer == 0 &&
                cache_set_record_aside(run->context->store, record->version, record->platform);
            run->damaged++;
            add_problem(run, "record", record->problem, NULL, moved, json_array());
        }
        for (size_t k = 0; k < record->module_count && !record->hidden; k++)
            check_module(run, record, &record->modules[k]);
    }
}

/** "fetch 5.3.1 -p p2" where that is what would help. */
static osb_status sum_up(const verification *run, osb_error *error)
{
    size_t problems = json_array_size(run->problems);
    if (run->worst == OSB_OK)
        return OSB_OK;
    if (problems == 1) {
        if (error)
            *error = run->first;
        return run->worst;
    }
    return osb_fail(error, run->worst, cache_root(run->context->store),
                    "fetch the releases again that are named above",
                    "%zu problems: %zu damaged, %zu missing", problems, run->damaged, run->missing);
}

osb_status osb_cache_verify(osb_context *context, json_t **result, osb_error *error)
{
    __attribute__((cleanup(verification_free)))
    verification run = {.context = context, .problems = json_array()};
    *result = NULL;
    TRY(take_stock(&run, error));
    const crew_job job = {
        .count = run.copy_count, .work = check_copy, .shared = &run, .content_max = 1};
    osb_status status = crew_run(context, &job, hear, &run, error);
    if (status == OSB_ERR_INTERRUPTED)
        return status;
    check_records(&run);
    *result = json_pack("{s:s, s:i, s:b, s:I, s:I, s:I, s:O}", "type", "osbundle-cache-verify",
                        "schema", 1, "sound", run.worst == OSB_OK, "objects", (json_int_t)run.told,
                        "bytes", (json_int_t)run.bytes, "releases", (json_int_t)run.release_count,
                        "problems", run.problems);
    return *result ? sum_up(&run, error) : osb_fail_memory(error);
}
