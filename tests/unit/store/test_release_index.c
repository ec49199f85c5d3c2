/*
 * The index of bundles and mirrors: its order, its one text, and texts that nobody may believe.
 */
#include "unit/trust/fixtures.h"

#include "store/release_index.h"

static cached_release record_of(const char *os_version, const char *board, const char *content)
{
    cached_release record = {.count = 2};
    static const module_slot slots[] = {{MODULE_SYSTEM_PART, 1}, {MODULE_BOOTLOADER, 0}};
    text_copy(record.version, sizeof record.version, os_version);
    text_copy(record.platform, sizeof record.platform, board);
    for (size_t i = 0; i < 2; i++) {
        record.modules[i].slot = slots[i];
        record.modules[i].size = strlen(content);
        text_format(record.modules[i].file, sizeof record.modules[i].file, "%s-%zu.bin", board, i);
        sha256(span_of(content), record.modules[i].sha256);
    }
    return record;
}

static void add(release_index *index, const char *os_version, const char *board)
{
    cached_release record = record_of(os_version, board, os_version);
    assert_int_equal(release_index_add(index, &record, NULL), OSB_OK);
}

static void add_file(release_index *index, index_kind kind, const char *name, const char *content)
{
    index_file file = {.name = name, .size = strlen(content)};
    sha256(span_of(content), file.sha256);
    assert_int_equal(release_index_add_file(index, kind, &file, NULL), OSB_OK);
}

static void text_of(const release_index *index, buf *text)
{
    *text = buf_make(INDEX_TEXT_MAX);
    assert_int_equal(release_index_to_text(index, text, NULL), OSB_OK);
}

static void the_order_of_adding_does_not_show(void **state)
{
    (void)state;
    static const char *const versions[] = {"5.10.0", "5.9.0", "6.0.0-rc.1", "6.0.0", "0.4.0"};
    RELEASE_INDEX_OWNED forth = {0};
    RELEASE_INDEX_OWNED back = {0};
    BUF_OWNED one = {0};
    BUF_OWNED other = {0};
    for (size_t i = 0; i < 5; i++) {
        add(&forth, versions[i], "p2");
        add(&forth, versions[i], "argon");
        add(&back, versions[4 - i], "argon");
        add(&back, versions[4 - i], "p2");
    }
    add(&back, "5.9.0", "p2");
    text_of(&forth, &one);
    text_of(&back, &other);
    assert_int_equal(one.size, other.size);
    assert_memory_equal(one.data, other.data, one.size);
    assert_string_equal(forth.releases[0].version, "0.4.0");
    assert_string_equal(forth.releases[2].version, "5.9.0");
    assert_string_equal(forth.releases[6].version, "6.0.0-rc.1");
    assert_string_equal(forth.releases[0].platform, "argon");
    assert_int_equal(forth.releases[0].modules[0].slot.function, MODULE_BOOTLOADER);
}

static void what_was_written_reads_the_same(void **state)
{
    (void)state;
    RELEASE_INDEX_OWNED made = {.role = INDEX_MIRROR, .version = 7};
    RELEASE_INDEX_OWNED read = {0};
    BUF_OWNED text = {0};
    BUF_OWNED again = {0};
    cached_release borrowed = record_of("4.0.2", "tracker", "radio");
    text_copy(borrowed.modules[0].older, VERSION_SIZE, "4.0.0");
    assert_int_equal(release_index_add(&made, &borrowed, NULL), OSB_OK);
    add(&made, "5.3.1", "p2");
    add_file(&made, INDEX_LOCK, "osbundle.lock", "lock");
    add_file(&made, INDEX_APPLICATION, "b.bin", "b");
    add_file(&made, INDEX_APPLICATION, "a.bin", "a");
    text_of(&made, &text);
    assert_int_equal(release_index_read(buf_span(&text), "index", &read, NULL), OSB_OK);
    text_of(&read, &again);
    assert_int_equal(text.size, again.size);
    assert_memory_equal(text.data, again.data, text.size);
    assert_int_equal(read.version, 7);
    assert_string_equal(read.files[INDEX_APPLICATION][0].name, "a.bin");
    cached_release back;
    index_release_to_record(release_index_find(&read, "4.0.2", "tracker"), "x", "y", &back);
    assert_string_equal(back.modules[1].older, "4.0.0");
    assert_string_equal(back.modules[0].from, "x");
    assert_null(release_index_find(&read, "4.0.2", "p2"));
}

static void each_content_is_an_object_once(void **state)
{
    (void)state;
    ARENA_OWNED memory = {0};
    RELEASE_INDEX_OWNED index = {0};
    const index_file *objects;
    size_t count;
    char name[OBJECT_NAME_SIZE];
    add(&index, "5.3.1", "p2");
    add(&index, "5.3.2", "p2");
    add_file(&index, INDEX_LOCK, "a.lock", "5.3.2");
    assert_int_equal(release_index_objects(&index, &memory, &objects, &count, NULL), OSB_OK);
    assert_int_equal(count, 2);
    assert_true(memcmp(objects[0].sha256, objects[1].sha256, SHA256_SIZE) < 0);
    object_name(objects[0].sha256, name);
    assert_int_equal(strlen(name), OBJECT_NAME_SIZE - 1);
    index.files[INDEX_LOCK][0].size++;
    assert_int_equal(release_index_objects(&index, &memory, &objects, &count, NULL),
                     OSB_ERR_INTEGRITY);
}

static void one_name_stands_for_one_file(void **state)
{
    (void)state;
    RELEASE_INDEX_OWNED index = {0};
    osb_error error = {0};
    add_file(&index, INDEX_LOCK, "a", "content");
    add_file(&index, INDEX_LOCK, "a", "content");
    add_file(&index, INDEX_APPLICATION, "a", "another");
    assert_int_equal(index.file_count[INDEX_LOCK], 1);
    index_file other = {.name = "a", .size = 1};
    assert_int_equal(release_index_add_file(&index, INDEX_LOCK, &other, &error), OSB_ERR_USAGE);
    assert_true(*error.subject && *error.message && *error.hint);
}

/** Reads an index of one release whose text has `from` replaced by `to`. */
static osb_status read_changed(const char *from, const char *to)
{
    RELEASE_INDEX_OWNED index = {.role = INDEX_MIRROR, .version = 3};
    RELEASE_INDEX_OWNED read = {0};
    BUF_OWNED text = {0};
    BUF_OWNED changed = buf_make(INDEX_TEXT_MAX);
    osb_error error = {0};
    add(&index, "5.3.1", "p2");
    add(&index, "5.3.2", "p2");
    add_file(&index, INDEX_LOCK, "a.lock", "a");
    add_file(&index, INDEX_LOCK, "b.lock", "b");
    text_of(&index, &text);
    buf_append_u8(&text, 0);
    const char *place = strstr((const char *)text.data, from);
    assert_non_null(place);
    size_t offset = (size_t)(place - (const char *)text.data);
    buf_append(&changed, (span){text.data, offset});
    buf_append_text(&changed, to);
    buf_append_text(&changed, place + strlen(from));
    osb_status status = release_index_read(buf_span(&changed), "index", &read, &error);
    if (status != OSB_OK)
        assert_true(*error.message && *error.hint);
    return status;
}

static void what_is_no_index_is_refused(void **state)
{
    (void)state;
    static const char *const changes[][2] = {{"\"osbundle-index\"", "\"osbundle-lock\""},
                                             {"\"schema\": 1", "\"schema\": 2"},
                                             {"\"mirror\"", "\"bundle\""},
                                             {"\"mirror\"", "\"other\""},
                                             {"\"version\": 3", "\"version\": 0"},
                                             {"\"version\": 3", "\"version\": 1000000001"},
                                             {"\"version\": 3", "\"number\": 3"},
                                             {"\"5.3.1\"", "\"5.3.2\""},
                                             {"\"5.3.1\"", "\"5.3.3\""},
                                             {"\"5.3.1\"", "\"v5.3.1\""},
                                             {"\"5.3.1\"", "\"latest\""},
                                             {"\"p2\"", "\"../p2\""},
                                             {"\"p2\"", "\".p2\""},
                                             {"\"bootloader/0\"", "\"bootloader\""},
                                             {"\"p2-0.bin\"", "\"a/p2-0.bin\""},
                                             {"\"size\": 5", "\"size\": 0"},
                                             {"\"size\": 5", "\"size\": 16777217"},
                                             {"\"size\": 5", "\"size\": 5, \"extra\": 1"},
                                             {"\"sha256\": \"", "\"sha256\": \"0"},
                                             {"\"b.lock\"", "\"a.lock\""},
                                             {"\"a.lock\"", "\"c.lock\""}};
    assert_int_equal(read_changed("5.3.1", "5.3.1"), OSB_OK);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        if (read_changed(changes[i][0], changes[i][1]) != OSB_ERR_INTEGRITY)
            fail_msg("%s -> %s", changes[i][0], changes[i][1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_order_of_adding_does_not_show),
        cmocka_unit_test(what_was_written_reads_the_same),
        cmocka_unit_test(each_content_is_an_object_once),
        cmocka_unit_test(one_name_stands_for_one_file),
        cmocka_unit_test(what_is_no_index_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
