/* Which releases are known, what they hold, and what words name them. */
#include "unit/model/samples.h"

#include "base/json.h"
#include "base/text.h"

static const platform *board_named(void **state, const char *name)
{
    const facts *known = *state;
    return platform_by_name(&known->platforms, name);
}

static release found_release(void **state, const char *wanted, const char *board)
{
    const facts *known = *state;
    release found;
    osb_error error;
    if (catalog_release(&known->known, wanted, board_named(state, board), &found, &error) != OSB_OK)
        fail_msg("%s: %s", error.subject, error.message);
    return found;
}

static const release_module *module_in(const release *set, const char *text)
{
    module_slot slot;
    assert_true(slot_from_text(text, &slot));
    return release_find(set, slot);
}

static void p2_5_3_1_holds_what_was_published(void **state)
{
    release set = found_release(state, "5.3.1", "p2");
    assert_string_equal(set.version, "5.3.1");
    assert_string_equal(set.channel, "ga");
    const release_module *system_part = module_in(&set, "system_part/1");
    assert_int_equal(system_part->version, 5301);
    assert_int_equal(system_part->size, 1006748);
    assert_int_equal(system_part->start, 0x08060000);
    assert_int_equal(system_part->dependencies[0].version, 2101);
    assert_string_equal(system_part->file, "p2-system-part1@5.3.1.bin");
    assert_int_equal(module_in(&set, "bootloader/0")->dependencies[0].slot.index, 2);
    assert_int_equal(module_in(&set, "bootloader/2")->size, 20024);
    assert_int_equal(module_in(&set, "bootloader/1")->version, 2);
    assert_int_equal(module_in(&set, "user_part/1")->start, 0x085f4000);
    assert_false(system_part->pinned);
    assert_null(module_in(&set, "radio_stack/0"));
}

static void published_files_are_pinned(void **state)
{
    release set = found_release(state, "v4.0.2", "boron");
    char digits[SHA256_HEX_SIZE];
    const release_module *system_part = module_in(&set, "system_part/1");
    assert_true(system_part->pinned);
    text_hex(digits, (span){system_part->sha256, SHA256_SIZE});
    assert_string_equal(digits, "6cde04a963682f5e04856b541087b014996dff5736b7dda3b38e39b1d5069b66");
    assert_int_equal(system_part->size, 510938);
    assert_int_not_equal(system_part->identity[0] | system_part->identity[1], 0);
}

static void unknown_releases_and_boards_are_told_apart(void **state)
{
    const facts *known = *state;
    release found;
    osb_error error;
    const platform *photon = board_named(state, "photon");
    assert_int_equal(catalog_release(&known->known, "9.9.9", photon, &found, &error),
                     OSB_ERR_NOT_FOUND);
    assert_null(strstr(error.message, "Photon"));
    assert_int_equal(catalog_release(&known->known, "5.3.1", photon, &found, &error),
                     OSB_ERR_NOT_FOUND);
    assert_non_null(strstr(error.message, "Photon"));
    assert_int_equal(catalog_release(&known->known, "", photon, &found, &error), OSB_ERR_NOT_FOUND);
}

static void releases_stand_in_order(void **state)
{
    const facts *known = *state;
    assert_true(known->known.count > 40);
    for (size_t i = 1; i < known->known.count; i++)
        assert_int_equal(version_compare_text(catalog_version(&known->known, i - 1),
                                              catalog_version(&known->known, i)),
                         -1);
}

static void a_module_number_names_its_release(void **state)
{
    const catalog *known = &((const facts *)*state)->known;
    const platform *p2 = board_named(state, "p2"), *boron = board_named(state, "boron");
    module_slot system_part = {MODULE_SYSTEM_PART, 1}, bootloader = {MODULE_BOOTLOADER, 0};
    assert_string_equal(catalog_os_version(known, p2, system_part, 5004), "5.1.0");
    assert_string_equal(catalog_os_version(known, boron, system_part, 2302), "2.3.1");
    assert_string_equal(catalog_os_version(known, p2, bootloader, 2400), "5.6.0");
    const platform *photon = board_named(state, "photon");
    assert_string_equal(catalog_os_version(known, photon, system_part, 13), "0.5.0"); /* rc.2 too */
    assert_string_equal(catalog_os_version(known, boron, system_part, 2004), "2.0.0-rc.1");
    assert_null(catalog_os_version(known, photon, system_part, 4));  /* six release candidates */
    assert_null(catalog_os_version(known, boron, bootloader, 1005)); /* shared by four */
    assert_null(catalog_os_version(known, p2, system_part, 5299));
    assert_null(catalog_os_version(known, p2, (module_slot){MODULE_RADIO_STACK, 0}, 202));
}

static void the_oldest_release_that_will_do_is_found(void **state)
{
    const catalog *known = &((const facts *)*state)->known;
    const platform *p2 = board_named(state, "p2"), *boron = board_named(state, "boron");
    module_slot system_part = {MODULE_SYSTEM_PART, 1};
    assert_string_equal(catalog_first_with(known, p2, system_part, 5301), "5.3.1");
    assert_string_equal(catalog_first_with(known, p2, system_part, 5303), "5.4.0");
    assert_string_equal(catalog_first_with(known, boron, system_part, 4006), "4.0.2");
    assert_string_equal(catalog_first_with(known, boron, system_part, 2004), "2.0.0");
    assert_string_equal(catalog_first_with(known, p2, system_part, 3211), "5.0.0");
    assert_null(catalog_first_with(known, boron, system_part, 65535));
    assert_string_equal(catalog_last_with(known, p2, system_part, 5301), "5.3.1");
    assert_string_equal(catalog_last_with(known, p2, system_part, 5303 - 1), "5.3.2");
    assert_string_equal(catalog_last_with(known, boron, system_part, 4007), "4.0.2");
    assert_null(catalog_last_with(known, boron, system_part, 1));
}

static void assert_resolves(void **state, const char *board, const char *words, const char *wanted)
{
    const facts *known = *state;
    const char *found = catalog_resolve(&known->known, board_named(state, board), words, false);
    assert_string_equal(found ? found : "-", wanted);
}

static void words_name_releases_per_board(void **state)
{
    assert_resolves(state, "p2", "5.3", "5.3.2");
    assert_resolves(state, "p2", "5.3.0", "5.3.0");
    assert_resolves(state, "p2", "5", "5.9.0");
    assert_resolves(state, "boron", "4", "4.2.0");
    assert_resolves(state, "p2", "4", "-");
    assert_resolves(state, "p2", "5.33", "-");
    assert_resolves(state, "photon", "latest", "3.3.1");
    assert_resolves(state, "xenon", "latest", "1.5.2");
    assert_resolves(state, "asom", "latest", "1.4.4");
    assert_resolves(state, "trackerm", "latest", "5.8.0");
    assert_resolves(state, "tracker", "latest", "6.1.1");
    assert_resolves(state, "photon", "lts", "2.3.1");
    assert_resolves(state, "tracker", "lts", "6.1.1");
    assert_resolves(state, "xenon", "lts", "-");
    assert_resolves(state, "boron", "nonsense", "-");
}

static void prereleases_are_named_in_full_or_asked_for(void **state)
{
    const facts *known = *state;
    const platform *p2 = board_named(state, "p2");
    assert_resolves(state, "p2", "3", "-");
    assert_resolves(state, "p2", "3.2.1-p2.3", "3.2.1-p2.3");
    assert_string_equal(catalog_resolve(&known->known, p2, "3", true), "3.2.1-p2.3");
    assert_null(strstr(catalog_resolve(&known->known, p2, "latest", true), "-"));
    assert_resolves(state, "boron", "6.3", "6.3.5");
    assert_resolves(state, "boron", "6.1", "6.1.1"); /* 6.1.2 was never published */
    assert_resolves(state, "boron", "6.1.2", "6.1.2");
    assert_resolves(state, "p2", "5.8", "5.8.2"); /* preview, but a final version */
}

static void add_release(catalog *known, const char *number, const char *channel, const char *board)
{
    char text[512];
    osb_error error;
    text_format(
        text, sizeof text,
        "{\"type\":\"osbundle-release\",\"schema\":1,\"version\":\"%s\",\"channel\":\"%s\","
        "\"lts\":false,\"prerelease\":false,\"platforms\":{\"%s\":{\"modules\":[{\"slot\":"
        "\"system_part/1\",\"file\":\"mine.bin\",\"version\":9999,\"dependencies\":null}]}}}",
        number, channel, board);
    JSON_OWNED *manifest = NULL;
    span bytes = {(const uint8_t *)text, strlen(text)};
    assert_int_equal(json_parse(bytes, "mine.json", &manifest, &error), OSB_OK);
    assert_int_equal(catalog_add(known, manifest, "mine.json", &error), OSB_OK);
}

static void a_manifest_can_be_added_or_replaced(void **state)
{
    catalog known;
    release set;
    osb_error error;
    const platform *p2 = board_named(state, "p2");
    assert_int_equal(catalog_load(&known, &error), OSB_OK);
    size_t before = known.count;
    add_release(&known, "0.0.1", "ga", "p2");
    add_release(&known, "5.3.1", "ga", "p2");
    add_release(&known, "98.0.0", "ga", "photon");
    assert_int_equal(known.count, before + 2);
    assert_string_equal(catalog_version(&known, 0), "0.0.1");
    assert_string_equal(catalog_version(&known, known.count - 1), "98.0.0");
    assert_int_equal(catalog_release(&known, "5.3.1", p2, &set, &error), OSB_OK);
    assert_int_equal(set.module_count, 1);
    assert_string_equal(set.modules[0].file, "mine.bin");
    catalog_free(&known);
}

static void nothing_is_read_before_a_question_and_nothing_copied_before_a_change(void **state)
{
    catalog first, second;
    release set;
    osb_error error;
    assert_int_equal(catalog_load(&first, &error), OSB_OK);
    assert_int_equal(catalog_load(&second, &error), OSB_OK);
    assert_null(first.memory.newest); /* not a byte was taken */
    assert_ptr_equal(first.entries, second.entries);
    add_release(&first, "5.3.1", "ga", "p2");
    assert_ptr_not_equal(first.entries, second.entries);
    const platform *p2 = board_named(state, "p2");
    assert_int_equal(catalog_release(&second, "5.3.1", p2, &set, &error), OSB_OK);
    assert_true(set.module_count > 1); /* the other catalog is as it was */
    assert_null(second.memory.newest);
    catalog_free(&first);
    catalog_free(&second);
}

static void a_preview_is_not_the_latest(void **state)
{
    catalog known;
    osb_error error;
    const platform *photon = board_named(state, "photon");
    assert_int_equal(catalog_load(&known, &error), OSB_OK);
    add_release(&known, "98.0.0", "ga", "photon");
    add_release(&known, "99.0.0", "preview", "photon");
    add_release(&known, "99.0.1", "internal", "photon");
    add_release(&known, "99.1.0-rc.1", "ga", "photon");
    assert_string_equal(catalog_resolve(&known, photon, "latest", false), "98.0.0");
    assert_string_equal(catalog_resolve(&known, photon, "latest", true), "99.1.0-rc.1");
    assert_string_equal(catalog_resolve(&known, photon, "99", false), "99.0.0");
    assert_string_equal(catalog_resolve(&known, photon, "99.0.1", false), "99.0.1");
    catalog_free(&known);
}

static void assert_manifest_refused(const char *module_members)
{
    char text[1024];
    catalog known = {0};
    osb_error error;
    text_format(text, sizeof text,
                "{\"type\":\"osbundle-release\",\"schema\":1,\"version\":\"1.0.0\",\"platforms\":"
                "{\"p2\":{\"modules\":[{%s}]}}}",
                module_members);
    JSON_OWNED *manifest = NULL;
    span bytes = {(const uint8_t *)text, strlen(text)};
    assert_int_equal(json_parse(bytes, "bad.json", &manifest, &error), OSB_OK);
    assert_int_equal(catalog_add(&known, manifest, "bad.json", &error), OSB_ERR_INTEGRITY);
    assert_string_equal(error.subject, "bad.json");
    catalog_free(&known);
}

static void a_broken_manifest_is_named(void **state)
{
    (void)state;
    assert_manifest_refused("");
    assert_manifest_refused("\"slot\":\"system/1\",\"file\":\"a.bin\",\"version\":1");
    assert_manifest_refused("\"slot\":\"asset/1\",\"file\":\"../a.bin\",\"version\":1");
    assert_manifest_refused("\"slot\":\"asset/1\",\"file\":\"a.bin\",\"version\":70000");
    assert_manifest_refused("\"slot\":\"asset/1\",\"file\":\"a.bin\",\"version\":1,\"size\":-1");
    assert_manifest_refused("\"slot\":\"asset/1\",\"file\":\"a.bin\",\"version\":1,"
                            "\"sha256\":\"12\"");
    assert_manifest_refused("\"slot\":\"asset/1\",\"file\":\"a.bin\",\"version\":1,"
                            "\"dependencies\":[{\"slot\":\"x\",\"version\":1}]");
}

static void one_module_fits(const platform *board, const release_module *entry)
{
    const platform_slot *slot = platform_find_slot(board, entry->slot);
    const uint32_t size = 4096;
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    osb_error error = {0};
    module_recipe recipe = {
        .prefix_offset = slot->prefix_offset,
        .start = slot->grows_left ? slot->end - size : entry->start,
        .flags = slot->flash_offset ? MODULE_DROP_INFO : 0,
        .version = entry->version,
        .platform_id = board->id,
        .slot = entry->slot,
        .dependencies = {entry->dependencies[0], entry->dependencies[1]},
    };
    assert_int_equal(module_synthesise(&recipe, size, false, &file, &error), OSB_OK);
    module parsed = parse_sound(buf_span(&file));
    osb_status wanted = slot->route == ROUTE_NEVER ? OSB_ERR_REFUSED : OSB_OK;
    if (platform_accepts(board, &parsed, entry->file, &error) != wanted)
        fail_msg("%s %s: %s", board->name, entry->file, error.message);
}

static void whatever_a_release_holds_its_board_would_take(void **state)
{
    const facts *known = *state;
    size_t tried = 0;
    for (size_t i = 0; i < known->known.count; i++) {
        for (size_t k = 0; k < known->platforms.count; k++) {
            release set;
            osb_error error;
            const platform *board = &known->platforms.items[k];
            const char *wanted = catalog_version(&known->known, i);
            if (catalog_release(&known->known, wanted, board, &set, &error) != OSB_OK)
                continue;
            for (size_t n = 0; n < set.module_count; n++, tried++)
                one_module_fits(board, &set.modules[n]);
        }
    }
    assert_true(tried > 1000);
}

static void a_release_module_comes_from_its_file(void **state)
{
    (void)state;
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    uint8_t digest[SHA256_SIZE];
    module_recipe recipe = boron_system_recipe();
    release_module entry;
    write_module(&recipe, &file);
    buf_append_fill(&file, 0xff, 10);
    module parsed = parse_sound(buf_span(&file));
    release_module_from(&entry, &parsed, "boron-system-part1@4.0.2.bin", NULL);
    sha256(buf_span(&file), digest);
    assert_memory_equal(entry.sha256, digest, SHA256_SIZE);
    assert_memory_equal(entry.identity, parsed.sha256, SHA256_SIZE);
    assert_int_equal(entry.size, file.size);
    assert_int_equal(entry.dependencies[1].version, 202);
    assert_true(entry.pinned);
    assert_false(entry.synthetic);
}

static void a_release_is_shown_with_routes_and_nulls(void **state)
{
    release set = found_release(state, "5.3.1", "p2");
    JSON_OWNED *object = release_to_json(&set);
    const json_t *modules = json_object_get(object, "modules");
    assert_string_equal(json_text(object, "type", ""), "osbundle-release");
    assert_string_equal(json_text(object, "platform", ""), "p2");
    assert_int_equal(json_array_size(modules), set.module_count);
    const json_t *mbr = json_array_get(modules, 1);
    assert_string_equal(json_text(mbr, "slot", ""), "bootloader/1");
    assert_string_equal(json_text(mbr, "route", ""), "never");
    assert_true(json_is_null(json_object_get(mbr, "sha256")));
    assert_true(json_is_null(json_object_get(mbr, "size")));
    assert_int_equal(json_number(json_array_get(modules, 0), "size", 0), 52476);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p2_5_3_1_holds_what_was_published),
        cmocka_unit_test(published_files_are_pinned),
        cmocka_unit_test(unknown_releases_and_boards_are_told_apart),
        cmocka_unit_test(releases_stand_in_order),
        cmocka_unit_test(a_module_number_names_its_release),
        cmocka_unit_test(the_oldest_release_that_will_do_is_found),
        cmocka_unit_test(words_name_releases_per_board),
        cmocka_unit_test(prereleases_are_named_in_full_or_asked_for),
        cmocka_unit_test(a_manifest_can_be_added_or_replaced),
        cmocka_unit_test(nothing_is_read_before_a_question_and_nothing_copied_before_a_change),
        cmocka_unit_test(a_preview_is_not_the_latest),
        cmocka_unit_test(a_broken_manifest_is_named),
        cmocka_unit_test(whatever_a_release_holds_its_board_would_take),
        cmocka_unit_test(a_release_module_comes_from_its_file),
        cmocka_unit_test(a_release_is_shown_with_routes_and_nulls),
    };
    return cmocka_run_group_tests(tests, load_facts, free_facts);
}
