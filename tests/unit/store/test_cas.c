/*
 * Objects: what is published comes back whole, damage is found and set aside, many processes may
 * publish at once, and read-only layers stay as they are.
 */
#include "unit/trust/fixtures.h"

#include <fcntl.h>
#include <sys/wait.h>

#include "store/cache.h"

static cache *open_cache(const char *folders)
{
    osb_error error = {0};
    cache *opened = NULL;
    if (cache_open(folders, &opened, &error) != OSB_OK)
        fail_msg("%s: %s", error.subject, error.message);
    return opened;
}

static void object_path(const char *root, const uint8_t digest[SHA256_SIZE], char path[PATH_SIZE])
{
    char hex[SHA256_HEX_SIZE];
    text_hex(hex, (span){digest, SHA256_SIZE});
    text_format(path, PATH_SIZE, "%s/objects/sha256/%.2s/%s", root, hex, hex + 2);
}

/** Replaces the bytes of an object behind the cache's back. */
static void damage(const char *path, const char *text)
{
    assert_int_equal(unlink(path), 0);
    assert_int_equal(file_write_atomic(path, span_of(text), 0444, NULL), OSB_OK);
}

static void assert_reads(cache *opened, const uint8_t digest[SHA256_SIZE], const char *text)
{
    BUF_OWNED content = buf_make(1000);
    assert_int_equal(cas_read(opened, digest, &content, NULL), OSB_OK);
    assert_int_equal(content.size, strlen(text));
    assert_memory_equal(content.data, text, content.size);
}

static void published_bytes_come_back(void **state)
{
    fixture *with = *state;
    const char *root = fixture_path(with, "cache");
    cache *opened = open_cache(root);
    uint8_t digest[SHA256_SIZE];
    char path[PATH_SIZE];
    struct stat status;

    assert_int_equal(cas_publish(opened, span_of("bytes"), digest, NULL), OSB_OK);
    assert_true(cas_has(opened, digest));
    assert_reads(opened, digest, "bytes");
    object_path(root, digest, path);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0444);
    assert_true(file_exists(fixture_path(with, "cache/format")));
    assert_true(file_exists(fixture_path(with, "cache/CACHEDIR.TAG")));
    cache_close(opened);
}

static void publishing_twice_keeps_the_first_file(void **state)
{
    fixture *with = *state;
    const char *root = fixture_path(with, "cache");
    cache *opened = open_cache(root);
    uint8_t digest[SHA256_SIZE];
    char path[PATH_SIZE];
    struct stat first, second;

    assert_int_equal(cas_publish(opened, span_of("bytes"), digest, NULL), OSB_OK);
    object_path(root, digest, path);
    assert_int_equal(stat(path, &first), 0);
    assert_int_equal(cas_publish(opened, span_of("bytes"), digest, NULL), OSB_OK);
    assert_int_equal(stat(path, &second), 0);
    assert_int_equal(first.st_ino, second.st_ino);
    cache_close(opened);
}

static void opening_makes_nothing(void **state)
{
    fixture *with = *state;
    cache *opened = open_cache(fixture_path(with, "cache"));
    uint8_t digest[SHA256_SIZE] = {1};
    BUF_OWNED content = buf_make(10);
    assert_false(cas_has(opened, digest));
    assert_int_equal(cas_read(opened, digest, &content, NULL), OSB_ERR_NOT_FOUND);
    assert_false(folder_exists(fixture_path(with, "cache")));
    cache_close(opened);
}

static void a_damaged_object_is_set_aside_and_never_used(void **state)
{
    fixture *with = *state;
    const char *root = fixture_path(with, "cache");
    cache *opened = open_cache(root);
    uint8_t digest[SHA256_SIZE];
    char path[PATH_SIZE];
    BUF_OWNED content = buf_make(1000);
    osb_error error = {0};

    assert_int_equal(cas_publish(opened, span_of("bytes"), digest, NULL), OSB_OK);
    object_path(root, digest, path);
    damage(path, "bytez");
    buf_append_text(&content, "before");
    assert_int_equal(cas_read(opened, digest, &content, &error), OSB_ERR_INTEGRITY);
    assert_int_equal(content.size, strlen("before"));
    assert_non_null(strstr(error.hint, "fetch"));
    assert_false(cas_has(opened, digest));
    assert_int_equal(fixture_count_files(fixture_path(with, "cache/damaged")), 1);

    assert_int_equal(cas_publish(opened, span_of("bytes"), digest, NULL), OSB_OK);
    assert_reads(opened, digest, "bytes");
    cache_close(opened);
}

static void publishing_replaces_a_damaged_object(void **state)
{
    fixture *with = *state;
    const char *root = fixture_path(with, "cache");
    cache *opened = open_cache(root);
    uint8_t digest[SHA256_SIZE];
    char path[PATH_SIZE];

    assert_int_equal(cas_publish(opened, span_of("bytes"), digest, NULL), OSB_OK);
    object_path(root, digest, path);
    damage(path, "cut");
    assert_int_equal(cas_publish(opened, span_of("bytes"), digest, NULL), OSB_OK);
    assert_reads(opened, digest, "bytes");
    assert_int_equal(fixture_count_files(fixture_path(with, "cache/damaged")), 1);
    cache_close(opened);
}

static void a_damaged_object_stays_while_somebody_publishes(void **state)
{
    fixture *with = *state;
    const char *root = fixture_path(with, "cache");
    cache *opened = open_cache(root);
    uint8_t digest[SHA256_SIZE];
    char path[PATH_SIZE];
    int hold = -1;
    BUF_OWNED content = buf_make(1000);

    assert_int_equal(cas_publish(opened, span_of("bytes"), digest, NULL), OSB_OK);
    object_path(root, digest, path);
    damage(path, "bytez");
    assert_int_equal(cache_hold(opened, &hold, NULL), OSB_OK);
    assert_int_equal(cas_read(opened, digest, &content, NULL), OSB_ERR_INTEGRITY);
    assert_true(file_exists(path)); /* for all we know, a sound one is just coming there */
    file_close(&hold);
    assert_int_equal(cas_read(opened, digest, &content, NULL), OSB_ERR_INTEGRITY);
    assert_false(file_exists(path));
    cache_close(opened);
}

static void a_check_hashes_one_layer_in_place(void **state)
{
    fixture *with = *state;
    const char *root = fixture_path(with, "cache");
    cache *opened = open_cache(root);
    uint8_t digest[SHA256_SIZE];
    char path[PATH_SIZE];
    uint64_t size = 0;
    bool moved = true;

    assert_int_equal(cas_publish(opened, span_of("bytes"), digest, NULL), OSB_OK);
    assert_int_equal(cas_check(opened, 0, digest, &size, &moved, NULL), OSB_OK);
    assert_int_equal(size, 5);
    assert_false(moved);
    object_path(root, digest, path);
    damage(path, "bytez");
    assert_int_equal(cas_check(opened, 0, digest, &size, &moved, NULL), OSB_ERR_INTEGRITY);
    assert_true(moved);
    assert_int_equal(cas_check(opened, 0, digest, &size, &moved, NULL), OSB_ERR_NOT_FOUND);
    cache_close(opened);
}

static void publishing_what_is_there_makes_it_fresh(void **state)
{
    fixture *with = *state;
    const char *root = fixture_path(with, "cache");
    cache *opened = open_cache(root);
    uint8_t digest[SHA256_SIZE];
    char path[PATH_SIZE];
    struct stat status;
    const struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};

    assert_int_equal(cas_publish(opened, span_of("bytes"), digest, NULL), OSB_OK);
    object_path(root, digest, path);
    assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
    assert_int_equal(cas_publish(opened, span_of("bytes"), digest, NULL), OSB_OK);
    assert_int_equal(stat(path, &status), 0);
    assert_true(status.st_mtime > 1000);
    cache_close(opened);
}

static void lower_layers_are_read_and_never_written(void **state)
{
    fixture *with = *state;
    uint8_t digest[SHA256_SIZE];
    char folders[2 * PATH_SIZE], path[PATH_SIZE];
    BUF_OWNED content = buf_make(1000);

    cache *lower = open_cache(fixture_path(with, "lower"));
    assert_int_equal(cas_publish(lower, span_of("bytes"), digest, NULL), OSB_OK);
    cache_close(lower);
    text_format(folders, sizeof folders, "%s:%s", fixture_path(with, "upper"),
                fixture_path(with, "lower"));
    cache *both = open_cache(folders);
    assert_true(cas_has(both, digest));
    assert_reads(both, digest, "bytes");

    object_path(fixture_path(with, "lower"), digest, path);
    damage(path, "bytez");
    size_t files = fixture_count_files(fixture_path(with, "lower"));
    assert_int_equal(cas_read(both, digest, &content, NULL), OSB_ERR_INTEGRITY);
    assert_int_equal(cas_publish(both, span_of("bytes"), digest, NULL), OSB_OK);
    assert_reads(both, digest, "bytes");
    assert_int_equal(fixture_count_files(fixture_path(with, "lower")), files);
    assert_true(file_exists(path));
    cache_close(both);
}

static void a_sound_lower_copy_stands_in_for_a_damaged_one(void **state)
{
    fixture *with = *state;
    uint8_t digest[SHA256_SIZE];
    char folders[2 * PATH_SIZE], path[PATH_SIZE];

    cache *lower = open_cache(fixture_path(with, "lower"));
    assert_int_equal(cas_publish(lower, span_of("bytes"), digest, NULL), OSB_OK);
    cache_close(lower);
    text_format(folders, sizeof folders, "%s:%s", fixture_path(with, "upper"),
                fixture_path(with, "lower"));
    cache *both = open_cache(folders);
    assert_int_equal(cas_publish(both, span_of("bytes"), digest, NULL), OSB_OK);
    object_path(fixture_path(with, "upper"), digest, path);
    damage(path, "");
    assert_reads(both, digest, "bytes");
    cache_close(both);
}

static void count_and_hash(void *context, span content, uint8_t digest[SHA256_SIZE])
{
    size_t *hashed = context;
    *hashed += 1;
    sha256(content, digest);
}

static void lie(void *context, span content, uint8_t digest[SHA256_SIZE])
{
    (void)context, (void)content;
    memset(digest, 0, SHA256_SIZE);
}

static void who_hashes_anyway_hashes_each_copy_once(void **state)
{
    fixture *with = *state;
    uint8_t digest[SHA256_SIZE];
    char folders[2 * PATH_SIZE], path[PATH_SIZE];
    size_t hashed = 0;
    BUF_OWNED content = buf_make(1000);
    cache *lower = open_cache(fixture_path(with, "lower"));
    assert_int_equal(cas_publish(lower, span_of("bytes"), digest, NULL), OSB_OK);
    assert_int_equal(cas_read_hashed(lower, digest, count_and_hash, &hashed, &content, NULL),
                     OSB_OK);
    assert_int_equal(hashed, 1);
    assert_int_equal(cas_read_hashed(lower, digest, lie, NULL, &content, NULL), OSB_ERR_INTEGRITY);
    assert_int_equal(content.size, 5);
    assert_int_equal(cas_publish(lower, span_of("bytes"), digest, NULL), OSB_OK);
    cache_close(lower);
    text_format(folders, sizeof folders, "%s:%s", fixture_path(with, "upper"),
                fixture_path(with, "lower"));
    cache *both = open_cache(folders);
    assert_int_equal(cas_publish(both, span_of("bytes"), digest, NULL), OSB_OK);
    object_path(fixture_path(with, "upper"), digest, path);
    damage(path, "bites");
    content.size = 0;
    assert_int_equal(cas_read_hashed(both, digest, count_and_hash, &hashed, &content, NULL),
                     OSB_OK);
    assert_int_equal(hashed, 3); /* the damaged copy, then the sound one */
    assert_memory_equal(content.data, "bytes", content.size);
    assert_false(file_exists(path));
    cache_close(both);
}

static void a_failed_publish_leaves_no_temporary_file(void **state)
{
    fixture *with = *state;
    const char *root = fixture_path(with, "cache");
    cache *opened = open_cache(root);
    uint8_t digest[SHA256_SIZE];
    char path[PATH_SIZE];

    sha256(span_of("bytes"), digest);
    object_path(root, digest, path);
    assert_int_equal(folder_make(path, NULL), OSB_OK); /* in the way */
    assert_int_equal(file_write_atomic(fixture_path(with, "cache/format"),
                                       span_of("osbundle-cache 1\n"), 0644, NULL),
                     OSB_OK);
    assert_int_not_equal(cas_publish(opened, span_of("bytes"), digest, NULL), OSB_OK);
    assert_int_equal(fixture_count_files(fixture_path(with, "cache/tmp")), 1); /* the lock */
    cache_close(opened);
}

/** One process that publishes the same objects as all the others, in its own order. */
static void publish_many(const char *root, unsigned seed)
{
    cache *opened = open_cache(root);
    for (unsigned i = 0; i < 40; i++) {
        char text[2000] = {0};
        uint8_t digest[SHA256_SIZE];
        text_format(text, sizeof text, "object %u", (i * 7 + seed) % 40);
        if (cas_publish(opened, (span){(uint8_t *)text, sizeof text}, digest, NULL) != OSB_OK)
            _exit(1);
        BUF_OWNED content = buf_make(sizeof text);
        if (cas_read(opened, digest, &content, NULL) != OSB_OK)
            _exit(2);
    }
    _exit(0);
}

static void many_processes_may_publish_the_same_at_once(void **state)
{
    enum {
        PROCESSES = 8
    };
    fixture *with = *state;
    const char *root = fixture_path(with, "cache");
    pid_t children[PROCESSES];
    for (unsigned i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (!children[i])
            publish_many(root, i);
    }
    for (unsigned i = 0; i < PROCESSES; i++) {
        int status;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    assert_int_equal(fixture_count_files(fixture_path(with, "cache/objects")), 40);
    assert_int_equal(fixture_count_files(fixture_path(with, "cache/tmp")), 1); /* the lock */
    assert_false(folder_exists(fixture_path(with, "cache/damaged")));
}

int main(void)
{
#define IN_FOLDER(name) cmocka_unit_test_setup_teardown(name, fixture_make, fixture_drop)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(published_bytes_come_back),
        IN_FOLDER(publishing_twice_keeps_the_first_file),
        IN_FOLDER(opening_makes_nothing),
        IN_FOLDER(a_damaged_object_is_set_aside_and_never_used),
        IN_FOLDER(publishing_replaces_a_damaged_object),
        IN_FOLDER(a_damaged_object_stays_while_somebody_publishes),
        IN_FOLDER(a_check_hashes_one_layer_in_place),
        IN_FOLDER(publishing_what_is_there_makes_it_fresh),
        IN_FOLDER(lower_layers_are_read_and_never_written),
        IN_FOLDER(a_sound_lower_copy_stands_in_for_a_damaged_one),
        IN_FOLDER(who_hashes_anyway_hashes_each_copy_once),
        IN_FOLDER(a_failed_publish_leaves_no_temporary_file),
        IN_FOLDER(many_processes_may_publish_the_same_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
