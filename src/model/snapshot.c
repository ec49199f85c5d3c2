/*
 * Questions about a snapshot: which module is in a slot, is a need met, how is a module judged.
 *
 * Where snapshots come from is not known here. Invariant: "not listed" counts as "absent" only
 * when the whole list is known; otherwise the answer is unknown, never bad.
 */
#include "model/snapshot.h"

const snapshot_module *snapshot_find(const snapshot *state, module_slot slot)
{
    for (size_t i = 0; i < state->module_count; i++) {
        const snapshot_module *entry = &state->modules[i];
        if (entry->store == STORE_MAIN && slot_equal(entry->slot, slot))
            return entry;
    }
    return NULL;
}

bool snapshot_meets(const snapshot *state, module_dependency need)
{
    if (need.slot.function == MODULE_NONE)
        return true;
    const snapshot_module *entry = snapshot_find(state, need.slot);
    return entry && entry->version >= need.version;
}

/** OK, REQUIRED, or UNKNOWN where the snapshot may just not have been told. */
static verdict judge_need(const snapshot *state, module_dependency need)
{
    if (snapshot_meets(state, need))
        return VERDICT_OK;
    bool told = state->modules_known || snapshot_find(state, need.slot);
    return told ? VERDICT_REQUIRED : VERDICT_UNKNOWN;
}

static verdict judge_needs(const snapshot *state, const snapshot_module *entry)
{
    verdict worst = VERDICT_OK;
    for (size_t i = 0; i < entry->dependency_count; i++) {
        verdict one = judge_need(state, entry->dependencies[i]);
        if (one == VERDICT_REQUIRED)
            return one;
        if (one == VERDICT_UNKNOWN)
            worst = one;
    }
    return worst;
}

verdict snapshot_verdict(const snapshot *state, const snapshot_module *entry, const release *target)
{
    if (entry->store != STORE_MAIN)
        return VERDICT_OK; /* copies at rest: nothing runs them */
    if (entry->checked & ~entry->passed)
        return VERDICT_REQUIRED;
    verdict needs = judge_needs(state, entry);
    if (needs != VERDICT_OK)
        return needs;
    const release_module *wanted = target ? release_find(target, entry->slot) : NULL;
    return wanted && wanted->version != entry->version ? VERDICT_DRIFT : VERDICT_OK;
}

const char *device_mode_name(device_mode mode)
{
    switch (mode) {
    case MODE_UNKNOWN:
        return "unknown";
    case MODE_NORMAL:
        return "normal";
    case MODE_LISTENING:
        return "listening";
    case MODE_SAFE:
        return "safe";
    case MODE_DFU:
        return "dfu";
    case MODE_YMODEM:
        return "ymodem";
    }
    return "unknown";
}

const char *protection_name(protection guard)
{
    switch (guard) {
    case PROTECTION_UNKNOWN:
        return "unknown";
    case PROTECTION_OPEN:
        return "open";
    case PROTECTION_PROTECTED:
        return "protected";
    case PROTECTION_SERVICE:
        return "service";
    }
    return "unknown";
}

const char *verdict_name(verdict value)
{
    switch (value) {
    case VERDICT_OK:
        return "ok";
    case VERDICT_REQUIRED:
        return "required";
    case VERDICT_DRIFT:
        return "drift";
    case VERDICT_UNKNOWN:
        return "unknown";
    }
    return "unknown";
}

const char *module_store_name(module_store store)
{
    switch (store) {
    case STORE_MAIN:
        return "main";
    case STORE_FACTORY:
        return "factory";
    case STORE_BACKUP:
        return "backup";
    case STORE_SCRATCHPAD:
        return "scratchpad";
    }
    return "unknown";
}
