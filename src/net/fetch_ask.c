/*
 * Asking the sources, in their order, what they have of a release.
 *
 * Downloads nothing. Invariant: a source that is down is passed over aloud; one whose answer is
 * broken stops everything.
 */
#include <string.h>

#include "base/text.h"
#include "net/fetch_private.h"

enum {
    ABSENT_MAX = 256 /**< files that were looked for in vain */
};

void fetch_tell_passed_over(const fetch_job *job, const char *url, const osb_error *why)
{
    log_line(job->sources->options->log, LOG_WARNING, "sources", "%s is passed over: %s", url,
             why->message);
}

bool fetch_goes_on_after(osb_status status)
{
    return status == OSB_ERR_NOT_FOUND || status == OSB_ERR_OFFLINE || status == OSB_ERR_NETWORK;
}

static bool is_absent(const fetch_job *job, const source_file *file)
{
    for (size_t i = 0; i < job->absent_count; i++)
        if (text_equal(job->absent[i], file->location))
            return true;
    return false;
}

osb_status fetch_leave_out_absent(const fetch_job *job, source_listing *listing, osb_error *error)
{
    if (!job->absent_count || !listing->count)
        return OSB_OK;
    source_file *left = arena_copy(job->memory, listing->files, listing->count * sizeof *left);
    size_t count = 0;
    if (!left)
        return osb_fail_memory(error);
    for (size_t i = 0; i < listing->count; i++)
        if (!is_absent(job, &listing->files[i]))
            left[count++] = listing->files[i];
    listing->files = left;
    listing->count = count;
    return OSB_OK;
}

osb_status fetch_note_absent(fetch_job *job, const source_file *file, osb_error *error)
{
    if (!job->absent)
        job->absent = arena_take(job->memory, ABSENT_MAX, sizeof *job->absent);
    char *location = arena_text(job->memory, file->location);
    if (!job->absent || !location)
        return osb_fail_memory(error);
    if (job->absent_count == ABSENT_MAX)
        return osb_fail(error, OSB_ERR_NOT_FOUND, job->version, "use another source",
                        "too many of its files are not where they should be");
    job->absent[job->absent_count++] = location;
    log_line(job->sources->options->log, LOG_INFO, "sources", "%s is not there", location);
    for (size_t i = 0; i < job->offer_count; i++)
        TRY(fetch_leave_out_absent(job, &job->offers[i].listing, error));
    return OSB_OK;
}

/** Whether nothing that another source says could make a difference. */
static bool is_settled(const fetch_job *job, const fetch_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        if (!set->items[i].cataloged || !set->items[i].cataloged->pinned)
            return false;
    return !fetch_first_missing(job->board, job->cataloged, fetch_set_has, set);
}

/** What it says that nobody has it: the worst of what the sources said. */
static osb_status nobody_has_it(const fetch_job *job, const osb_error *down,
                                const osb_error *offline, const osb_error *last, osb_error *error)
{
    if (job->sources->count == 1 && last->status != OSB_ERR_OFFLINE) {
        if (error)
            *error = *last;
        return last->status;
    }
    if (down->status != OSB_OK)
        return osb_fail(error, down->status, job->version, down->hint,
                        "no source that answers has it for %s; %s: %s", job->board->name,
                        down->subject, down->message);
    if (offline->status != OSB_OK)
        return osb_fail(error, OSB_ERR_OFFLINE, job->version, offline->hint,
                        "not in the cache for %s, and offline was asked for", job->board->name);
    return osb_fail(error, OSB_ERR_NOT_FOUND, job->version,
                    "check version and platform, or use another source",
                    "none of %zu sources has it for %s", job->sources->count, job->board->name);
}

osb_status fetch_ask(fetch_job *job, osb_error *error)
{
    FETCH_SET_OWNED so_far = {0};
    osb_error down = {0}, offline = {0}, problem = {0};
    job->offers = arena_take(job->memory, job->sources->count, sizeof *job->offers);
    if (!job->offers)
        return osb_fail_memory(error);
    for (size_t i = 0; i < job->sources->count; i++) {
        fetch_offer *offer = &job->offers[job->offer_count];
        TRY(source_order_at(job->sources, i, &offer->from, error));
        if (is_settled(job, &so_far))
            continue;
        osb_status status = source_find_for(offer->from, job->board, job->version, job->memory,
                                            &offer->listing, &problem);
        if (status == OSB_OK) {
            job->offer_count++;
            fetch_set_add(&so_far, job->board, offer->from, &offer->listing, job->cataloged);
        } else if (!fetch_goes_on_after(status)) {
            if (error)
                *error = problem;
            return status;
        }
        if (status == OSB_ERR_OFFLINE)
            offline = problem;
        if (status == OSB_ERR_NETWORK) {
            down = problem;
            if (job->sources->count > 1)
                fetch_tell_passed_over(job, source_url(offer->from), &problem);
        }
    }
    return job->offer_count ? OSB_OK : nobody_has_it(job, &down, &offline, &problem, error);
}
