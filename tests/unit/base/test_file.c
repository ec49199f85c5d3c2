/* Whole files, folders, locks and arenas. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/lock.h"
#include "base/path.h"
#include "support/folder.h"

static char folder[TEST_FOLDER_SIZE];

static int enter_folder(void **state)
{
    (void)state;
    return test_folder_make(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
    (void)state;
    test_folder_remove(folder);
    return chdir("/");
}

static void a_write_replaces_the_whole_file_and_leaves_no_other(void **state)
{
    osb_error error;
    ARENA_OWNED memory = {0};
    BUF_OWNED content = buf_make(64);
    const char *const *names;
    size_t count;
    assert_int_equal(folder_make("a/b", &error), OSB_OK);
    span first = {(const uint8_t *)"first and longer", 16}, second = {(const uint8_t *)"2nd", 3};
    assert_int_equal(file_write_atomic("a/b/file", first, 0644, &error), OSB_OK);
    assert_int_equal(file_write_atomic("a/b/file", second, 0444, &error), OSB_OK);
    assert_int_equal(file_read("a/b/file", &content, &error), OSB_OK);
    assert_int_equal(content.size, 3);
    assert_int_equal(folder_list("a/b", &memory, &names, &count, &error), OSB_OK);
    assert_int_equal(count, 1);
    struct stat status;
    assert_int_equal(stat("a/b/file", &status), 0);
    assert_int_equal(status.st_mode & 0777, 0444);
    (void)state;
}

static void a_file_larger_than_allowed_is_refused(void **state)
{
    osb_error error;
    BUF_OWNED content = buf_make(4);
    span five = {(const uint8_t *)"12345", 5};
    assert_int_equal(file_write_atomic("five", five, 0644, &error), OSB_OK);
    assert_int_equal(file_read("five", &content, &error), OSB_ERR_REFUSED);
    BUF_OWNED endless = buf_make(1000);
    assert_int_equal(file_read("/dev/zero", &endless, &error), OSB_ERR_REFUSED);
    (void)state;
}

static void a_file_may_fill_the_buffer_to_its_maximum(void **state)
{
    osb_error error;
    BUF_OWNED content = buf_make(7);
    span five = {(const uint8_t *)"12345", 5};
    assert_int_equal(file_write_atomic("five", five, 0644, &error), OSB_OK);
    buf_append_text(&content, "ab");
    assert_int_equal(file_read("five", &content, &error), OSB_OK);
    assert_int_equal(content.size, 7);
    assert_memory_equal(content.data, "ab12345", 7);
    assert_int_equal(file_read("five", &content, &error), OSB_ERR_REFUSED);
    (void)state;
}

static void a_file_that_does_not_tell_its_size_is_read_to_the_end(void **state)
{
    osb_error error;
    BUF_OWNED content = buf_make(1024 * 1024);
    assert_int_equal(file_read("/proc/self/environ", &content, &error), OSB_OK);
    size_t size = content.size;
    assert_true(size > 0);
    assert_int_equal(content.data[size - 1], '\0');
    (void)state;
}

static void a_new_file_never_takes_the_place_of_another(void **state)
{
    (void)state;
    osb_error error;
    struct stat status;
    BUF_OWNED content = buf_make(64);
    static const uint8_t secret[] = {1, 2, 3};
    assert_int_equal(file_write_new("new", (span){secret, 3}, 0600, &error), OSB_OK);
    assert_int_equal(stat("new", &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(file_write_new("new", (span){secret, 1}, 0600, &error), OSB_ERR_REFUSED);
    assert_int_equal(file_read("new", &content, &error), OSB_OK);
    assert_int_equal(content.size, 3);
    assert_int_equal(symlink("nowhere", "link"), 0);
    assert_int_equal(file_write_new("link", (span){secret, 1}, 0600, &error), OSB_ERR_REFUSED);
    assert_int_equal(stat("nowhere", &status), -1);
    assert_int_equal(file_write_new("no/new", (span){secret, 1}, 0600, &error), OSB_ERR_NOT_FOUND);
}

static void missing_files_and_folders_are_not_found(void **state)
{
    osb_error error;
    BUF_OWNED content = buf_make(4);
    assert_int_equal(file_read("nowhere", &content, &error), OSB_ERR_NOT_FOUND);
    assert_string_equal(error.subject, "nowhere");
    assert_int_equal(file_read(".", &content, &error), OSB_ERR_USAGE);
    assert_false(file_exists("nowhere"));
    (void)state;
}

static void a_lock_has_one_holder(void **state)
{
    osb_error error;
    FD_OWNED held = -1, other = -1;
    assert_int_equal(lock_take("lock", &held, &error), OSB_OK);
    assert_int_equal(lock_try("lock", &other, &error), OSB_ERR_BUSY);
    close(held);
    held = -1;
    assert_int_equal(lock_try("lock", &other, &error), OSB_OK);
    (void)state;
}

static void an_arena_hands_out_zeroed_memory_that_stays(void **state)
{
    ARENA_OWNED memory = {0};
    char *text = arena_text(&memory, "kept");
    for (size_t i = 0; i < 1000; i++) {
        uint8_t *taken = arena_take(&memory, i, 7);
        assert_non_null(taken);
        for (size_t k = 0; k < i * 7; k++)
            assert_int_equal(taken[k], 0);
        memset(taken, 0xee, i * 7);
    }
    assert_string_equal(text, "kept");
    assert_null(arena_take(&memory, SIZE_MAX / 2, 4));
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_replaces_the_whole_file_and_leaves_no_other),
        cmocka_unit_test(a_file_larger_than_allowed_is_refused),
        cmocka_unit_test(a_file_may_fill_the_buffer_to_its_maximum),
        cmocka_unit_test(a_file_that_does_not_tell_its_size_is_read_to_the_end),
        cmocka_unit_test(a_new_file_never_takes_the_place_of_another),
        cmocka_unit_test(missing_files_and_folders_are_not_found),
        cmocka_unit_test(a_lock_has_one_holder),
        cmocka_unit_test(an_arena_hands_out_zeroed_memory_that_stays),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
