/*
 * What was seen before: it only grows, survives anything but its own removal, and is never guessed.
 */
#include "unit/trust/fixtures.h"

#include <pthread.h>

#include "store/seen.h"

#define MIRROR "https://mirror.example/os"
#define KEY    "664ABD2C55CC63F9"

/** A release with one module of that hash, and an application. */
static release locked(const fixture *with, const char *board, uint8_t hash)
{
    release set = {.version = "5.3.1", .board = fixture_board(with, board), .module_count = 2};
    set.modules[0] = (release_module){.slot = {MODULE_BOOTLOADER, 0}, .pinned = true};
    set.modules[1] = (release_module){.slot = {MODULE_USER_PART, 1}, .pinned = true};
    memset(set.modules[0].sha256, hash, SHA256_SIZE);
    memset(set.modules[1].sha256, hash, SHA256_SIZE);
    return set;
}

static const char *state_of(void *state, const char *name)
{
    fixture *with = state;
    return arena_text(&with->memory, fixture_path(with, name));
}

static void an_index_never_goes_back(void **state)
{
    const char *folder = state_of(*state, "index");
    osb_error error = {0};
    assert_int_equal(seen_admit_index(folder, MIRROR, KEY, 7, NULL), OSB_OK);
    assert_int_equal(seen_admit_index(folder, MIRROR, KEY, 7, NULL), OSB_OK);
    assert_int_equal(seen_admit_index(folder, MIRROR, KEY, 6, &error), OSB_ERR_INTEGRITY);
    assert_string_equal(error.message, "offers version 6 of its index, signed by key " KEY
                                       ", and version 7 was seen before");
    assert_int_equal(seen_check_index(folder, MIRROR, KEY, 9, NULL), OSB_OK);
    assert_int_equal(seen_admit_index(folder, MIRROR, KEY, 8, NULL), OSB_OK);
    assert_int_equal(seen_check_index(folder, MIRROR, KEY, 7, NULL), OSB_ERR_INTEGRITY);
    /* Of another mirror, or by another key, nothing is known. */
    assert_int_equal(seen_admit_index(folder, MIRROR "2", KEY, 1, NULL), OSB_OK);
    assert_int_equal(seen_admit_index(folder, MIRROR, "0000000000000001", 1, NULL), OSB_OK);
}

static void a_hash_of_a_release_never_changes(void **state)
{
    const fixture *with = *state;
    const char *folder = state_of(*state, "locks");
    osb_error error = {0};
    release both[] = {locked(with, "p2", 1), locked(with, "boron", 2)};
    assert_int_equal(seen_check_lock(folder, both, 2, "osbundle.lock", NULL), OSB_OK);
    assert_false(folder_exists(folder)); /* who only looks leaves nothing behind */
    assert_int_equal(seen_admit_lock(folder, both, 2, "osbundle.lock", NULL), OSB_OK);
    assert_int_equal(seen_admit_lock(folder, both, 2, "osbundle.lock", NULL), OSB_OK);
    both[1].modules[0].sha256[31] ^= 1;
    assert_int_equal(seen_check_lock(folder, both, 2, "osbundle.lock", NULL), OSB_ERR_INTEGRITY);
    assert_int_equal(seen_admit_lock(folder, both, 2, "osbundle.lock", &error), OSB_ERR_INTEGRITY);
    assert_string_equal(error.subject, "osbundle.lock");
    assert_true(text_starts_with(error.message, "pins another bootloader/0 of 5.3.1 for boron"));
    assert_non_null(strstr(error.hint, "remove boron of 5.3.1 from seen.json"));
    text_copy(both[1].version, sizeof both[1].version, "5.3.2");
    assert_int_equal(seen_admit_lock(folder, both, 2, "osbundle.lock", NULL), OSB_OK);
}

static void applications_may_change(void **state)
{
    const fixture *with = *state;
    const char *folder = state_of(*state, "applications");
    release set = locked(with, "p2", 1);
    assert_int_equal(seen_admit_lock(folder, &set, 1, "osbundle.lock", NULL), OSB_OK);
    set.modules[1].sha256[0] ^= 1;
    assert_int_equal(seen_admit_lock(folder, &set, 1, "osbundle.lock", NULL), OSB_OK);
}

static void a_damaged_file_is_told_and_kept(void **state)
{
    static const char *const damaged[] = {
        "",
        "{",
        "[]",
        "{}",
        "null",
        "{\"type\": \"osbundle-seen\", \"schema\": 2, \"mirrors\": {}, \"releases\": {}}",
        "{\"type\": \"osbundle-seen\", \"schema\": 1, \"mirrors\": {}}",
        "{\"type\": \"osbundle-seen\", \"schema\": 1, \"mirrors\": [], \"releases\": {}}",
        "{\"type\": \"osbundle-seen\", \"schema\": 1, \"mirrors\": {\"m\": 7}, \"releases\": {}}",
        "{\"type\": \"osbundle-seen\", \"schema\": 1, \"mirrors\": {\"m\": {\"k\": -7}},"
        " \"releases\": {}}",
        "{\"type\": \"osbundle-seen\", \"schema\": 1, \"mirrors\": {}, \"releases\": {\"5.3.1\":"
        " {\"p2\": {\"bootloader/0\": \"00\"}}}}",
        "{\"type\": \"osbundle-seen\", \"schema\": 1, \"mirrors\": {}, \"releases\": {}, \"x\": "
        "1}"};
    const fixture *with = *state;
    const char *folder = state_of(*state, "damaged");
    release set = locked(with, "p2", 1);
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        osb_error error = {0};
        BUF_OWNED kept = buf_make(1024);
        fixture_write(with, "damaged/seen.json", span_of(damaged[i]));
        assert_int_equal(seen_admit_index(folder, MIRROR, KEY, 7, &error), OSB_ERR_INTEGRITY);
        assert_non_null(strstr(error.message, "is damaged"));
        assert_non_null(strstr(error.hint, "backup"));
        assert_int_equal(seen_admit_lock(folder, &set, 1, "osbundle.lock", NULL),
                         OSB_ERR_INTEGRITY);
        assert_int_equal(seen_check_lock(folder, &set, 1, "osbundle.lock", NULL),
                         OSB_ERR_INTEGRITY);
        assert_int_equal(file_read(fixture_path(with, "damaged/seen.json"), &kept, NULL), OSB_OK);
        assert_int_equal(kept.size, strlen(damaged[i]));
    }
}

enum {
    WRITERS = 4,
    MIRRORS_EACH = 8
};

typedef struct writer {
    const char *folder;
    unsigned number;
} writer;

static void *write_some(void *context)
{
    const writer *self = context;
    for (unsigned i = 0; i < MIRRORS_EACH; i++) {
        char mirror[64];
        text_format(mirror, sizeof mirror, "https://%u.example/%u", self->number, i);
        if (seen_admit_index(self->folder, mirror, KEY, 5, NULL) != OSB_OK)
            return NULL;
    }
    return context;
}

static void nothing_is_lost_among_many_writers(void **state)
{
    const char *folder = state_of(*state, "many");
    pthread_t threads[WRITERS];
    writer writers[WRITERS];
    for (unsigned i = 0; i < WRITERS; i++) {
        writers[i] = (writer){folder, i};
        assert_int_equal(pthread_create(&threads[i], NULL, write_some, &writers[i]), 0);
    }
    for (unsigned i = 0; i < WRITERS; i++) {
        void *done;
        assert_int_equal(pthread_join(threads[i], &done), 0);
        assert_non_null(done);
    }
    for (unsigned i = 0; i < WRITERS * MIRRORS_EACH; i++) {
        char mirror[64];
        text_format(mirror, sizeof mirror, "https://%u.example/%u", i / MIRRORS_EACH,
                    i % MIRRORS_EACH);
        assert_int_equal(seen_check_index(folder, mirror, KEY, 4, NULL), OSB_ERR_INTEGRITY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_index_never_goes_back),
        cmocka_unit_test(a_hash_of_a_release_never_changes),
        cmocka_unit_test(applications_may_change),
        cmocka_unit_test(a_damaged_file_is_told_and_kept),
        cmocka_unit_test(nothing_is_lost_among_many_writers),
    };
    return cmocka_run_group_tests(tests, fixture_make, fixture_drop);
}
