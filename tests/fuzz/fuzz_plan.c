/*
 * Saved plans as JSON: what is accepted is written again the same, and every write in it lies in
 * its slot, on a road that leads there.
 */
#include "fuzz/fuzz.h"

#include "model/plan.h"

/** The boards, loaded at the first input and kept as long as the program runs. */
static const platform_list *boards(void)
{
    static arena memory;
    static platform_list loaded;
    if (!loaded.count)
        PROMISE(platform_load_all(&memory, &loaded, NULL) == OSB_OK);
    return &loaded;
}

static void check_step(const plan_step *step)
{
    const platform_slot *place = step->slot;
    if (!place)
        return;
    PROMISE(place->route != ROUTE_NEVER && step->via != ROUTE_NEVER);
    PROMISE(step->via != ROUTE_STAGED || place->slot.function == MODULE_BOOTLOADER);
    PROMISE(step->via != ROUTE_DFU || place->route == ROUTE_DFU);
    if (step->via == ROUTE_DFU)
        PROMISE(step->address >= place->start &&
                (uint64_t)step->address + step->bytes <= place->end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static plan read; /* large */
    JSON_OWNED *document = NULL;
    osb_error error = {0};
    osb_status status = json_parse((span){data, size}, "input", &document, &error);
    if (status == OSB_OK)
        status = plan_from_json(document, "input", boards(), &read, &error);
    PROMISE(status == OSB_OK || (*error.message && *error.hint));
    if (status != OSB_OK)
        return 0;
    JSON_OWNED *again = plan_to_json(&read);
    PROMISE(json_equal(again, document));
    PROMISE(read.board && read.step_count <= PLAN_STEPS_MAX);
    for (size_t i = 0; i < read.step_count; i++)
        check_step(&read.steps[i]);
    return 0;
}
