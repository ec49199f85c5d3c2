/*
 * Plans as plain values: totals, names, and the fingerprint of the snapshot they were made from.
 *
 * Makes no decisions; solve.c does.
 */
#include "model/plan.h"

#include "base/buf.h"
#include "base/text.h"

uint64_t plan_bytes(const plan *steps)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < steps->step_count; i++)
        if (steps->steps[i].operation == STEP_WRITE)
            bytes += steps->steps[i].bytes;
    return bytes;
}

uint64_t plan_cost_ms(const plan *steps)
{
    uint64_t cost_ms = 0;
    for (size_t i = 0; i < steps->step_count; i++)
        cost_ms += steps->steps[i].cost_ms;
    return cost_ms;
}

const char *step_operation_name(step_operation operation)
{
    switch (operation) {
    case STEP_WRITE:
        return "write";
    case STEP_INVALIDATE:
        return "invalidate";
    case STEP_BOOT:
        return "boot";
    case STEP_MODE:
        return "mode";
    case STEP_SETTINGS:
        return "settings";
    }
    return "unknown";
}

const char *road_choice_name(road_choice choice)
{
    switch (choice) {
    case ROAD_AUTO:
        return "auto";
    case ROAD_CONTROL:
        return "control";
    case ROAD_DFU:
        return "dfu";
    }
    return "unknown";
}

bool road_choice_from_text(const char *text, road_choice *choice)
{
    for (*choice = ROAD_AUTO; *choice <= ROAD_DFU; (*choice)++)
        if (text_equal(text, road_choice_name(*choice)))
            return true;
    return false;
}

void snapshot_fingerprint(const snapshot *state, char target[SHA256_HEX_SIZE])
{
    BUF_OWNED text = buf_make(64 * 1024);
    buf_append_format(&text, "%s %u %s\n", state->device_id, state->board->id,
                      protection_name(state->guard));
    for (size_t i = 0; i < state->module_count; i++) {
        const snapshot_module *entry = &state->modules[i];
        char identity[SHA256_HEX_SIZE] = "";
        if (entry->has_identity)
            text_hex(identity, (span){entry->identity, SHA256_SIZE});
        buf_append_format(&text, "%u/%u %u %u %x %s\n", entry->slot.function, entry->slot.index,
                          entry->store, entry->version, entry->checked & ~entry->passed, identity);
    }
    for (board_setting which = 0; which < SETTING_COUNT; which++)
        if (state->settings[which] != SETTING_STATE_UNKNOWN)
            buf_append_format(&text, "%s %d\n", setting_name(which), state->settings[which]);
    uint8_t digest[SHA256_SIZE];
    sha256(buf_span(&text), digest);
    text_hex(target, (span){digest, sizeof digest});
}
