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

static osb_status read_all(fixture *with, const char *text, lockfile *lock, osb_error *error)
{
    return lockfile_read(span_of(text), "osbundle.lock", &with->boards, &with->memory, lock, error);
}

/** The only release of a lock. */
static osb_status read_lock(fixture *with, const char *text, release *lock, osb_error *error)
{
    lockfile whole;
    TRY(read_all(with, text, &whole, error));
    assert_int_equal(whole.count, 1);
    *lock = *whole.sets;
    return OSB_OK;
}

static void assert_same_text(const json_t *a, const json_t *b)
{
    BUF_OWNED one = buf_make(LOCKFILE_MAX);
    BUF_OWNED other = buf_make(LOCKFILE_MAX);
    assert_int_equal(json_to_text(a, &one, NULL), OSB_OK);
    assert_int_equal(json_to_text(b, &other, NULL), OSB_OK);
    assert_int_equal(one.size, other.size);
    assert_memory_equal(one.data, other.data, one.size);
}

static void what_is_written_reads_the_same(void **state)
{
    fixture *with = *state;
    release lock;
    lockfile again;
    BUF_OWNED text = buf_make(LOCKFILE_MAX);
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
    JSON_OWNED *document = lockfile_to_json(&lock, 1);
    assert_int_equal(json_to_text(document, &text, NULL), OSB_OK);
    assert_int_equal(
        lockfile_read(buf_span(&text), "again", &with->boards, &with->memory, &again, NULL),
        OSB_OK);
    assert_int_equal(again.count, 1);
    assert_memory_equal(&lock, again.sets, sizeof lock);
    JSON_OWNED *copy = lockfile_to_json(again.sets, 1);
    assert_same_text(document, copy);
}

static void the_order_in_memory_does_not_show(void **state)
{
    release lock;
    assert_int_equal(
        read_lock(*state, "{" ON_P2 ", \"modules\": {" BOOT ", \"system_part/1\": " MODULE "}}",
                  &lock, NULL),
        OSB_OK);
    JSON_OWNED *document = lockfile_to_json(&lock, 1);
    release_module first = lock.modules[0];
    lock.modules[0] = lock.modules[1];
    lock.modules[1] = first;
    JSON_OWNED *turned = lockfile_to_json(&lock, 1);
    assert_same_text(document, turned);
}

static void several_platforms_stand_in_the_order_of_their_names(void **state)
{
    fixture *with = *state;
    lockfile lock, again;
    BUF_OWNED text = buf_make(LOCKFILE_MAX);
    assert_int_equal(
        read_all(with,
                 "{" HEAD ", \"platforms\": {\"p2\": {\"modules\": {" BOOT "}}, \"boron\": "
                 "{\"modules\": {\"system_part/1\": " MODULE ", " BOOT "}, \"application\": "
                 "{\"slot\": \"user_part/1\", \"file\": \"app.bin\", " FACTS "}}}}",
                 &lock, NULL),
        OSB_OK);
    assert_int_equal(lock.count, 2);
    assert_string_equal(lock.sets[0].board->name, "boron");
    assert_int_equal(lock.sets[0].module_count, 3);
    assert_string_equal(lock.sets[1].version, "5.3.1");
    assert_ptr_equal(lockfile_for(&lock, fixture_board(with, "p2")->id), &lock.sets[1]);
    assert_null(lockfile_for(&lock, fixture_board(with, "photon")->id));
    JSON_OWNED *document = lockfile_to_json(lock.sets, 2);
    const release turned[] = {lock.sets[1], lock.sets[0]};
    JSON_OWNED *other = lockfile_to_json(turned, 2);
    assert_same_text(document, other);
    assert_int_equal(json_to_text(document, &text, NULL), OSB_OK);
    assert_int_equal(
        lockfile_read(buf_span(&text), "again", &with->boards, &with->memory, &again, NULL),
        OSB_OK);
    assert_memory_equal(lock.sets, again.sets, 2 * sizeof *lock.sets);
}

static const struct {
    const char *text, *why;
} not_understood[] = {
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
    {"{" ON_P2 ", \"modules\": {\"bootloader/0\": {\"file\": \"../a\", " FACTS "}}}", "file name"},
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
    {"{" ON_P2 ", \"platforms\": {}, \"modules\": {" BOOT "}}", "no platforms"},
    {"{" ON_P2 ", \"platforms\": {\"p2\": {\"modules\": {" BOOT "}}}}", "member that is not known"},
    {"{" HEAD ", \"platforms\": {\"p2\": {\"modules\": {" BOOT "}, \"x\": 1}}}",
     "a platform has a member"},
    {"{" HEAD ", \"platforms\": {\"p2\": 1}}", "a platform has a member"},
    {"{" HEAD ", \"platforms\": [1]}", "no platforms"},
    {"{" HEAD ", \"platforms\": {\"p2\": {\"modules\": {" BOOT "}}, "
     "\"p2\": {\"modules\": {" BOOT "}}}}",
     "JSON"},
};

static void what_is_not_understood_is_refused(void **state)
{
    for (size_t i = 0; i < sizeof not_understood / sizeof *not_understood; i++) {
        const char *text = not_understood[i].text, *why = not_understood[i].why;
        release lock;
        osb_error error = {0};
        if (read_lock(*state, text, &lock, &error) != OSB_ERR_INTEGRITY)
            fail_msg("%s", text);
        if (!strstr(error.message, why))
            fail_msg("%s: %s", text, error.message);
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
        IN_FOLDER(several_platforms_stand_in_the_order_of_their_names),
        IN_FOLDER(what_is_not_understood_is_refused),
        IN_FOLDER(a_platform_of_the_future_is_told_from_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
