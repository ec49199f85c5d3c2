/* Releases in a folder: flat, a folder for each version, by path and by URL. */
#include "unit/trust/fixtures.h"

#include "net/source.h"

static source *open_source(const char *url)
{
    net_options options = {.offline = true}; /* a folder needs no network */
    source *opened;
    assert_int_equal(source_open(url, &options, &opened, NULL), OSB_OK);
    return opened;
}

static size_t count_found(const char *url, const char *os_version)
{
    source *folder = open_source(url);
    ARENA_OWNED memory = {0};
    source_listing listing;
    osb_status status = source_find(folder, os_version, &memory, &listing, NULL);
    source_close(folder);
    assert_true(status == OSB_OK || status == OSB_ERR_NOT_FOUND);
    return status == OSB_OK ? listing.count : 0;
}

static void a_flat_folder_gives_the_files_of_the_version(void **state)
{
    fixture *with = *state;
    ARENA_OWNED memory = {0};
    source_listing listing;
    fixture_write(with, "flat/p1-bootloader@2.3.1+lto.bin", span_of("one"));
    fixture_write(with, "flat/p1-system-part1@2.3.1.bin", span_of("two"));
    fixture_write(with, "flat/p1-system-part1@2.3.10.bin", span_of("three"));
    fixture_write(with, "flat/README.md", span_of("four"));
    source *folder = open_source(fixture_path(with, "flat"));
    assert_int_equal(source_find(folder, "2.3.1", &memory, &listing, NULL), OSB_OK);
    assert_int_equal(listing.count, 2);
    assert_string_equal(listing.version, "2.3.1");
    assert_string_equal(listing.files[0].name, "p1-bootloader@2.3.1+lto.bin");
    assert_int_equal(listing.files[0].size, 3);
    assert_false(listing.files[0].has_sha256);
    source_close(folder);
}

static void a_folder_of_the_version_is_preferred(void **state)
{
    fixture *with = *state;
    fixture_write(with, "tree/2.3.1/p1-system-part1@2.3.1.bin", span_of("one"));
    fixture_write(with, "tree/v4.0.2/argon-system-part1@4.0.2.bin", span_of("two"));
    fixture_write(with, "tree/v4.0.2/argon-system-part1@4.0.1.bin", span_of("stray"));
    const char *tree = fixture_path(with, "tree");
    assert_int_equal(count_found(tree, "2.3.1"), 1);
    assert_int_equal(count_found(tree, "4.0.2"), 1);
    assert_int_equal(count_found(tree, "v4.0.2"), 1);
    assert_int_equal(count_found(tree, "4.0.1"), 0);
    assert_int_equal(count_found(tree, "../tree"), 0);
}

static void a_file_url_names_a_folder(void **state)
{
    fixture *with = *state;
    char url[200];
    fixture_write(with, "my folder/p1-system-part1@2.3.1.bin", span_of("one"));
    text_format(url, sizeof url, "file://%s/my%%20folder", with->folder);
    assert_int_equal(count_found(url, "2.3.1"), 1);
}

static void a_missing_folder_is_not_found_and_a_file_is_no_folder(void **state)
{
    fixture *with = *state;
    ARENA_OWNED memory = {0};
    source_listing listing;
    source *folder = open_source(fixture_path(with, "nowhere"));
    assert_int_equal(source_find(folder, "2.3.1", &memory, &listing, NULL), OSB_ERR_NOT_FOUND);
    source_close(folder);
    fixture_write(with, "set.txt", span_of("PK"));
    folder = open_source(fixture_path(with, "set.txt"));
    assert_int_equal(source_find(folder, "2.3.1", &memory, &listing, NULL), OSB_ERR_USAGE);
    source_close(folder);
}

static void versions_are_listed_once_and_newest_first(void **state)
{
    static const char *const expected[] = {"10.0.0", "7.0.0", "6.0.0-rc.1", "2.3.1"};
    fixture *with = *state;
    ARENA_OWNED memory = {0};
    const source_listing *listings;
    size_t count;
    fixture_write(with, "mix/p1-bootloader@2.3.1+lto.bin", span_of("1"));
    fixture_write(with, "mix/p1-system-part1@2.3.1.bin", span_of("2"));
    fixture_write(with, "mix/v10.0.0/p2-system-part1@10.0.0.bin", span_of("3"));
    fixture_write(with, "mix/6.0.0-rc.1/p2-system-part1@6.0.0-rc.1.bin", span_of("4"));
    fixture_write(with, "mix/more/p2-system-part1@7.0.0.bin", span_of("5"));
    fixture_write(with, "mix/v10.0.0/p2-system-part1@9.0.0.bin", span_of("a stray"));
    source *folder = open_source(fixture_path(with, "mix"));
    assert_int_equal(source_list(folder, &memory, &listings, &count, NULL), OSB_OK);
    assert_int_equal(count, 4);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(listings[i].version, expected[i]);
        assert_int_equal(listings[i].prerelease, i == 2);
    }
    source_close(folder);
}

static void an_empty_folder_lists_nothing(void **state)
{
    fixture *with = *state;
    ARENA_OWNED memory = {0};
    const source_listing *listings;
    size_t count = 3;
    source *folder = open_source(with->folder);
    assert_int_equal(source_list(folder, &memory, &listings, &count, NULL), OSB_OK);
    assert_int_equal(count, 0);
    source_close(folder);
}

int main(void)
{
#define IN_FOLDER(name) cmocka_unit_test_setup_teardown(name, fixture_make, fixture_drop)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_flat_folder_gives_the_files_of_the_version),
        IN_FOLDER(a_folder_of_the_version_is_preferred),
        IN_FOLDER(a_file_url_names_a_folder),
        IN_FOLDER(a_missing_folder_is_not_found_and_a_file_is_no_folder),
        IN_FOLDER(versions_are_listed_once_and_newest_first),
        IN_FOLDER(an_empty_folder_lists_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
