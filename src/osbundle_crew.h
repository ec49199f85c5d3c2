#pragma once
/**
 * Several workers for many small jobs, with the findings told in the order of the jobs. Private to
 * osbundle*.c.
 */
#include "osbundle_context.h"

/** What a job gave. */
typedef struct crew_answer {
    size_t argument; /**< argument and path as in osb_finding */
    const char *path;
    json_t *document; /**< NULL where there is none */
    osb_status status;
    osb_error error; /**< filled where the status is not OSB_OK */
    bool stray;      /**< as in osb_finding: the status is no failure */
} crew_answer;

typedef struct crew_job {
    size_t count; /**< of jobs */
    /**
     * Does job `index` and fills `answer`; called from many threads at once. `content` is the
     * worker's own and empty: it keeps its memory from job to job.
     */
    void (*work)(const void *shared, size_t index, buf *content, crew_answer *answer);
    const void *shared;
    size_t content_max; /**< bytes that one job's content may have */
} crew_job;

/**
 * Does all jobs on as many cores as there are; one job is done without a thread. Few answers wait
 * at any time, however many jobs there are.
 * @return the status and error of the first job that failed; OSB_ERR_INTERRUPTED when the
 *         context's hooks ask to stop, after the jobs that were begun
 */
osb_status crew_run(osb_context *context, const crew_job *job, osb_tell tell, void *tell_context,
                    osb_error *error) OSB_MUST_CHECK;
