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

static void write_text(const release *lock, buf *text)
{
    JSON_OWNED *document = lockfile_to_json(lock);
    PROMISE(document);
    PROMISE(json_to_text(document, text, NULL) == OSB_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static release first, second;
    BUF_OWNED once = buf_make(LOCKFILE_MAX);
    BUF_OWNED twice = buf_make(LOCKFILE_MAX);
    osb_error error = {0};
    if (lockfile_read((span){data, size}, "input", boards(), &first, &error) != OSB_OK) {
        PROMISE(*error.message && *error.hint);
        return 0;
    }
    PROMISE(first.board && first.module_count && first.module_count <= RELEASE_MODULES_MAX);
    write_text(&first, &once);
    PROMISE(lockfile_read(buf_span(&once), "written", boards(), &second, NULL) == OSB_OK);
    write_text(&second, &twice);
    PROMISE(once.size == twice.size && memcmp(once.data, twice.data, once.size) == 0);
    return 0;
}
