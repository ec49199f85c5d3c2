/*
 * From the cache to the planner: what is loaded was read, hashed, parsed and judged at this moment.
 */
#include "unit/trust/fixtures.h"

#include <fcntl.h>
#include <time.h>

#include "store/cache.h"

static cache *open_cache(fixture *with)
{
    cache *opened = NULL;
    assert_int_equal(cache_open(fixture_path(with, "cache"), &opened, NULL), OSB_OK);
    return opened;
}

static void keep(cache *opened, const char *file, const char *slot, span content,
                 cached_release *record)
{
    cached_module *entry = &record->modules[record->count++];
    assert_true(slot_from_text(slot, &entry->slot));
    entry->size = content.size;
    text_copy(entry->file, sizeof entry->file, file);
    assert_int_equal(cas_publish(opened, content, entry->sha256, NULL), OSB_OK);
}

/** A record of two modules, not published: cache_load_release takes it from memory. */
static void keep_two(cache *opened, const platform *board, cached_release *record)
{
    BUF_OWNED boot = buf_make(MODULE_FILE_MAX);
    BUF_OWNED system = buf_make(MODULE_FILE_MAX);
    *record = (cached_release){.version = "9.9.9"};
    text_copy(record->platform, sizeof record->platform, board->name);
    fixture_module(board, "bootloader/0", 900, 4096, &boot);
    fixture_module(board, "system_part/1", 9900, 8192, &system);
    keep(opened, "p2-bootloader@9.9.9.bin", "bootloader/0", buf_span(&boot), record);
    keep(opened, "p2-system-part1@9.9.9.bin", "system_part/1", buf_span(&system), record);
}

static void a_cached_set_is_loaded_with_its_headers(void **state)
{
    fixture *with = *state;
    cache *opened = open_cache(with);
    const platform *board = fixture_board(with, "p2");
    cached_release record;
    release set;
    keep_two(opened, board, &record);
    assert_int_equal(cache_load_release(opened, &record, board, &set, NULL), OSB_OK);
    assert_string_equal(set.version, "9.9.9");
    assert_ptr_equal(set.board, board);
    assert_int_equal(set.module_count, 2);
    const release_module *system = release_find(&set, (module_slot){MODULE_SYSTEM_PART, 1});
    assert_int_equal(system->version, 9900);
    assert_true(system->pinned);
    assert_true(system->synthetic);
    assert_memory_equal(system->sha256, record.modules[1].sha256, SHA256_SIZE);
    cache_close(opened);
}

/** A record's time of change, after it was set back so far. */
static time_t touched_after(cache *opened, const cached_release *record, const platform *board,
                            const char *path, time_t back_s)
{
    release set;
    struct stat status;
    const struct timespec then[2] = {{.tv_sec = time(NULL) - back_s},
                                     {.tv_sec = time(NULL) - back_s}};
    assert_int_equal(utimensat(AT_FDCWD, path, then, 0), 0);
    assert_int_equal(cache_load_release(opened, record, board, &set, NULL), OSB_OK);
    assert_int_equal(stat(path, &status), 0);
    return time(NULL) - status.st_mtime;
}

static void a_use_is_noted_once_an_hour(void **state)
{
    fixture *with = *state;
    cache *opened = open_cache(with);
    const platform *board = fixture_board(with, "p2");
    const char *path = fixture_path(with, "cache/releases/9.9.9/p2.json");
    cached_release record;
    keep_two(opened, board, &record);
    assert_int_equal(cache_publish_release(opened, &record, NULL), OSB_OK);
    assert_true(touched_after(opened, &record, board, path, 7200) < 60);
    assert_true(touched_after(opened, &record, board, path, 1800) >= 1800);
    cache_close(opened);
}

static void a_lost_object_is_named(void **state)
{
    fixture *with = *state;
    cache *opened = open_cache(with);
    const platform *board = fixture_board(with, "p2");
    cached_release record;
    release set;
    osb_error error = {0};
    keep_two(opened, board, &record);
    record.modules[1].sha256[0] ^= 1;
    assert_int_equal(cache_load_release(opened, &record, board, &set, &error), OSB_ERR_NOT_FOUND);
    assert_string_equal(error.subject, "p2-system-part1@9.9.9.bin");
    assert_non_null(strstr(error.hint, "fetch"));
    cache_close(opened);
}

static void a_record_that_mixes_up_slots_is_not_believed(void **state)
{
    fixture *with = *state;
    cache *opened = open_cache(with);
    const platform *board = fixture_board(with, "p2");
    cached_release record;
    release set;
    keep_two(opened, board, &record);
    record.modules[0].slot = (module_slot){MODULE_BOOTLOADER, 2};
    assert_int_equal(cache_load_release(opened, &record, board, &set, NULL), OSB_ERR_INTEGRITY);
    cache_close(opened);
}

static void a_record_with_another_size_is_not_believed(void **state)
{
    fixture *with = *state;
    cache *opened = open_cache(with);
    const platform *board = fixture_board(with, "p2");
    cached_release record;
    release set;
    keep_two(opened, board, &record);
    record.modules[1].size--;
    assert_int_equal(cache_load_release(opened, &record, board, &set, NULL), OSB_ERR_INTEGRITY);
    cache_close(opened);
}

static void a_set_of_another_platform_is_not_loaded(void **state)
{
    fixture *with = *state;
    cache *opened = open_cache(with);
    cached_release record;
    release set;
    keep_two(opened, fixture_board(with, "p2"), &record);
    assert_int_equal(cache_load_release(opened, &record, fixture_board(with, "msom"), &set, NULL),
                     OSB_ERR_USAGE);
    text_copy(record.platform, sizeof record.platform, "msom");
    assert_int_equal(cache_load_release(opened, &record, fixture_board(with, "msom"), &set, NULL),
                     OSB_ERR_REFUSED);
    cache_close(opened);
}

int main(void)
{
#define IN_FOLDER(name) cmocka_unit_test_setup_teardown(name, fixture_make, fixture_drop)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_cached_set_is_loaded_with_its_headers),
        IN_FOLDER(a_use_is_noted_once_an_hour),
        IN_FOLDER(a_lost_object_is_named),
        IN_FOLDER(a_record_that_mixes_up_slots_is_not_believed),
        IN_FOLDER(a_record_with_another_size_is_not_believed),
        IN_FOLDER(a_set_of_another_platform_is_not_loaded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
