/*
 * A crew of workers over numbered jobs.
 *
 * Knows nothing of what the jobs are. Invariant: answers are told in the order of the jobs by the
 * one thread that called, and no worker runs more than WINDOW jobs ahead of it, so memory is
 * bounded by the window and not by the number of jobs.
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
    const osb_context *context;
    osb_tell tell;
    void *tell_context;
    osb_status worst;
    osb_error first;
} listener;

typedef struct crew {
    const crew_job *job;
    pthread_mutex_t lock; /**< of everything below */
    pthread_cond_t changed;
    size_t next;  /**< the first job that nobody has begun */
    size_t told;  /**< answers told so far */
    bool stopped; /**< begin no more */
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

static bool is_cancelled(const osb_context *context)
{
    return context->hooks.cancelled && context->hooks.cancelled(context->hooks.context);
}

/** The next job for a worker, once there is room for its answer. False: there is none any more. */
static bool begin_job(crew *self, size_t *index)
{
    pthread_mutex_lock(&self->lock);
    while (!self->stopped && self->next < self->job->count && self->next >= self->told + WINDOW)
        pthread_cond_wait(&self->changed, &self->lock);
    bool more = !self->stopped && self->next < self->job->count;
    if (more)
        *index = self->next++;
    pthread_mutex_unlock(&self->lock);
    return more;
}

static void end_job(crew *self, size_t index, const crew_answer *answer)
{
    pthread_mutex_lock(&self->lock);
    self->answers[index % WINDOW] = *answer;
    self->done[index % WINDOW] = true;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

static void *work(void *shared)
{
    crew *self = shared;
    size_t index;
    crew_answer answer;
    BUF_OWNED content = buf_make(self->job->content_max);
    while (begin_job(self, &index)) {
        do_job(self->job, index, &content, &answer);
        end_job(self, index, &answer);
    }
    return NULL;
}

/** Waits for the answer of the next job in order. False: that job was not begun and won't be. */
static bool await_answer(crew *self, crew_answer *answer)
{
    pthread_mutex_lock(&self->lock);
    size_t index = self->told, place = index % WINDOW;
    size_t end = self->stopped ? self->next : self->job->count;
    while (index < end && !self->done[place])
        pthread_cond_wait(&self->changed, &self->lock);
    if (index < end)
        *answer = self->answers[place];
    pthread_mutex_unlock(&self->lock);
    return index < end;
}

static void advance(crew *self, bool stop)
{
    pthread_mutex_lock(&self->lock);
    self->done[self->told % WINDOW] = false;
    self->told++;
    self->stopped = self->stopped || stop;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

/** Returns how many jobs were told. */
static size_t run_together(const crew_job *job, size_t wanted, listener *hearer)
{
    pthread_t workers[WORKERS_MAX];
    size_t count = 0;
    crew_answer answer;
    crew self = {
        .job = job, .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    while (count < wanted && pthread_create(&workers[count], NULL, work, &self) == 0)
        count++;
    while (count && await_answer(&self, &answer)) {
        tell(hearer, &answer);
        advance(&self, is_cancelled(hearer->context));
    }
    for (size_t i = 0; i < count; i++)
        pthread_join(workers[i], NULL);
    return self.told;
}

static size_t run_alone(const crew_job *job, listener *hearer)
{
    BUF_OWNED content = buf_make(job->content_max);
    size_t index = 0;
    for (; index < job->count && !is_cancelled(hearer->context); index++) {
        crew_answer answer;
        do_job(job, index, &content, &answer);
        tell(hearer, &answer);
    }
    return index;
}

static size_t worker_count(size_t jobs)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t count = cores > 0 ? (size_t)cores : 1;
    count = count < WORKERS_MAX ? count : WORKERS_MAX;
    return count < jobs ? count : jobs;
}

osb_status crew_run(const osb_context *context, const crew_job *job, osb_tell tell,
                    void *tell_context, osb_error *error)
{
    listener hearer = {.context = context, .tell = tell, .tell_context = tell_context};
    size_t workers = worker_count(job->count);
    size_t told = workers > 1 ? run_together(job, workers, &hearer) : 0;
    /* All of it on one core; and where the system gives no thread. */
    if (told == 0)
        told = run_alone(job, &hearer);
    if (told < job->count)
        return osb_fail(error, OSB_ERR_INTERRUPTED, NULL, "run the same command again",
                        "stopped before all files were looked at");
    if (error && hearer.worst != OSB_OK)
        *error = hearer.first;
    return hearer.worst;
}
