/*
 * What a simulated board was asked and answered is recorded, and the recording asked again: the
 * whole of it, cut at every line, without each line, with lines that somebody has changed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "support/recording.h"
#include "transport/replay.h"

enum {
    TRACE_MAX = 4 * 1024 * 1024,
    LINES_MAX = 4096,
    MUTATIONS = 500
};

static recording_ground ground;
static osb_error error;
static buf recording;
static size_t starts[LINES_MAX + 1]; /* of lines; the last one is the end */
static size_t line_count;

static const char *const boards[][2] = {{"p2", "5.3.1"}, {"boron", "4.2.0"}};

static int begin(void **state)
{
    (void)state;
    recording_begin(&ground);
    return 0;
}

static int end(void **state)
{
    (void)state;
    buf_free(&recording);
    recording_end(&ground);
    return 0;
}

/* The lines of a visit to a fresh board, in `recording`. */
static void record(const char *const board[2])
{
    buf_free(&recording);
    recording = buf_make(TRACE_MAX);
    recording_of_fresh(&ground, board[0], board[1], &recording);
    assert_false(recording.overflow);
    line_count = 0;
    for (size_t i = 0; i < recording.size && line_count < LINES_MAX; i++)
        if (recording.data[i] == '\n')
            starts[++line_count] = i + 1;
    assert_true(line_count > 50);
    assert_int_equal(starts[line_count], recording.size);
}

static osb_status open_text(span text, transport **bus)
{
    FILE *file = fmemopen((void *)text.data, text.size, "r");
    assert_non_null(file);
    return replay_make(file, "trace", bus, &error);
}

/* What a visit makes of a text; the verdict where there is one. */
static osb_status visit_replayed(span text)
{
    transport *bus;
    TRY(open_text(text, &bus));
    osb_status status = session_run(bus, &ground.platforms, NULL, &error);
    osb_status verdict = replay_verdict(bus, &error);
    if (verdict == OSB_OK && status == OSB_OK)
        assert_int_equal(replay_rest(bus), 0);
    transport_destroy(bus);
    return verdict == OSB_OK ? status : verdict;
}

static void a_replay_answers_as_the_board_did(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        BUF_OWNED again = buf_make(TRACE_MAX);
        transport *bus;
        record(boards[i]);
        assert_int_equal(open_text(buf_span(&recording), &bus), OSB_OK);
        assert_true(bus->simulated);
        recording_of(&ground, bus, &again);
        assert_int_equal(replay_verdict(bus, &error), OSB_OK);
        assert_int_equal(replay_rest(bus), 0);
        transport_destroy(bus);
        assert_int_equal(again.size, recording.size);
        assert_memory_equal(again.data, recording.data, again.size);
    }
}

static void a_trace_that_was_cut_ends_in_an_error(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        record(boards[i]);
        for (size_t line = 1; line < line_count; line++) {
            osb_status whole = visit_replayed((span){recording.data, starts[line]});
            assert_int_equal(whole, OSB_ERR_REPLAY);
            assert_non_null(strstr(error.message, "the trace ends here"));
            size_t half = (starts[line] + starts[line + 1]) / 2;
            assert_int_equal(visit_replayed((span){recording.data, half}), OSB_ERR_INTEGRITY);
            assert_non_null(strstr(error.message, "is cut short"));
        }
        assert_int_equal(visit_replayed(buf_span(&recording)), OSB_OK);
    }
}

static void a_line_that_is_missing_is_noticed(void **state)
{
    (void)state;
    record(boards[0]);
    for (size_t line = 1; line + 1 < line_count; line++) {
        char place[32];
        BUF_OWNED rest = buf_make(TRACE_MAX);
        buf_append(&rest, (span){recording.data, starts[line]});
        buf_append(&rest,
                   (span){recording.data + starts[line + 1], recording.size - starts[line + 1]});
        text_format(place, sizeof place, "line %zu ", line + 1);
        assert_int_equal(visit_replayed(buf_span(&rest)), OSB_ERR_INTEGRITY);
        assert_non_null(strstr(error.message, place));
    }
}

/* Whatever a changed byte makes of it: an end in time, and an error in two lines or none. */
static void a_changed_trace_does_no_harm(void **state)
{
    uint32_t random = 1;
    (void)state;
    record(boards[0]);
    for (size_t i = 0; i < MUTATIONS; i++) {
        random = random * 1664525 + 1013904223;
        size_t place = (random >> 4) % recording.size;
        uint8_t kept = recording.data[place];
        recording.data[place] = (uint8_t) "0f9\"}\n{z"[i % 8];
        error = (osb_error){0};
        if (visit_replayed(buf_span(&recording)) != OSB_OK)
            assert_true(*error.message);
        recording.data[place] = kept;
    }
}

/* A thread that visits one of several boards over a transport of its own. */
typedef struct worker {
    pthread_t thread;
    transport *bus;
    const char *board;
    osb_status status;
    osb_error error;
} worker;

static void *visit_board(void *context)
{
    worker *self = context;
    self->status = session_run(self->bus, &ground.platforms, self->board, &self->error);
    transport_destroy(self->bus);
    return NULL;
}

/* Both boards at once. */
static void visit_boards(transport *bus)
{
    worker workers[2] = {{.board = "usb:1-1"}, {.board = "usb:1-2"}};
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(transport_share(bus, &workers[i].bus, &error), OSB_OK);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&workers[i].thread, NULL, visit_board, &workers[i]), 0);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
        if (workers[i].status != OSB_OK)
            fail_msg("%s: %s", workers[i].error.subject, workers[i].error.message);
    }
}

static void keep_line_of_many(void *context, const char *text)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&lock);
    recording_line(context, text);
    pthread_mutex_unlock(&lock);
}

static void record_both(void)
{
    const trace_sink sink = {keep_line_of_many, &recording};
    sim_world *world;
    transport *traced;
    buf_free(&recording);
    recording = buf_make(TRACE_MAX);
    RECORDING_OK(sim_world_make(&ground.known, &ground.platforms, &world, error));
    for (size_t i = 0; i < 2; i++)
        recording_add_board(&ground, world, boards[i][0], boards[i][1]);
    assert_int_equal(trace_make(sim_world_transport(world), &sink, &traced, &error), OSB_OK);
    visit_boards(traced);
    transport_destroy(traced);
    sim_world_free(world);
}

static void boards_that_were_visited_at_once_are_replayed_at_once(void **state)
{
    transport *bus;
    (void)state;
    record_both();
    assert_int_equal(open_text(buf_span(&recording), &bus), OSB_OK);
    visit_boards(bus);
    assert_int_equal(replay_verdict(bus, &error), OSB_OK);
    assert_int_equal(replay_rest(bus), 0);
    transport_destroy(bus);
}

/* Its transport is gone by the time that anybody can ask. */
static void what_differs_for_a_worker_is_told_in_the_end(void **state)
{
    transport *bus, *own;
    usb_identity devices[4];
    size_t count;
    (void)state;
    record_both();
    assert_int_equal(open_text(buf_span(&recording), &bus), OSB_OK);
    assert_int_equal(transport_share(bus, &own, &error), OSB_OK);
    assert_int_equal(transport_wait(own, 1, &error), OSB_ERR_REPLAY);
    transport_destroy(own);
    assert_int_equal(transport_list(bus, devices, 4, &count, &error), OSB_ERR_REPLAY);
    assert_int_equal(replay_verdict(bus, &error), OSB_ERR_REPLAY);
    assert_non_null(strstr(error.message, "recorded list, now wait"));
    transport_destroy(bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_replay_answers_as_the_board_did),
        cmocka_unit_test(a_trace_that_was_cut_ends_in_an_error),
        cmocka_unit_test(a_line_that_is_missing_is_noticed),
        cmocka_unit_test(a_changed_trace_does_no_harm),
        cmocka_unit_test(boards_that_were_visited_at_once_are_replayed_at_once),
        cmocka_unit_test(what_differs_for_a_worker_is_told_in_the_end),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
