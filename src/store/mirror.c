/*
 * Makes mirrors and adds to them.
 *
 * Fetches nothing: the files come from the cache, which verifies them at every read. Invariant: at
 * every moment the index that is there is whole, signed as it was meant to be, and all files that
 * it lists are there; only then is it replaced, in one step.
 */
#include "store/mirror.h"

#include <string.h>

#include "base/file.h"
#include "base/lock.h"
#include "base/path.h"
#include "base/text.h"

enum {
    SIGNATURE_MAX = 4096
};

/** A mirror that is being added to. */
typedef struct update {
    const char *folder;
    cache *from;
    const release_index *added;
    const mirror_signer *signer;
    release_index *index;
    buf former; /**< the text of the index that is there; empty: none */
    mirror_result *result;
} update;

static void update_end(update *run)
{
    buf_free(&run->former);
}
#define UPDATE_OWNED __attribute__((cleanup(update_end))) update

void mirror_signature_name(span text, char target[MIRROR_SIGNATURE_SIZE])
{
    uint8_t digest[SHA256_SIZE];
    char hex[SHA256_HEX_SIZE];
    sha256(text, digest);
    text_hex(hex, (span){digest, SHA256_SIZE});
    text_format(target, MIRROR_SIGNATURE_SIZE, "signatures/%s.minisig", hex);
}

/** Whether a folder may become a mirror: it is empty, or the beginnings of one. */
static osb_status check_folder(const char *folder, osb_error *error)
{
    ARENA_OWNED memory = {0};
    const char *const *names;
    size_t count;
    TRY(folder_list(folder, &memory, &names, &count, error));
    for (size_t i = 0; i < count; i++) {
        char shown[64];
        if (text_equal(names[i], "objects") || text_equal(names[i], "signatures") ||
            text_starts_with(names[i], INDEX_NAME "."))
            continue;
        text_printable(shown, sizeof shown, names[i], strlen(names[i]));
        return osb_fail(error, OSB_ERR_REFUSED, folder, "name an empty or a new folder",
                        "is no mirror: it holds '%s' and no " INDEX_NAME, shown);
    }
    return OSB_OK;
}

static bool is_signed(const update *run)
{
    char name[MIRROR_SIGNATURE_SIZE], path[PATH_SIZE];
    mirror_signature_name(buf_span(&run->former), name);
    return path_join(path, run->folder, name, NULL) == OSB_OK && file_exists(path);
}

/** Reads what the mirror has now. */
static osb_status read_former(update *run, osb_error *error)
{
    char path[PATH_SIZE];
    TRY(path_join(path, run->folder, INDEX_NAME, error));
    if (!file_exists(path)) {
        *run->index = (release_index){.role = INDEX_MIRROR};
        return check_folder(run->folder, error);
    }
    TRY(file_read(path, &run->former, error));
    TRY(release_index_read(buf_span(&run->former), path, run->index, error));
    if (run->index->role != INDEX_MIRROR)
        return osb_fail(error, OSB_ERR_REFUSED, run->folder, "name an empty or a new folder",
                        "is an unpacked bundle, not a mirror");
    if (!run->signer && is_signed(run))
        return osb_fail(error, OSB_ERR_REFUSED, run->folder, "sign it again with --sign KEY",
                        "is signed, and those who read it rely on that");
    return OSB_OK;
}

/** A release that is listed may get modules that it lacked, but no others. */
static osb_status check_same(const update *run, const index_release *added, osb_error *error)
{
    const index_release *there = release_index_find(run->index, added->version, added->platform);
    for (size_t i = 0; there && i < there->count; i++) {
        const index_module *entry = &there->modules[i];
        bool same = false;
        for (size_t k = 0; k < added->count; k++)
            same =
                same || (slot_equal(entry->slot, added->modules[k].slot) &&
                         !memcmp(entry->file.sha256, added->modules[k].file.sha256, SHA256_SIZE));
        if (!same)
            return osb_fail(
                error, OSB_ERR_INTEGRITY, entry->file.name,
                "find out which of the two is genuine; a mirror never changes a release",
                "the mirror has another file of %s for %s than the cache", added->version,
                added->platform);
    }
    return OSB_OK;
}

static osb_status merge(const update *run, osb_error *error)
{
    for (size_t i = 0; i < run->added->release_count; i++) {
        cached_release record;
        TRY(check_same(run, &run->added->releases[i], error));
        index_release_to_record(&run->added->releases[i], "", "", &record);
        TRY(release_index_add(run->index, &record, error));
    }
    return OSB_OK;
}

static bool holds(const char *path, span content)
{
    BUF_OWNED there = buf_make(content.size);
    return file_exists(path) && file_read(path, &there, NULL) == OSB_OK &&
           there.size == content.size && !memcmp(there.data, content.data, content.size);
}

static osb_status add_object(const update *run, const index_file *object, osb_error *error)
{
    char name[OBJECT_NAME_SIZE], path[PATH_SIZE], folder[PATH_SIZE];
    BUF_OWNED content = buf_make((size_t)object->size);
    object_name(object->sha256, name);
    TRY(path_join(path, run->folder, name, error));
    TRY(cas_read(run->from, object->sha256, &content, error));
    if (holds(path, buf_span(&content)))
        return OSB_OK;
    path_folder(path, folder);
    TRY(folder_make(folder, error));
    TRY(file_write_atomic(path, buf_span(&content), 0444, error));
    run->result->added++;
    run->result->added_bytes += content.size;
    return OSB_OK;
}

static osb_status add_objects(const update *run, osb_error *error)
{
    ARENA_OWNED memory = {0};
    const index_file *objects;
    size_t count;
    TRY(release_index_objects(run->added, &memory, &objects, &count, error));
    for (size_t i = 0; i < count; i++)
        TRY(add_object(run, &objects[i], error));
    return OSB_OK;
}

static osb_status write_signature(const update *run, span text, osb_error *error)
{
    char name[MIRROR_SIGNATURE_SIZE], path[PATH_SIZE], folder[PATH_SIZE];
    BUF_OWNED signature = buf_make(SIGNATURE_MAX);
    TRY(run->signer->sign(run->signer->context, text, run->index->version, &signature, error));
    mirror_signature_name(text, name);
    TRY(path_join(path, run->folder, name, error));
    path_folder(path, folder);
    TRY(folder_make(folder, error));
    return file_write_atomic(path, buf_span(&signature), 0644, error);
}

/** Whether the mirror lists exactly what it did before. */
static osb_status is_unchanged(const update *run, bool *unchanged, osb_error *error)
{
    BUF_OWNED text = buf_make(INDEX_TEXT_MAX);
    TRY(release_index_to_text(run->index, &text, error));
    *unchanged = text.size == run->former.size && !memcmp(text.data, run->former.data, text.size);
    return OSB_OK;
}

/** The index, as the last step. Nothing new and nothing to sign: it stays to the byte. */
static osb_status publish(update *run, osb_error *error)
{
    char path[PATH_SIZE];
    bool unchanged;
    BUF_OWNED text = buf_make(INDEX_TEXT_MAX);
    TRY(is_unchanged(run, &unchanged, error));
    if (!unchanged || run->signer) {
        run->index->version++;
        TRY(release_index_to_text(run->index, &text, error));
        if (run->signer)
            TRY(write_signature(run, buf_span(&text), error));
        TRY(path_join(path, run->folder, INDEX_NAME, error));
        TRY(file_write_atomic(path, buf_span(&text), 0644, error));
        run->result->changed = true;
    }
    run->result->version = run->index->version;
    return OSB_OK;
}

osb_status mirror_update(const char *folder, cache *from, const release_index *added,
                         const mirror_signer *signer, release_index *index, mirror_result *result,
                         osb_error *error)
{
    char path[PATH_SIZE];
    UPDATE_OWNED run = {.folder = folder,
                        .from = from,
                        .added = added,
                        .signer = signer,
                        .index = index,
                        .former = buf_make(INDEX_TEXT_MAX),
                        .result = result};
    *result = (mirror_result){0};
    *index = (release_index){0};
    TRY(folder_make(folder, error));
    TRY(path_join(path, folder, ".lock", error));
    FD_OWNED lock = -1;
    TRY(lock_take(path, &lock, error));
    TRY(read_former(&run, error));
    TRY(merge(&run, error));
    TRY(add_objects(&run, error));
    return publish(&run, error);
}
