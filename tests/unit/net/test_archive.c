/* Archives from anybody: what is read, and what is stopped, and how early. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "net/archive.h"
#include "support/zip.h"

#define BYTES(text) ((span){(const uint8_t *)(text), sizeof(text) - 1})

enum {
    ZIP_MAX = 16 * 1024 * 1024
};

static osb_status unpack(span packed, arena *memory, const bundle_file **files, size_t *count,
                         osb_error *error)
{
    *error = (osb_error){0};
    return archive_unpack_zip(packed, "app.zip", memory, files, count, error);
}

/** What becomes of an archive that holds one good file and then `entry`. */
static osb_status status_with(const zip_entry *entry, osb_error *error)
{
    ARENA_OWNED memory = {0};
    ZIP_OWNED made;
    const bundle_file *files;
    size_t count;
    zip_begin(&made, ZIP_MAX);
    zip_add_file(&made, "app.bin", BYTES("application"));
    zip_add(&made, entry);
    osb_status status = unpack(zip_end(&made), &memory, &files, &count, error);
    if (status != OSB_OK)
        assert_true(*error->subject && *error->message && *error->hint);
    return status;
}

static void files_are_read_stored_and_deflated(void **state)
{
    (void)state;
    ARENA_OWNED memory = {0};
    ZIP_OWNED made;
    osb_error error;
    const bundle_file *files;
    size_t count;
    zip_begin(&made, ZIP_MAX);
    zip_add_file(&made, "app.bin", BYTES("application application application"));
    zip_add(&made, &(zip_entry){.name = "assets/", .stored = true, .unix_mode = 040755});
    zip_add(&made, &(zip_entry){.name = "assets/a", .content = BYTES("raw"), .stored = true});
    zip_add_file(&made, "assets/empty", (span){0});
    zip_add(&made,
            &(zip_entry){.name = "s", .content = BYTES("of unknown size"), .streamed = true});
    assert_int_equal(unpack(zip_end(&made), &memory, &files, &count, &error), OSB_OK);
    assert_int_equal(count, 4);
    assert_string_equal(files[0].name, "app.bin");
    assert_int_equal(files[0].content.size, 35);
    assert_string_equal(files[1].name, "assets/a");
    assert_memory_equal(files[1].content.data, "raw", 3);
    assert_int_equal(files[2].content.size, 0);
    assert_memory_equal(files[3].content.data, "of unknown size", 15);
}

static void names_are_utf8_whatever_the_locale(void **state)
{
    (void)state;
    static const uint16_t flags[] = {0x800, 0};
    for (size_t i = 0; i < 2; i++) {
        ARENA_OWNED memory = {0};
        ZIP_OWNED made;
        osb_error error;
        const bundle_file *files;
        size_t count;
        zip_begin(&made, ZIP_MAX);
        zip_add(&made, &(zip_entry){.name = "assets/h\xc3\xb6hle", .flags = flags[i]});
        assert_int_equal(unpack(zip_end(&made), &memory, &files, &count, &error), OSB_OK);
        assert_string_equal(files[0].name, "assets/h\xc3\xb6hle");
    }
    osb_error error;
    assert_int_equal(status_with(&(zip_entry){.name = "h\xf6hle"}, &error), OSB_ERR_REFUSED);
}

static void names_that_lead_elsewhere_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "../app.bin", "/etc/passwd",    "assets/../../x", "..",         "a/..", "a//b", "./a",
        "..\\x",      "assets/\x1b[2J", "a\nb",           "//server/x", "../",  "a/../"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        osb_error error;
        zip_entry entry = {.name = wrong[i]};
        if (status_with(&entry, &error) != OSB_ERR_REFUSED)
            fail_msg("%s", wrong[i]);
        assert_null(strpbrk(error.subject, "\x1b\n"));
    }
    osb_error error;
    char longest[ARCHIVE_NAME_MAX + 2] = "";
    for (size_t i = 0; i + 1 < sizeof longest; i++)
        longest[i] = i % 100 == 99 ? '/' : 'a';
    assert_int_equal(status_with(&(zip_entry){.name = longest}, &error), OSB_ERR_REFUSED);
    longest[ARCHIVE_NAME_MAX] = '\0';
    assert_int_equal(status_with(&(zip_entry){.name = longest}, &error), OSB_OK);
}

static void links_and_devices_are_refused(void **state)
{
    (void)state;
    static const uint16_t modes[] = {0120777, 020666, 060660};
    for (size_t i = 0; i < 3; i++) {
        osb_error error;
        zip_entry entry = {.name = "assets/x",
                           .content = BYTES("/etc/passwd"),
                           .stored = true,
                           .unix_mode = modes[i]};
        assert_int_equal(status_with(&entry, &error), OSB_ERR_REFUSED);
        assert_non_null(strstr(error.message, "not a file"));
    }
}

static void a_name_stands_in_an_archive_once(void **state)
{
    (void)state;
    osb_error error;
    zip_entry entry = {.name = "app.bin", .content = BYTES("another application")};
    assert_int_equal(status_with(&entry, &error), OSB_ERR_REFUSED);
    assert_non_null(strstr(error.message, "twice"));
}

static void encrypted_and_oddly_packed_files_are_told(void **state)
{
    (void)state;
    osb_error error;
    zip_entry entry = {.name = "x", .content = BYTES("secret secret"), .flags = 1};
    assert_int_equal(status_with(&entry, &error), OSB_ERR_INTEGRITY);
    assert_non_null(strstr(error.message, "it is encrypted"));
    static const uint16_t methods[] = {1, 6, 9, 12, 14, 93, 95, 98, 500};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        entry = (zip_entry){.name = "x", .content = BYTES("content"), .method = methods[i]};
        assert_int_equal(status_with(&entry, &error), OSB_ERR_INTEGRITY);
        assert_non_null(strstr(error.message, "another way than Deflate"));
    }
}

static void damaged_files_are_told(void **state)
{
    (void)state;
    osb_error error;
    zip_entry entry = {.name = "x", .content = BYTES("content"), .told_crc_flip = 1};
    assert_int_equal(status_with(&entry, &error), OSB_ERR_INTEGRITY);
    entry = (zip_entry){.name = "x", .content = BYTES("content content"), .told_size = 3};
    assert_int_equal(status_with(&entry, &error), OSB_ERR_INTEGRITY);
    entry = (zip_entry){.name = "x", .content = BYTES("content"), .method = 8, .stored = true};
    assert_int_equal(status_with(&entry, &error), OSB_ERR_INTEGRITY);
}

static void what_is_no_archive_is_told(void **state)
{
    (void)state;
    ARENA_OWNED memory = {0};
    ZIP_OWNED made;
    osb_error error;
    const bundle_file *files;
    size_t count;
    assert_int_equal(unpack((span){0}, &memory, &files, &count, &error), OSB_ERR_INTEGRITY);
    assert_int_equal(unpack(BYTES("<html>404</html>"), &memory, &files, &count, &error),
                     OSB_ERR_INTEGRITY);
    assert_string_equal(error.subject, "app.zip");
    zip_begin(&made, ZIP_MAX);
    zip_add_file(&made, "app.bin", BYTES("application"));
    span whole = zip_end(&made);
    for (size_t size = 0; size < whole.size; size++)
        assert_int_equal(unpack(span_slice(whole, 0, size), &memory, &files, &count, &error),
                         OSB_ERR_INTEGRITY);
}

/** Adds a file of zeros. Returns how large the archive is by then. */
static size_t zeros(zip *made, const char *name, size_t size)
{
    uint8_t *bytes = calloc(1, size);
    assert_non_null(bytes);
    zip_add_file(made, name, (span){bytes, size});
    free(bytes);
    return made->bytes.size;
}

static void a_bomb_in_one_file_is_stopped(void **state)
{
    (void)state;
    ARENA_OWNED memory = {0};
    ZIP_OWNED honest, liar;
    osb_error error;
    const bundle_file *files;
    size_t count;
    zip_begin(&honest, ZIP_MAX);
    assert_true(zeros(&honest, "assets/bomb", 200 * 1000 * 1000) < 1000 * 1000);
    assert_int_equal(unpack(zip_end(&honest), &memory, &files, &count, &error), OSB_ERR_REFUSED);
    assert_string_equal(error.subject, "assets/bomb");
    assert_null(memory.newest); /* its stated size was enough */
    zip_entry boast = {.name = "x", .content = BYTES("small"), .told_size = ARCHIVE_FILE_MAX + 1};
    assert_int_equal(status_with(&boast, &error), OSB_ERR_REFUSED);
    uint8_t *bytes = calloc(1, ARCHIVE_FILE_MAX + 1);
    zip_begin(&liar, ZIP_MAX);
    zip_add(&liar, &(zip_entry){.name = "assets/bomb",
                                .content = {bytes, ARCHIVE_FILE_MAX + 1},
                                .told_size = 1000});
    free(bytes);
    osb_status status = unpack(zip_end(&liar), &memory, &files, &count, &error);
    assert_true(status == OSB_ERR_REFUSED || status == OSB_ERR_INTEGRITY);
}

static void a_bomb_of_many_files_is_stopped(void **state)
{
    (void)state;
    ARENA_OWNED memory = {0};
    ZIP_OWNED made;
    osb_error error;
    const bundle_file *files;
    size_t count;
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    zip_begin(&made, ZIP_MAX);
    for (size_t i = 0; i < 4; i++)
        zeros(&made, names[i], ARCHIVE_FILE_MAX);
    zeros(&made, names[4], 1);
    assert_int_equal(unpack(zip_end(&made), &memory, &files, &count, &error), OSB_ERR_REFUSED);
    assert_non_null(strstr(error.message, "more than 64 MB"));
}

static void so_many_files_and_no_more(void **state)
{
    (void)state;
    for (int more = 0; more < 2; more++) {
        ARENA_OWNED memory = {0};
        ZIP_OWNED made;
        osb_error error;
        const bundle_file *files;
        size_t count;
        zip_begin(&made, ZIP_MAX);
        for (int i = 0; i < ARCHIVE_ENTRIES_MAX + more; i++) {
            char name[16];
            snprintf(name, sizeof name, "f%d", i);
            zip_add_file(&made, name, (span){0});
        }
        osb_status status = unpack(zip_end(&made), &memory, &files, &count, &error);
        assert_int_equal(status, more ? OSB_ERR_REFUSED : OSB_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_read_stored_and_deflated),
        cmocka_unit_test(names_are_utf8_whatever_the_locale),
        cmocka_unit_test(names_that_lead_elsewhere_are_refused),
        cmocka_unit_test(links_and_devices_are_refused),
        cmocka_unit_test(a_name_stands_in_an_archive_once),
        cmocka_unit_test(encrypted_and_oddly_packed_files_are_told),
        cmocka_unit_test(damaged_files_are_told),
        cmocka_unit_test(what_is_no_archive_is_told),
        cmocka_unit_test(a_bomb_in_one_file_is_stopped),
        cmocka_unit_test(a_bomb_of_many_files_is_stopped),
        cmocka_unit_test(so_many_files_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
