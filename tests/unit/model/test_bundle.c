/* Application bundles: which file of an archive is what, and whether the assets are the right ones.
 */
#include "unit/model/forms.h"

#include "model/bundle.h"

enum {
    FILES_MAX = 12
};

/** A bundle in the making: an application that wants some assets, and files around it. */
typedef struct kit {
    buf application;
    bundle_file files[FILES_MAX];
    size_t count;
} kit;

static void kit_free(kit *made)
{
    buf_free(&made->application);
}
#define KIT_OWNED __attribute__((cleanup(kit_free))) kit

static void add(kit *made, const char *name, span content)
{
    made->files[made->count++] = (bundle_file){.name = name, .content = content};
}

static asset_need need_of(const char *name, span content)
{
    asset_need need = {.name = name};
    sha256(content, need.sha256);
    return need;
}

/** An application for system 5501 that wants cat.txt ("meow") and dog.txt ("woof"). */
static void kit_make(kit *made, shape wanted)
{
    dice from = {51};
    const asset_need needs[] = {need_of("cat.txt", BYTES("meow")),
                                need_of("dog.txt", BYTES("woof"))};
    BUF_OWNED plain = buf_make(MODULE_FILE_MAX);
    BUF_OWNED with_system = buf_make(MODULE_FILE_MAX);
    *made = (kit){.application = buf_make(MODULE_FILE_MAX)};
    shape_write(wanted, &from, 300, &plain);
    plain.data[16] = MODULE_SYSTEM_PART;
    plain.data[17] = 1;
    reseal(&plain);
    module parsed = parse_sound(buf_span(&plain));
    MUST(asset_needs_write(&parsed, needs, 2, &made->application, NULL));
    add(made, "app.bin", buf_span(&made->application));
}

static bundle open_sound(const kit *made, arena *memory)
{
    bundle opened;
    osb_error error = {0};
    if (bundle_open(made->files, made->count, "app.zip", memory, &opened, &error) != OSB_OK)
        fail_msg("%s: %s", error.subject, error.message);
    return opened;
}

static void assert_broken(const kit *made, osb_status wanted, const char *why)
{
    bundle opened;
    osb_error error = {0};
    ARENA_OWNED memory = {0};
    osb_status status = bundle_open(made->files, made->count, "app.zip", &memory, &opened, &error);
    assert_int_equal(status, wanted);
    if (!strstr(error.message, why))
        fail_msg("%s does not say %s", error.message, why);
    assert_true(*error.subject && *error.hint);
}

static void a_whole_bundle_has_nothing_doubtful(void **state)
{
    (void)state;
    static const shape shapes[] = {SHAPE_APPLICATION_NRF52840, SHAPE_APPLICATION_RTL872X};
    for (size_t i = 0; i < 2; i++) {
        KIT_OWNED made;
        ARENA_OWNED memory = {0};
        kit_make(&made, shapes[i]);
        add(&made, "assets/dog.txt", BYTES("woof"));
        add(&made, "assets/cat.txt", BYTES("meow"));
        bundle opened = open_sound(&made, &memory);
        assert_string_equal(opened.application_file->name, "app.bin");
        assert_int_equal(opened.application.slot.function, MODULE_USER_PART);
        assert_int_equal(opened.asset_count, 2);
        assert_string_equal(opened.assets[0].item.name, "dog.txt");
        assert_int_equal(opened.finding_count, 0);
        assert_null(opened.environment);
        MUST(bundle_require_assets(&opened, "app.zip", NULL));
    }
}

static void assert_finding(const bundle *opened, size_t i, bundle_finding_kind kind,
                           const char *asset_name)
{
    assert_true(i < opened->finding_count);
    assert_int_equal(opened->findings[i].kind, kind);
    assert_string_equal(opened->findings[i].asset, asset_name);
}

static void missing_mismatched_and_surplus_assets_are_told_apart(void **state)
{
    (void)state;
    KIT_OWNED made;
    ARENA_OWNED memory = {0};
    osb_error error;
    kit_make(&made, SHAPE_APPLICATION_RTL872X);
    add(&made, "assets/cat.txt", BYTES("purr"));
    add(&made, "assets/fish.txt", BYTES(""));
    bundle opened = open_sound(&made, &memory);
    assert_int_equal(opened.finding_count, 3);
    assert_finding(&opened, 0, BUNDLE_ASSET_MISMATCH, "cat.txt");
    assert_finding(&opened, 1, BUNDLE_ASSET_MISSING, "dog.txt");
    assert_finding(&opened, 2, BUNDLE_ASSET_SURPLUS, "fish.txt");
    assert_int_equal(bundle_require_assets(&opened, "app.zip", &error), OSB_ERR_INTEGRITY);
    assert_string_equal(error.subject, "app.zip: cat.txt");
    made.files[1].content = BYTES("meow");
    opened = open_sound(&made, &memory);
    assert_int_equal(bundle_require_assets(&opened, "app.zip", &error), OSB_ERR_INTEGRITY);
    assert_string_equal(error.subject, "app.zip: dog.txt");
}

static void surplus_assets_stop_nothing(void **state)
{
    (void)state;
    KIT_OWNED made;
    ARENA_OWNED memory = {0};
    kit_make(&made, SHAPE_APPLICATION_NRF52840);
    add(&made, "assets/dog.txt", BYTES("woof"));
    add(&made, "assets/cat.txt", BYTES("meow"));
    add(&made, "assets/Dog.txt", BYTES("woof"));
    bundle opened = open_sound(&made, &memory);
    assert_int_equal(opened.finding_count, 1);
    assert_finding(&opened, 0, BUNDLE_ASSET_SURPLUS, "Dog.txt");
    MUST(bundle_require_assets(&opened, "app.zip", NULL));
}

static void litter_and_what_lies_elsewhere_is_ignored(void **state)
{
    (void)state;
    KIT_OWNED made;
    ARENA_OWNED memory = {0};
    kit_make(&made, SHAPE_APPLICATION_NRF52840);
    add(&made, ".hidden.bin", BYTES("x"));
    add(&made, "assets/.DS_Store", BYTES("x"));
    add(&made, "assets/Thumbs.db", BYTES("x"));
    add(&made, "__MACOSX/._app.bin", BYTES("x"));
    add(&made, "assets/nested/cat.txt", BYTES("x"));
    add(&made, "other/app.bin", BYTES("x"));
    add(&made, "README.md", BYTES("x"));
    add(&made, ".DS_Store", BYTES("x"));
    bundle opened = open_sound(&made, &memory);
    assert_int_equal(opened.asset_count, 0);
    assert_int_equal(opened.finding_count, 2);
    assert_finding(&opened, 0, BUNDLE_ASSET_MISSING, "cat.txt");
}

static void there_is_exactly_one_application(void **state)
{
    (void)state;
    KIT_OWNED made;
    KIT_OWNED none = {.count = 0};
    dice from = {52};
    BUF_OWNED bootloader = buf_make(MODULE_FILE_MAX);
    kit_make(&made, SHAPE_APPLICATION_NRF52840);
    add(&made, "second.bin", made.files[0].content);
    assert_broken(&made, OSB_ERR_INTEGRITY, "two applications");
    assert_broken(&none, OSB_ERR_NOT_A_MODULE, "no application");
    add(&none, "app.txt", BYTES(""));
    assert_broken(&none, OSB_ERR_NOT_A_MODULE, "no application");
    add(&none, "app.bin", BYTES("not a module"));
    assert_broken(&none, OSB_ERR_NOT_A_MODULE, "not a Device OS module");
    shape_write(SHAPE_BOOTLOADER_NRF52840, &from, 300, &bootloader);
    none.files[1].content = buf_span(&bootloader);
    assert_broken(&none, OSB_ERR_INTEGRITY, "no application");
}

static void a_damaged_application_is_told(void **state)
{
    (void)state;
    KIT_OWNED made;
    kit_make(&made, SHAPE_APPLICATION_NRF52840);
    made.application.data[100] ^= 1;
    assert_broken(&made, OSB_ERR_INTEGRITY, "CRC-32");
}

static void two_assets_of_one_name_are_refused(void **state)
{
    (void)state;
    KIT_OWNED made;
    kit_make(&made, SHAPE_APPLICATION_NRF52840);
    add(&made, "assets/cat.txt", BYTES("meow"));
    add(&made, "assets/cat.txt", BYTES("purr"));
    assert_broken(&made, OSB_ERR_INTEGRITY, "two assets");
}

static void an_application_for_an_old_system_gets_no_assets(void **state)
{
    (void)state;
    KIT_OWNED made;
    ARENA_OWNED memory = {0};
    kit_make(&made, SHAPE_APPLICATION_NRF52840);
    buf_patch_u16le(&made.application, 18, 5499);
    reseal(&made.application);
    add(&made, "assets/dog.txt", BYTES("woof"));
    add(&made, "assets/cat.txt", BYTES("meow"));
    bundle opened = open_sound(&made, &memory);
    assert_int_equal(opened.finding_count, 1);
    assert_int_equal(opened.findings[0].kind, BUNDLE_SYSTEM_TOO_OLD);
    MUST(bundle_require_assets(&opened, "app.zip", NULL));
}

static void a_hash_of_another_kind_is_not_checkable(void **state)
{
    (void)state;
    KIT_OWNED made;
    ARENA_OWNED memory = {0};
    kit_make(&made, SHAPE_APPLICATION_RTL872X);
    made.application.data[24 + 4] = 1; /* of the first need in the prefix */
    reseal(&made.application);
    add(&made, "assets/dog.txt", BYTES("woof"));
    add(&made, "assets/cat.txt", BYTES("meow"));
    bundle opened = open_sound(&made, &memory);
    assert_int_equal(opened.finding_count, 1);
    assert_finding(&opened, 0, BUNDLE_ASSET_UNCHECKABLE, "cat.txt");
    assert_int_equal(bundle_require_assets(&opened, "app.zip", NULL), OSB_ERR_INTEGRITY);
}

static void an_asset_that_is_wrapped_already_is_taken_as_it_is(void **state)
{
    (void)state;
    for (int compressed = 0; compressed < 2; compressed++) {
        KIT_OWNED made;
        ARENA_OWNED memory = {0};
        BUF_OWNED wrapped = buf_make(MODULE_FILE_MAX);
        BUF_OWNED sent = buf_make(MODULE_FILE_MAX);
        asset inner = {.name = "cat.txt", .content = BYTES("meow"), .type = 1};
        MUST(asset_write(&inner, compressed, &wrapped, NULL));
        kit_make(&made, SHAPE_APPLICATION_RTL872X);
        add(&made, "assets/cat.txt", buf_span(&wrapped));
        add(&made, "assets/dog.txt", BYTES("woof"));
        bundle opened = open_sound(&made, &memory);
        assert_int_equal(opened.finding_count, 0);
        assert_true(opened.assets[0].wrapped);
        assert_int_equal(opened.assets[0].item.type, 1);
        MUST(bundle_write_asset(&opened.assets[0], &sent, NULL));
        assert_same_bytes(buf_span(&sent), buf_span(&wrapped));
    }
}

static void raw_assets_are_wrapped_for_the_board(void **state)
{
    (void)state;
    KIT_OWNED made;
    ARENA_OWNED memory = {0};
    BUF_OWNED sent = buf_make(MODULE_FILE_MAX);
    BUF_OWNED storage = buf_make(MODULE_FILE_MAX);
    asset read;
    kit_make(&made, SHAPE_APPLICATION_RTL872X);
    add(&made, "assets/cat.txt", BYTES("meow"));
    bundle opened = open_sound(&made, &memory);
    MUST(bundle_write_asset(&opened.assets[0], &sent, NULL));
    module parsed = assert_sealed(buf_span(&sent));
    assert_true(parsed.flags & MODULE_COMPRESSED);
    MUST(asset_read(&parsed, "x", &storage, &read, NULL));
    assert_string_equal(read.name, "cat.txt");
    assert_same_bytes(read.content, BYTES("meow"));
}

static void an_environment_is_held_to_what_boards_take(void **state)
{
    (void)state;
    static const span good[] = {BYTES("{}"), BYTES("{\"A\": \"\", \"_B_9\": \"x\"}")};
    static const span bad[] = {
        BYTES("[]"),
        BYTES("{\"A\": 1}"),
        BYTES("{\"a\": \"\"}"),
        BYTES("{\"\": \"\"}"),
        BYTES("{\"9A\": \"\"}"),
        BYTES("{\"A-B\": \"\"}"),
        BYTES("not json"),
        BYTES(""),
    };
    osb_error error;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_int_equal(bundle_check_environment(good[i], "env.json", &error), OSB_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(bundle_check_environment(bad[i], "env.json", &error), OSB_ERR_INTEGRITY);
    BUF_OWNED many = buf_make(64 * 1024);
    for (int i = 0; i < 101; i++)
        buf_append_format(&many, "%c\"V%d\": \"\"", i ? ',' : '{', i);
    buf_append_text(&many, "}");
    assert_int_equal(bundle_check_environment(buf_span(&many), "e", &error), OSB_ERR_INTEGRITY);
    assert_non_null(strstr(error.message, "more than 100"));
}

static void an_environment_stands_in_one_of_two_places(void **state)
{
    (void)state;
    KIT_OWNED made;
    ARENA_OWNED memory = {0};
    kit_make(&made, SHAPE_APPLICATION_RTL872X);
    add(&made, "env/env-vars.json", BYTES("{\"A\": \"1\"}"));
    assert_ptr_equal(open_sound(&made, &memory).environment, &made.files[1]);
    add(&made, "env.json", BYTES("{\"A\": \"1\"}"));
    assert_broken(&made, OSB_ERR_INTEGRITY, "two sets");
    made.files[1] = made.files[2];
    made.count = 2;
    assert_ptr_equal(open_sound(&made, &memory).environment, &made.files[1]);
    made.files[1].content = BYTES("{\"A\": {}}");
    assert_broken(&made, OSB_ERR_INTEGRITY, "no text");
}

static void a_bundle_is_told_as_json_without_its_secrets(void **state)
{
    (void)state;
    KIT_OWNED made;
    ARENA_OWNED memory = {0};
    BUF_OWNED text = buf_make(64 * 1024);
    kit_make(&made, SHAPE_APPLICATION_RTL872X);
    add(&made, "assets/cat.txt", BYTES("purr"));
    add(&made, "env.json", BYTES("{\"TOKEN\": \"hush\"}"));
    bundle opened = open_sound(&made, &memory);
    JSON_OWNED *told = bundle_to_json(&opened, "app.zip", "p2");
    assert_string_equal(json_text(told, "type", ""), "osbundle-application-bundle");
    assert_int_equal(json_array_size(json_object_get(told, "findings")), 2);
    const json_t *finding = json_array_get(json_object_get(told, "findings"), 0);
    assert_string_equal(json_text(finding, "finding", ""), "asset_mismatch");
    assert_string_equal(json_text(finding, "asset", ""), "cat.txt");
    MUST(json_to_line(told, &text, NULL));
    buf_append_u8(&text, 0);
    assert_non_null(strstr((const char *)text.data, "TOKEN"));
    assert_null(strstr((const char *)text.data, "hush"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_bundle_has_nothing_doubtful),
        cmocka_unit_test(missing_mismatched_and_surplus_assets_are_told_apart),
        cmocka_unit_test(surplus_assets_stop_nothing),
        cmocka_unit_test(litter_and_what_lies_elsewhere_is_ignored),
        cmocka_unit_test(there_is_exactly_one_application),
        cmocka_unit_test(a_damaged_application_is_told),
        cmocka_unit_test(two_assets_of_one_name_are_refused),
        cmocka_unit_test(an_application_for_an_old_system_gets_no_assets),
        cmocka_unit_test(a_hash_of_another_kind_is_not_checkable),
        cmocka_unit_test(an_asset_that_is_wrapped_already_is_taken_as_it_is),
        cmocka_unit_test(raw_assets_are_wrapped_for_the_board),
        cmocka_unit_test(an_environment_is_held_to_what_boards_take),
        cmocka_unit_test(an_environment_stands_in_one_of_two_places),
        cmocka_unit_test(a_bundle_is_told_as_json_without_its_secrets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
