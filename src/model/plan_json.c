/*
 * The "osbundle-plan" object of the JSON contract.
 *
 * Canonical: members stand in a fixed order and nothing depends on time, so the same plan gives
 * the same bytes.
 */
#include "model/plan.h"

#include <string.h>

#include "base/text.h"
#include "model/names_json.h"

static json_t *texts_to_json(const char (*texts)[PLAN_TEXT], size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_foreign_name(texts[i]));
    return list;
}

static json_t *version_or_null(bool known, uint16_t version)
{
    return known && version ? json_integer(version) : json_null();
}

/** Zeros stand for a hash that is not known. */
static json_t *hash_or_null(const uint8_t hash[SHA256_SIZE])
{
    static const uint8_t unknown[SHA256_SIZE];
    bool known = memcmp(hash, unknown, SHA256_SIZE) != 0;
    return known ? json_hex((span){hash, SHA256_SIZE}) : json_null();
}

static void set_write_members(json_t *object, const plan_step *step)
{
    json_object_set_new(object, "file", json_foreign_name(step->file));
    json_object_set_new(object, "release",
                        json_text_or_null(step->release[0] ? step->release : NULL));
    json_object_set_new(object, "from", version_or_null(step->from_known, step->from));
    json_object_set_new(object, "from_known", json_boolean(step->from_known));
    json_object_set_new(object, "to", json_integer(step->to));
    json_object_set_new(object, "sha256", json_hex((span){step->sha256, SHA256_SIZE}));
    json_object_set_new(object, "identity", hash_or_null(step->identity));
}

static json_t *step_to_json(const plan_step *step, size_t number)
{
    char slot[MODULE_SLOT_TEXT] = "";
    json_t *object = json_object();
    if (step->slot)
        slot_text(step->slot->slot, slot);
    json_object_set_new(object, "n", json_integer((json_int_t)number));
    json_object_set_new(object, "op", json_string(step_operation_name(step->operation)));
    json_object_set_new(object, "slot", json_text_or_null(step->slot ? slot : NULL));
    if (step->operation == STEP_WRITE)
        set_write_members(object, step);
    if (step->operation == STEP_INVALIDATE)
        json_object_set_new(object, "only_if_needed", json_boolean(step->guard));
    if (step->operation == STEP_SETTINGS) {
        json_object_set_new(object, "setting", json_string(setting_name(step->setting)));
        json_object_set_new(object, "value", json_integer(step->value));
    }
    if (step->slot && step->via != ROUTE_CONTROL)
        json_object_set_new(object, "address", json_integer(step->address));
    json_object_set_new(object, "bytes", json_integer(step->bytes));
    if (step->slot || step->operation == STEP_SETTINGS)
        json_object_set_new(object, "via", json_string(route_name(step->via)));
    json_object_set_new(object, "compare_first", json_boolean(step->compare_first));
    json_object_set_new(object, "critical", json_boolean(step->critical));
    json_object_set_new(object, "cost_ms", json_integer(step->cost_ms));
    json_object_set_new(object, "why", texts_to_json(step->reasons, step->reason_count));
    return object;
}

static json_t *after_to_json(const plan *steps)
{
    json_t *after = json_object();
    for (size_t i = 0; i < steps->after_count; i++) {
        char slot[MODULE_SLOT_TEXT];
        slot_text(steps->after[i].slot, slot);
        json_object_set_new(after, slot, json_integer(steps->after[i].version));
    }
    return after;
}

static json_t *goal_to_json(const plan *steps)
{
    const char *version = steps->goal_version[0] ? steps->goal_version : NULL;
    const char *app = steps->goal_app[0] ? steps->goal_app : NULL;
    json_t *via = json_array(), *files = json_array();
    for (size_t i = 0; i < steps->via_count; i++)
        json_array_append_new(via, json_string(steps->via[i]));
    for (size_t i = 0; i < steps->file_count; i++)
        json_array_append_new(files, json_foreign_name(steps->files[i]));
    return json_pack("{s:o, s:o, s:o, s:o}", "version", json_text_or_null(version), "app",
                     json_foreign_name(app), "via", via, "modules", files);
}

json_t *plan_to_json(const plan *steps)
{
    json_t *list = json_array();
    for (size_t i = 0; i < steps->step_count; i++)
        json_array_append_new(list, step_to_json(&steps->steps[i], i + 1));
    json_t *object = json_object();
    json_object_set_new(object, "type", json_string("osbundle-plan"));
    json_object_set_new(object, "schema", json_integer(1));
    json_object_set_new(object, "device", json_string(steps->device_id));
    json_object_set_new(object, "platform", json_string(steps->board->name));
    json_object_set_new(object, "goal", goal_to_json(steps));
    json_object_set_new(object, "fingerprint", json_string(steps->fingerprint));
    json_object_set_new(object, "looks_again", json_boolean(steps->looks_again));
    json_object_set_new(object, "steps", list);
    json_object_set_new(object, "after", after_to_json(steps));
    json_object_set_new(object, "bytes", json_integer((json_int_t)plan_bytes(steps)));
    json_object_set_new(object, "cost_ms", json_integer((json_int_t)plan_cost_ms(steps)));
    json_object_set_new(object, "warnings", texts_to_json(steps->warnings, steps->warning_count));
    json_object_set_new(object, "refusals", texts_to_json(steps->refusals, steps->refusal_count));
    json_object_set_new(object, "facts", texts_to_json(steps->facts, steps->fact_count));
    json_object_set_new(object, "remedies", texts_to_json(steps->remedies, steps->remedy_count));
    return object;
}
