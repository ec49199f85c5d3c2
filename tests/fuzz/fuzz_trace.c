/*
 * A recording in whatever state: it answers a whole visit to a board, in normal and in DFU mode.
 * So this is also what a hostile board may answer to every request that the host has.
 */
#include "fuzz/fuzz.h"

#include "support/session.h"
#include "transport/replay.h"

/** The boards, loaded at the first input and kept as long as the program runs. */
static const platform_list *boards(void)
{
    static arena memory;
    static platform_list loaded;
    if (!loaded.count)
        PROMISE(platform_load_all(&memory, &loaded, NULL) == OSB_OK);
    return &loaded;
}

static bool is_told(osb_status status, const osb_error *error)
{
    return status == OSB_OK || (error->status == status && *error->message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    transport *bus;
    osb_error error = {0};
    FILE *file = size ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;
    if (!file)
        return 0;
    osb_status status = replay_make(file, "input", &bus, &error);
    PROMISE(is_told(status, &error));
    if (status != OSB_OK)
        return 0;
    PROMISE(is_told(session_run(bus, boards(), NULL, &error), &error));
    error = (osb_error){0};
    PROMISE(is_told(replay_verdict(bus, &error), &error));
    transport_destroy(bus);
    return 0;
}
