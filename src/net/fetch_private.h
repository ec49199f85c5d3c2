#pragma once
/** What the files of a fetch share: what it is about, and what the sources offer. */
#include "net/fetch.h"
#include "net/fetch_set.h"

/** What one source lists for the release. */
typedef struct fetch_offer {
    source *from;
    source_listing listing;
    bool withdrawn; /**< a file of it could not be had after all */
} fetch_offer;

/** What one call is about, whichever sources serve it. */
typedef struct fetch_job {
    const char *version;
    const platform *board;
    const release *cataloged; /**< NULL: the catalog does not have it */
    const catalog *known;     /**< NULL: there is none */
    cache *target;
    bool allow_incomplete;
    const fetch_progress *progress;
    source_order *sources;
    arena *memory; /**< of the call: listings */
    fetch_offer *offers;
    size_t offer_count;
    const char **absent; /**< locations where no file was after all */
    size_t absent_count;
} fetch_job;

/**
 * fetch_ask.c: asks the sources what they have, in their order. Once a set is complete, and pinned
 * by the catalog as a whole, nobody else is asked: there is nothing left to disagree about.
 * @return OSB_ERR_NOT_FOUND, OSB_ERR_OFFLINE or OSB_ERR_NETWORK when none has it
 */
osb_status fetch_ask(fetch_job *job, osb_error *error) OSB_MUST_CHECK;

/** Notes what a source offered by guess and does not have, and leaves it out from now on. */
osb_status fetch_note_absent(fetch_job *job, const source_file *file,
                             osb_error *error) OSB_MUST_CHECK;
/** Leaves out of a listing what is known to be absent. */
osb_status fetch_leave_out_absent(const fetch_job *job, source_listing *listing,
                                  osb_error *error) OSB_MUST_CHECK;

/**
 * fetch_pinned.c: makes the first source's offer up from the catalog, where that pins the whole set
 * and the source says where its files lie. Whether they do shows when they are downloaded.
 */
osb_status fetch_offer_pinned(fetch_job *job, bool *offered, osb_error *error) OSB_MUST_CHECK;

/** Says that a source was passed over, and why. */
void fetch_tell_passed_over(const fetch_job *job, const char *url, const osb_error *why);

/** Whether another source may still have what this one failed to give. */
bool fetch_goes_on_after(osb_status status);

/**
 * fetch_older.c: fills slots that the release lacks from the newest older release that has them.
 * Never a system part, which is what a release is; nothing that the catalog knows to be another
 * module than the release's. What nothing older has stays missing: that is no error here.
 */
osb_status fetch_from_older(const fetch_job *job, fetch_set *set, osb_error *error) OSB_MUST_CHECK;

/** OSB_ERR_REFUSED when a module from an older release is too old for one of the release's own. */
osb_status fetch_check_older(const fetch_job *job, fetch_set *set, osb_error *error) OSB_MUST_CHECK;

/**
 * fetch_agree.c: holds the verified set against what the other sources say of the same modules.
 * @return OSB_ERR_INTEGRITY naming both sources and both hashes
 */
osb_status fetch_agree(const fetch_job *job, const fetch_set *set, osb_error *error) OSB_MUST_CHECK;
