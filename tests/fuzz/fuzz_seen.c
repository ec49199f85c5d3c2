/*
 * STATE/seen.json: whatever stands in it, it is understood as a whole or told and left alone; and
 * what is remembered is in it afterwards.
 */
#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700
#endif
#include "fuzz/fuzz.h"

#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "store/seen.h"
#include "support/folder.h"

#define MIRROR "https://mirror.example"
#define KEY    "664ABD2C55CC63F9"

static char folder[TEST_FOLDER_SIZE];

static void remove_folder(void)
{
    test_folder_remove(folder);
}

/** The folder that the file is in: made at the first input, removed at the end. */
static const char *state(void)
{
    if (!*folder)
        PROMISE(test_folder_make(folder) && atexit(remove_folder) == 0);
    return folder;
}

static void put(const char *path, span content)
{
    FILE *file = fopen(path, "wb");
    PROMISE(file && fwrite(content.data, 1, content.size, file) == content.size);
    PROMISE(fclose(file) == 0);
}

static void assert_holds(const char *path, span content)
{
    BUF_OWNED found = buf_make(1 << 24);
    PROMISE(file_read(path, &found, NULL) == OSB_OK && found.size == content.size);
    PROMISE(!content.size || memcmp(found.data, content.data, content.size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[TEST_FOLDER_SIZE + 16];
    osb_error error = {0};
    const span text = {data, size};
    text_format(path, sizeof path, "%s/seen.json", state());
    put(path, text);
    osb_status status = seen_check_index(state(), MIRROR, KEY, 7, &error);
    assert_holds(path, text);
    if (status != OSB_OK) {
        PROMISE(status == OSB_ERR_INTEGRITY && *error.message && *error.hint);
        PROMISE(seen_admit_index(state(), MIRROR, KEY, 7, NULL) == OSB_ERR_INTEGRITY);
        assert_holds(path, text);
        return 0;
    }
    PROMISE(seen_admit_index(state(), MIRROR, KEY, 7, NULL) == OSB_OK);
    PROMISE(seen_check_index(state(), MIRROR, KEY, 7, NULL) == OSB_OK);
    PROMISE(seen_check_index(state(), MIRROR, KEY, 6, NULL) == OSB_ERR_INTEGRITY);
    return 0;
}
