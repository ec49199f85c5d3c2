/*
 * What a board is and holds: the snapshot, from its own reports in normal mode.
 *
 * Does not judge (verdicts are the model's) and asks nothing that changes the board.
 * Invariant: what could not be learned stays unknown; it never turns into "absent" or "open".
 */
#include <string.h>

#include "base/text.h"
#include "device/held.h"
#include "protocol/descriptor.h"
#include "protocol/module_report.h"
#include "protocol/requests.h"

enum {
    MODE_STRING = 0xfa /* "sm=o", "sm=p", "sm=s": since Device OS 6.1.2 */
};

static const char first_without_setup[] = "4.0.0-alpha.1";

static void module_convert(const module_report *report, snapshot_module *entry)
{
    *entry = (snapshot_module){
        .slot = {report->function, report->index},
        .version = report->version,
        .store = report->store <= STORE_SCRATCHPAD ? (module_store)report->store : STORE_SCRATCHPAD,
        .size = report->size,
        .max_size = report->max_size,
        .has_identity = report->has_hash,
        .checked = report->checked,
        .passed = report->passed};
    memcpy(entry->identity, report->hash, sizeof entry->identity);
    for (size_t i = 0; i < report->dependency_count && i < SNAPSHOT_DEPENDENCIES_MAX; i++) {
        const dependency_report *need = &report->dependencies[i];
        entry->dependencies[entry->dependency_count++] =
            (module_dependency){{need->function, need->index}, need->version};
    }
}

static osb_status modules_inspect(device *held, snapshot *state, osb_error *error)
{
    module_table table;
    osb_error refusal = {0};
    osb_status status = request_module_info(&held->channel, &table, &refusal);
    bool refused = status == OSB_ERR_DEVICE && refusal.device_code != 0;
    /* Raw requests refuse without a reason, and tables that are cut too short are no text at all.
     */
    bool mute = held->channel.legacy && (status == OSB_ERR_STALL || status == OSB_ERR_TIMEOUT ||
                                         status == OSB_ERR_PROTOCOL);
    if (refused || mute) {
        log_line(held->log, LOG_INFO, "device", "%s: no module table: %s", held->name,
                 refusal.message);
        return OSB_OK;
    }
    if (status != OSB_OK && error)
        *error = refusal;
    TRY(status);
    _Static_assert((int)REPORT_MODULES_MAX <= (int)SNAPSHOT_MODULES_MAX,
                   "a snapshot holds every report");
    for (size_t i = 0; i < table.count; i++)
        module_convert(&table.modules[i], &state->modules[state->module_count++]);
    state->modules_known = !table.cut;
    return OSB_OK;
}

/* The first request asked: of a board without a version a stall of it tells that its system has no
 * control requests at all. */
static osb_status guard_inspect(device *held, snapshot *state, osb_error *error)
{
    request_protection told;
    osb_status status = request_protected_state(&held->channel, &told, error);
    if (status == OSB_ERR_STALL && !held->os_version[0])
        return OSB_OK;
    TRY(status);
    switch (told) {
    case REQUEST_PROTECTION_OPEN:
        state->guard = PROTECTION_OPEN;
        break;
    case REQUEST_PROTECTION_PROTECTED:
        state->guard = PROTECTION_PROTECTED;
        break;
    case REQUEST_PROTECTION_SERVICE:
        state->guard = PROTECTION_SERVICE;
        break;
    }
    return OSB_OK;
}

/* Asked again where it was not to be had when the board was taken: a transfer may fail once. */
static osb_status version_inspect(device *held, snapshot *state, osb_error *error)
{
    osb_status status = held->os_version[0] ? OSB_OK : held_read_version(held, error);
    if (status != OSB_OK && status != OSB_ERR_STALL)
        return status;
    text_copy(state->os_version, sizeof state->os_version, held->os_version);
    return OSB_OK;
}

/* Systems that do not look at it do not tell it. */
static osb_status setup_inspect(device *held, snapshot *state, osb_error *error)
{
    uint8_t value;
    osb_error refusal = {0};
    if (held->board->mcu != MCU_NRF52840 || !held->os_version[0] ||
        version_compare_text(held->os_version, first_without_setup) >= 0)
        return OSB_OK;
    osb_status status = device_read_setting(held, SETTING_SETUP_DONE, &value, &refusal);
    if (status == OSB_ERR_DEVICE && refusal.device_code != 0)
        return OSB_OK;
    if (status != OSB_OK && error)
        *error = refusal;
    TRY(status);
    state->settings[SETTING_SETUP_DONE] =
        value == SETUP_DONE_SET ? SETTING_STATE_SET : SETTING_STATE_CLEAR;
    return OSB_OK;
}

static osb_status inspect_normal(device *held, snapshot *state, osb_error *error)
{
    TRY(version_inspect(held, state, error));
    TRY(guard_inspect(held, state, error));
    if (state->guard == PROTECTION_PROTECTED || state->guard == PROTECTION_UNKNOWN)
        return OSB_OK; /* answers nothing more, or cannot be asked */
    TRY(device_mode_now(held, &state->mode, error));
    TRY(setup_inspect(held, state, error));
    return modules_inspect(held, state, error);
}

/* "sm=" among key=value pairs separated by ';'. */
static bool guard_from_text(const char *text, protection *guard)
{
    while (text && !text_starts_with(text, "sm=")) {
        text = strchr(text, ';');
        text = text ? text + 1 : NULL;
    }
    switch (text ? text[3] : '\0') {
    case 'o':
        *guard = PROTECTION_OPEN;
        return true;
    case 'p':
        *guard = PROTECTION_PROTECTED;
        return true;
    case 's':
        *guard = PROTECTION_SERVICE;
        return true;
    }
    return false;
}

/* Bootloaders that do not have the string show protection in their layout. */
static osb_status guard_inspect_dfu(device *held, protection *guard, osb_error *error)
{
    char text[STRING_TEXT_SIZE];
    osb_status status = descriptor_read_string(&held->link, MODE_STRING, text, error);
    if (status == OSB_OK && guard_from_text(text, guard))
        return OSB_OK;
    if (status != OSB_OK && status != OSB_ERR_STALL && status != OSB_ERR_PROTOCOL)
        return status;
    *guard = dfuse_map_is_protected(&held->map) ? PROTECTION_PROTECTED : PROTECTION_OPEN;
    return OSB_OK;
}

/* A board that does not let its settings be read keeps them unknown. */
static osb_status settings_inspect_dfu(device *held, snapshot *state, osb_error *error)
{
    for (board_setting which = 0; which < SETTING_COUNT; which++) {
        uint8_t value;
        osb_status status = device_read_setting(held, which, &value, error);
        if (status == OSB_ERR_DISCONNECTED || status == OSB_ERR_INTERRUPTED)
            return status;
        if (status == OSB_OK)
            state->settings[which] =
                value == setting_set_value(which) ? SETTING_STATE_SET : SETTING_STATE_CLEAR;
    }
    return OSB_OK;
}

static osb_status inspect_dfu(device *held, snapshot *state, osb_error *error)
{
    state->mode = MODE_DFU;
    TRY(held_select(held, 0, error));
    TRY(guard_inspect_dfu(held, &state->guard, error));
    if (state->guard == PROTECTION_PROTECTED)
        return OSB_OK;
    TRY(settings_inspect_dfu(held, state, error));
    return inspect_flash(held, state, error);
}

osb_status device_inspect(device *held, snapshot *state, osb_error *error)
{
    TRY(held_require(held, held->in_dfu, error));
    *state = (snapshot){.board = held->board};
    text_copy(state->device_id, sizeof state->device_id, held->device_id);
    text_copy(state->port, sizeof state->port, held->usb.port);
    return held->in_dfu ? inspect_dfu(held, state, error) : inspect_normal(held, state, error);
}
