/*
 * Snapshots and describes as JSON: what was read is written and read again, and nothing is lost or
 * made up on the way.
 */
#include "fuzz/fuzz.h"

#include <string.h>

#include "model/snapshot.h"

enum {
    TEXT_MAX = 1024 * 1024
};

/** The boards, loaded at the first input and kept as long as the program runs. */
static const platform_list *boards(void)
{
    static arena memory;
    static platform_list loaded;
    if (!loaded.count)
        PROMISE(platform_load_all(&memory, &loaded, NULL) == OSB_OK);
    return &loaded;
}

static bool read_text(span text, snapshot *state)
{
    JSON_OWNED *document = NULL;
    osb_error error = {0};
    osb_status status = json_parse(text, "input", &document, &error);
    if (status == OSB_OK)
        status = snapshot_from_json(document, "input", boards(), state, &error);
    PROMISE(status == OSB_OK || (*error.message && *error.hint));
    return status == OSB_OK;
}

static void write_text(const snapshot *state, buf *text)
{
    JSON_OWNED *document = snapshot_to_json(state, NULL);
    PROMISE(document);
    PROMISE(json_to_text(document, text, NULL) == OSB_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static snapshot first, second;
    BUF_OWNED once = buf_make(TEXT_MAX);
    BUF_OWNED twice = buf_make(TEXT_MAX);
    if (!read_text((span){data, size}, &first))
        return 0;
    PROMISE(first.board && first.module_count <= SNAPSHOT_MODULES_MAX);
    write_text(&first, &once);
    PROMISE(read_text(buf_span(&once), &second));
    write_text(&second, &twice);
    PROMISE(once.size == twice.size && memcmp(once.data, twice.data, once.size) == 0);
    return 0;
}
