/*
 * Lock files: what was read is written and read again, byte for byte the same.
 */
#include "fuzz/fuzz.h"

#include <string.h>

#include "trust/lockfile.h"

/** The boards, loaded at the first input and kept as long as the program runs. */
static const platform_list *boards(void)
{
    static arena memory;
    static platform_list loaded;
    if (!loaded.count)
        PROMISE(platform_load_all(&memory, &loaded, NULL) == OSB_OK);
    return &loaded;
}

static void write_text(const lockfile *lock, buf *text)
{
    JSON_OWNED *document = lockfile_to_json(lock->sets, lock->count);
    PROMISE(document);
    PROMISE(json_to_text(document, text, NULL) == OSB_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lockfile first, second;
    ARENA_OWNED memory = {0};
    BUF_OWNED once = buf_make(LOCKFILE_MAX);
    BUF_OWNED twice = buf_make(LOCKFILE_MAX);
    osb_error error = {0};
    if (lockfile_read((span){data, size}, "input", boards(), &memory, &first, &error) != OSB_OK) {
        PROMISE(*error.message && *error.hint);
        return 0;
    }
    PROMISE(first.count && first.count <= boards()->count);
    for (size_t i = 0; i < first.count; i++) {
        const release *set = &first.sets[i];
        PROMISE(set->board && set->module_count && set->module_count <= RELEASE_MODULES_MAX);
        PROMISE(lockfile_for(&first, set->board->id) == set);
    }
    write_text(&first, &once);
    PROMISE(lockfile_read(buf_span(&once), "written", boards(), &memory, &second, NULL) == OSB_OK);
    write_text(&second, &twice);
    PROMISE(once.size == twice.size && memcmp(once.data, twice.data, once.size) == 0);
    return 0;
}
