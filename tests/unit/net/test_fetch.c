/*
 * Fetching a set: what is chosen, what is published, and that any failure leaves nothing behind.
 */
#include "unit/trust/fixtures.h"

#include "net/fetch.h"

#define VERSION "99.9.9" /* no catalog knows it */

/** A release folder, a cache, and what one fetch said. */
typedef struct scene {
    fixture *with;
    const platform *board;
    const char *version; /**< NULL: VERSION */
    const catalog *known;
    bool allow_incomplete;
    fetch_result result;
    osb_error error;
} scene;

static const char *file_name(const scene *set, const char *part)
{
    static char name[2][RELEASE_FILE_NAME];
    static unsigned next;
    char *target = name[next++ % 2];
    text_format(target, RELEASE_FILE_NAME, "site/%s-%s@" VERSION ".bin", set->board->name, part);
    return target;
}

/** Adds one file; NULL for `slot`: not a module. */
static void add_module(scene *set, const char *part, const char *slot)
{
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    fixture_module(set->board, slot, 9, 4096 + (uint32_t)strlen(part) * 8, &file);
    fixture_write(set->with, file_name(set, part), buf_span(&file));
}

/** A folder with a complete release of P2, and what lies beside it on a release site. */
static scene p2_release(void **state)
{
    scene set = {.with = *state};
    set.board = fixture_board(set.with, "p2");
    add_module(&set, "bootloader", "bootloader/0");
    add_module(&set, "prebootloader-part1", "bootloader/2");
    add_module(&set, "prebootloader-mbr", "bootloader/1");
    add_module(&set, "system-part1", "system_part/1");
    add_module(&set, "tinker", "user_part/1");
    add_module(&set, "user-part", "user_part/1");
    fixture_write(set.with, "site/p2-bootloader@" VERSION "+debug.bin", span_of("debug build"));
    fixture_write(set.with, "site/p2-bootloader@" VERSION ".elf", span_of("elf"));
    fixture_write(set.with, "site/argon-bootloader@" VERSION ".bin", span_of("another's"));
    return set;
}

/** Declares `site`, a list of the one source that p2_release filled. */
#define SITE_OF(with, options)                                                                     \
    const char *site_url = fixture_path(with, "site");                                             \
    source *site_opened = NULL;                                                                    \
    source_order site = {options, &site_url, &site_opened, 1}

static osb_status fetch(scene *set)
{
    net_options options = {.offline = true};
    SITE_OF(set->with, &options);
    cache *target;
    assert_int_equal(cache_open(fixture_path(set->with, "cache"), &target, NULL), OSB_OK);
    osb_status status =
        fetch_release(&site, set->version ? set->version : VERSION, set->board, set->known, target,
                      set->allow_incomplete, NULL, &set->result, &set->error);
    cache_close(target);
    source_order_close(&site);
    if (status != OSB_OK) {
        assert_true(*set->error.message);
        assert_true(*set->error.hint);
    }
    return status;
}

static size_t count_in_cache(const scene *set, const char *folder)
{
    char name[100];
    text_format(name, sizeof name, "cache/%s", folder);
    return fixture_count_files(fixture_path(set->with, name));
}

static void assert_nothing_published(const scene *set)
{
    assert_int_equal(count_in_cache(set, "releases"), 0);
    assert_int_equal(count_in_cache(set, "objects"), 0);
}

/** Changes one byte of a release file, or cuts it when `cut`. */
static void damage(scene *set, const char *part, bool cut)
{
    BUF_OWNED content = buf_make(MODULE_FILE_MAX);
    const char *name = file_name(set, part);
    assert_int_equal(file_read(fixture_path(set->with, name), &content, NULL), OSB_OK);
    content.data[content.size / 2] ^= 4;
    size_t size = cut ? content.size / 2 : content.size;
    fixture_write(set->with, name, span_slice(buf_span(&content), 0, size));
}

static const cached_module *record_find(const cached_release *record, const char *slot)
{
    module_slot wanted;
    assert_true(slot_from_text(slot, &wanted));
    for (size_t i = 0; i < record->count; i++)
        if (slot_equal(record->modules[i].slot, wanted))
            return &record->modules[i];
    return NULL;
}

static void a_complete_set_is_published(void **state)
{
    scene set = p2_release(state);
    assert_int_equal(fetch(&set), OSB_OK);
    assert_false(set.result.already_cached);
    assert_int_equal(set.result.downloaded, 3);
    assert_int_equal(set.result.record.count, 3);
    assert_string_equal(set.result.record.version, VERSION);
    assert_string_equal(set.result.record.platform, "p2");
    const cached_module *boot = record_find(&set.result.record, "bootloader/0");
    assert_string_equal(boot->file, "p2-bootloader@" VERSION ".bin");
    assert_string_equal(boot->from, fixture_path(set.with, "site/p2-bootloader@" VERSION ".bin"));
    assert_int_equal(strlen(boot->when), 20);
    assert_non_null(record_find(&set.result.record, "bootloader/2"));
    assert_non_null(record_find(&set.result.record, "system_part/1"));
    assert_true(file_exists(fixture_path(set.with, "cache/releases/" VERSION "/p2.json")));
    assert_int_equal(count_in_cache(&set, "objects"), 3);
}

static void the_mbr_and_applications_are_never_chosen(void **state)
{
    scene set = p2_release(state);
    assert_int_equal(fetch(&set), OSB_OK);
    assert_null(record_find(&set.result.record, "bootloader/1"));
    assert_null(record_find(&set.result.record, "user_part/1"));
}

static void a_second_fetch_asks_nobody(void **state)
{
    scene set = p2_release(state);
    assert_int_equal(fetch(&set), OSB_OK);
    assert_int_equal(unlink(fixture_path(set.with, file_name(&set, "bootloader"))), 0);
    assert_int_equal(fetch(&set), OSB_OK);
    assert_true(set.result.already_cached);
    assert_int_equal(set.result.downloaded, 0);
    assert_int_equal(set.result.record.count, 3);
}

static void a_damaged_cache_is_repaired(void **state)
{
    scene set = p2_release(state);
    char hex[SHA256_HEX_SIZE], name[200];
    assert_int_equal(fetch(&set), OSB_OK);
    text_hex(hex, (span){record_find(&set.result.record, "bootloader/0")->sha256, SHA256_SIZE});
    text_format(name, sizeof name, "cache/objects/sha256/%.2s/%s", hex, hex + 2);
    fixture_write(set.with, name, span_of("rot"));
    assert_int_equal(fetch(&set), OSB_OK);
    assert_false(set.result.already_cached);
    assert_int_equal(fetch(&set), OSB_OK);
    assert_true(set.result.already_cached);
    assert_int_equal(count_in_cache(&set, "damaged"), 1);
}

static void a_flipped_bit_leaves_nothing(void **state)
{
    scene set = p2_release(state);
    damage(&set, "system-part1", false);
    assert_int_equal(fetch(&set), OSB_ERR_INTEGRITY);
    assert_string_equal(set.error.subject, "p2-system-part1@" VERSION ".bin");
    assert_nothing_published(&set);
}

static void a_truncated_file_leaves_nothing(void **state)
{
    scene set = p2_release(state);
    damage(&set, "bootloader", true);
    assert_int_equal(fetch(&set), OSB_ERR_INTEGRITY);
    assert_nothing_published(&set);
}

static void an_error_page_leaves_nothing(void **state)
{
    scene set = p2_release(state);
    fixture_write(set.with, file_name(&set, "system-part1"), span_of("<html>Sorry</html>"));
    assert_int_equal(fetch(&set), OSB_ERR_NOT_A_MODULE);
    fixture_write(set.with, file_name(&set, "system-part1"), span_of(""));
    assert_int_equal(fetch(&set), OSB_ERR_NOT_A_MODULE);
    assert_nothing_published(&set);
}

static void another_platforms_module_leaves_nothing(void **state)
{
    scene set = p2_release(state);
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    fixture_module(fixture_board(set.with, "msom"), "bootloader/0", 9, 4096, &file);
    fixture_write(set.with, file_name(&set, "bootloader"), buf_span(&file));
    assert_int_equal(fetch(&set), OSB_ERR_REFUSED);
    assert_nothing_published(&set);
}

static void an_mbr_under_another_name_leaves_nothing(void **state)
{
    scene set = p2_release(state);
    add_module(&set, "bootloader", "bootloader/1");
    assert_int_equal(fetch(&set), OSB_ERR_REFUSED);
    assert_nothing_published(&set);
}

static void a_module_in_anothers_place_leaves_nothing(void **state)
{
    scene set = p2_release(state);
    add_module(&set, "bootloader", "bootloader/2");
    assert_int_equal(fetch(&set), OSB_ERR_INTEGRITY);
    assert_nothing_published(&set);
}

static void a_missing_part_is_named_and_leaves_nothing(void **state)
{
    scene set = p2_release(state);
    assert_int_equal(unlink(fixture_path(set.with, file_name(&set, "prebootloader-part1"))), 0);
    assert_int_equal(fetch(&set), OSB_ERR_REFUSED);
    assert_non_null(strstr(set.error.message, "bootloader/2"));
    assert_non_null(strstr(set.error.message, "p2-prebootloader-part1@" VERSION ".bin"));
    assert_non_null(strstr(set.error.hint, "--allow-incomplete"));
    assert_nothing_published(&set);
}

static void an_incomplete_set_is_taken_when_that_is_allowed(void **state)
{
    scene set = p2_release(state);
    set.allow_incomplete = true;
    assert_int_equal(unlink(fixture_path(set.with, file_name(&set, "prebootloader-part1"))), 0);
    assert_int_equal(fetch(&set), OSB_OK);
    assert_int_equal(set.result.record.count, 2);
    set.allow_incomplete = false; /* and does not pass for a complete one later */
    assert_int_equal(fetch(&set), OSB_ERR_REFUSED);
}

static void nothing_for_the_platform_is_not_found(void **state)
{
    scene set = p2_release(state);
    set.board = fixture_board(set.with, "boron");
    assert_int_equal(fetch(&set), OSB_ERR_NOT_FOUND);
    assert_string_equal(set.error.subject, VERSION);
    assert_non_null(strstr(set.error.message, "boron"));
    assert_nothing_published(&set);
}

static void electron_files_go_to_the_slots_that_their_names_mean(void **state)
{
    scene set = {.with = *state};
    set.board = fixture_board(set.with, "electron");
    add_module(&set, "bootloader", "bootloader/0");
    add_module(&set, "system-part1", "system_part/3");
    add_module(&set, "system-part2", "system_part/1");
    add_module(&set, "system-part3", "system_part/2");
    assert_int_equal(fetch(&set), OSB_OK);
    assert_int_equal(set.result.record.count, 4);
    assert_string_equal(record_find(&set.result.record, "system_part/3")->file,
                        "electron-system-part1@" VERSION ".bin");
}

static void a_radio_stack_belongs_to_an_nrf_set(void **state)
{
    scene set = {.with = *state};
    set.board = fixture_board(set.with, "boron");
    add_module(&set, "bootloader", "bootloader/0");
    add_module(&set, "system-part1", "system_part/1");
    assert_int_equal(fetch(&set), OSB_ERR_REFUSED);
    assert_non_null(strstr(set.error.message, "softdevice"));
    add_module(&set, "softdevice", "radio_stack/0");
    assert_int_equal(fetch(&set), OSB_OK);
    assert_int_equal(set.result.record.count, 3);
}

/** Writes modules with the numbers and needs that the catalog has for a release. */
static void write_cataloged(fixture *with, const release *cataloged)
{
    for (size_t i = 0; i < cataloged->module_count; i++) {
        BUF_OWNED file = buf_make(MODULE_FILE_MAX);
        char slot[MODULE_SLOT_TEXT], name[RELEASE_FILE_NAME + 8];
        const release_module *entry = &cataloged->modules[i];
        slot_text(entry->slot, slot);
        module_recipe recipe = fixture_recipe(cataloged->board, slot, entry->version, 4096);
        memcpy(recipe.dependencies, entry->dependencies, sizeof recipe.dependencies);
        assert_int_equal(module_synthesise(&recipe, 4096, false, &file, NULL), OSB_OK);
        text_format(name, sizeof name, "site/%s", entry->file);
        fixture_write(with, name, buf_span(&file));
    }
}

/** A site with one release as the catalog has it, and what a fetch of it said. */
static scene cataloged_release(void **state, const char *board, const char *os_version,
                               catalog *known)
{
    release cataloged;
    scene set = {.with = *state, .version = os_version, .known = known};
    set.board = fixture_board(set.with, board);
    assert_int_equal(catalog_load(known, NULL), OSB_OK);
    assert_int_equal(catalog_release(known, os_version, set.board, &cataloged, NULL), OSB_OK);
    write_cataloged(set.with, &cataloged);
    return set;
}

static void the_catalogs_pins_hold(void **state)
{
    /* 4.0.2 is pinned; a set that only looks like it is not taken for it. */
    catalog known = {0};
    scene set = cataloged_release(state, "argon", "4.0.2", &known);
    assert_int_equal(fetch(&set), OSB_ERR_INTEGRITY);
    assert_true(text_starts_with(set.error.message, "pinned hash"));
    assert_nothing_published(&set);
    catalog_free(&known);
}

static void a_co_processors_image_comes_from_an_older_release(void **state)
{
    /* The system of 5.5.0 needs number 7 of it, and no release of that time brought it along. */
    catalog known = {0};
    scene set = cataloged_release(state, "tracker", "5.5.0", &known);
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    fixture_module(set.board, "ncp_firmware/0", 7, 4096, &file);
    fixture_write(set.with, "site/tracker-ncp-firmware@5.4.0.bin", buf_span(&file));
    if (fetch(&set) != OSB_OK)
        fail_msg("%s: %s", set.error.subject, set.error.message);
    assert_string_equal(record_find(&set.result.record, "ncp_firmware/0")->older, "5.4.0");
    assert_string_equal(record_find(&set.result.record, "bootloader/0")->older, "");
    catalog_free(&known);
}

static void a_co_processors_image_that_is_too_old_is_left_out(void **state)
{
    catalog known = {0};
    scene set = cataloged_release(state, "tracker", "5.5.0", &known);
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    fixture_module(set.board, "ncp_firmware/0", 6, 4096, &file);
    fixture_write(set.with, "site/tracker-ncp-firmware@5.4.0.bin", buf_span(&file));
    if (fetch(&set) != OSB_OK)
        fail_msg("%s: %s", set.error.subject, set.error.message);
    assert_null(record_find(&set.result.record, "ncp_firmware/0"));
    catalog_free(&known);
}

static void the_next_source_is_asked_when_the_first_has_it_not(void **state)
{
    scene set = p2_release(state);
    net_options options = {.offline = true};
    char site[200], nowhere[200];
    text_copy(site, sizeof site, fixture_path(set.with, "site"));
    text_copy(nowhere, sizeof nowhere, fixture_path(set.with, "nowhere"));
    const char *urls[] = {"github+https://api.github.com/repos/o/n", nowhere, site, "gopher://no"};
    static const struct {
        size_t first, count;
        const char *version;
        osb_status status;
    } cases[] = {
        {0, 2, VERSION, OSB_ERR_OFFLINE},
        {1, 1, VERSION, OSB_ERR_NOT_FOUND},
        {1, 2, VERSION, OSB_OK},
        {1, 3, VERSION, OSB_ERR_USAGE},
        {0, 0, "1.2.3", OSB_ERR_NOT_FOUND},
        {3, 1, "1.2.3", OSB_ERR_USAGE},
    };
    cache *target;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        source *opened[3] = {NULL};
        char kept[20];
        text_format(kept, sizeof kept, "cache%zu", i);
        assert_int_equal(cache_open(fixture_path(set.with, kept), &target, NULL), OSB_OK);
        source_order sites = {&options, urls + cases[i].first, opened, cases[i].count};
        assert_int_equal(fetch_release(&sites, cases[i].version, set.board, NULL, target, false,
                                       NULL, &set.result, &set.error),
                         cases[i].status);
        source_order_close(&sites);
        cache_close(target);
    }
}

static void note_last(void *context, const fetch_news *news)
{
    uint64_t *last = context;
    assert_non_null(news->file);
    last[0] = news->done;
    last[1] = news->total;
}

static void progress_counts_all_files_together(void **state)
{
    scene set = p2_release(state);
    uint64_t last[2] = {0};
    fetch_progress progress = {note_last, last};
    net_options options = {0};
    SITE_OF(set.with, &options);
    cache *target;
    assert_int_equal(cache_open(fixture_path(set.with, "cache"), &target, NULL), OSB_OK);
    assert_int_equal(
        fetch_release(&site, VERSION, set.board, NULL, target, false, &progress, &set.result, NULL),
        OSB_OK);
    assert_int_equal(last[0], set.result.bytes);
    assert_int_equal(last[1], set.result.bytes);
    cache_close(target);
    source_order_close(&site);
}

static bool always(void *context)
{
    (void)context;
    return true;
}

static void a_cancelled_fetch_leaves_nothing(void **state)
{
    scene set = p2_release(state);
    net_options options = {.cancelled = always};
    SITE_OF(set.with, &options);
    cache *target;
    assert_int_equal(cache_open(fixture_path(set.with, "cache"), &target, NULL), OSB_OK);
    assert_int_equal(
        fetch_release(&site, VERSION, set.board, NULL, target, false, NULL, &set.result, NULL),
        OSB_ERR_INTERRUPTED);
    assert_nothing_published(&set);
    cache_close(target);
    source_order_close(&site);
}

int main(void)
{
#define IN_FOLDER(name) cmocka_unit_test_setup_teardown(name, fixture_make, fixture_drop)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_complete_set_is_published),
        IN_FOLDER(the_mbr_and_applications_are_never_chosen),
        IN_FOLDER(a_second_fetch_asks_nobody),
        IN_FOLDER(a_damaged_cache_is_repaired),
        IN_FOLDER(a_flipped_bit_leaves_nothing),
        IN_FOLDER(a_truncated_file_leaves_nothing),
        IN_FOLDER(an_error_page_leaves_nothing),
        IN_FOLDER(another_platforms_module_leaves_nothing),
        IN_FOLDER(an_mbr_under_another_name_leaves_nothing),
        IN_FOLDER(a_module_in_anothers_place_leaves_nothing),
        IN_FOLDER(a_missing_part_is_named_and_leaves_nothing),
        IN_FOLDER(an_incomplete_set_is_taken_when_that_is_allowed),
        IN_FOLDER(nothing_for_the_platform_is_not_found),
        IN_FOLDER(electron_files_go_to_the_slots_that_their_names_mean),
        IN_FOLDER(a_radio_stack_belongs_to_an_nrf_set),
        IN_FOLDER(the_catalogs_pins_hold),
        IN_FOLDER(a_co_processors_image_comes_from_an_older_release),
        IN_FOLDER(a_co_processors_image_that_is_too_old_is_left_out),
        IN_FOLDER(the_next_source_is_asked_when_the_first_has_it_not),
        IN_FOLDER(progress_counts_all_files_together),
        IN_FOLDER(a_cancelled_fetch_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
