/* Snapshots: what is met, what is unknown, and reading back what was saved. */
#include "unit/model/samples.h"

#include "base/json.h"
#include "base/text.h"
#include "model/snapshot.h"

static const platform *board_named(void **state, const char *name)
{
    const facts *known = *state;
    return platform_by_name(&known->platforms, name);
}

static snapshot_module entry_of(uint8_t function, uint8_t index, uint16_t number)
{
    return (snapshot_module){
        .slot = {function, index}, .version = number, .checked = 0x1e, .passed = 0x1e};
}

/** A P2 on 5.3.1 whose bootloader was left behind. */
static snapshot half_updated(void **state)
{
    snapshot board = {.board = board_named(state, "p2"),
                      .mode = MODE_LISTENING,
                      .guard = PROTECTION_OPEN,
                      .modules_known = true,
                      .module_count = 3};
    text_copy(board.device_id, sizeof board.device_id, "0a10aced202194944a064e40");
    text_copy(board.port, sizeof board.port, "1-2.3");
    text_copy(board.os_version, sizeof board.os_version, "5.3.1");
    board.modules[0] = entry_of(MODULE_BOOTLOADER, 0, 2000);
    board.modules[1] = entry_of(MODULE_BOOTLOADER, 2, 5);
    board.modules[2] = entry_of(MODULE_SYSTEM_PART, 1, 5301);
    board.modules[2].dependencies[0] = (module_dependency){{MODULE_BOOTLOADER, 0}, 2101};
    board.modules[2].dependency_count = 1;
    board.modules[2].size = 1006748;
    board.modules[2].max_size = 1572864;
    board.modules[2].has_identity = true;
    memset(board.modules[2].identity, 0xab, SHA256_SIZE);
    return board;
}

static void needs_are_least_versions(void **state)
{
    snapshot board = half_updated(state);
    module_slot bootloader = {MODULE_BOOTLOADER, 0};
    assert_true(snapshot_meets(&board, (module_dependency){bootloader, 2000}));
    assert_true(snapshot_meets(&board, (module_dependency){bootloader, 1}));
    assert_false(snapshot_meets(&board, (module_dependency){bootloader, 2001}));
    assert_false(snapshot_meets(&board, (module_dependency){{MODULE_RADIO_STACK, 0}, 0}));
    assert_true(snapshot_meets(&board, (module_dependency){{MODULE_NONE, 0}, 7}));
}

static void only_modules_that_run_count(void **state)
{
    snapshot board = half_updated(state);
    board.modules[0].store = STORE_FACTORY;
    assert_null(snapshot_find(&board, (module_slot){MODULE_BOOTLOADER, 0}));
    assert_int_equal(snapshot_verdict(&board, &board.modules[0], NULL), VERDICT_OK);
}

static void an_unmet_need_is_required(void **state)
{
    snapshot board = half_updated(state);
    assert_int_equal(snapshot_verdict(&board, &board.modules[2], NULL), VERDICT_REQUIRED);
    assert_int_equal(snapshot_verdict(&board, &board.modules[0], NULL), VERDICT_OK);
    board.modules[0].version = 2101;
    assert_int_equal(snapshot_verdict(&board, &board.modules[2], NULL), VERDICT_OK);
}

static void a_failed_check_is_required(void **state)
{
    snapshot board = half_updated(state);
    board.modules[1].passed &= ~(uint32_t)CHECK_INTEGRITY;
    assert_int_equal(snapshot_verdict(&board, &board.modules[1], NULL), VERDICT_REQUIRED);
    board.modules[1].checked = 0;
    assert_int_equal(snapshot_verdict(&board, &board.modules[1], NULL), VERDICT_OK);
}

static void another_version_than_the_releases_is_drift(void **state)
{
    const facts *known = *state;
    snapshot board = half_updated(state);
    release set;
    osb_error error;
    assert_int_equal(catalog_release(&known->known, "5.3.1", board.board, &set, &error), OSB_OK);
    assert_int_equal(snapshot_verdict(&board, &board.modules[0], &set), VERDICT_DRIFT);
    assert_int_equal(snapshot_verdict(&board, &board.modules[1], &set), VERDICT_OK);
    assert_int_equal(snapshot_verdict(&board, &board.modules[2], &set), VERDICT_REQUIRED);
}

static void what_was_not_listed_is_unknown_until_the_list_is_whole(void **state)
{
    snapshot board = half_updated(state);
    board.modules[2].dependencies[0].slot = (module_slot){MODULE_RADIO_STACK, 0};
    assert_int_equal(snapshot_verdict(&board, &board.modules[2], NULL), VERDICT_REQUIRED);
    board.modules_known = false;
    assert_int_equal(snapshot_verdict(&board, &board.modules[2], NULL), VERDICT_UNKNOWN);
    board.modules[2].dependencies[0].slot = (module_slot){MODULE_BOOTLOADER, 0};
    assert_int_equal(snapshot_verdict(&board, &board.modules[2], NULL), VERDICT_REQUIRED);
}

static void assert_same_entry(const snapshot_module *a, const snapshot_module *b)
{
    assert_true(slot_equal(a->slot, b->slot));
    assert_int_equal(a->version, b->version);
    assert_int_equal(a->store, b->store);
    assert_int_equal(a->size, b->size);
    assert_int_equal(a->max_size, b->max_size);
    assert_int_equal(a->has_identity, b->has_identity);
    assert_memory_equal(a->identity, b->identity, SHA256_SIZE);
    assert_int_equal(a->checked, b->checked);
    assert_int_equal(a->passed, b->passed);
    assert_int_equal(a->dependency_count, b->dependency_count);
    for (size_t i = 0; i < a->dependency_count; i++) {
        assert_true(slot_equal(a->dependencies[i].slot, b->dependencies[i].slot));
        assert_int_equal(a->dependencies[i].version, b->dependencies[i].version);
    }
}

static void assert_same(const snapshot *a, const snapshot *b)
{
    assert_string_equal(a->device_id, b->device_id);
    assert_ptr_equal(a->board, b->board);
    assert_string_equal(a->port, b->port);
    assert_int_equal(a->mode, b->mode);
    assert_int_equal(a->guard, b->guard);
    assert_string_equal(a->os_version, b->os_version);
    assert_int_equal(a->modules_known, b->modules_known);
    assert_int_equal(a->module_count, b->module_count);
    for (size_t i = 0; i < a->module_count; i++)
        assert_same_entry(&a->modules[i], &b->modules[i]);
}

static void assert_round_trip(void **state, const snapshot *board)
{
    const facts *known = *state;
    snapshot read;
    osb_error error = {0};
    JSON_OWNED *object = snapshot_to_json(board, NULL);
    if (snapshot_from_json(object, "saved.json", &known->platforms, &read, &error) != OSB_OK)
        fail_msg("%s", error.message);
    assert_same(board, &read);
}

static void what_was_saved_reads_back_the_same(void **state)
{
    snapshot board = half_updated(state);
    assert_round_trip(state, &board);
    board.modules[0].store = STORE_FACTORY;
    board.modules[1].checked = CHECK_INTEGRITY | CHECK_RANGE;
    board.modules[1].passed = CHECK_RANGE;
    board.mode = MODE_DFU;
    board.guard = PROTECTION_SERVICE;
    board.modules_known = false;
    assert_round_trip(state, &board);
    snapshot bare = {.board = board_named(state, "boron")};
    assert_round_trip(state, &bare);
    while (bare.module_count < SNAPSHOT_MODULES_MAX)
        bare.modules[bare.module_count++] = entry_of(MODULE_ASSET, 200, 65535);
    assert_round_trip(state, &bare);
}

static void every_mode_and_protection_reads_back(void **state)
{
    snapshot board = half_updated(state);
    for (board.mode = MODE_UNKNOWN; board.mode <= MODE_YMODEM; board.mode++) {
        for (board.guard = PROTECTION_UNKNOWN; board.guard <= PROTECTION_SERVICE; board.guard++)
            assert_round_trip(state, &board);
    }
}

static void unknown_is_null_in_json(void **state)
{
    snapshot board = half_updated(state);
    board.os_version[0] = '\0';
    board.modules[0].checked = 0;
    JSON_OWNED *object = snapshot_to_json(&board, NULL);
    const json_t *device = json_object_get(object, "device");
    const json_t *first = json_array_get(json_object_get(object, "modules"), 0);
    assert_string_equal(json_text(object, "type", ""), "osbundle-snapshot");
    assert_true(json_is_null(json_object_get(object, "os_version")));
    assert_string_equal(json_text(device, "usb", ""), "2b04:c020");
    assert_string_equal(json_text(device, "platform", ""), "p2");
    assert_true(json_is_null(json_object_get(first, "size")));
    assert_true(json_is_null(json_object_get(first, "sha256")));
    assert_true(json_is_null(json_object_get(json_object_get(first, "checks"), "integrity")));
    assert_string_equal(json_text(first, "verdict", ""), "ok");
}

static osb_status read_text(void **state, const char *text, snapshot *board, osb_error *error)
{
    const facts *known = *state;
    JSON_OWNED *document = NULL;
    span bytes = {(const uint8_t *)text, strlen(text)};
    *error = (osb_error){0};
    assert_int_equal(json_parse(bytes, "saved.json", &document, error), OSB_OK);
    return snapshot_from_json(document, "saved.json", &known->platforms, board, error);
}

static const char describe[] =
    "{\"p\":6,\"imei\":\"1\",\"m\":["
    "{\"s\":16384,\"l\":\"m\",\"vc\":30,\"vv\":30,\"f\":\"b\",\"n\":\"0\",\"v\":7,\"d\":"
    "[{\"f\":\"n\",\"n\":\"0\",\"v\":0}]},"
    "{\"s\":262144,\"l\":\"m\",\"vc\":30,\"vv\":30,\"f\":\"s\",\"n\":\"1\",\"v\":207,\"d\":"
    "[{\"f\":\"s\",\"n\":\"2\",\"v\":204,\"_\":\"\"}]},"
    "{\"s\":262144,\"l\":\"m\",\"vc\":30,\"vv\":26,\"f\":\"s\",\"n\":\"2\",\"v\":207,\"d\":"
    "[{\"f\":\"s\",\"n\":\"1\",\"v\":207,\"_\":\"\"},{\"f\":\"b\",\"n\":\"0\",\"v\":101}]},"
    "{\"s\":131072,\"l\":\"m\",\"vc\":30,\"vv\":30,\"u\":"
    "\"D7E2A4B1C3F5061728394A5B6C7D8E9F00112233445566778899AABBCCDDEEFF\","
    "\"f\":\"u\",\"n\":\"1\",\"v\":5,\"d\":[{\"f\":\"s\",\"n\":\"2\",\"v\":207}]},"
    "{\"s\":131072,\"l\":\"f\",\"vc\":30,\"vv\":0,\"f\":\"u\",\"n\":\"1\",\"v\":4,\"d\":[]},"
    "{\"s\":131072,\"l\":\"f\",\"vc\":30,\"vv\":0,\"d\":[]}," /* an empty place */
    "{\"s\":9,\"l\":\"m\",\"f\":\"_\",\"n\":\"0\",\"v\":0,\"d\":[]}]}";

static void a_describe_is_a_snapshot_too(void **state)
{
    snapshot board;
    osb_error error;
    assert_int_equal(read_text(state, describe, &board, &error), OSB_OK);
    assert_string_equal(board.board->name, "photon");
    assert_true(board.modules_known);
    assert_int_equal(board.mode, MODE_UNKNOWN);
    assert_int_equal(board.module_count, 5);
    assert_int_equal(board.modules[0].dependency_count, 0);
    assert_int_equal(board.modules[2].slot.index, 2);
    assert_int_equal(board.modules[2].dependency_count, 2);
    assert_int_equal(board.modules[3].identity[0], 0xd7);
    assert_int_equal(board.modules[3].max_size, 131072);
    assert_int_equal(board.modules[4].store, STORE_FACTORY);
    assert_int_equal(snapshot_verdict(&board, &board.modules[2], NULL), VERDICT_REQUIRED);
    assert_int_equal(snapshot_verdict(&board, &board.modules[1], NULL), VERDICT_OK);
}

static void assert_unreadable(void **state, const char *text)
{
    snapshot board;
    osb_error error;
    if (read_text(state, text, &board, &error) != OSB_ERR_INTEGRITY)
        fail_msg("accepted: %s", text);
    assert_string_equal(error.subject, "saved.json");
    assert_true(*error.message && *error.hint);
}

static void what_is_no_snapshot_is_told(void **state)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        "{\"type\":\"osbundle-plan\",\"schema\":1}",
        "{\"type\":\"osbundle-snapshot\",\"schema\":2,\"device\":{\"platform\":\"p2\"}}",
        "{\"type\":\"osbundle-snapshot\",\"schema\":1}",
        "{\"type\":\"osbundle-snapshot\",\"schema\":1,\"device\":{\"platform\":\"core\"}}",
        "{\"m\":[]}",
        "{\"p\":999,\"m\":[]}",
        "{\"p\":6,\"m\":[{}]}",
        "{\"p\":6,\"m\":[{\"f\":\"x\",\"n\":\"0\",\"v\":1}]}",
        "{\"p\":6,\"m\":[{\"f\":\"b\",\"n\":\"256\",\"v\":1}]}",
        "{\"p\":6,\"m\":[{\"f\":\"b\",\"n\":\"0\",\"v\":-1}]}",
        "{\"p\":6,\"m\":[{\"f\":\"b\",\"n\":\"0\",\"v\":1,\"u\":\"12\"}]}",
        "{\"p\":6,\"m\":[{\"f\":\"b\",\"n\":\"0\",\"v\":1,\"l\":\"q\"}]}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_unreadable(state, texts[i]);
}

/** A snapshot of ours with one broken entry or device. */
static void assert_entry_unreadable(void **state, const char *device, const char *entry)
{
    char text[1024];
    text_format(text, sizeof text,
                "{\"type\":\"osbundle-snapshot\",\"schema\":1,\"device\":{\"platform\":\"p2\"%s},"
                "\"modules\":[%s]}",
                device, entry);
    assert_unreadable(state, text);
}

#define NEED "{\"function\":{\"id\":2},\"index\":0,\"version\":1}"

static void numbers_out_of_range_are_told(void **state)
{
    assert_entry_unreadable(state, ",\"id\":\"123\"", "");
    assert_entry_unreadable(state, ",\"id\":\"0a10aced202194944a064e4x\"", "");
    assert_entry_unreadable(state, "", "{\"index\":0,\"version\":1}");
    assert_entry_unreadable(state, "", "{\"function\":{\"id\":256},\"index\":0,\"version\":1}");
    assert_entry_unreadable(state, "", "{\"function\":{\"id\":2},\"index\":0,\"version\":65536}");
    assert_entry_unreadable(state, "", "{\"function\":{\"id\":2},\"index\":-1,\"version\":1}");
    assert_entry_unreadable(state, "", "{\"function\":{\"id\":2},\"store\":\"attic\"}");
    assert_entry_unreadable(state, "", "{\"function\":{\"id\":2},\"sha256\":\"ab\"}");
    assert_entry_unreadable(state, "", "{\"function\":{\"id\":2},\"dependencies\":[{},{}]}");
    assert_entry_unreadable(state, "",
                            "{\"function\":{\"id\":2},\"dependencies\":[" NEED "," NEED "," NEED
                            "," NEED "," NEED "]}");
}

static void a_list_longer_than_any_boards_is_told(void **state)
{
    BUF_OWNED text = buf_make(1 << 16);
    buf_append_text(&text, "{\"p\":6,\"m\":[");
    for (size_t i = 0; i <= SNAPSHOT_MODULES_MAX; i++)
        buf_append_format(&text, "%s{\"f\":\"b\",\"n\":\"%zu\",\"v\":1}", i ? "," : "", i);
    buf_append(&text, (span){(const uint8_t *)"]}", 3});
    assert_unreadable(state, (const char *)text.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(needs_are_least_versions),
        cmocka_unit_test(only_modules_that_run_count),
        cmocka_unit_test(an_unmet_need_is_required),
        cmocka_unit_test(a_failed_check_is_required),
        cmocka_unit_test(another_version_than_the_releases_is_drift),
        cmocka_unit_test(what_was_not_listed_is_unknown_until_the_list_is_whole),
        cmocka_unit_test(what_was_saved_reads_back_the_same),
        cmocka_unit_test(every_mode_and_protection_reads_back),
        cmocka_unit_test(unknown_is_null_in_json),
        cmocka_unit_test(a_describe_is_a_snapshot_too),
        cmocka_unit_test(what_is_no_snapshot_is_told),
        cmocka_unit_test(numbers_out_of_range_are_told),
        cmocka_unit_test(a_list_longer_than_any_boards_is_told),
    };
    return cmocka_run_group_tests(tests, load_facts, free_facts);
}
