/*
 * Threads that share the simulated bus: their waits overlap in simulated time, they take turns in a
 * fixed order, and a caller alone sees what it always saw.
 */
#include "unit/sim/bench.h"

#include <pthread.h>

enum {
    THREADS = 8,
    NOTES = 64
};

/** What several threads did, in the order they did it: only one of them runs at a time. */
typedef struct story {
    bench b;
    uint64_t began_ms;
    size_t count;
    struct {
        size_t who;
        uint64_t when_ms;
    } notes[NOTES];
} story;

typedef struct actor {
    story *told;
    transport *own;
    size_t number;
    void (*play)(struct actor *self);
    pthread_t thread;
} actor;

static void note(actor *self)
{
    story *told = self->told;
    uint64_t now_ms = transport_now_ms(self->own) - told->began_ms;
    if (told->count < NOTES) {
        told->notes[told->count].who = self->number;
        told->notes[told->count].when_ms = now_ms;
    }
    told->count++;
}

static void *act(void *context)
{
    actor *self = context;
    self->play(self);
    transport_destroy(self->own);
    return NULL;
}

/** Seats are taken in order, but the threads start in the reverse of it. */
static void play_together(story *told, size_t count, void (*play)(actor *self))
{
    actor actors[THREADS];
    osb_error error;
    for (size_t i = 0; i < count; i++) {
        actors[i] = (actor){.told = told, .number = i, .play = play};
        OK(transport_share(told->b.bus, &actors[i].own, &error));
    }
    for (size_t i = count; i-- > 0;)
        assert_int_equal(pthread_create(&actors[i].thread, NULL, act, &actors[i]), 0);
    for (size_t i = 0; i < count; i++)
        pthread_join(actors[i].thread, NULL);
}

static void let_pass(actor *self, uint32_t duration_ms)
{
    osb_error error;
    if (transport_wait(self->own, duration_ms, &error) != OSB_OK)
        self->told->count = NOTES + 1; /* cmocka fails in its own thread only */
}

static void assert_notes(const story *told, size_t count, const size_t (*wanted)[2])
{
    assert_int_equal(told->count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(told->notes[i].who, wanted[i][0]);
        assert_int_equal(told->notes[i].when_ms, wanted[i][1]);
    }
}

static void wait_three_times(actor *self)
{
    for (int i = 0; i < 3; i++) {
        let_pass(self, self->number == 0 ? 100 : 40);
        note(self);
    }
}

static void test_waits_overlap_and_ties_go_by_seat(void **state)
{
    (void)state;
    story told = {0};
    bench_begin(&told.b);
    play_together(&told, 3, wait_three_times);
    assert_notes(
        &told, 9,
        (const size_t[][2]){
            {1, 40}, {2, 40}, {1, 80}, {2, 80}, {0, 100}, {1, 120}, {2, 120}, {0, 200}, {0, 300}});
    assert_int_equal(transport_now_ms(told.b.bus), 300);
    bench_end(&told.b);
}

static void leave_at_once(actor *self)
{
    if (self->number == 1)
        return; /* never uses the bus */
    let_pass(self, 50 + (uint32_t)self->number);
    note(self);
}

static void test_who_leaves_holds_nobody_up(void **state)
{
    (void)state;
    story told = {0};
    bench_begin(&told.b);
    play_together(&told, 3, leave_at_once);
    assert_notes(&told, 2, (const size_t[][2]){{0, 50}, {2, 52}});
    bench_end(&told.b);
}

/** 0 pulls the board's cable for half a second, 1 waits for the bus to change, 2 just waits. */
static void pull_and_watch(actor *self)
{
    osb_error error;
    let_pass(self, self->number == 1 ? 0 : 1000);
    if (self->number == 0) {
        board_unplug(self->told->b.board, 500000);
    } else if (self->number == 1) {
        for (int i = 0; i < 3; i++) {
            if (transport_wait_change(self->own, 2000, &error) == OSB_OK)
                note(self);
        }
    } else {
        note(self);
    }
}

static void test_a_change_wakes_whom_it_concerns_at_its_moment(void **state)
{
    (void)state;
    story told = {0};
    bench_board(&told.b, "p2", "5.3.1");
    told.began_ms = transport_now_ms(told.b.bus);
    play_together(&told, 3, pull_and_watch);
    assert_notes(&told, 4, (const size_t[][2]){{1, 1000}, {2, 1000}, {1, 1500}, {1, 3500}});
    bench_end(&told.b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waits_overlap_and_ties_go_by_seat),
        cmocka_unit_test(test_who_leaves_holds_nobody_up),
        cmocka_unit_test(test_a_change_wakes_whom_it_concerns_at_its_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
