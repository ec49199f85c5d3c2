/* Saved plans: what was written reads the same again, and what nobody wrote is refused. */
#include "unit/model/samples.h"

#include "base/text.h"
#include "model/plan.h"

/** Argon from 6.2.0 down to 4.0.2 with an application: all steps but settings, and warnings. */
static void make_plan(const facts *known, plan *made)
{
    osb_error error = {0};
    snapshot state = {.mode = MODE_NORMAL, .guard = PROTECTION_OPEN, .modules_known = true};
    release now, set;
    release_module app = {.slot = {MODULE_USER_PART, 2},
                          .version = 6,
                          .file = "app.bin",
                          .size = 9000,
                          .start = 0xb4000,
                          .dependencies = {{{MODULE_SYSTEM_PART, 1}, 4006}}};
    state.board = platform_by_name(&known->platforms, "argon");
    text_copy(state.device_id, sizeof state.device_id, "0123456789abcdef01234567");
    assert_int_equal(catalog_release(&known->known, "6.2.0", state.board, &now, &error), OSB_OK);
    assert_int_equal(catalog_release(&known->known, "4.0.2", state.board, &set, &error), OSB_OK);
    for (size_t i = 0; i < now.module_count; i++)
        state.modules[state.module_count++] = (snapshot_module){.slot = now.modules[i].slot,
                                                                .version = now.modules[i].version,
                                                                .checked = CHECK_INTEGRITY,
                                                                .passed = CHECK_INTEGRITY};
    state.modules[state.module_count++] = (snapshot_module){.slot = {MODULE_USER_PART, 1}};
    for (size_t i = 0; i < set.module_count; i++)
        set.modules[i].size = 40960;
    memset(set.modules[0].sha256, 0xab, SHA256_SIZE);
    memset(set.modules[0].identity, 0xcd, SHA256_SIZE);
    goal wanted = {.set = &set, .app = &app};
    policy rules = {.allow_downgrade = true, .full_rewrite = true};
    solve(&state, &wanted, &rules, made);
    assert_int_equal(made->refusal_count, 0);
}

static void assert_reads_back(const facts *known, const plan *made)
{
    static plan read; /* large */
    osb_error error = {0};
    BUF_OWNED once = buf_make(256 * 1024), twice = buf_make(256 * 1024);
    JSON_OWNED *first = plan_to_json(made), *parsed = NULL;
    assert_int_equal(json_to_text(first, &once, NULL), OSB_OK);
    assert_int_equal(json_parse(buf_span(&once), "plan", &parsed, NULL), OSB_OK);
    if (plan_from_json(parsed, "plan", &known->platforms, &read, &error) != OSB_OK)
        fail_msg("%s", error.message);
    JSON_OWNED *second = plan_to_json(&read);
    assert_int_equal(json_to_text(second, &twice, NULL), OSB_OK);
    assert_int_equal(once.size, twice.size);
    assert_memory_equal(once.data, twice.data, once.size);
}

static void a_plan_reads_back_byte_by_byte(void **state)
{
    static plan made; /* large */
    make_plan(*state, &made);
    bool seen[STEP_MODE + 1] = {0};
    for (size_t i = 0; i < made.step_count; i++)
        seen[made.steps[i].operation] = true;
    for (size_t i = 0; i <= STEP_MODE; i++)
        assert_true(seen[i]);
    assert_reads_back(*state, &made);
}

static void what_the_executor_needs_is_read(void **state)
{
    static plan made, read; /* large */
    const facts *known = *state;
    make_plan(known, &made);
    JSON_OWNED *document = plan_to_json(&made);
    assert_int_equal(plan_from_json(document, "plan", &known->platforms, &read, NULL), OSB_OK);
    assert_int_equal(read.step_count, made.step_count);
    for (size_t i = 0; i < made.step_count; i++) {
        const plan_step *a = &made.steps[i], *b = &read.steps[i];
        assert_true(a->operation == b->operation && a->slot == b->slot && a->via == b->via);
        assert_true(a->address == b->address && a->bytes == b->bytes && a->guard == b->guard);
        assert_true(a->from == b->from && a->from_known == b->from_known && a->to == b->to);
        assert_true(a->compare_first == b->compare_first && a->critical == b->critical);
        assert_memory_equal(a->sha256, b->sha256, SHA256_SIZE);
        assert_memory_equal(a->identity, b->identity, SHA256_SIZE);
    }
}

static void a_refusal_reads_back_too(void **state)
{
    static plan made; /* large */
    const facts *known = *state;
    made = (plan){.board = platform_by_name(&known->platforms, "p2"), .refusal_count = 1};
    text_copy(made.refusals[0], PLAN_TEXT, "not like this");
    memset(made.fingerprint, '0', sizeof made.fingerprint - 1);
    assert_reads_back(known, &made);
}

/** One member put in the place of what was written: of a step (from 1), or of the plan (0). */
typedef struct forgery {
    const char *named; /**< what the error must name */
    size_t step;
    const char *member;
    const char *value; /**< JSON; NULL: the member is left out */
} forgery;

static size_t step_of(const plan *made, step_operation operation, route via)
{
    for (size_t i = 0; i < made->step_count; i++)
        if (made->steps[i].operation == operation && made->steps[i].via == via)
            return i + 1;
    fail_msg("no such step");
    return 0;
}

static void assert_refused(const facts *known, const plan *made, const forgery *forged)
{
    static plan read; /* large */
    osb_error error = {0};
    JSON_OWNED *document = plan_to_json(made);
    json_t *object = forged->step
                         ? json_array_get(json_object_get(document, "steps"), forged->step - 1)
                         : document;
    if (forged->value)
        json_object_set_new(object, forged->member,
                            json_loads(forged->value, JSON_DECODE_ANY, NULL));
    else
        json_object_del(object, forged->member);
    if (plan_from_json(document, "plan", &known->platforms, &read, &error) != OSB_ERR_INTEGRITY)
        fail_msg("%s %s is accepted", forged->member, forged->value ? forged->value : "missing");
    if (!strstr(error.message, forged->named))
        fail_msg("%s %s: %s", forged->member, forged->value ? forged->value : "missing",
                 error.message);
}

static void what_nobody_wrote_is_refused(void **state)
{
    static plan made; /* large */
    make_plan(*state, &made);
    size_t control = step_of(&made, STEP_WRITE, ROUTE_CONTROL);
    size_t dfu = step_of(&made, STEP_WRITE, ROUTE_DFU);
    size_t blank = step_of(&made, STEP_INVALIDATE, ROUTE_DFU);
    const forgery forgeries[] = {
        {"type", 0, "type", "\"osbundle-snapshot\""},
        {"schema", 0, "schema", "2"},
        {"platform", 0, "platform", "\"toaster\""},
        {"device", 0, "device", "\"0123456789abcdef0123456789\""},
        {"device", 0, "device", "\"\\u001b[2J\""},
        {"goal", 0, "goal", "{\"version\": 5, \"app\": null}"},
        {"goal", 0, "goal", "{\"version\": \"4.0.2\", \"app\": \"app.bin\", \"more\": 1}"},
        {"fingerprint", 0, "fingerprint", "\"ab\""},
        {"steps", 0, "steps", "{}"},
        {"after", 0, "after", "[]"},
        {"function300/0", 0, "after", "{\"function300/0\": 1}"},
        {"after", 0, "after", "{\"system_part/01\": 1}"},
        {"system_part/1", 0, "after", "{\"system_part/1\": 65536}"},
        {"warnings", 0, "warnings", "[1]"},
        {"refusals", 0, "refusals", NULL},
        {"bytes", 0, "bytes", "1"},
        {"foreign", 0, "surprise", "true"},
        {"\"n\"", 1, "n", "2"},
        {"\"op\"", 1, "op", "\"erase\""},
        {"foreign", 1, "surprise", "true"},
        {"\"why\"", 1, "why", "[\"a\", \"b\", \"c\", \"d\", \"e\"]"},
        {"\"why\"", 1, "why", "[\"red \\u001b[31m\"]"},
        {"\"why\"", 1, "why", "[\"C1 \\u009b31m\"]"},
        {"\"slot\"", control, "slot", "\"bootloader/1\""},
        {"\"via\"", control, "via", "\"dfu\""},
        {"\"bytes\"", control, "bytes", "-1"},
        {"\"bytes\"", control, "bytes", "4294967296"},
        {"\"bytes\"", control, "bytes", "33554432"},
        {"\"file\"", control, "file", "\"a\\nb\""},
        {"\"from\"", control, "from", "\"1\""},
        {"\"to\"", control, "to", "70000"},
        {"\"sha256\"", control, "sha256", "null"},
        {"\"identity\"", control, "identity", "\"12\""},
        {"\"critical\"", control, "critical", "1"},
        {"\"slot\"", dfu, "slot", "null"},
        {"\"address\"", dfu, "address", "0"},
        {"\"address\"", dfu, "address", "4097"},
        {"\"address\"", dfu, "address", NULL},
        {"\"address\"", dfu, "bytes", "16777216"},
        {"foreign", dfu, "via", "\"control\""}, /* and its address */
        {"\"via\"", dfu, "via", "\"staged\""},
        {"\"via\"", blank, "via", "\"control\""},
        {"\"address\"", blank, "address", "200704"},
        {"\"only_if_needed\"", blank, "only_if_needed", NULL},
    };
    for (size_t i = 0; i < sizeof forgeries / sizeof *forgeries; i++)
        assert_refused(*state, &made, &forgeries[i]);
}

/** A Photon in DFU mode with a flag left set: cleared, all written, bootloader staged, flag set. */
static void make_staged_plan(const facts *known, plan *made)
{
    osb_error error = {0};
    snapshot state = {.mode = MODE_DFU, .guard = PROTECTION_OPEN};
    release set;
    state.board = platform_by_name(&known->platforms, "photon");
    state.settings[SETTING_UPDATE_FLAG] = SETTING_STATE_SET;
    assert_int_equal(catalog_release(&known->known, "2.2.0", state.board, &set, &error), OSB_OK);
    goal wanted = {.set = &set};
    policy rules = {.road = ROAD_DFU};
    solve(&state, &wanted, &rules, made);
    assert_int_equal(made->refusal_count, 0);
}

static void a_staged_plan_reads_back_too(void **state)
{
    static plan made; /* large */
    make_staged_plan(*state, &made);
    assert_int_equal(made.steps[0].operation, STEP_SETTINGS);
    step_of(&made, STEP_WRITE, ROUTE_STAGED);
    assert_reads_back(*state, &made);
}

static void only_staging_regions_and_named_settings_are_read(void **state)
{
    static plan made; /* large */
    make_staged_plan(*state, &made);
    size_t staged = step_of(&made, STEP_WRITE, ROUTE_STAGED);
    const forgery forgeries[] = {
        {"\"address\"", staged, "address", "134217728"}, /* 0x08000000: the bootloader itself */
        {"\"address\"", staged, "address", "135921664"}, /* 0x081a0000: behind the region */
        {"\"slot\"", staged, "slot", "\"bootloader/1\""},
        {"\"via\"", staged, "slot", "\"system_part/1\""},
        {"\"setting\"", 1, "setting", "\"device_private_key\""},
        {"\"setting\"", 1, "setting", NULL},
        {"\"value\"", 1, "value", "1"}, /* done is no value of the update flag */
        {"\"value\"", 1, "value", "256"},
        {"\"via\"", 1, "via", "\"staged\""},
    };
    for (size_t i = 0; i < sizeof forgeries / sizeof *forgeries; i++)
        assert_refused(*state, &made, &forgeries[i]);
}

static void more_steps_than_any_plan_has_are_refused(void **state)
{
    static plan made, read; /* large */
    const facts *known = *state;
    osb_error error = {0};
    make_plan(known, &made);
    JSON_OWNED *document = plan_to_json(&made);
    json_t *list = json_object_get(document, "steps");
    while (json_array_size(list) <= PLAN_STEPS_MAX)
        json_array_append(list, json_array_get(list, 0));
    assert_int_equal(plan_from_json(document, "plan", &known->platforms, &read, &error),
                     OSB_ERR_INTEGRITY);
    assert_non_null(strstr(error.message, "steps"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_reads_back_byte_by_byte),
        cmocka_unit_test(what_the_executor_needs_is_read),
        cmocka_unit_test(a_refusal_reads_back_too),
        cmocka_unit_test(what_nobody_wrote_is_refused),
        cmocka_unit_test(a_staged_plan_reads_back_too),
        cmocka_unit_test(only_staging_regions_and_named_settings_are_read),
        cmocka_unit_test(more_steps_than_any_plan_has_are_refused),
    };
    return cmocka_run_group_tests(tests, load_facts, free_facts);
}
