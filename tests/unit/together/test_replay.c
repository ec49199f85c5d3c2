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
    osb_status status = session_run(bus, &ground.platforms, &error);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_replay_answers_as_the_board_did),
        cmocka_unit_test(a_trace_that_was_cut_ends_in_an_error),
        cmocka_unit_test(a_line_that_is_missing_is_noticed),
        cmocka_unit_test(a_changed_trace_does_no_harm),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
