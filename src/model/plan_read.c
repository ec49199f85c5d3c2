/*
 * Reads a plan that was saved as JSON: what `restore --plan` and a journal rely on.
 *
 * The file may come from anybody, so no number in it is believed: a write must lie inside its slot
 * and take that slot's road. Invariant: what was read is written again the same, so no member was
 * cut, ignored or made up. Whether the plan fits a board is for the fingerprint to say.
 */
#include "model/plan.h"

#include "base/text.h"

/** What one reading shares. */
typedef struct reading {
    const char *subject;
    plan *steps;
    osb_error *error;
} reading;

static osb_status unreadable(const reading *from, const char *where, const char *member)
{
    return osb_fail(from->error, OSB_ERR_INTEGRITY, from->subject,
                    "save one with: osbundle plan -o FILE",
                    "not a plan of this program: %s\"%s\" is not as it was written", where, member);
}

/** A whole number within 32 bits. */
static bool read_number(const json_t *object, const char *member, uint64_t maximum,
                        uint32_t *number)
{
    const json_t *value = json_object_get(object, member);
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        (uint64_t)json_integer_value(value) > maximum)
        return false;
    *number = (uint32_t)json_integer_value(value);
    return true;
}

static bool read_version(const json_t *value, uint16_t *number)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        json_integer_value(value) > UINT16_MAX)
        return false;
    *number = (uint16_t)json_integer_value(value);
    return true;
}

/** Text that fits and holds nothing that would steer a terminal. */
static bool read_text(const json_t *value, char *target, size_t capacity)
{
    if (!json_is_string(value) || json_string_length(value) >= capacity)
        return false;
    text_copy(target, capacity, json_string_value(value));
    for (const char *c = target; *c; c++) {
        bool upper_control = (uint8_t)c[0] == 0xc2 && (uint8_t)c[1] < 0xa0;
        if ((uint8_t)*c < 0x20 || *c == 0x7f || upper_control)
            return false;
    }
    return true;
}

static bool read_text_or_null(const json_t *value, char *target, size_t capacity)
{
    return json_is_null(value) || read_text(value, target, capacity);
}

static bool read_texts(const json_t *list, char (*texts)[PLAN_TEXT], size_t maximum, size_t *count)
{
    if (!json_is_array(list) || json_array_size(list) > maximum)
        return false;
    for (*count = 0; *count < json_array_size(list); (*count)++)
        if (!read_text(json_array_get(list, *count), texts[*count], PLAN_TEXT))
            return false;
    return true;
}

static bool read_hash(const json_t *value, uint8_t hash[SHA256_SIZE])
{
    return json_is_string(value) && text_unhex(hash, SHA256_SIZE, json_string_value(value));
}

static bool read_operation(const json_t *object, step_operation *operation)
{
    const char *name = json_text(object, "op", "");
    for (*operation = STEP_WRITE; *operation <= STEP_SETTINGS; (*operation)++)
        if (text_equal(name, step_operation_name(*operation)))
            return true;
    return false;
}

static bool read_slot(const reading *from, const json_t *object, plan_step *step)
{
    module_slot slot;
    step->slot = slot_from_text(json_text(object, "slot", ""), &slot)
                     ? platform_find_slot(from->steps->board, slot)
                     : NULL;
    return step->slot && step->slot->route != ROUTE_NEVER;
}

/** DFU mode writes what belongs there, and bootloaders to be staged; only a page is blanked. */
static bool read_road(const json_t *object, plan_step *step)
{
    const char *name = json_text(object, "via", "");
    for (step->via = ROUTE_CONTROL; step->via <= ROUTE_STAGED; step->via++)
        if (text_equal(name, route_name(step->via)))
            break;
    switch (step->via) {
    case ROUTE_CONTROL:
        return step->operation == STEP_WRITE;
    case ROUTE_DFU:
        return step->slot->route == ROUTE_DFU;
    case ROUTE_STAGED:
        return step->operation == STEP_WRITE && step->slot->slot.function == MODULE_BOOTLOADER;
    case ROUTE_NEVER:
        break;
    }
    return false;
}

static bool is_image_start(const platform_slot *place, uint32_t address)
{
    for (size_t i = 0; i < place->image_start_count; i++)
        if (address == place->image_starts[i])
            return true;
    return !place->image_start_count && (address == place->start || place->grows_left);
}

/** Where a module may start, or where an application of the former layout did. */
static bool is_placed(const platform *board, const plan_step *step)
{
    const platform_slot *place = step->slot;
    if (step->via == ROUTE_STAGED)
        return platform_is_staging(board, board->staging_alternate, step->address, step->bytes);
    if (step->via != ROUTE_DFU)
        return step->bytes <= MODULE_FILE_MAX;
    bool inside = step->address >= place->start && step->address < place->end &&
                  step->bytes <= place->end - step->address;
    bool former = step->operation == STEP_INVALIDATE && step->address == board->former_user_part;
    return inside && (former || is_image_start(place, step->address));
}

static osb_status read_write(const reading *from, const json_t *object, const char *where,
                             plan_step *step)
{
    const json_t *was = json_object_get(object, "from");
    const json_t *identity = json_object_get(object, "identity");
    step->from_known = json_true_at(object, "from_known");
    if (!read_text(json_object_get(object, "file"), step->file, sizeof step->file))
        return unreadable(from, where, "file");
    if (!read_text_or_null(json_object_get(object, "release"), step->release, sizeof step->release))
        return unreadable(from, where, "release");
    if (!json_is_null(was) && !read_version(was, &step->from))
        return unreadable(from, where, "from");
    if (!read_version(json_object_get(object, "to"), &step->to))
        return unreadable(from, where, "to");
    if (!read_hash(json_object_get(object, "sha256"), step->sha256))
        return unreadable(from, where, "sha256");
    if (!json_is_null(identity) && !read_hash(identity, step->identity))
        return unreadable(from, where, "identity");
    return OSB_OK;
}

/** What steps have that touch a slot. */
static osb_status read_target(const reading *from, const json_t *object, const char *where,
                              plan_step *step)
{
    if (!read_slot(from, object, step))
        return unreadable(from, where, "slot");
    if (!read_road(object, step))
        return unreadable(from, where, "via");
    bool has_address = step->via != ROUTE_CONTROL;
    if (has_address && !read_number(object, "address", UINT32_MAX, &step->address))
        return unreadable(from, where, "address");
    if (!is_placed(from->steps->board, step))
        return unreadable(from, where, has_address ? "address" : "bytes");
    step->guard = json_true_at(object, "only_if_needed");
    return step->operation == STEP_WRITE ? read_write(from, object, where, step) : OSB_OK;
}

/** A setting that has a name, and a value that it may get. */
static osb_status read_setting(const reading *from, const json_t *object, const char *where,
                               plan_step *step)
{
    uint32_t value;
    bool by_dfu = text_equal(json_text(object, "via", ""), route_name(ROUTE_DFU));
    step->via = by_dfu ? ROUTE_DFU : ROUTE_CONTROL;
    if (!setting_from_text(json_text(object, "setting", ""), &step->setting))
        return unreadable(from, where, "setting");
    if (!read_number(object, "value", UINT8_MAX, &value) ||
        (value != SETTING_CLEAR && value != setting_set_value(step->setting)))
        return unreadable(from, where, "value");
    step->value = (uint8_t)value;
    return OSB_OK;
}

static osb_status read_step(const reading *from, const json_t *object, size_t number)
{
    char where[24];
    plan_step *step = &from->steps->steps[number];
    text_format(where, sizeof where, "step %zu: ", number + 1);
    if (!read_operation(object, &step->operation))
        return unreadable(from, where, "op");
    if (!read_number(object, "bytes", UINT32_MAX, &step->bytes))
        return unreadable(from, where, "bytes");
    if (!read_number(object, "cost_ms", UINT32_MAX, &step->cost_ms))
        return unreadable(from, where, "cost_ms");
    if (!read_texts(json_object_get(object, "why"), step->reasons, PLAN_REASONS_MAX,
                    &step->reason_count))
        return unreadable(from, where, "why");
    step->compare_first = json_true_at(object, "compare_first");
    step->critical = json_true_at(object, "critical");
    if (step->operation == STEP_SETTINGS)
        return read_setting(from, object, where, step);
    bool touches_slot = step->operation == STEP_WRITE || step->operation == STEP_INVALIDATE;
    return touches_slot ? read_target(from, object, where, step) : OSB_OK;
}

static osb_status read_steps(const reading *from, const json_t *document)
{
    const json_t *list = json_object_get(document, "steps");
    if (!json_is_array(list) || json_array_size(list) > PLAN_STEPS_MAX)
        return unreadable(from, "", "steps");
    from->steps->step_count = json_array_size(list);
    for (size_t i = 0; i < from->steps->step_count; i++)
        TRY(read_step(from, json_array_get(list, i), i));
    return OSB_OK;
}

static osb_status read_after(const reading *from, const json_t *document)
{
    json_t *promised = json_object_get(document, "after");
    plan *steps = from->steps;
    const char *name;
    json_t *number;
    if (!json_is_object(promised) || json_object_size(promised) > SNAPSHOT_MODULES_MAX)
        return unreadable(from, "", "after");
    json_object_foreach(promised, name, number)
    {
        plan_slot_version *entry = &steps->after[steps->after_count++];
        if (!slot_from_text(name, &entry->slot) || !read_version(number, &entry->version))
            return unreadable(from, "after: ", name);
    }
    return OSB_OK;
}

static bool read_goal(const json_t *goal, plan *steps)
{
    const json_t *via = json_object_get(goal, "via"), *files = json_object_get(goal, "modules");
    if (!read_text_or_null(json_object_get(goal, "version"), steps->goal_version,
                           sizeof steps->goal_version) ||
        !read_text_or_null(json_object_get(goal, "app"), steps->goal_app, sizeof steps->goal_app) ||
        json_array_size(via) >= PLAN_STAGES_MAX || json_array_size(files) > PLAN_FILES_MAX)
        return false;
    for (size_t i = 0; i < json_array_size(via); i++)
        if (!read_text(json_array_get(via, i), steps->via[steps->via_count++], VERSION_SIZE))
            return false;
    for (size_t i = 0; i < json_array_size(files); i++)
        if (!read_text(json_array_get(files, i), steps->files[steps->file_count++],
                       RELEASE_FILE_NAME))
            return false;
    return true;
}

static osb_status read_head(const reading *from, const json_t *document,
                            const platform_list *platforms)
{
    uint8_t bytes[SHA256_SIZE];
    plan *steps = from->steps;
    const json_t *goal = json_object_get(document, "goal");
    const json_t *print = json_object_get(document, "fingerprint");
    steps->board = platform_by_name(platforms, json_text(document, "platform", ""));
    if (!steps->board)
        return unreadable(from, "", "platform");
    if (!read_text(json_object_get(document, "device"), steps->device_id, sizeof steps->device_id))
        return unreadable(from, "", "device");
    if (!read_goal(goal, steps))
        return unreadable(from, "", "goal");
    if (!read_hash(print, bytes))
        return unreadable(from, "", "fingerprint");
    steps->looks_again = json_true_at(document, "looks_again");
    text_hex(steps->fingerprint, (span){bytes, sizeof bytes});
    return OSB_OK;
}

static osb_status read_notes(const reading *from, const json_t *document)
{
    plan *steps = from->steps;
    if (!read_texts(json_object_get(document, "warnings"), steps->warnings, PLAN_NOTES_MAX,
                    &steps->warning_count))
        return unreadable(from, "", "warnings");
    if (!read_texts(json_object_get(document, "refusals"), steps->refusals, PLAN_NOTES_MAX,
                    &steps->refusal_count))
        return unreadable(from, "", "refusals");
    if (!read_texts(json_object_get(document, "facts"), steps->facts, PLAN_NOTES_MAX,
                    &steps->fact_count))
        return unreadable(from, "", "facts");
    if (!read_texts(json_object_get(document, "remedies"), steps->remedies, PLAN_REMEDIES_MAX,
                    &steps->remedy_count))
        return unreadable(from, "", "remedies");
    return OSB_OK;
}

/** The member in which an object is not as it is written again; NULL where there is none. */
static const char *first_difference(const json_t *read, json_t *again)
{
    const char *name;
    json_t *value;
    json_object_foreach(again, name, value)
    {
        if (!json_equal(value, json_object_get(read, name)))
            return name;
    }
    return json_object_size(read) == json_object_size(again) ? NULL : "a foreign member";
}

/** Nothing was cut, ignored or made up: the plan is written again as it was read. */
static osb_status check_again(const reading *from, const json_t *document)
{
    JSON_OWNED *again = plan_to_json(from->steps);
    const char *member;
    char where[24];
    for (size_t i = 0; i < from->steps->step_count; i++) {
        text_format(where, sizeof where, "step %zu: ", i + 1);
        member = first_difference(json_array_get(json_object_get(document, "steps"), i),
                                  json_array_get(json_object_get(again, "steps"), i));
        if (member)
            return unreadable(from, where, member);
    }
    member = first_difference(document, again);
    return member ? unreadable(from, "", member) : OSB_OK;
}

osb_status plan_from_json(const json_t *document, const char *subject,
                          const platform_list *platforms, plan *steps, osb_error *error)
{
    reading from = {subject, steps, error};
    *steps = (plan){0};
    if (!text_equal(json_text(document, "type", ""), "osbundle-plan"))
        return unreadable(&from, "", "type");
    if (json_number(document, "schema", 0) != 1)
        return unreadable(&from, "", "schema");
    TRY(read_head(&from, document, platforms));
    TRY(read_steps(&from, document));
    TRY(read_after(&from, document));
    TRY(read_notes(&from, document));
    return check_again(&from, document);
}
