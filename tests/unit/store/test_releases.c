/*
 * Release records: the shape on disk, layers, order, and records that nobody may believe.
 */
#include "unit/trust/fixtures.h"

#include "base/json.h"
#include "store/cache.h"

static cache *open_cache(const char *folders)
{
    cache *opened = NULL;
    assert_int_equal(cache_open(folders, &opened, NULL), OSB_OK);
    return opened;
}

/** Publishes one object and a record that names it. */
static void publish(cache *opened, const char *os_version, const char *board, const char *content)
{
    cached_release record = {.count = 1};
    cached_module *entry = &record.modules[0];
    text_copy(record.version, sizeof record.version, os_version);
    text_copy(record.platform, sizeof record.platform, board);
    entry->slot = (module_slot){MODULE_BOOTLOADER, 0};
    entry->size = strlen(content);
    text_format(entry->file, sizeof entry->file, "%s-bootloader@%s.bin", board, os_version);
    text_copy(entry->from, sizeof entry->from, "https://example.org/file.bin");
    text_copy(entry->when, sizeof entry->when, "2026-11-21T01:30:49Z");
    assert_int_equal(cas_publish(opened, span_of(content), entry->sha256, NULL), OSB_OK);
    assert_int_equal(cache_publish_release(opened, &record, NULL), OSB_OK);
}

static void a_record_comes_back_as_it_was(void **state)
{
    fixture *with = *state;
    cache *opened = open_cache(fixture_path(with, "cache"));
    cached_release record;
    publish(opened, "5.3.1", "p2", "boot");
    assert_int_equal(cache_find_release(opened, "5.3.1", "p2", &record, NULL), OSB_OK);
    assert_string_equal(record.version, "5.3.1");
    assert_string_equal(record.platform, "p2");
    assert_int_equal(record.count, 1);
    assert_int_equal(record.modules[0].slot.function, MODULE_BOOTLOADER);
    assert_int_equal(record.modules[0].size, 4);
    assert_string_equal(record.modules[0].file, "p2-bootloader@5.3.1.bin");
    assert_string_equal(record.modules[0].from, "https://example.org/file.bin");
    assert_string_equal(record.modules[0].when, "2026-11-21T01:30:49Z");
    assert_true(cas_has(opened, record.modules[0].sha256));
    cache_close(opened);
}

static void the_file_has_the_documented_shape(void **state)
{
    fixture *with = *state;
    cache *opened = open_cache(fixture_path(with, "cache"));
    BUF_OWNED text = buf_make(10000);
    JSON_OWNED *document = NULL;
    publish(opened, "5.3.1", "p2", "boot");
    assert_int_equal(file_read(fixture_path(with, "cache/releases/5.3.1/p2.json"), &text, NULL),
                     OSB_OK);
    assert_int_equal(json_parse(buf_span(&text), "record", &document, NULL), OSB_OK);
    assert_string_equal(json_text(document, "type", ""), "osbundle-cached-release");
    assert_int_equal(json_number(document, "schema", 0), 1);
    json_t *entry = json_object_get(json_object_get(document, "modules"), "bootloader/0");
    assert_string_equal(json_text(entry, "file", ""), "p2-bootloader@5.3.1.bin");
    assert_int_equal(strlen(json_text(entry, "sha256", "")), 64);
    assert_int_equal(json_number(entry, "size", 0), 4);
    cache_close(opened);
}

static void what_is_not_there_is_not_found(void **state)
{
    fixture *with = *state;
    cache *opened = open_cache(fixture_path(with, "cache"));
    cached_release record;
    publish(opened, "5.3.1", "p2", "boot");
    assert_int_equal(cache_find_release(opened, "5.3.1", "argon", &record, NULL),
                     OSB_ERR_NOT_FOUND);
    assert_int_equal(cache_find_release(opened, "5.3.2", "p2", &record, NULL), OSB_ERR_NOT_FOUND);
    cache_close(opened);
}

static void names_that_leave_the_folder_are_refused(void **state)
{
    fixture *with = *state;
    cache *opened = open_cache(fixture_path(with, "cache"));
    cached_release record = {.count = 1};
    assert_int_equal(cache_find_release(opened, "../x", "p2", &record, NULL), OSB_ERR_USAGE);
    assert_int_equal(cache_find_release(opened, "5.3.1", "a/b", &record, NULL), OSB_ERR_USAGE);
    text_copy(record.version, sizeof record.version, "..");
    text_copy(record.platform, sizeof record.platform, "p2");
    assert_int_equal(cache_publish_release(opened, &record, NULL), OSB_ERR_USAGE);
    cache_close(opened);
}

static void a_record_without_its_object_is_not_published(void **state)
{
    fixture *with = *state;
    cache *opened = open_cache(fixture_path(with, "cache"));
    cached_release record = {.count = 1};
    text_copy(record.version, sizeof record.version, "5.3.1");
    text_copy(record.platform, sizeof record.platform, "p2");
    text_copy(record.modules[0].file, sizeof record.modules[0].file, "p2-bootloader@5.3.1.bin");
    assert_int_not_equal(cache_publish_release(opened, &record, NULL), OSB_OK);
    assert_false(file_exists(fixture_path(with, "cache/releases/5.3.1/p2.json")));
    cache_close(opened);
}

static void lists_by_version_then_platform(void **state)
{
    static const char *const expected[][2] = {
        {"2.3.1", "photon"}, {"5.9.0-rc.1", "p2"}, {"5.9.0", "p2"},
        {"10.0.0", "argon"}, {"10.0.0", "p2"},
    };
    fixture *with = *state;
    cache *opened = open_cache(fixture_path(with, "cache"));
    ARENA_OWNED memory = {0};
    const cached_release *records;
    size_t count;
    publish(opened, "10.0.0", "p2", "a");
    publish(opened, "5.9.0", "p2", "b");
    publish(opened, "5.9.0-rc.1", "p2", "c");
    publish(opened, "10.0.0", "argon", "d");
    publish(opened, "2.3.1", "photon", "e");
    assert_int_equal(cache_list_releases(opened, &memory, &records, &count, NULL), OSB_OK);
    assert_int_equal(count, 5);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(records[i].version, expected[i][0]);
        assert_string_equal(records[i].platform, expected[i][1]);
    }
    cache_close(opened);
}

static void an_empty_cache_lists_nothing(void **state)
{
    fixture *with = *state;
    cache *opened = open_cache(fixture_path(with, "cache"));
    ARENA_OWNED memory = {0};
    const cached_release *records;
    size_t count = 7;
    assert_int_equal(cache_list_releases(opened, &memory, &records, &count, NULL), OSB_OK);
    assert_int_equal(count, 0);
    cache_close(opened);
}

static void an_upper_record_hides_a_lower_one(void **state)
{
    fixture *with = *state;
    ARENA_OWNED memory = {0};
    char folders[2 * PATH_SIZE];
    const cached_release *records;
    cached_release record;
    size_t count;
    cache *lower = open_cache(fixture_path(with, "lower"));
    publish(lower, "5.3.1", "p2", "old bytes");
    publish(lower, "5.3.2", "p2", "other");
    cache_close(lower);
    /* Even one that cannot be read: the upper one counts. */
    fixture_write(with, "lower/releases/5.3.1/p2.json", span_of("{"));

    text_format(folders, sizeof folders, "%s:%s", fixture_path(with, "upper"),
                fixture_path(with, "lower"));
    cache *both = open_cache(folders);
    publish(both, "5.3.1", "p2", "new");
    assert_int_equal(cache_find_release(both, "5.3.1", "p2", &record, NULL), OSB_OK);
    assert_int_equal(record.modules[0].size, 3);
    assert_int_equal(cache_find_release(both, "5.3.2", "p2", &record, NULL), OSB_OK);
    assert_int_equal(cache_list_releases(both, &memory, &records, &count, NULL), OSB_OK);
    assert_int_equal(count, 2);
    assert_int_equal(records[0].modules[0].size, 3);
    cache_close(both);
}

/** A sound record with one member replaced by `value` (NULL: taken out). */
static void assert_not_believed(fixture *with, const char *member, json_t *value)
{
    const char *path = "cache/releases/5.3.1/p2.json";
    cache *opened = open_cache(fixture_path(with, "cache"));
    BUF_OWNED text = buf_make(10000);
    JSON_OWNED *document = NULL;
    cached_release record;
    osb_error error = {0};
    publish(opened, "5.3.1", "p2", "boot");
    assert_int_equal(file_read(fixture_path(with, path), &text, NULL), OSB_OK);
    assert_int_equal(json_parse(buf_span(&text), "record", &document, NULL), OSB_OK);
    json_t *entry = json_object_get(json_object_get(document, "modules"), "bootloader/0");
    json_t *owner = json_object_get(document, member) ? document : entry;
    assert_non_null(json_object_get(owner, member));
    if (value)
        json_object_set_new(owner, member, value);
    else
        json_object_del(owner, member);
    BUF_OWNED changed = buf_make(10000);
    assert_int_equal(json_to_text(document, &changed, NULL), OSB_OK);
    fixture_write(with, path, buf_span(&changed));
    if (cache_find_release(opened, "5.3.1", "p2", &record, &error) != OSB_ERR_INTEGRITY)
        fail_msg("a record with a strange %s was believed", member);
    assert_non_null(strstr(error.hint, "fetch"));
    cache_close(opened);
}

static void strange_records_are_not_believed(void **state)
{
    fixture *with = *state;
    assert_not_believed(with, "type", json_string("osbundle-lock"));
    assert_not_believed(with, "schema", json_integer(2));
    assert_not_believed(with, "version", json_string("5.3.2"));
    assert_not_believed(with, "platform", json_string("argon"));
    assert_not_believed(with, "modules", json_object());
    assert_not_believed(with, "modules", json_array());
    assert_not_believed(with, "file", json_string("../../etc/passwd"));
    assert_not_believed(with, "file", NULL);
    assert_not_believed(with, "size", json_integer(-1));
    assert_not_believed(with, "size", json_integer(1LL << 40));
    assert_not_believed(with, "sha256", json_string("abc"));
    assert_not_believed(with, "from", json_integer(3));
    assert_not_believed(with, "when", json_string("a moment that is longer than any moment"));
}

int main(void)
{
#define IN_FOLDER(name) cmocka_unit_test_setup_teardown(name, fixture_make, fixture_drop)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_record_comes_back_as_it_was),
        IN_FOLDER(the_file_has_the_documented_shape),
        IN_FOLDER(what_is_not_there_is_not_found),
        IN_FOLDER(names_that_leave_the_folder_are_refused),
        IN_FOLDER(a_record_without_its_object_is_not_published),
        IN_FOLDER(lists_by_version_then_platform),
        IN_FOLDER(an_empty_cache_lists_nothing),
        IN_FOLDER(an_upper_record_hides_a_lower_one),
        IN_FOLDER(strange_records_are_not_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
