/*
 * What came over the network and is kept: parts and lists, and files that only look like them.
 */
#define _XOPEN_SOURCE 700
#include "unit/trust/fixtures.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "store/received.h"

#define URL "https://example.org/file"

enum {
    PART_MAX = 1000
};

static const received_note note = {.validator = "\"a\"", .remark = "more"};

static cache *open_cache(void **state)
{
    cache *opened;
    assert_int_equal(cache_open(fixture_path(*state, "cache"), &opened, NULL), OSB_OK);
    return opened;
}

/** What there is of a URL; its text lives until the next call. */
static const char *kept_part(cache *opened, const char *url, received_note *found)
{
    static char text[PART_MAX + 1];
    received_part part;
    BUF_OWNED content = buf_make(PART_MAX);
    received_part_open(opened, url, &content, found, &part);
    assert_true(part.descriptor >= 0);
    received_part_close(&part);
    snprintf(text, sizeof text, "%.*s", (int)content.size,
             content.data ? (const char *)content.data : "");
    return text;
}

static void keep_part(cache *opened, const char *url, const char *bytes)
{
    received_part part;
    received_note found;
    BUF_OWNED content = buf_make(PART_MAX);
    received_part_open(opened, url, &content, &found, &part);
    received_part_begin(&part, url, &note);
    received_part_write(&part, 0, span_of(bytes));
    received_part_close(&part);
}

static size_t count_parts(void **state)
{
    return fixture_count_files(fixture_path(*state, "cache/tmp"));
}

static void a_part_is_gone_on_from(void **state)
{
    cache *opened = open_cache(state);
    received_part part;
    received_note found;
    BUF_OWNED content = buf_make(PART_MAX);
    keep_part(opened, URL, "first");
    received_part_open(opened, URL, &content, &found, &part);
    assert_int_equal(content.size, 5);
    assert_string_equal(found.validator, note.validator);
    received_part_write(&part, content.size, span_of(", second"));
    received_part_close(&part);
    assert_string_equal(kept_part(opened, URL, &found), "first, second");
    cache_close(opened);
}

static void a_part_that_begins_anew_holds_nothing_old(void **state)
{
    cache *opened = open_cache(state);
    received_note found;
    keep_part(opened, URL, "a longer first version");
    keep_part(opened, URL, "second");
    assert_string_equal(kept_part(opened, URL, &found), "second");
    cache_close(opened);
}

static void bytes_that_no_server_vouches_for_are_not_kept(void **state)
{
    static const received_note silent;
    cache *opened = open_cache(state);
    received_part part;
    received_note found;
    BUF_OWNED content = buf_make(PART_MAX);
    received_part_open(opened, URL, &content, &found, &part);
    const size_t with = count_parts(state);
    received_part_begin(&part, URL, &silent);
    received_part_write(&part, 0, span_of("bytes"));
    received_part_close(&part);
    assert_int_equal(count_parts(state), with - 1);
    cache_close(opened);
}

static void forgotten_and_removed_parts_leave_no_file(void **state)
{
    cache *opened = open_cache(state);
    received_part part;
    received_note found;
    BUF_OWNED content = buf_make(PART_MAX);
    keep_part(opened, URL, "bytes");
    const size_t with = count_parts(state);
    received_part_open(opened, URL, &content, &found, &part);
    received_part_forget(&part);
    received_part_close(&part);
    assert_int_equal(count_parts(state), with - 1);
    keep_part(opened, URL, "bytes");
    received_part_remove(opened, URL);
    assert_int_equal(count_parts(state), with - 1);
    cache_close(opened);
}

static void one_process_at_a_time_writes_a_part(void **state)
{
    cache *opened = open_cache(state);
    received_part first, second;
    received_note found;
    BUF_OWNED content = buf_make(PART_MAX);
    received_part_open(opened, URL, &content, &found, &first);
    received_part_open(opened, URL, &content, &found, &second);
    assert_true(first.descriptor >= 0);
    assert_int_equal(second.descriptor, -1);
    received_part_begin(&second, URL, &note); /* harmless */
    received_part_write(&second, 0, span_of("bytes"));
    received_part_close(&second);
    received_part_close(&first);
    cache_close(opened);
}

static void a_full_disk_ends_the_keeping_only(void **state)
{
    cache *opened = open_cache(state);
    received_part part;
    received_note found;
    BUF_OWNED content = buf_make(PART_MAX);
    struct rlimit usual, tight;
    static const char bytes[500] = "";
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &usual), 0);
    signal(SIGXFSZ, SIG_IGN);
    received_part_open(opened, URL, &content, &found, &part);
    received_part_begin(&part, URL, &note);
    tight = (struct rlimit){.rlim_cur = 300, .rlim_max = usual.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    received_part_write(&part, 0, (span){(const uint8_t *)bytes, sizeof bytes});
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &usual), 0);
    assert_int_equal(part.descriptor, -1);
    assert_string_equal(kept_part(opened, URL, &found), "");
    assert_string_equal(found.validator, "");
    cache_close(opened);
}

/** The one file in tmp/ that is a part, relative to the fixture. */
static const char *part_name(void **state)
{
    static char name[200];
    ARENA_OWNED memory = {0};
    const char *const *names;
    size_t count;
    assert_int_equal(folder_list(fixture_path(*state, "cache/tmp"), &memory, &names, &count, NULL),
                     OSB_OK);
    *name = '\0';
    for (size_t i = 0; i < count; i++)
        if (text_starts_with(names[i], "part-"))
            text_format(name, sizeof name, "cache/tmp/%s", names[i]);
    assert_true(*name);
    return name;
}

static void what_is_no_part_counts_as_none(void **state)
{
    static const char *const files[] = {"",
                                        "\n",
                                        "osbundle-received 1",
                                        "osbundle-received 1\n" URL "\n\"a\"",
                                        "osbundle-received 2\n" URL "\n\"a\"\n\nbytes",
                                        "osbundle-received 1\n" URL "/other\n\"a\"\n\nbytes",
                                        "osbundle-received 1\n" URL
                                        "\n\n\nbytes without a validator"};
    cache *opened = open_cache(state);
    keep_part(opened, URL, "bytes");
    char name[200];
    text_copy(name, sizeof name, part_name(state));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        received_note found;
        fixture_write(*state, name, span_of(files[i]));
        assert_string_equal(kept_part(opened, URL, &found), "");
        assert_string_equal(found.validator, "");
    }
    cache_close(opened);
}

static void a_list_comes_back_with_its_note(void **state)
{
    cache *opened = open_cache(state);
    received_note found;
    BUF_OWNED content = buf_make(PART_MAX);
    assert_int_equal(received_list_read(opened, URL, &content, &found, NULL), OSB_ERR_NOT_FOUND);
    assert_int_equal(received_list_save(opened, URL, span_of("[\n]\n"), &note, NULL), OSB_OK);
    assert_int_equal(received_list_read(opened, URL, &content, &found, NULL), OSB_OK);
    assert_int_equal(content.size, 4);
    assert_string_equal(found.validator, note.validator);
    assert_string_equal(found.remark, note.remark);
    assert_int_equal(received_list_read(opened, URL "2", &content, &found, NULL),
                     OSB_ERR_NOT_FOUND);
    cache_close(opened);
}

int main(void)
{
#define IN_FOLDER(name) cmocka_unit_test_setup_teardown(name, fixture_make, fixture_drop)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_part_is_gone_on_from),
        IN_FOLDER(a_part_that_begins_anew_holds_nothing_old),
        IN_FOLDER(bytes_that_no_server_vouches_for_are_not_kept),
        IN_FOLDER(forgotten_and_removed_parts_leave_no_file),
        IN_FOLDER(one_process_at_a_time_writes_a_part),
        IN_FOLDER(a_full_disk_ends_the_keeping_only),
        IN_FOLDER(what_is_no_part_counts_as_none),
        IN_FOLDER(a_list_comes_back_with_its_note),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
