/*
 * Lock files: what is written reads the same, and whatever is not wholly understood is refused.
 */
#include "unit/trust/fixtures.h"

#include "trust/lockfile.h"

#define HASH   "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define FACTS  "\"version\": 7, \"size\": 5000, \"sha256\": \"" HASH "\""
#define MODULE "{\"file\": \"a.bin\", " FACTS "}"
#define BOOT   "\"bootloader/0\": " MODULE
#define HEAD   "\"type\": \"osbundle-lock\", \"schema\": 1, \"release\": \"5.3.1\""
#define ON_P2  HEAD ", \"platform\": \"p2\""

static osb_status read_lock(const fixture *with, const char *text, release *lock, osb_error *error)
{
    return lockfile_read(span_of(text), "osbundle.lock", &with->boards, lock, error);
}

static void what_is_written_reads_the_same(void **state)
{
    const fixture *with = *state;
    release lock, again;
    BUF_OWNED text = buf_make(LOCKFILE_MAX);
    BUF_OWNED twice = buf_make(LOCKFILE_MAX);
    assert_int_equal(
        read_lock(with,
                  "{" ON_P2 ", \"modules\": {\"system_part/1\": " MODULE ", " BOOT "},"
                  "\"application\": {\"slot\": \"user_part/1\", \"file\": \"my app.zip\"," FACTS
                  "}}",
                  &lock, NULL),
        OSB_OK);
    assert_string_equal(lock.version, "5.3.1");
    assert_string_equal(lock.board->name, "p2");
    assert_int_equal(lock.module_count, 3);
    const release_module *app = release_find(&lock, (module_slot){MODULE_USER_PART, 1});
    assert_non_null(app);
    assert_string_equal(app->file, "my app.zip");
    assert_true(app->pinned && app->version == 7 && app->size == 5000 && app->sha256[1] == 0x11);
    JSON_OWNED *document = lockfile_to_json(&lock);
    assert_int_equal(json_to_text(document, &text, NULL), OSB_OK);
    assert_int_equal(lockfile_read(buf_span(&text), "again", &with->boards, &again, NULL), OSB_OK);
    assert_memory_equal(&lock, &again, sizeof lock);
    JSON_OWNED *copy = lockfile_to_json(&again);
    assert_int_equal(json_to_text(copy, &twice, NULL), OSB_OK);
    assert_int_equal(text.size, twice.size);
    assert_memory_equal(text.data, twice.data, text.size);
}

static void the_order_in_memory_does_not_show(void **state)
{
    const fixture *with = *state;
    release lock;
    BUF_OWNED one = buf_make(LOCKFILE_MAX);
    BUF_OWNED other = buf_make(LOCKFILE_MAX);
    assert_int_equal(
        read_lock(with, "{" ON_P2 ", \"modules\": {" BOOT ", \"system_part/1\": " MODULE "}}",
                  &lock, NULL),
        OSB_OK);
    JSON_OWNED *document = lockfile_to_json(&lock);
    release_module first = lock.modules[0];
    lock.modules[0] = lock.modules[1];
    lock.modules[1] = first;
    JSON_OWNED *turned = lockfile_to_json(&lock);
    assert_int_equal(json_to_text(document, &one, NULL), OSB_OK);
    assert_int_equal(json_to_text(turned, &other, NULL), OSB_OK);
    assert_int_equal(one.size, other.size);
    assert_memory_equal(one.data, other.data, one.size);
}

static void what_is_not_understood_is_refused(void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"", "JSON"},
        {"[]", "type or schema"},
        {"{\"type\": \"osbundle-plan\", \"schema\": 1}", "type or schema"},
        {"{\"type\": \"osbundle-lock\", \"schema\": 2}", "type or schema"},
        {"{" ON_P2 ", \"modules\": {" BOOT "}, \"expires\": 1}", "member that is not known"},
        {"{" ON_P2 ", \"modules\": {" BOOT "}, \"platform\": \"p2\"}", "JSON"},
        {"{\"type\": \"osbundle-lock\", \"schema\": 1, \"release\": \"latest\"}", "no version"},
        {"{\"type\": \"osbundle-lock\", \"schema\": 1, \"release\": \"v5.3.1\"}", "no version"},
        {"{" ON_P2 "}", "no modules"},
        {"{" ON_P2 ", \"modules\": {}}", "no modules"},
        {"{" ON_P2 ", \"modules\": [" MODULE "]}", "no modules"},
        {"{" ON_P2 ", \"modules\": {\"loader\": " MODULE "}}", "slot"},
        {"{" ON_P2 ", \"modules\": {\"bootloader/7\": " MODULE "}}", "board has no slot"},
        {"{" ON_P2 ", \"modules\": {\"user_part/1\": " MODULE "}}", "slot"},
        {"{" ON_P2 ", \"modules\": {" BOOT ", \"bootloader/00\": " MODULE "}}", "twice"},
        {"{" ON_P2 ", \"modules\": {\"bootloader/0\": \"a.bin\"}}", "not known"},
        {"{" ON_P2 ", \"modules\": {\"bootloader/0\": {\"file\": \"a\", \"sum\": 1, " FACTS "}}}",
         "not known"},
        {"{" ON_P2 ", \"modules\": {\"bootloader/0\": {\"file\": \"../a\", " FACTS "}}}",
         "file name"},
        {"{" ON_P2 ", \"modules\": {\"bootloader/0\": {" FACTS "}}}", "file name"},
        {"{" ON_P2 ", \"modules\": {\"bootloader/0\": {\"file\": \"a\", \"version\": 65536, "
         "\"size\": 1, \"sha256\": \"" HASH "\"}}}",
         "no version"},
        {"{" ON_P2 ", \"modules\": {\"bootloader/0\": {\"file\": \"a\", \"version\": 1, "
         "\"size\": 0, \"sha256\": \"" HASH "\"}}}",
         "size"},
        {"{" ON_P2 ", \"modules\": {\"bootloader/0\": {\"file\": \"a\", \"version\": 1, "
         "\"size\": 99999999999, \"sha256\": \"" HASH "\"}}}",
         "size"},
        {"{" ON_P2 ", \"modules\": {\"bootloader/0\": {\"file\": \"a\", \"version\": 1, "
         "\"size\": 1, \"sha256\": \"00\"}}}",
         "SHA-256"},
        {"{" ON_P2 ", \"modules\": {" BOOT "}, \"application\": null}", "application"},
        {"{" ON_P2 ", \"modules\": {" BOOT "}, \"application\": {\"slot\": \"bootloader/2\", "
         "\"file\": \"a\", " FACTS "}}",
         "application"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        release lock;
        osb_error error = {0};
        if (read_lock(*state, cases[i].text, &lock, &error) != OSB_ERR_INTEGRITY)
            fail_msg("%s", cases[i].text);
        if (!strstr(error.message, cases[i].why))
            fail_msg("%s: %s", cases[i].text, error.message);
        assert_string_equal(error.subject, "osbundle.lock");
        assert_true(*error.hint);
    }
}

static void a_platform_of_the_future_is_told_from_damage(void **state)
{
    release lock;
    osb_error error = {0};
    assert_int_equal(read_lock(*state, "{" HEAD ", \"platform\": \"p9\", \"modules\": {" BOOT "}}",
                               &lock, &error),
                     OSB_ERR_NOT_FOUND);
    assert_non_null(strstr(error.message, "p9"));
}

int main(void)
{
#define IN_FOLDER(name) cmocka_unit_test_setup_teardown(name, fixture_make, fixture_drop)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(what_is_written_reads_the_same),
        IN_FOLDER(the_order_in_memory_does_not_show),
        IN_FOLDER(what_is_not_understood_is_refused),
        IN_FOLDER(a_platform_of_the_future_is_told_from_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
