/*
 * What is wrong with a board and why, told from its own words.
 *
 * Looks at one snapshot, at the releases there are and, where known, at the one that its system
 * belongs to. Plans nothing; the cure it names is the command that does. Invariant: a finding
 * states numbers that the board or a manifest gave, never a guess.
 */
#include "model/diagnose.h"

#include "base/text.h"

static finding *add_finding(diagnosis *result, verdict level, const char *code)
{
    finding *entry =
        &result->findings[result->count < FINDINGS_MAX ? result->count++ : FINDINGS_MAX - 1];
    *entry = (finding){.level = level, .code = code};
    return entry;
}

static bool has_required(const diagnosis *result)
{
    for (size_t i = 0; i < result->count; i++)
        if (result->findings[i].level == VERDICT_REQUIRED)
            return true;
    return false;
}

/** What a module of the installed release in `slot` would itself still lack, as a sentence. */
static void tell_chain(const snapshot *state, const release *installed, module_dependency need,
                       finding *entry)
{
    const release_module *cure = installed ? release_find(installed, need.slot) : NULL;
    char slot[MODULE_SLOT_TEXT], deeper[MODULE_SLOT_TEXT];
    for (size_t i = 0; cure && i < 2; i++) {
        module_dependency next = cure->dependencies[i];
        if (next.slot.function == MODULE_NONE || snapshot_meets(state, next))
            continue;
        const snapshot_module *there = snapshot_find(state, next.slot);
        slot_text(cure->slot, slot);
        slot_text(next.slot, deeper);
        text_append(entry->why, sizeof entry->why,
                    "; %s %u in turn needs %s >= %u, and the board has %u", slot, cure->version,
                    deeper, next.version, there ? there->version : 0);
    }
}

static void find_unmet(const snapshot *state, const release *installed, diagnosis *result)
{
    char slot[MODULE_SLOT_TEXT], needed[MODULE_SLOT_TEXT], has[32] = "none";
    for (size_t i = 0; i < state->module_count; i++) {
        const snapshot_module *entry = &state->modules[i];
        for (size_t d = 0; d < entry->dependency_count && entry->store == STORE_MAIN; d++) {
            module_dependency need = entry->dependencies[d];
            const snapshot_module *there = snapshot_find(state, need.slot);
            if (snapshot_meets(state, need) || (!there && !state->modules_known))
                continue;
            slot_text(entry->slot, slot);
            slot_text(need.slot, needed);
            if (there)
                text_format(has, sizeof has, "%u", there->version);
            finding *found = add_finding(result, VERDICT_REQUIRED, "unmet_need");
            text_format(found->what, sizeof found->what,
                        "%s %u needs %s >= %u, and the board has %s", slot, entry->version, needed,
                        need.version, has);
            text_format(found->why, sizeof found->why,
                        "with a need unmet the system does not start the application");
            tell_chain(state, installed, need, found);
        }
    }
}

static void find_damaged(const snapshot *state, diagnosis *result)
{
    char slot[MODULE_SLOT_TEXT];
    const uint32_t damage = CHECK_ALL & ~(CHECK_DEPENDENCIES | CHECK_FULL_DEPENDENCIES);
    for (size_t i = 0; i < state->module_count; i++) {
        const snapshot_module *entry = &state->modules[i];
        uint32_t failed = entry->checked & ~entry->passed;
        if (entry->store != STORE_MAIN || !(failed & damage))
            continue;
        slot_text(entry->slot, slot);
        finding *found = add_finding(result, VERDICT_REQUIRED, "damaged_module");
        text_format(found->what, sizeof found->what, "%s %u fails the board's own check:%s%s%s%s",
                    slot, entry->version, failed & CHECK_INTEGRITY ? " integrity (CRC-32)" : "",
                    failed & CHECK_RANGE ? " address range" : "",
                    failed & CHECK_PLATFORM ? " platform" : "",
                    failed & CHECK_PRODUCT ? " product" : "");
        text_copy(found->why, sizeof found->why,
                  "an interrupted or wrong write; the board will not use it");
    }
}

static void find_missing(const snapshot *state, diagnosis *result)
{
    bool has_system = snapshot_find(state, (module_slot){MODULE_SYSTEM_PART, 1});
    if (!has_system) {
        finding *found = add_finding(result, VERDICT_REQUIRED, "no_system");
        text_copy(found->what, sizeof found->what, "no valid system part is on the board");
        text_copy(found->why, sizeof found->why,
                  "the bootloader finds nothing to start, so it stays in DFU mode");
    }
    for (size_t i = 0; i < state->module_count; i++)
        if (state->modules[i].slot.function == MODULE_USER_PART)
            return;
    if (!state->modules_known)
        return;
    finding *found = add_finding(result, VERDICT_DRIFT, "no_application");
    text_copy(found->what, sizeof found->what, "no valid application is on the board");
    text_copy(found->why, sizeof found->why, "boards leave out an application whose CRC-32 fails");
}

static void find_mode(const snapshot *state, diagnosis *result)
{
    bool broken = has_required(result);
    if (state->mode == MODE_DFU && !broken) {
        finding *found = add_finding(result, VERDICT_DRIFT, "in_dfu_mode");
        text_copy(found->what, sizeof found->what, "the board is in DFU mode");
        text_copy(found->why, sizeof found->why,
                  "it was put there, or an upgrade was interrupted; what can be read is sound");
    } else if (state->mode == MODE_LISTENING) {
        finding *found =
            add_finding(result, broken ? VERDICT_REQUIRED : VERDICT_DRIFT, "in_listening_mode");
        text_copy(found->what, sizeof found->what, "the board waits in listening mode");
        bool unmarked = state->settings[SETTING_SETUP_DONE] == SETTING_STATE_CLEAR;
        text_copy(found->why, sizeof found->why,
                  unmarked ? "its set-up is not marked as done, which Device OS before 4.0.0 waits "
                             "for; restoring its release marks it"
                  : broken ? "it would fetch what is missing itself, but has no network credentials"
                           : "it has no network credentials, or was put there");
    }
    if (state->guard == PROTECTION_PROTECTED) {
        finding *found = add_finding(result, VERDICT_DRIFT, "protected");
        text_copy(found->what, sizeof found->what, "the board is protected");
        text_copy(found->why, sizeof found->why,
                  "it refuses updates until service mode is opened through the cloud");
    }
}

/** Colours and periods: Device OS system_led_signal.cpp. */
static const char *led_of(const snapshot *state, bool broken)
{
    switch (state->mode) {
    case MODE_DFU:
        return "blinking yellow";
    case MODE_LISTENING:
        return "blinking dark blue";
    case MODE_SAFE:
        return "breathing magenta";
    case MODE_NORMAL:
        return broken ? "breathing magenta" : "breathing, or what the application makes of it";
    case MODE_YMODEM:
        return "blinking magenta";
    case MODE_UNKNOWN:
        break;
    }
    return "unknown";
}

/** The installed release may not bring what a module wants; then the oldest one that does. */
static void raise_target(const snapshot *state, const release *installed, const catalog *known,
                         module_dependency need, diagnosis *result)
{
    const release_module *brought = installed ? release_find(installed, need.slot) : NULL;
    if (snapshot_meets(state, need) || (brought && brought->version >= need.version))
        return;
    const char *first = catalog_first_with(known, state->board, need.slot, need.version);
    if (first && (!result->target[0] || version_compare_text(first, result->target) > 0))
        text_copy(result->target, sizeof result->target, first);
}

static void choose_target(const snapshot *state, const release *installed, const catalog *known,
                          diagnosis *result)
{
    if (installed)
        text_copy(result->target, sizeof result->target, installed->version);
    for (size_t i = 0; i < state->module_count; i++) {
        const snapshot_module *entry = &state->modules[i];
        for (size_t d = 0; d < entry->dependency_count && entry->store == STORE_MAIN; d++)
            raise_target(state, installed, known, entry->dependencies[d], result);
    }
}

static void name_cure(const snapshot *state, diagnosis *result)
{
    const char *target = result->target[0] ? result->target : "latest";
    if (has_required(result))
        text_format(result->cure, sizeof result->cure,
                    "run: osbundle restore %s (see it first with: osbundle plan %s)", target,
                    target);
    else if (state->mode == MODE_DFU)
        text_format(result->cure, sizeof result->cure, "press reset, or run: osbundle restore %s",
                    target);
    else if (result->count && state->mode == MODE_LISTENING)
        text_copy(result->cure, sizeof result->cure,
                  "give it network credentials, or press reset to start the application");
    else if (result->count && state->guard != PROTECTION_PROTECTED)
        text_format(result->cure, sizeof result->cure,
                    "flash one with: osbundle restore %s --app FILE", target);
}

void diagnose(const snapshot *state, const release *installed, const catalog *known,
              diagnosis *result)
{
    *result = (diagnosis){0};
    choose_target(state, installed, known, result);
    find_unmet(state, installed, result);
    find_damaged(state, result);
    find_missing(state, result);
    find_mode(state, result);
    text_copy(result->led, sizeof result->led, led_of(state, has_required(result)));
    name_cure(state, result);
}

json_t *diagnosis_to_json(const diagnosis *result, const snapshot *state)
{
    json_t *findings = json_array();
    for (size_t i = 0; i < result->count; i++) {
        const finding *entry = &result->findings[i];
        json_array_append_new(findings, json_pack("{s:s, s:s, s:s, s:s}", "level",
                                                  verdict_name(entry->level), "code", entry->code,
                                                  "what", entry->what, "why", entry->why));
    }
    return json_pack("{s:s, s:i, s:s, s:s, s:s, s:s, s:o, s:o, s:o}", "type", "osbundle-diagnosis",
                     "schema", 1, "device", state->device_id, "platform", state->board->name,
                     "mode", device_mode_name(state->mode), "led", result->led, "os_version",
                     json_text_or_null(state->os_version[0] ? state->os_version : NULL), "findings",
                     findings, "cure", json_text_or_null(result->cure[0] ? result->cure : NULL));
}
