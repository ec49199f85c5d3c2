/*
 * Key files, public and secret: what was read is written the same, and asks for no more work than a
 * password of minisign takes. No password is tried: one try takes longer than a thousand inputs.
 */
#include "fuzz/fuzz.h"

#include <string.h>

#include "trust/secret_key.h"

static void check_public(span text)
{
    public_key key, again;
    osb_error error = {0};
    BUF_OWNED written = buf_make(PUBLIC_KEY_FILE);
    if (public_key_parse(text, "input", &key, &error) != OSB_OK) {
        PROMISE(error.status == OSB_ERR_SIGNATURE && *error.message && *error.hint);
        return;
    }
    PROMISE(public_key_write(&key, &written, NULL) == OSB_OK);
    PROMISE(public_key_parse(buf_span(&written), "written", &again, NULL) == OSB_OK);
    PROMISE(memcmp(&key, &again, sizeof key) == 0);
}

static void check_secret(span text)
{
    SECRET_KEY_FILE_OWNED file;
    SECRET_KEY_OWNED key;
    osb_error error = {0};
    const secret_key_cost most = secret_key_cost_usual();
    BUF_OWNED written = buf_make(SECRET_KEY_FILE);
    osb_status status = secret_key_parse(text, "input", &file, &error);
    if (status == OSB_OK && file.encrypted) {
        PROMISE(file.cost.operations <= most.operations);
        PROMISE(file.cost.memory_bytes <= most.memory_bytes);
        return;
    }
    if (status == OSB_OK)
        status = secret_key_open(&file, NULL, "input", &key, &error);
    if (status != OSB_OK) {
        PROMISE(error.status == OSB_ERR_SIGNATURE && *error.message && *error.hint);
        return;
    }
    PROMISE(secret_key_write(&key, NULL, most, &written, NULL) == OSB_OK);
    PROMISE(secret_key_parse(buf_span(&written), "written", &file, NULL) == OSB_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const span text = {data, size};
    check_public(text);
    check_secret(text);
    return 0;
}
