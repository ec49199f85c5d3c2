/*
 * The index of releases that travel, in memory: adding, finding, and the list of all contents.
 *
 * Touches no disk and knows no text (release_index_json.c does). Invariant: releases are ordered by
 * version and platform, modules by slot, files by name, each once, whatever the order they came in:
 * so the same content gives the same index.
 */
#include "store/release_index.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "model/version.h"

void release_index_free(release_index *index)
{
    arena_free(&index->memory);
    *index = (release_index){0};
}

const char *index_kind_name(index_kind kind)
{
    switch (kind) {
    case INDEX_PLATFORM:
        return "platforms";
    case INDEX_LOCK:
        return "locks";
    case INDEX_SIGNATURE:
        return "signatures";
    case INDEX_APPLICATION:
        return "applications";
    case INDEX_KINDS:
        break;
    }
    return "";
}

void object_name(const uint8_t digest[SHA256_SIZE], char target[OBJECT_NAME_SIZE])
{
    char hex[SHA256_HEX_SIZE];
    text_hex(hex, (span){digest, SHA256_SIZE});
    text_format(target, OBJECT_NAME_SIZE, "objects/sha256/%.2s/%s", hex, hex + 2);
}

/** A sorted array and how its items compare. */
typedef struct sorted {
    void *items;
    size_t count, item_size;
    int (*compare)(const void *a, const void *b);
} sorted;

static char *item_at(const sorted *list, size_t place)
{
    return (char *)list->items + place * list->item_size;
}

/** The place of the first item that is not below `item`. */
static size_t place_of(const sorted *list, const void *item)
{
    size_t low = 0, high = list->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (list->compare(item_at(list, middle), item) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const sorted *list, size_t place, const void *item)
{
    return place < list->count && list->compare(item_at(list, place), item) == 0;
}

/** Puts `item` in at its place. The array doubles at each power of two. False without memory. */
static bool put_in(arena *memory, sorted *list, size_t place, const void *item)
{
    if (!(list->count & (list->count - 1))) {
        void *larger = arena_take(memory, list->count ? 2 * list->count : 1, list->item_size);
        if (!larger)
            return false;
        if (list->count)
            memcpy(larger, list->items, list->count * list->item_size);
        list->items = larger;
    }
    memmove(item_at(list, place + 1), item_at(list, place),
            (list->count - place) * list->item_size);
    memcpy(item_at(list, place), item, list->item_size);
    list->count++;
    return true;
}

static int by_release(const void *a, const void *b)
{
    const index_release *left = a, *right = b;
    int order = version_compare_text(left->version, right->version);
    if (!order)
        order = strcmp(left->version, right->version);
    return order ? order : strcmp(left->platform, right->platform);
}

static int by_slot(const void *a, const void *b)
{
    module_slot left = ((const index_module *)a)->slot, right = ((const index_module *)b)->slot;
    return left.function != right.function ? left.function - right.function
                                           : left.index - right.index;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const index_file *)a)->name, ((const index_file *)b)->name);
}

static int by_hash(const void *a, const void *b)
{
    return memcmp(((const index_file *)a)->sha256, ((const index_file *)b)->sha256, SHA256_SIZE);
}

static sorted releases_of(const release_index *index)
{
    return (sorted){index->releases, index->release_count, sizeof(index_release), by_release};
}

static sorted files_of(const release_index *index, index_kind kind)
{
    return (sorted){index->files[kind], index->file_count[kind], sizeof(index_file), by_name};
}

const index_release *release_index_find(const release_index *index, const char *os_version,
                                        const char *platform_name)
{
    const sorted list = releases_of(index);
    const index_release wanted = {.version = os_version, .platform = platform_name};
    size_t place = place_of(&list, &wanted);
    return is_at(&list, place, &wanted) ? &index->releases[place] : NULL;
}

/** The modules of a record, ordered; NULL when memory ran out. */
static const index_module *copy_modules(arena *memory, const cached_release *record)
{
    index_module *modules = arena_take(memory, record->count, sizeof *modules);
    for (size_t i = 0; modules && i < record->count; i++) {
        const cached_module *entry = &record->modules[i];
        modules[i] =
            (index_module){.slot = entry->slot,
                           .file = {.name = arena_text(memory, entry->file), .size = entry->size},
                           .older = arena_text(memory, entry->older)};
        memcpy(modules[i].file.sha256, entry->sha256, SHA256_SIZE);
        if (!modules[i].file.name || !modules[i].older)
            return NULL;
    }
    if (modules)
        qsort(modules, record->count, sizeof *modules, by_slot);
    return modules;
}

osb_status release_index_add(release_index *index, const cached_release *record, osb_error *error)
{
    const index_release made = {.version = arena_text(&index->memory, record->version),
                                .platform = arena_text(&index->memory, record->platform),
                                .count = record->count,
                                .modules = copy_modules(&index->memory, record)};
    if (!made.modules || !made.version || !made.platform)
        return osb_fail_memory(error);
    sorted list = releases_of(index);
    size_t place = place_of(&list, &made);
    if (is_at(&list, place, &made)) {
        index->releases[place] = made;
        return OSB_OK;
    }
    if (!put_in(&index->memory, &list, place, &made))
        return osb_fail_memory(error);
    index->releases = list.items;
    index->release_count = list.count;
    return OSB_OK;
}

osb_status release_index_add_file(release_index *index, index_kind kind, const index_file *file,
                                  osb_error *error)
{
    sorted list = files_of(index, kind);
    size_t place = place_of(&list, file);
    if (is_at(&list, place, file)) {
        if (by_hash(item_at(&list, place), file) == 0)
            return OSB_OK;
        return osb_fail(error, OSB_ERR_USAGE, file->name, "rename one of them",
                        "is the name of two different files");
    }
    index_file made = *file;
    made.name = arena_text(&index->memory, file->name);
    if (!made.name || !put_in(&index->memory, &list, place, &made))
        return osb_fail_memory(error);
    index->files[kind] = list.items;
    index->file_count[kind] = list.count;
    return OSB_OK;
}

void index_release_to_record(const index_release *listed, const char *from, const char *when,
                             cached_release *record)
{
    *record = (cached_release){.count = listed->count};
    text_copy(record->version, sizeof record->version, listed->version);
    text_copy(record->platform, sizeof record->platform, listed->platform);
    for (size_t i = 0; i < listed->count; i++) {
        const index_module *from_index = &listed->modules[i];
        cached_module *entry = &record->modules[i];
        entry->slot = from_index->slot;
        entry->size = from_index->file.size;
        memcpy(entry->sha256, from_index->file.sha256, SHA256_SIZE);
        text_copy(entry->file, sizeof entry->file, from_index->file.name);
        text_copy(entry->from, sizeof entry->from, from);
        text_copy(entry->when, sizeof entry->when, when);
        text_copy(entry->older, sizeof entry->older, from_index->older);
    }
}

/** All that is listed, in any order and as often as it is. */
static size_t gather(const release_index *index, index_file *all)
{
    size_t count = 0;
    for (size_t i = 0; i < index->release_count; i++)
        for (size_t k = 0; k < index->releases[i].count; k++)
            all[count++] = index->releases[i].modules[k].file;
    for (size_t kind = 0; kind < INDEX_KINDS; kind++)
        for (size_t i = 0; i < index->file_count[kind]; i++)
            all[count++] = index->files[kind][i];
    return count;
}

static size_t count_all(const release_index *index)
{
    size_t count = 0;
    for (size_t i = 0; i < index->release_count; i++)
        count += index->releases[i].count;
    for (size_t kind = 0; kind < INDEX_KINDS; kind++)
        count += index->file_count[kind];
    return count;
}

osb_status release_index_objects(const release_index *index, arena *memory,
                                 const index_file **objects, size_t *count, osb_error *error)
{
    index_file *all = arena_take(memory, count_all(index), sizeof *all);
    if (!all)
        return osb_fail_memory(error);
    size_t total = gather(index, all), kept = 0;
    if (total)
        qsort(all, total, sizeof *all, by_hash);
    for (size_t i = 0; i < total; i++) {
        if (!kept || by_hash(&all[kept - 1], &all[i]) != 0)
            all[kept++] = all[i];
        else if (all[kept - 1].size != all[i].size)
            return osb_fail(error, OSB_ERR_INTEGRITY, all[i].name, "do not use that index",
                            "one SHA-256 is listed with two sizes");
    }
    *objects = all;
    *count = kept;
    return OSB_OK;
}
