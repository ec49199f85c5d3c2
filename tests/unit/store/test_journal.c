/*
 * The journal: what was added is read back, a crash at any byte costs at most the last line, damage
 * is told apart from that, a full disk changes nothing, and a board has one writer.
 */
#include "unit/trust/fixtures.h"

#include <signal.h>
#include <sys/resource.h>

#include "store/journal.h"
#include "store/pinned_goal.h"

static const char board[] = "0a10aced2021002000000001";

/** The journal's file. */
static const char *path_of(const fixture *self, char path[PATH_SIZE])
{
    text_format(path, PATH_SIZE, "%s/journal/%s.jsonl", self->folder, board);
    return path;
}

static journal *open_journal(const fixture *self)
{
    journal *opened = NULL;
    osb_error error = {0};
    if (journal_open(self->folder, board, &opened, &error) != OSB_OK)
        fail_msg("%s: %s", error.subject, error.message);
    return opened;
}

static void add(journal *log, const char *name)
{
    osb_error error = {0};
    JSON_OWNED *record = json_pack("{s:s}", "record", name);
    if (journal_add(log, record, &error) != OSB_OK)
        fail_msg("%s: %s", error.subject, error.message);
}

static void begin(journal *log, const char *wanted)
{
    osb_error error = {0};
    JSON_OWNED *goal = json_pack("{s:s, s:s}", "record", "goal", "wanted", wanted);
    if (journal_begin(log, goal, &error) != OSB_OK)
        fail_msg("%s: %s", error.subject, error.message);
}

/** What the journal on the disk wants; NULL: nothing. */
static const char *wanted(const fixture *self, char text[40])
{
    osb_error error = {0};
    const json_t *goal;
    journal *log = open_journal(self);
    if (journal_goal(log, &goal, &error) != OSB_OK)
        fail_msg("%s: %s", error.subject, error.message);
    text_copy(text, 40, goal ? json_text(goal, "wanted", "?") : "");
    journal_close(log);
    return goal ? text : NULL;
}

static void read_file(const fixture *self, buf *content)
{
    char path[PATH_SIZE];
    *content = buf_make(1024 * 1024);
    assert_int_equal(file_read(path_of(self, path), content, NULL), OSB_OK);
}

/** Without an fsync: these are many. */
static void write_file(const fixture *self, span content)
{
    char path[PATH_SIZE];
    FILE *file = fopen(path_of(self, path), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(content.data, 1, content.size, file), content.size);
    assert_int_equal(fclose(file), 0);
}

static void an_unfinished_goal_is_found_again_and_a_finished_one_is_not(void **state)
{
    char text[40];
    assert_null(wanted(*state, text));
    journal *log = open_journal(*state);
    begin(log, "5.3.1");
    add(log, "begin");
    journal_close(log);
    assert_string_equal(wanted(*state, text), "5.3.1");
    log = open_journal(*state);
    add(log, "proved");
    assert_int_equal(journal_finish(log, NULL), OSB_OK);
    journal_close(log);
    assert_null(wanted(*state, text));
}

static void a_new_goal_takes_the_place_of_the_old_one(void **state)
{
    char text[40];
    journal *log = open_journal(*state);
    begin(log, "5.3.1");
    add(log, "begin");
    begin(log, "5.6.0");
    add(log, "begin");
    journal_close(log);
    assert_string_equal(wanted(*state, text), "5.6.0");
}

static void only_unfinished_boards_are_listed(void **state)
{
    const fixture *self = *state;
    ARENA_OWNED memory = {0};
    const char *const *names;
    size_t count;
    assert_int_equal(journal_list(self->folder, &memory, &names, &count, NULL), OSB_OK);
    assert_int_equal(count, 0);
    journal *log = open_journal(self);
    begin(log, "5.3.1");
    assert_int_equal(journal_list(self->folder, &memory, &names, &count, NULL), OSB_OK);
    assert_int_equal(count, 1);
    assert_string_equal(names[0], board);
    assert_int_equal(journal_finish(log, NULL), OSB_OK);
    journal_close(log);
    assert_int_equal(journal_list(self->folder, &memory, &names, &count, NULL), OSB_OK);
    assert_int_equal(count, 0);
}

static void a_board_has_one_writer_and_others_are_told_which(void **state)
{
    const fixture *self = *state;
    journal *first = open_journal(self), *second = NULL;
    osb_error error = {0};
    char pid[24];
    text_format(pid, sizeof pid, "process %ld ", (long)getpid());
    assert_int_equal(journal_open(self->folder, board, &second, &error), OSB_ERR_BUSY);
    assert_string_equal(error.subject, board);
    assert_non_null(strstr(error.message, pid));
    assert_int_equal(journal_check_free(self->folder, board, &error), OSB_ERR_BUSY);
    journal_close(first);
    assert_int_equal(journal_check_free(self->folder, board, &error), OSB_OK);
    journal_close(open_journal(self));
}

/** Three lines: a goal and two records. */
static void write_three(const fixture *self, buf *content)
{
    journal *log = open_journal(self);
    begin(log, "5.3.1");
    add(log, "begin");
    add(log, "proved");
    journal_close(log);
    read_file(self, content);
}

static void a_crash_at_any_place_costs_the_torn_line_and_no_more(void **state)
{
    const fixture *self = *state;
    char text[40];
    BUF_OWNED whole = buf_make(0), after = buf_make(0);
    write_three(self, &whole);
    const uint8_t *first_end = memchr(whole.data, '\n', whole.size);
    size_t first_line = (size_t)(first_end - whole.data) + 1;
    for (size_t size = 0; size <= whole.size; size += 3) {
        write_file(self, span_slice(buf_span(&whole), 0, size));
        bool has_goal = size >= first_line;
        assert_true((wanted(self, text) != NULL) == has_goal);
        if (!has_goal)
            continue;
        journal *log = open_journal(self);
        add(log, "after the crash");
        journal_close(log);
        assert_string_equal(wanted(self, text), "5.3.1");
        read_file(self, &after);
        assert_non_null(strstr((const char *)after.data, "after the crash"));
        buf_free(&after);
    }
}

static void garbage_behind_the_last_line_is_a_crash_too(void **state)
{
    const fixture *self = *state;
    char text[40];
    BUF_OWNED content = buf_make(0);
    write_three(self, &content);
    buf_append_text(&content, "{\"record\":\"proved\",\"seq\":4}\n");
    buf_append_fill(&content, 0, 100);
    write_file(self, buf_span(&content));
    assert_string_equal(wanted(self, text), "5.3.1");
}

static void a_changed_byte_in_any_line_but_the_last_is_damage(void **state)
{
    const fixture *self = *state;
    BUF_OWNED whole = buf_make(0);
    write_three(self, &whole);
    size_t last_line = whole.size - 1;
    while (whole.data[last_line - 1] != '\n')
        last_line--;
    for (size_t i = 0; i < last_line; i += 7) {
        osb_error error = {0};
        const json_t *goal;
        uint8_t before = whole.data[i];
        whole.data[i] ^= 0x01;
        write_file(self, buf_span(&whole));
        whole.data[i] = before;
        journal *log = open_journal(self);
        assert_int_equal(journal_goal(log, &goal, &error), OSB_ERR_INTEGRITY);
        assert_non_null(strstr(error.message, "damaged in line"));
        JSON_OWNED *record = json_object();
        assert_int_equal(journal_add(log, record, &error), OSB_ERR_INTERNAL);
        journal_close(log);
    }
}

static void a_missing_line_is_damage(void **state)
{
    const fixture *self = *state;
    osb_error error = {0};
    const json_t *goal;
    BUF_OWNED whole = buf_make(0), cut = buf_make(100000);
    write_three(self, &whole);
    const uint8_t *first = memchr(whole.data, '\n', whole.size);
    const uint8_t *second = memchr(first + 1, '\n', whole.size - (size_t)(first + 1 - whole.data));
    buf_append(&cut, (span){whole.data, (size_t)(first + 1 - whole.data)});
    buf_append(&cut, (span){second + 1, whole.size - (size_t)(second + 1 - whole.data)});
    write_file(self, buf_span(&cut));
    journal *log = open_journal(self);
    assert_int_equal(journal_goal(log, &goal, &error), OSB_ERR_INTEGRITY);
    begin(log, "5.6.0"); /* a new goal needs nothing of it, and keeps it */
    journal_close(log);
    char path[PATH_SIZE], aside[PATH_SIZE + 8];
    text_format(aside, sizeof aside, "%s.damaged", path_of(self, path));
    assert_true(file_exists(aside));
}

static void limit_files(rlim_t size)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size == RLIM_INFINITY ? limit.rlim_max : size;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_full_disk_leaves_the_journal_as_it_was(void **state)
{
    const fixture *self = *state;
    char text[40];
    osb_error error = {0};
    JSON_OWNED *goal = json_pack("{s:s, s:s}", "record", "goal", "wanted", "5.6.0");
    JSON_OWNED *record = json_pack("{s:s}", "record", "begin");
    BUF_OWNED before = buf_make(0), after = buf_make(0);
    signal(SIGXFSZ, SIG_IGN);
    write_three(self, &before);
    journal *log = open_journal(self);
    for (rlim_t room = 0; room < 20; room += 3) {
        limit_files(before.size + room);
        osb_status status = journal_add(log, record, &error);
        limit_files(RLIM_INFINITY);
        assert_int_equal(status, OSB_ERR_IO);
        assert_non_null(strstr(error.hint, "disk"));
        read_file(self, &after);
        assert_int_equal(after.size, before.size);
        buf_free(&after);
    }
    limit_files(10);
    osb_status status = journal_begin(log, goal, &error);
    limit_files(RLIM_INFINITY);
    assert_int_equal(status, OSB_ERR_IO);
    journal_close(log);
    assert_string_equal(wanted(self, text), "5.3.1");
    log = open_journal(self);
    add(log, "there is room again");
    journal_close(log);
}

static void a_goal_reads_as_it_was_written(void **state)
{
    (void)state;
    osb_error error = {0};
    pinned_goal read, goal = {.device_id = "0a10aced2021002000000001",
                              .platform = "p2",
                              .set = {.version = "5.3.1", .platform = "p2", .count = 1},
                              .file_count = 1,
                              .files = {{"ncp.bin", {1}}},
                              .app = {.name = "app.bin"},
                              .full = true,
                              .allow_downgrade = true};
    goal.set.modules[0] =
        (cached_module){{MODULE_BOOTLOADER, 2}, "b.bin", 1000, {1, 2}, "here", "now", ""};
    goal.app.sha256[31] = 7;
    goal.via = goal.set;
    JSON_OWNED *record = pinned_goal_to_json(&goal);
    assert_int_equal(pinned_goal_from_json(record, "journal", &read, &error), OSB_OK);
    JSON_OWNED *again = pinned_goal_to_json(&read);
    assert_true(json_equal(record, again));
    assert_int_equal(read.app.sha256[31], 7);
    static const char *const members[] = {"record", "schema", "release", "via", "modules"};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        JSON_OWNED *broken = json_deep_copy(record);
        json_object_set_new(broken, members[i], json_pack("[s]", "?"));
        assert_int_equal(pinned_goal_from_json(broken, "journal", &read, &error),
                         OSB_ERR_INTEGRITY);
        assert_string_equal(error.subject, "journal");
    }
    JSON_OWNED *nothing =
        json_pack("{s:s, s:i, s:n, s:n}", "record", "goal", "schema", 1, "release", "via");
    assert_int_equal(pinned_goal_from_json(nothing, "journal", &read, &error), OSB_ERR_INTEGRITY);
    JSON_OWNED *no_hash = json_deep_copy(record);
    json_object_set_new(json_object_get(no_hash, "app"), "sha256", json_string("12"));
    assert_int_equal(pinned_goal_from_json(no_hash, "journal", &read, &error), OSB_ERR_INTEGRITY);
}

#define journal_test(name) cmocka_unit_test_setup_teardown(name, fixture_make, fixture_drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        journal_test(an_unfinished_goal_is_found_again_and_a_finished_one_is_not),
        journal_test(a_new_goal_takes_the_place_of_the_old_one),
        journal_test(only_unfinished_boards_are_listed),
        journal_test(a_board_has_one_writer_and_others_are_told_which),
        journal_test(a_crash_at_any_place_costs_the_torn_line_and_no_more),
        journal_test(garbage_behind_the_last_line_is_a_crash_too),
        journal_test(a_changed_byte_in_any_line_but_the_last_is_damage),
        journal_test(a_missing_line_is_damage),
        journal_test(a_full_disk_leaves_the_journal_as_it_was),
        journal_test(a_goal_reads_as_it_was_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
