/*
 * Many simulated boards at once, through the public header: as fast as the slowest of them alone,
 * each with its own application, whatever becomes of the others, and the same in every run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "model/module.h"
#include "osbundle_context.h"
#include "sim/board.h"
#include "sim/synth.h"
#include "sim/world.h"
#include "support/folder.h"

enum {
    BOARDS_MAX = 32,
    STORY_MAX = 64 * 1024 * 1024
};

/** What is heard of a run. */
typedef struct story {
    buf text;              /**< every event and report, a line each */
    size_t reports, asked; /**< reports so far, plans in the question */
    size_t failed, done, interrupted;
    uint64_t stop_after; /**< events; then `cancelled` says so. 0: never */
    uint64_t events;
} story;

/** A library with boards of its own, and what it needs on the disk. */
typedef struct scene {
    char folder[TEST_FOLDER_SIZE];
    char cache[TEST_FOLDER_SIZE + 16], state[TEST_FOLDER_SIZE + 16], source[TEST_FOLDER_SIZE + 16];
    char app[TEST_FOLDER_SIZE + 32];
    const char *specs[BOARDS_MAX];
    size_t count;
    osb_context *context;
    story heard;
    osb_error error;
} scene;

static void hear_event(void *context, const osb_event *event)
{
    story *heard = context;
    heard->events++;
    buf_append_format(&heard->text, "%s %s %zu %llu/%llu at %llu\n",
                      event->device ? event->device : "-", event->phase, event->step,
                      (unsigned long long)event->done, (unsigned long long)event->total,
                      (unsigned long long)event->elapsed_ms);
}

static bool is_enough(void *context)
{
    const story *heard = context;
    return heard->stop_after && heard->events >= heard->stop_after;
}

static void hear_board(void *context, const osb_board *board)
{
    story *heard = context;
    const char *outcome = json_text(board->document, "outcome", "");
    osb_error error;
    heard->reports++;
    heard->failed += text_equal(outcome, "failed");
    heard->interrupted += text_equal(outcome, "interrupted");
    heard->done += text_equal(outcome, "done");
    if (json_to_line(board->document, &heard->text, &error) != OSB_OK)
        heard->failed = BOARDS_MAX + 1; /* a worker's thread: no assertion here */
    buf_append_text(&heard->text, "\n");
}

static bool agree(void *context, const json_t *plans)
{
    ((story *)context)->asked = json_array_size(plans);
    return true;
}

static void must(osb_status status, const osb_error *error)
{
    if (status != OSB_OK)
        fail_msg("%s: %s (%s)", error->subject, error->message, error->hint);
}

static void open_context(scene *now)
{
    const char *const sources[] = {now->source};
    const osb_options options = {
        .cache = now->cache,
        .state = now->state,
        .sources = sources,
        .source_count = 1,
        .simulated = now->specs,
        .simulated_count = now->count,
        .offline = true,
        .hooks = {.event = hear_event, .cancelled = is_enough, .context = &now->heard}};
    must(osb_open(&options, &now->context, &now->error), &now->error);
    must(osb_wait_for_boards(now->context, now->count, 0, &now->error), &now->error);
}

static void make_release(scene *now, const char *words)
{
    JSON_OWNED *made = NULL;
    must(osb_sim_release(now->context, words, now->source, &made, &now->error), &now->error);
}

static void begin(scene *now, const char *const *specs, size_t count)
{
    *now = (scene){.count = count, .heard = {.text = buf_make(STORY_MAX)}};
    assert_non_null(test_folder_make(now->folder));
    text_format(now->cache, sizeof now->cache, "%s/cache", now->folder);
    text_format(now->state, sizeof now->state, "%s/state", now->folder);
    text_format(now->source, sizeof now->source, "%s/source", now->folder);
    text_format(now->app, sizeof now->app, "%s/{device}.bin", now->folder);
    memcpy(now->specs, specs, count * sizeof *specs);
    open_context(now);
    make_release(now, "p2@5.3.1");
    make_release(now, "boron@4.1.0");
}

static void end(scene *now)
{
    osb_close(now->context);
    buf_free(&now->heard.text);
    test_folder_remove(now->folder);
}

static sim_board *board_at(const scene *now, size_t index)
{
    return now->context->world->boards[index];
}

/** The application that only this board gets. */
static buf own_application(const scene *now, size_t index)
{
    const sim_board *board = board_at(now, index);
    const bool is_p2 = text_equal(board->kind->name, "p2");
    const module_slot system = {MODULE_SYSTEM_PART, 1};
    const synth_request request = {
        .board = board->kind,
        .slot = platform_find_slot(board->kind, (module_slot){MODULE_USER_PART, 1}),
        .version = (uint16_t)(100 + index),
        .dependencies = {{system, is_p2 ? 5301 : 4100}},
        .size = 16 * 1024};
    osb_error error = {0};
    buf file = buf_make(MODULE_FILE_MAX);
    must(synth_module(&request, &file, &error), &error);
    return file;
}

static void write_applications(scene *now)
{
    for (size_t i = 0; i < now->count; i++) {
        char path[TEST_FOLDER_SIZE + 64];
        BUF_OWNED file = own_application(now, i);
        text_format(path, sizeof path, "%s/%s.bin", now->folder, board_at(now, i)->device_id);
        must(file_write_atomic(path, buf_span(&file), 0644, &now->error), &now->error);
    }
}

/** Byte by byte: in the board's flash is the application that was made for it. */
static bool has_own_application(const scene *now, size_t index)
{
    const sim_board *board = board_at(now, index);
    BUF_OWNED file = own_application(now, index);
    module parsed;
    osb_error error = {0};
    must(module_parse(buf_span(&file), "application", &parsed, &error), &error);
    const span wanted = module_payload(&parsed);
    const size_t offset = parsed.start - board->kind->memories[0].start;
    const span found = span_slice(sim_board_flash(board, "internal"), offset, wanted.size);
    return found.size == wanted.size && memcmp(found.data, wanted.data, wanted.size) == 0;
}

static osb_status restore_all(scene *now, size_t at_once, json_t **summary)
{
    const osb_goal goal = {.app = now->app};
    const osb_fleet fleet = {at_once, hear_board, &now->heard};
    return osb_restore_all(now->context, &goal, &fleet, agree, summary, &now->error);
}

/** What a restore takes on the boards' clock, and of their bus. */
typedef struct effort {
    uint64_t elapsed_ms, operations;
} effort;

static effort effort_of(const scene *now, const json_t *summary)
{
    return (effort){(uint64_t)json_number(summary, "elapsed_ms", 0),
                    sim_world_operations(now->context->world)};
}

static effort alone(const char *spec)
{
    scene now;
    JSON_OWNED *summary = NULL;
    begin(&now, &spec, 1);
    write_applications(&now);
    assert_false(has_own_application(&now, 0));
    must(restore_all(&now, 0, &summary), &now.error);
    assert_true(has_own_application(&now, 0));
    const effort taken = effort_of(&now, summary);
    end(&now);
    return taken;
}

static void fill_specs(const char **specs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        specs[i] = i % 2 ? "boron@2.2.0" : "p2@5.0.1";
}

static void thirty_two_take_as_long_as_the_slowest_and_get_what_is_theirs(void **state)
{
    (void)state;
    scene now;
    const char *specs[BOARDS_MAX];
    JSON_OWNED *summary = NULL;
    fill_specs(specs, BOARDS_MAX);
    const effort p2 = alone(specs[0]), boron = alone(specs[1]);
    uint64_t slowest_ms = p2.elapsed_ms > boron.elapsed_ms ? p2.elapsed_ms : boron.elapsed_ms;
    uint64_t operations = BOARDS_MAX / 2 * (p2.operations + boron.operations);
    begin(&now, specs, BOARDS_MAX);
    write_applications(&now);
    must(restore_all(&now, 0, &summary), &now.error);
    const effort together = effort_of(&now, summary);
    print_message("alone: p2 %llu ms, boron %llu ms; 32 together: %llu ms, %llu operations\n",
                  (unsigned long long)p2.elapsed_ms, (unsigned long long)boron.elapsed_ms,
                  (unsigned long long)together.elapsed_ms, (unsigned long long)together.operations);
    assert_in_range(together.elapsed_ms, slowest_ms / 2, slowest_ms * 11 / 10);
    /* Nobody opens a neighbour to see who it is. */
    assert_in_range(together.operations, operations, operations * 101 / 100);
    assert_int_equal(json_number(summary, "done", 0), BOARDS_MAX);
    assert_int_equal(now.heard.reports, BOARDS_MAX);
    assert_int_equal(now.heard.asked, BOARDS_MAX);
    for (size_t i = 0; i < BOARDS_MAX; i++)
        assert_true(has_own_application(&now, i));
    end(&now);
}

/** Six boards of which one keeps what it has and one does not come back. */
static void run_with_two_bad_ones(scene *now, json_t **summary)
{
    const sim_defects lies = {.lies = true}, dark = {.dark_ms = SIM_DARK_FOREVER};
    const char *specs[6];
    fill_specs(specs, 6);
    begin(now, specs, 6);
    write_applications(now);
    sim_board_set_defects(board_at(now, 2), &lies);
    sim_board_set_defects(board_at(now, 3), &dark);
    assert_int_equal(osb_status_exit_code(restore_all(now, 0, summary)), 7);
}

static void one_that_fails_stops_no_other(void **state)
{
    (void)state;
    scene now;
    JSON_OWNED *summary = NULL;
    run_with_two_bad_ones(&now, &summary);
    assert_non_null(strstr(now.error.message, "2 of 6 boards"));
    assert_int_equal(now.heard.reports, 6);
    assert_int_equal(now.heard.failed, 2);
    assert_int_equal(json_number(summary, "failed", 0), 2);
    assert_int_equal(json_number(summary, "done", 0), 4);
    for (size_t i = 0; i < 6; i++) {
        const json_t *result = json_array_get(json_object_get(summary, "results"), i);
        bool bad = i == 2 || i == 3;
        assert_string_equal(json_text(result, "device", ""), board_at(&now, i)->device_id);
        assert_string_equal(json_text(result, "outcome", ""), bad ? "failed" : "done");
        assert_int_equal(has_own_application(&now, i), !bad);
    }
    assert_string_equal(
        json_text(json_array_get(json_object_get(summary, "results"), 2), "error", ""), "unproved");
    end(&now);
}

static void every_run_goes_the_same_way(void **state)
{
    (void)state;
    scene first, second;
    JSON_OWNED *one = NULL;
    JSON_OWNED *two = NULL;
    run_with_two_bad_ones(&first, &one);
    run_with_two_bad_ones(&second, &two);
    assert_int_equal(first.heard.text.size, second.heard.text.size);
    assert_memory_equal(first.heard.text.data, second.heard.text.data, first.heard.text.size);
    assert_true(json_equal(one, two) == 1);
    end(&first);
    end(&second);
}

static void who_waits_for_a_worker_gets_one(void **state)
{
    (void)state;
    scene now;
    const char *specs[5];
    JSON_OWNED *summary = NULL;
    fill_specs(specs, 5);
    begin(&now, specs, 5);
    write_applications(&now);
    must(restore_all(&now, 2, &summary), &now.error);
    assert_int_equal(json_number(summary, "done", 0), 5);
    for (size_t i = 0; i < 5; i++)
        assert_true(has_own_application(&now, i));
    end(&now);
}

static void a_stopped_run_is_resumed_on_all_boards(void **state)
{
    (void)state;
    scene now;
    const char *specs[4];
    JSON_OWNED *summary = NULL;
    JSON_OWNED *resumed = NULL;
    fill_specs(specs, 4);
    begin(&now, specs, 4);
    write_applications(&now);
    now.heard.stop_after = now.heard.events + 500;
    assert_int_equal(restore_all(&now, 0, &summary), OSB_ERR_INTERRUPTED);
    assert_int_equal(now.heard.interrupted, 4);
    now.heard = (story){.text = now.heard.text};
    const osb_fleet fleet = {0, hear_board, &now.heard};
    must(osb_resume_all(now.context, &fleet, agree, &resumed, &now.error), &now.error);
    assert_int_equal(now.heard.asked, 4);
    assert_int_equal(json_number(resumed, "done", 0), 4);
    for (size_t i = 0; i < 4; i++)
        assert_true(has_own_application(&now, i));
    end(&now);
}

static bool refuse(void *context, const json_t *plans)
{
    agree(context, plans);
    return false;
}

static void no_board_is_written_without_a_yes(void **state)
{
    (void)state;
    scene now;
    const char *specs[3];
    const osb_goal goal = {.version = "5.3.1"};
    JSON_OWNED *summary = NULL;
    fill_specs(specs, 3); /* the boron has no plan to that release */
    begin(&now, specs, 3);
    const osb_fleet fleet = {0, hear_board, &now.heard};
    assert_int_equal(osb_restore_all(now.context, &goal, &fleet, refuse, &summary, &now.error),
                     OSB_ERR_INTERRUPTED);
    assert_int_equal(now.heard.asked, 2);
    assert_int_equal(now.heard.reports, 1); /* told before the question */
    assert_int_equal(now.heard.failed, 1);
    assert_int_equal(json_number(summary, "bytes_written", -1), 0);
    end(&now);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thirty_two_take_as_long_as_the_slowest_and_get_what_is_theirs),
        cmocka_unit_test(one_that_fails_stops_no_other),
        cmocka_unit_test(every_run_goes_the_same_way),
        cmocka_unit_test(who_waits_for_a_worker_gets_one),
        cmocka_unit_test(a_stopped_run_is_resumed_on_all_boards),
        cmocka_unit_test(no_board_is_written_without_a_yes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
