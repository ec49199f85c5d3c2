/*
 * A crew of workers over numbered jobs.
 *
 * Knows nothing of what the jobs are. Invariant: answers are told in the order of the jobs by the
 * one thread that called, and nobody runs more than WINDOW jobs ahead of it, so memory is bounded
 * by the window and not by the number of jobs.
 */
#include "osbundle_crew.h"

#include <pthread.h>
#include <unistd.h>

enum {
    WORKERS_MAX = 16,
    WINDOW = 4 * WORKERS_MAX
};

/** Who hears the answers, and the first bad one of them. */
typedef struct listener {
    osb_context *context;
    osb_tell tell;
    void *tell_context;
    osb_status worst;
    osb_error first;
} listener;

typedef struct crew {
    const crew_job *job;
    pthread_mutex_t lock; /**< of everything below */
    pthread_cond_t room;  /**< for workers: the window has moved, or there is no more to do */
    pthread_cond_t ready; /**< for the caller: the next answer is there */
    size_t next;          /**< the first job that nobody has begun */
    size_t told;          /**< answers told so far */
    bool stopped;         /**< begin no more */
    bool done[WINDOW];
    crew_answer answers[WINDOW]; /**< of job i at i % WINDOW */
} crew;

static void do_job(const crew_job *job, size_t index, buf *content, crew_answer *answer)
{
    content->size = 0;
    content->overflow = false;
    *answer = (crew_answer){0};
    job->work(job->shared, index, content, answer);
}

static void tell(listener *self, crew_answer *answer)
{
    bool bad = answer->status != OSB_OK;
    if (answer->stray && answer->document)
        json_object_set_new(answer->document, "stray", json_true());
    osb_finding finding = {.argument = answer->argument,
                           .path = answer->path,
                           .document = answer->document,
                           .problem = bad ? &answer->error : NULL,
                           .stray = answer->stray};
    self->tell(self->tell_context, &finding);
    json_release(&answer->document);
    if (!bad || answer->stray || self->worst != OSB_OK)
        return;
    self->worst = answer->status;
    self->first = answer->error;
}

/** With the lock held. */
static bool has_job(const crew *self)
{
    return !self->stopped && self->next < self->job->count;
}

/** With the lock held, which is given up while the work is done. */
static void do_next(crew *self, buf *content)
{
    crew_answer answer;
    size_t index = self->next++;
    pthread_mutex_unlock(&self->lock);
    do_job(self->job, index, content, &answer);
    pthread_mutex_lock(&self->lock);
    self->answers[index % WINDOW] = answer;
    self->done[index % WINDOW] = true;
    if (index == self->told)
        pthread_cond_signal(&self->ready);
}

static void *work(void *shared)
{
    crew *self = shared;
    BUF_OWNED content = buf_make(self->job->content_max);
    pthread_mutex_lock(&self->lock);
    while (has_job(self)) {
        if (self->next < self->told + WINDOW)
            do_next(self, &content);
        else
            pthread_cond_wait(&self->room, &self->lock);
    }
    pthread_mutex_unlock(&self->lock);
    return NULL;
}

/**
 * Waits for the answer of the next job in order, and works on others meanwhile: on few cores the
 * caller's thread is not to spare. False: that job was not begun and won't be.
 */
static bool await_answer(crew *self, buf *content, crew_answer *answer)
{
    pthread_mutex_lock(&self->lock);
    size_t place = self->told % WINDOW;
    while (!self->done[place] && (self->told < self->next || has_job(self))) {
        if (has_job(self) && self->next < self->told + WINDOW)
            do_next(self, content);
        else
            pthread_cond_wait(&self->ready, &self->lock);
    }
    bool there = self->done[place];
    if (there)
        *answer = self->answers[place];
    pthread_mutex_unlock(&self->lock);
    return there;
}

static void advance(crew *self, bool stop)
{
    pthread_mutex_lock(&self->lock);
    self->done[self->told % WINDOW] = false;
    self->told++;
    self->stopped = self->stopped || stop;
    pthread_cond_broadcast(&self->room);
    pthread_mutex_unlock(&self->lock);
}

/** Returns how many jobs were told. */
static size_t run_together(const crew_job *job, size_t helpers, listener *hearer)
{
    pthread_t workers[WORKERS_MAX];
    size_t count = 0;
    crew_answer answer;
    BUF_OWNED content = buf_make(job->content_max);
    crew self = {.job = job,
                 .lock = PTHREAD_MUTEX_INITIALIZER,
                 .room = PTHREAD_COND_INITIALIZER,
                 .ready = PTHREAD_COND_INITIALIZER};
    while (count < helpers && pthread_create(&workers[count], NULL, work, &self) == 0)
        count++;
    while (await_answer(&self, &content, &answer)) {
        tell(hearer, &answer);
        advance(&self, context_is_cancelled(hearer->context));
    }
    for (size_t i = 0; i < count; i++)
        pthread_join(workers[i], NULL);
    return self.told;
}

/** Threads beside the caller's own, which works too: one a core. */
static size_t helper_count(size_t jobs)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t count = cores > 1 ? (size_t)cores - 1 : 0;
    count = count < WORKERS_MAX ? count : WORKERS_MAX;
    return count < jobs ? count : jobs - 1;
}

osb_status crew_run(osb_context *context, const crew_job *job, osb_tell tell_one,
                    void *tell_context, osb_error *error)
{
    listener hearer = {.context = context, .tell = tell_one, .tell_context = tell_context};
    size_t told = job->count ? run_together(job, helper_count(job->count), &hearer) : 0;
    if (told < job->count)
        return osb_fail(error, OSB_ERR_INTERRUPTED, NULL, "run the same command again",
                        "stopped before all files were looked at");
    if (error && hearer.worst != OSB_OK)
        *error = hearer.first;
    return hearer.worst;
}
