/*
 * Pruning: what goes, what stays, and that nothing that somebody publishes or needs is lost.
 */
#include "unit/trust/fixtures.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <time.h>

#include "base/lock.h"
#include "store/prune.h"

#define DAY_S (24 * 3600)

static cache *open_cache(const fixture *with)
{
    cache *opened = NULL;
    assert_int_equal(cache_open(fixture_path(with, "cache"), &opened, NULL), OSB_OK);
    return opened;
}

static void set_age(const char *path, time_t age_s)
{
    const time_t then = time(NULL) - age_s;
    const struct timespec both[2] = {{.tv_sec = then}, {.tv_sec = then}};
    assert_int_equal(utimensat(AT_FDCWD, path, both, 0), 0);
}

static void age_object(const fixture *with, const uint8_t digest[SHA256_SIZE], time_t age_s)
{
    char hex[SHA256_HEX_SIZE], name[100];
    text_hex(hex, (span){digest, SHA256_SIZE});
    text_format(name, sizeof name, "cache/objects/sha256/%.2s/%s", hex, hex + 2);
    set_age(fixture_path(with, name), age_s);
}

/** A release of one object for each of `contents` (a letter each), last used so long ago. */
static void publish(const fixture *with, cache *opened, const char *os_version,
                    const char *contents, time_t age_s)
{
    cached_release record = {.platform = "p2"};
    char name[64];
    text_copy(record.version, sizeof record.version, os_version);
    for (; *contents; contents++) {
        cached_module *entry = &record.modules[record.count++];
        uint8_t bytes[1000];
        memset(bytes, *contents, sizeof bytes);
        entry->slot = (module_slot){MODULE_SYSTEM_PART, (uint8_t)record.count};
        text_format(entry->file, sizeof entry->file, "%c.bin", *contents);
        entry->size = sizeof bytes;
        assert_int_equal(cas_publish(opened, (span){bytes, sizeof bytes}, entry->sha256, NULL),
                         OSB_OK);
    }
    assert_int_equal(cache_publish_release(opened, &record, NULL), OSB_OK);
    text_format(name, sizeof name, "cache/releases/%s/p2.json", os_version);
    set_age(fixture_path(with, name), age_s);
}

static prune_report prune(cache *opened, const prune_wish *wish, arena *memory)
{
    prune_report report;
    osb_error error = {0};
    if (cache_prune(opened, wish, memory, &report, &error) != OSB_OK)
        fail_msg("%s: %s", error.subject, error.message);
    return report;
}

static bool is_there(cache *opened, const char *os_version)
{
    cached_release record;
    return cache_find_release(opened, os_version, "p2", &record, NULL) == OSB_OK;
}

static bool has_letter(cache *opened, char letter)
{
    uint8_t bytes[1000], digest[SHA256_SIZE];
    memset(bytes, letter, sizeof bytes);
    sha256((span){bytes, sizeof bytes}, digest);
    return cas_has(opened, digest);
}

static const prune_wish nothing = {.older_than_s = PRUNE_NO_AGE, .max_bytes = PRUNE_NO_SIZE};

static void releases_go_by_age_and_shared_objects_stay(void **state)
{
    fixture *with = *state;
    cache *opened = open_cache(with);
    ARENA_OWNED memory = {0};
    prune_wish wish = nothing;
    publish(with, opened, "1.0.0", "ab", 100 * DAY_S);
    publish(with, opened, "2.0.0", "bc", 10 * DAY_S);
    wish.older_than_s = 90 * DAY_S;
    prune_report report = prune(opened, &wish, &memory);
    assert_int_equal(report.fate_count, 1);
    assert_string_equal(report.fates[0].release->version, "1.0.0");
    assert_null(report.fates[0].kept_by);
    assert_int_equal(report.objects.files, 1);
    assert_int_equal(report.bytes_left, 2000);
    assert_false(is_there(opened, "1.0.0"));
    assert_false(folder_exists(fixture_path(with, "cache/releases/1.0.0")));
    assert_true(is_there(opened, "2.0.0"));
    assert_false(has_letter(opened, 'a'));
    assert_true(has_letter(opened, 'b'));
    cache_close(opened);
}

static void the_least_recently_used_go_until_it_fits(void **state)
{
    fixture *with = *state;
    cache *opened = open_cache(with);
    ARENA_OWNED memory = {0};
    prune_wish wish = nothing;
    publish(with, opened, "1.0.0", "ab", 3 * DAY_S);
    publish(with, opened, "2.0.0", "cd", 9 * DAY_S);
    publish(with, opened, "3.0.0", "de", 6 * DAY_S);
    wish.max_bytes = 3000;
    prune(opened, &wish, &memory);
    assert_true(is_there(opened, "1.0.0"));
    assert_false(is_there(opened, "2.0.0"));
    assert_false(is_there(opened, "3.0.0")); /* without 2.0.0 there are still a b d e */
    assert_false(has_letter(opened, 'd'));
    cache_close(opened);
}

static void a_dry_run_tells_the_same_and_removes_nothing(void **state)
{
    fixture *with = *state;
    cache *opened = open_cache(with);
    ARENA_OWNED memory = {0};
    prune_wish wish = nothing;
    publish(with, opened, "1.0.0", "ab", 3 * DAY_S);
    size_t files = fixture_count_files(fixture_path(with, "cache"));
    wish.max_bytes = 0;
    wish.dry_run = true;
    prune_report report = prune(opened, &wish, &memory);
    assert_int_equal(report.objects.bytes, 2000);
    assert_int_equal(report.bytes_left, 0);
    assert_int_equal(fixture_count_files(fixture_path(with, "cache")), files);
    cache_close(opened);
}

static const uint8_t *kept_hash;

static osb_status keep_one(void *context, arena *memory, const prune_keep **keeps, size_t *count,
                           osb_error *error)
{
    prune_keep *keep = arena_take(memory, 1, sizeof *keep);
    (void)error;
    keep->by = "a.lock";
    text_copy(keep->version, sizeof keep->version, context);
    text_copy(keep->platform, sizeof keep->platform, "p2");
    keep->hashes = arena_copy(memory, kept_hash, SHA256_SIZE);
    keep->count = 1;
    *keeps = keep;
    *count = 1;
    return OSB_OK;
}

static void what_is_kept_stays_whatever_is_asked(void **state)
{
    fixture *with = *state;
    cache *opened = open_cache(with);
    ARENA_OWNED memory = {0};
    prune_wish wish = nothing;
    uint8_t digest[SHA256_SIZE];
    publish(with, opened, "1.0.0", "ab", 3 * DAY_S);
    publish(with, opened, "2.0.0", "cd", 9 * DAY_S);
    assert_int_equal(cas_publish(opened, span_of("application"), digest, NULL), OSB_OK);
    age_object(with, digest, DAY_S);
    kept_hash = digest;
    wish.max_bytes = 0;
    wish.keeps = keep_one;
    wish.context = "2.0.0";
    prune_report report = prune(opened, &wish, &memory);
    assert_int_equal(report.fate_count, 2);
    assert_string_equal(report.fates[0].kept_by, "a.lock");
    assert_true(is_there(opened, "2.0.0"));
    assert_true(has_letter(opened, 'c') && has_letter(opened, 'd'));
    assert_true(cas_has(opened, digest));
    assert_false(is_there(opened, "1.0.0"));
    assert_int_equal(report.bytes_left, 2000 + strlen("application"));
    cache_close(opened);
}

static void objects_in_no_release_go_when_they_are_an_hour_old(void **state)
{
    fixture *with = *state;
    cache *opened = open_cache(with);
    ARENA_OWNED memory = {0};
    uint8_t young[SHA256_SIZE], old[SHA256_SIZE];
    assert_int_equal(cas_publish(opened, span_of("young"), young, NULL), OSB_OK);
    assert_int_equal(cas_publish(opened, span_of("old"), old, NULL), OSB_OK);
    age_object(with, young, 3000);
    age_object(with, old, 4000);
    prune_report report = prune(opened, &nothing, &memory);
    assert_int_equal(report.objects.files, 1);
    assert_true(cas_has(opened, young));
    assert_false(cas_has(opened, old));
    cache_close(opened);
}

static void orphans_go_and_parts_in_use_stay(void **state)
{
    fixture *with = *state;
    cache *opened = open_cache(with);
    ARENA_OWNED memory = {0};
    prune_wish wish = nothing;
    publish(with, opened, "1.0.0", "a", 0);
    fixture_write(with, "cache/tmp/new-abcdef", span_of("half"));
    fixture_write(with, "cache/tmp/part-1", span_of("of today"));
    fixture_write(with, "cache/tmp/part-2", span_of("of last month"));
    fixture_write(with, "cache/tmp/part-3", span_of("old, but somebody goes on with it"));
    set_age(fixture_path(with, "cache/tmp/part-2"), 30 * DAY_S);
    set_age(fixture_path(with, "cache/tmp/part-3"), 30 * DAY_S);
    FD_OWNED used = open(fixture_path(with, "cache/tmp/part-3"), O_RDONLY);
    assert_true(used >= 0 && lock_opened(used));
    assert_int_equal(prune(opened, &wish, &memory).temporary.files, 2);
    assert_false(file_exists(fixture_path(with, "cache/tmp/new-abcdef")));
    assert_true(file_exists(fixture_path(with, "cache/tmp/part-1")));
    assert_false(file_exists(fixture_path(with, "cache/tmp/part-2")));
    assert_true(file_exists(fixture_path(with, "cache/tmp/part-3")));
    wish.older_than_s = 0;
    wish.keeps = NULL;
    prune(opened, &wish, &memory);
    assert_false(file_exists(fixture_path(with, "cache/tmp/part-1")));
    assert_true(file_exists(fixture_path(with, "cache/tmp/part-3")));
    assert_true(file_exists(fixture_path(with, "cache/tmp/lock")));
    cache_close(opened);
}

static void pruning_waits_for_who_publishes(void **state)
{
    fixture *with = *state;
    cache *opened = open_cache(with);
    int hold = -1, status;
    publish(with, opened, "1.0.0", "a", 2 * DAY_S);
    assert_int_equal(cache_hold(opened, &hold, NULL), OSB_OK);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        ARENA_OWNED memory = {0};
        prune_report report;
        prune_wish wish = nothing;
        wish.older_than_s = 0;
        file_close(&hold); /* the parent's goes on holding */
        _exit(cache_prune(opened, &wish, &memory, &report, NULL) != OSB_OK);
    }
    nanosleep(&(struct timespec){.tv_nsec = 200 * 1000 * 1000}, NULL);
    assert_int_equal(waitpid(child, &status, WNOHANG), 0);
    assert_true(is_there(opened, "1.0.0"));
    publish(with, opened, "2.0.0", "a", 0);
    file_close(&hold);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_false(is_there(opened, "1.0.0"));
    cache_close(opened);
}

static void a_cache_that_is_not_there_is_pruned_at_once(void **state)
{
    fixture *with = *state;
    cache *opened = open_cache(with);
    ARENA_OWNED memory = {0};
    prune_wish wish = nothing;
    wish.max_bytes = 0;
    assert_int_equal(prune(opened, &wish, &memory).fate_count, 0);
    assert_false(folder_exists(fixture_path(with, "cache")));
    cache_close(opened);
}

static void an_unreadable_record_goes_as_any_other(void **state)
{
    fixture *with = *state;
    cache *opened = open_cache(with);
    ARENA_OWNED memory = {0};
    prune_wish wish = nothing;
    publish(with, opened, "1.0.0", "a", 0);
    fixture_write(with, "cache/releases/2.0.0/p2.json", span_of("{"));
    assert_int_equal(prune(opened, &wish, &memory).fate_count, 0);
    assert_true(file_exists(fixture_path(with, "cache/releases/2.0.0/p2.json")));
    set_age(fixture_path(with, "cache/releases/2.0.0/p2.json"), 2 * DAY_S);
    wish.older_than_s = DAY_S;
    assert_int_equal(prune(opened, &wish, &memory).fate_count, 1);
    assert_false(file_exists(fixture_path(with, "cache/releases/2.0.0/p2.json")));
    assert_true(has_letter(opened, 'a'));
    cache_close(opened);
}

int main(void)
{
#define IN_FOLDER(name) cmocka_unit_test_setup_teardown(name, fixture_make, fixture_drop)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(releases_go_by_age_and_shared_objects_stay),
        IN_FOLDER(the_least_recently_used_go_until_it_fits),
        IN_FOLDER(a_dry_run_tells_the_same_and_removes_nothing),
        IN_FOLDER(what_is_kept_stays_whatever_is_asked),
        IN_FOLDER(objects_in_no_release_go_when_they_are_an_hour_old),
        IN_FOLDER(orphans_go_and_parts_in_use_stay),
        IN_FOLDER(pruning_waits_for_who_publishes),
        IN_FOLDER(a_cache_that_is_not_there_is_pruned_at_once),
        IN_FOLDER(an_unreadable_record_goes_as_any_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
