/* Boards as data, and what may never be flashed to them. */
#include "unit/model/samples.h"

#include "base/json.h"
#include "base/text.h"
#include "model/embedded.h"

static const platform *board_named(void **state, const char *name)
{
    const facts *known = *state;
    const platform *board = platform_by_name(&known->platforms, name);
    assert_non_null(board);
    return board;
}

static const platform_slot *slot_named(const platform *board, const char *text)
{
    module_slot slot;
    assert_true(slot_from_text(text, &slot));
    return platform_find_slot(board, slot);
}

/** A module that belongs exactly into a slot. */
static module_recipe fitting_recipe(const platform *board, const platform_slot *slot, uint32_t size)
{
    uint32_t start = slot->image_start_count ? slot->image_starts[0] : slot->start;
    return (module_recipe){
        .prefix_offset = slot->prefix_offset,
        .start = slot->grows_left ? slot->end - size : start,
        .mcu_target = slot->slot.function == MODULE_NCP_FIRMWARE ? board->ncp_mcu_target : 0,
        .flags = slot->flash_offset ? MODULE_DROP_INFO : 0,
        .version = 1,
        .platform_id = board->id,
        .slot = slot->slot,
    };
}

static osb_status judge(const platform *board, const module_recipe *recipe, uint32_t size,
                        osb_error *error)
{
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    *error = (osb_error){0};
    assert_int_equal(module_synthesise(recipe, size, false, &file, error), OSB_OK);
    module parsed = parse_sound(buf_span(&file));
    return platform_accepts(board, &parsed, "sample.bin", error);
}

static void assert_refused(const platform *board, const module_recipe *recipe, const char *words)
{
    osb_error error;
    assert_int_equal(judge(board, recipe, 8192, &error), OSB_ERR_REFUSED);
    if (!strstr(error.message, words))
        fail_msg("\"%s\" lacks \"%s\"", error.message, words);
    assert_string_equal(error.subject, "sample.bin");
    assert_true(*error.hint);
    assert_null(strchr(error.message, '\n'));
}

static void every_board_has_what_the_others_rely_on(void **state)
{
    const facts *known = *state;
    assert_true(known->platforms.count >= 15);
    for (size_t i = 0; i < known->platforms.count; i++) {
        const platform *board = &known->platforms.items[i];
        if (i)
            assert_true(board->id > board[-1].id);
        assert_ptr_equal(platform_by_id(&known->platforms, board->id), board);
        assert_ptr_equal(platform_by_name(&known->platforms, board->name), board);
        assert_int_equal(board->vendor_id, 0x2b04);
        assert_true(slot_named(board, "bootloader/0")->required);
        assert_true(slot_named(board, "system_part/1")->required);
        assert_int_equal(slot_named(board, "user_part/1")->route, ROUTE_DFU);
        assert_false(slot_named(board, "user_part/1")->required);
        assert_int_equal(slot_named(board, "bootloader/0")->route, ROUTE_CONTROL);
        assert_string_equal(board->memories[0].name, "internal");
        assert_true(board->staging_count > 0);
    }
    assert_null(platform_by_id(&known->platforms, 999));
    assert_null(platform_by_name(&known->platforms, "P2"));
}

/** 0 where that system looks at nothing, or nobody can tell where. */
static uint32_t staging_of(const facts *known, const char *name, uint16_t system,
                           uint32_t system_end)
{
    const platform *board = platform_by_name(&known->platforms, name);
    uint32_t start = 1;
    assert_non_null(board);
    if (!platform_staging(board, system, system_end, 48 * 1024, &start))
        return 0;
    assert_true(platform_is_staging(board, board->staging_alternate, start, 48 * 1024));
    return start;
}

static void what_is_staged_goes_where_the_next_system_looks(void **state)
{
    static const struct {
        const char *board;
        uint16_t system;
        uint32_t system_end, start;
    } cases[] = {
        {"photon", 1212, 0, 0},
        {"photon", 1213, 0, 0x080c0000},
        {"electron", 3302, 0, 0x080c0000},
        {"boron", 5410, 0, 0x80289000},
        {"boron", 5500, 0, 0x8024c000},
        {"b5som", 1512, 0, 0x80289000},
        {"b5som", 2008, 0, 0x80689000},
        {"tracker", 6305, 0, 0x80689000},
        {"p2", 3212, 0x08100000, 0},
        {"p2", 5410, 0x08155cc0, 0x08156000},
        {"p2", 5410, 0x08156000, 0x08157000},
        {"p2", 5410, 0, 0},
        {"p2", 5501, 0, 0x08300000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t start = staging_of(*state, cases[i].board, cases[i].system, cases[i].system_end);
        if (start != cases[i].start)
            fail_msg("%s %u: 0x%08x", cases[i].board, cases[i].system, start);
    }
}

static void what_is_too_large_is_not_staged(void **state)
{
    const facts *known = *state;
    const platform *boron = platform_by_name(&known->platforms, "boron");
    uint32_t start;
    assert_true(platform_staging(boron, 5500, 0, 592 * 1024, &start));
    assert_false(platform_staging(boron, 5500, 0, 592 * 1024 + 1, &start)); /* assets begin */
}

static void a_board_is_known_on_the_bus_in_both_modes(void **state)
{
    const facts *known = *state;
    bool dfu = true;
    assert_string_equal(platform_by_usb(&known->platforms, 0x2b04, 0xc020, &dfu)->name, "p2");
    assert_false(dfu);
    assert_string_equal(platform_by_usb(&known->platforms, 0x2b04, 0xd00d, &dfu)->name, "boron");
    assert_true(dfu);
    assert_non_null(platform_by_usb(&known->platforms, 0x2b04, 0xd00d, NULL));
    assert_null(platform_by_usb(&known->platforms, 0x2b04, 0xe00d, NULL));
    assert_null(platform_by_usb(&known->platforms, 0x1d50, 0xc00d, NULL));
}

static void each_slot_takes_its_own_module_and_no_other_board_does(void **state)
{
    const facts *known = *state;
    osb_error error;
    for (size_t i = 0; i < known->platforms.count; i++) {
        const platform *board = &known->platforms.items[i];
        const platform *other = &known->platforms.items[(i + 1) % known->platforms.count];
        for (size_t k = 0; k < board->slot_count; k++) {
            const platform_slot *slot = &board->slots[k];
            module_recipe recipe = fitting_recipe(board, slot, 8192);
            osb_status wanted = slot->route == ROUTE_NEVER ? OSB_ERR_REFUSED : OSB_OK;
            if (judge(board, &recipe, 8192, &error) != wanted)
                fail_msg("%s %s: %s", board->name, slot->name, error.message);
            assert_int_equal(judge(other, &recipe, 8192, &error), OSB_ERR_REFUSED);
        }
    }
}

static void a_slot_may_be_filled_to_its_last_byte_only(void **state)
{
    const platform *boron = board_named(state, "boron");
    const platform_slot *slot = slot_named(boron, "bootloader/0");
    module_recipe recipe = fitting_recipe(boron, slot, 0);
    osb_error error;
    assert_int_equal(judge(boron, &recipe, slot->end - slot->start, &error), OSB_OK);
    assert_int_equal(judge(boron, &recipe, slot->end - slot->start + 1, &error), OSB_ERR_REFUSED);
    assert_non_null(strstr(error.message, "too large"));
}

static void the_mbr_is_never_flashed_whatever_it_says(void **state)
{
    const platform *p2 = board_named(state, "p2");
    module_recipe recipe = fitting_recipe(p2, slot_named(p2, "bootloader/1"), 8192);
    assert_refused(p2, &recipe, "prebootloader-mbr is never flashed");
    recipe.flags = MODULE_ENCRYPTED | MODULE_DROP_INFO;
    recipe.prefix_offset = 0;
    assert_refused(p2, &recipe, "prebootloader-mbr is never flashed");
}

static void encrypted_and_packed_modules_are_refused(void **state)
{
    const platform *p2 = board_named(state, "p2");
    module_recipe recipe = fitting_recipe(p2, slot_named(p2, "bootloader/2"), 8192);
    recipe.flags = MODULE_ENCRYPTED;
    assert_refused(p2, &recipe, "encrypted");
    recipe.flags = MODULE_COMPRESSED;
    assert_refused(p2, &recipe, "compressed");
    recipe.flags = MODULE_COMBINED;
    assert_refused(p2, &recipe, "combined");
}

static void a_prefix_is_dropped_exactly_where_the_slot_wants_it(void **state)
{
    const platform *boron = board_named(state, "boron");
    module_recipe recipe = fitting_recipe(boron, slot_named(boron, "radio_stack/0"), 8192);
    recipe.flags = 0;
    assert_refused(boron, &recipe, "keeps the prefix");
    recipe = fitting_recipe(boron, slot_named(boron, "user_part/2"), 8192);
    recipe.flags = MODULE_DROP_INFO;
    assert_refused(boron, &recipe, "leave the prefix out");
}

static void a_module_for_another_chip_is_refused(void **state)
{
    const platform *argon = board_named(state, "argon");
    module_recipe recipe = fitting_recipe(argon, slot_named(argon, "ncp_firmware/0"), 8192);
    recipe.mcu_target = 0x44;
    assert_refused(argon, &recipe, "chip 0x44");
    recipe.mcu_target = 0xff;
    assert_refused(argon, &recipe, "chip 0xff");
    recipe = fitting_recipe(argon, slot_named(argon, "user_part/2"), 8192);
    recipe.mcu_target = 0x21;
    assert_refused(argon, &recipe, "chip 0x21");
    const platform *boron = board_named(state, "boron");
    recipe = fitting_recipe(argon, slot_named(argon, "ncp_firmware/0"), 8192);
    recipe.platform_id = boron->id;
    assert_refused(boron, &recipe, "ncp_firmware/0 is no slot of Boron");
}

static void an_image_belongs_where_its_header_says(void **state)
{
    const platform *boron = board_named(state, "boron"), *p2 = board_named(state, "p2");
    osb_error error;
    module_recipe recipe = fitting_recipe(boron, slot_named(boron, "system_part/1"), 8192);
    recipe.start = 0x28000;
    assert_int_equal(judge(boron, &recipe, 8192, &error), OSB_OK);
    recipe.start = 0x29000;
    assert_refused(boron, &recipe, "is not where system-part1 may be");
    recipe = fitting_recipe(boron, slot_named(boron, "user_part/2"), 8192);
    recipe.prefix_offset = 0x200;
    assert_refused(boron, &recipe, "its header stands at 0x200");
    recipe = fitting_recipe(p2, slot_named(p2, "user_part/1"), 8192);
    recipe.start -= 4;
    assert_refused(p2, &recipe, "is not where user-part may be");
}

static void an_application_grows_left_down_to_its_lowest_start(void **state)
{
    const platform *p2 = board_named(state, "p2");
    const platform_slot *slot = slot_named(p2, "user_part/1");
    osb_error error;
    module_recipe recipe = fitting_recipe(p2, slot, 49264);
    assert_int_equal(recipe.start, 0x085f3f90);
    assert_int_equal(judge(p2, &recipe, 49264, &error), OSB_OK);
    const uint32_t most = slot->end - slot->start;
    recipe = fitting_recipe(p2, slot, most);
    assert_int_equal(judge(p2, &recipe, most, &error), OSB_OK);
    recipe = fitting_recipe(p2, slot, most + 1);
    assert_int_equal(judge(p2, &recipe, most + 1, &error), OSB_ERR_REFUSED);
}

static void assets_go_to_boards_that_keep_them(void **state)
{
    osb_error error;
    module_recipe recipe = {.slot = {MODULE_ASSET, 0},
                            .flags = MODULE_DROP_INFO | MODULE_COMPRESSED};
    assert_int_equal(judge(board_named(state, "p2"), &recipe, 8192, &error), OSB_OK);
    assert_int_equal(judge(board_named(state, "boron"), &recipe, 8192, &error), OSB_OK);
    assert_refused(board_named(state, "photon"), &recipe, "keeps no assets");
}

static void electron_files_are_named_apart_from_their_indexes(void **state)
{
    const platform *electron = board_named(state, "electron");
    assert_string_equal(slot_named(electron, "system_part/3")->name, "system-part1");
    assert_string_equal(slot_named(electron, "system_part/1")->name, "system-part2");
    assert_string_equal(slot_named(electron, "system_part/2")->name, "system-part3");
    assert_int_equal(slot_named(electron, "system_part/3")->prefix_offset, 0);
}

/** The p2 manifest with one change, through the reader. */
static osb_status read_changed(const char *pointer, json_t *value, osb_error *error)
{
    const embedded_file *file = embedded_files;
    while (!text_equal(file->path, "platforms/p2.json"))
        file++;
    ARENA_OWNED memory = {0};
    JSON_OWNED *manifest = NULL;
    JSON_OWNED *change = value;
    platform board;
    assert_int_equal(json_parse((span){file->data, file->size}, "p2", &manifest, error), OSB_OK);
    json_t *slots = json_object_get(manifest, "slots");
    json_t *target = text_starts_with(pointer, "slot.") ? json_array_get(slots, 0) : manifest;
    const char *member = target == manifest ? pointer : pointer + 5;
    if (change)
        json_object_set(target, member, change);
    else
        json_object_del(target, member);
    *error = (osb_error){0};
    return platform_from_json(manifest, "p2.json", &memory, &board, error);
}

static void a_manifest_without_what_it_needs_is_named(void **state)
{
    (void)state;
    osb_error error;
    static const char *const needed[] = {
        "type",  "schema",   "id",        "name",       "mcu",        "usb",      "staging",
        "slots", "memories", "slot.slot", "slot.route", "slot.start", "slot.end", "slot.name"};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        assert_int_equal(read_changed(needed[i], NULL, &error), OSB_ERR_INTEGRITY);
        assert_string_equal(error.subject, "p2.json");
    }
    assert_int_equal(read_changed("schema", json_integer(2), &error), OSB_ERR_INTEGRITY);
    assert_int_equal(read_changed("id", json_integer(65536), &error), OSB_ERR_INTEGRITY);
    assert_int_equal(read_changed("mcu", json_string("z80"), &error), OSB_ERR_INTEGRITY);
    assert_int_equal(read_changed("slot.end", json_string("0x10"), &error), OSB_ERR_INTEGRITY);
    assert_int_equal(read_changed("slot.route", json_string("never"), &error), OSB_ERR_INTEGRITY);
    assert_int_equal(read_changed("display_name", json_string("Mine"), &error), OSB_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_board_has_what_the_others_rely_on),
        cmocka_unit_test(what_is_staged_goes_where_the_next_system_looks),
        cmocka_unit_test(what_is_too_large_is_not_staged),
        cmocka_unit_test(a_board_is_known_on_the_bus_in_both_modes),
        cmocka_unit_test(each_slot_takes_its_own_module_and_no_other_board_does),
        cmocka_unit_test(a_slot_may_be_filled_to_its_last_byte_only),
        cmocka_unit_test(the_mbr_is_never_flashed_whatever_it_says),
        cmocka_unit_test(encrypted_and_packed_modules_are_refused),
        cmocka_unit_test(a_prefix_is_dropped_exactly_where_the_slot_wants_it),
        cmocka_unit_test(a_module_for_another_chip_is_refused),
        cmocka_unit_test(an_image_belongs_where_its_header_says),
        cmocka_unit_test(an_application_grows_left_down_to_its_lowest_start),
        cmocka_unit_test(assets_go_to_boards_that_keep_them),
        cmocka_unit_test(electron_files_are_named_apart_from_their_indexes),
        cmocka_unit_test(a_manifest_without_what_it_needs_is_named),
    };
    return cmocka_run_group_tests(tests, load_facts, free_facts);
}
