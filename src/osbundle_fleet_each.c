/*
 * Workers for a fleet: threads that hold one board each, and take the next one when they are
 * through.
 *
 * Knows nothing of what is done with a board. Invariant: a board is taken once. Who takes which
 * follows from the bus: with simulated boards it is the same in every run.
 */
#include "osbundle_fleet.h"

#include <pthread.h>

enum {
    WORKERS_MAX = 64,
    STACK_SIZE = 1024 * 1024 /* what is not used costs nothing */
};

typedef struct work_round {
    fleet *boards;
    fleet_work work;
    pthread_mutex_t lock;
    size_t next; /**< the first member that nobody has begun with */
} work_round;

typedef struct worker {
    work_round *round;
    transport *bus;      /**< its own */
    fleet_member *first; /**< that it begins with; NULL: there is none left */
    pthread_t thread;
} worker;

static fleet_member *take_next(work_round *round)
{
    fleet *boards = round->boards;
    fleet_member *taken = NULL;
    pthread_mutex_lock(&round->lock);
    while (!taken && round->next < boards->count) {
        fleet_member *member = &boards->members[round->next++];
        taken = member->status == OSB_OK && !member->over ? member : NULL;
    }
    pthread_mutex_unlock(&round->lock);
    return taken;
}

static void work_on(work_round *round, fleet_member *first, transport *bus)
{
    (void)transport_now_ms(bus); /* on a simulated bus: lines up, so that boards go in order */
    for (fleet_member *member = first; member; member = take_next(round))
        member->status = round->work(round->boards, member, bus, &member->problem);
}

static void *run_worker(void *context)
{
    worker *self = context;
    work_on(self->round, self->first, self->bus);
    transport_destroy(self->bus);
    return NULL;
}

/** Gives every worker his transport and his first board before any of them starts. */
static osb_status share_bus(transport *bus, worker *workers, size_t count, osb_error *error)
{
    for (size_t i = 0; i < count; i++) {
        osb_status status = transport_share(bus, &workers[i].bus, error);
        while (status != OSB_OK && i > 0)
            transport_destroy(workers[--i].bus);
        TRY(status);
        workers[i].first = take_next(workers[i].round);
    }
    return OSB_OK;
}

static size_t start_workers(worker *workers, size_t count)
{
    pthread_attr_t attributes;
    size_t started = 0;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    while (started < count && pthread_create(&workers[started].thread, &attributes, run_worker,
                                             &workers[started]) == 0)
        started++;
    pthread_attr_destroy(&attributes);
    return started;
}

/** Boards for which no thread could be had wait until the others are through. */
static osb_status run_together(work_round *round, transport *bus, size_t count, osb_error *error)
{
    worker workers[WORKERS_MAX] = {0};
    for (size_t i = 0; i < count; i++)
        workers[i].round = round;
    TRY(share_bus(bus, workers, count, error));
    size_t started = start_workers(workers, count);
    for (size_t i = started; i < count; i++)
        transport_destroy(workers[i].bus);
    for (size_t i = 0; i < started; i++)
        pthread_join(workers[i].thread, NULL);
    for (size_t i = started; i < count; i++)
        work_on(round, workers[i].first, bus);
    return OSB_OK;
}

static size_t worker_count(const fleet *boards)
{
    size_t count = boards->wanted->at_once ? boards->wanted->at_once : boards->count;
    count = count < boards->count ? count : boards->count;
    return count < WORKERS_MAX ? count : WORKERS_MAX;
}

osb_status fleet_each(fleet *boards, fleet_work work, osb_error *error)
{
    work_round round = {.boards = boards, .work = work, .lock = PTHREAD_MUTEX_INITIALIZER};
    size_t count = worker_count(boards);
    if (count > 1)
        return run_together(&round, boards->bus, count, error);
    work_on(&round, take_next(&round), boards->bus);
    return OSB_OK;
}
