/*
 * The facade's boards: info and diagnose.
 *
 * Reads only; see osbundle_restore.c for what writes.
 */
#include "osbundle_context.h"

#include "base/text.h"
#include "model/diagnose.h"

/** The release that the installed system part belongs to; false when that is not known. */
static bool installed_release(osb_context *context, const snapshot *state, release *set)
{
    module_slot slot = {MODULE_SYSTEM_PART, 1};
    const snapshot_module *part = snapshot_find(state, slot);
    const char *named =
        part ? catalog_os_version(&context->known, state->board, slot, part->version) : NULL;
    return named && context_known_release(context, named, state->board, set, NULL) == OSB_OK;
}

json_t *context_snapshot(osb_context *context, const snapshot *state)
{
    release set;
    const char *label = context_label(context, state->port);
    json_t *shown = snapshot_to_json(state, installed_release(context, state, &set) ? &set : NULL);
    if (label)
        json_object_set_new(json_object_get(shown, "device"), "label", json_string(label));
    return shown;
}

osb_status osb_info(osb_context *context, const char *selector, json_t **result, osb_error *error)
{
    DEVICE_OWNED *held = NULL;
    snapshot state;
    *result = NULL;
    TRY(context_board(context, selector, &held, &state, error));
    *result = context_snapshot(context, &state);
    return OSB_OK;
}

static osb_status read_snapshot(osb_context *context, const char *path, snapshot *state,
                                osb_error *error)
{
    BUF_OWNED text = buf_make(1024 * 1024);
    JSON_OWNED *document = NULL;
    TRY(file_read(path, &text, error));
    TRY(json_parse(buf_span(&text), path, &document, error));
    return snapshot_from_json(document, path, &context->platforms, state, error);
}

osb_status osb_diagnose(osb_context *context, const char *selector, const char *from_file,
                        json_t **result, osb_error *error)
{
    DEVICE_OWNED *held = NULL;
    snapshot state;
    release set;
    diagnosis judged;
    *result = NULL;
    if (from_file)
        TRY(read_snapshot(context, from_file, &state, error));
    else
        TRY(context_board(context, selector, &held, &state, error));
    bool known = installed_release(context, &state, &set);
    diagnose(&state, known ? &set : NULL, &context->known, &judged);
    *result = diagnosis_to_json(&judged, &state);
    return OSB_OK;
}
