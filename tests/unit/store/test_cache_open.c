/*
 * Which folders are taken for a cache: new, empty and our own ones; nobody else's.
 */
#include "unit/trust/fixtures.h"

#include "store/cache.h"

static osb_status try_open(const char *folders, osb_error *error)
{
    cache *opened = NULL;
    osb_status status = cache_open(folders, &opened, error);
    if (status == OSB_OK)
        cache_close(opened);
    return status;
}

static void a_missing_or_empty_folder_will_do(void **state)
{
    fixture *with = *state;
    assert_int_equal(try_open(fixture_path(with, "new/deep"), NULL), OSB_OK);
    assert_int_equal(try_open(with->folder, NULL), OSB_OK);
}

static void a_fresh_portable_root_will_do(void **state)
{
    fixture *with = *state;
    fixture_write(with, "cache/README.md", span_of("# cache\n"));
    fixture_write(with, "cache/CACHEDIR.TAG", span_of("Signature: ...\n"));
    assert_int_equal(try_open(fixture_path(with, "cache"), NULL), OSB_OK);
}

static void a_strangers_folder_is_refused(void **state)
{
    fixture *with = *state;
    osb_error error = {0};
    fixture_write(with, "home/letter.txt", span_of("Dear"));
    assert_int_equal(try_open(fixture_path(with, "home"), &error), OSB_ERR_REFUSED);
    assert_non_null(strstr(error.message, "letter.txt"));
    assert_non_null(strstr(error.hint, "new folder"));
    assert_int_equal(fixture_count_files(fixture_path(with, "home")), 1);
}

static void another_format_is_refused(void **state)
{
    fixture *with = *state;
    osb_error error = {0};
    fixture_write(with, "cache/format", span_of("osbundle-cache 2\n"));
    assert_int_equal(try_open(fixture_path(with, "cache"), &error), OSB_ERR_REFUSED);
    assert_non_null(strstr(error.message, "osbundle-cache 2"));
}

static void a_read_only_layer_is_judged_like_the_first(void **state)
{
    fixture *with = *state;
    char folders[2 * PATH_SIZE];
    fixture_write(with, "home/letter.txt", span_of("Dear"));
    text_format(folders, sizeof folders, "%s:%s", fixture_path(with, "cache"),
                fixture_path(with, "home"));
    assert_int_equal(try_open(folders, NULL), OSB_ERR_REFUSED);
}

static void a_file_or_no_name_is_refused(void **state)
{
    fixture *with = *state;
    fixture_write(with, "file", span_of("x"));
    assert_int_equal(try_open(fixture_path(with, "file"), NULL), OSB_ERR_REFUSED);
    assert_int_equal(try_open("", NULL), OSB_ERR_USAGE);
    assert_int_equal(try_open("::", NULL), OSB_ERR_USAGE);
}

static void empty_entries_and_slashes_do_not_matter(void **state)
{
    fixture *with = *state;
    char folders[PATH_SIZE + 8];
    cache *opened = NULL;
    text_format(folders, sizeof folders, ":%s//:", fixture_path(with, "cache"));
    assert_int_equal(cache_open(folders, &opened, NULL), OSB_OK);
    assert_string_equal(cache_root(opened), fixture_path(with, "cache"));
    cache_close(opened);
}

int main(void)
{
#define IN_FOLDER(name) cmocka_unit_test_setup_teardown(name, fixture_make, fixture_drop)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_missing_or_empty_folder_will_do),
        IN_FOLDER(a_fresh_portable_root_will_do),
        IN_FOLDER(a_strangers_folder_is_refused),
        IN_FOLDER(another_format_is_refused),
        IN_FOLDER(a_read_only_layer_is_judged_like_the_first),
        IN_FOLDER(a_file_or_no_name_is_refused),
        IN_FOLDER(empty_entries_and_slashes_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
