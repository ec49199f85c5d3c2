#pragma once
/** One request on its way: redirects and attempts included. For http.c only. */
#include "net/curl_library.h"
#include "net/http.h"
#include "net/url.h"

enum {
    HTTP_OK = 200
};

typedef enum transfer_state {
    TRANSFER_WAITING, /**< to be begun when its time has come */
    TRANSFER_RUNNING,
    TRANSFER_DONE
} transfer_state;

/** Bytes over all requests of one call, for progress. */
typedef struct transfer_tally {
    uint64_t done;
    uint64_t total; /**< 0: some size is not published */
    const fetch_progress *progress;
} transfer_tally;

typedef struct transfer {
    const curl_library *curl;
    http_request *request;
    const net_options *options;
    const http_limits *limits;
    transfer_tally *tally;
    transfer_state state;
    uint64_t not_before_ms; /**< on the monotonic clock */
    unsigned attempt;       /**< the one that runs or is next, from 1 */
    unsigned hops;          /**< redirects followed in this attempt */
    char url[URL_SIZE];     /**< of this hop */
    CURL *easy;
    struct curl_slist *headers;
    bool too_large;
    size_t ignored; /**< bytes of an answer that nobody reads */
    char detail[CURL_ERROR_SIZE];
} transfer;

/** Fills in the rest of an item that has curl, options, limits and tally. */
void transfer_make(transfer *item, http_request *request);

/** Readies the handle for the current hop; the caller adds it to its multi handle. */
osb_status transfer_begin(transfer *item, osb_error *error) OSB_MUST_CHECK;

/** The HTTP status of the answer; 0 when there was none. */
long transfer_code(const transfer *item);

/**
 * Judges a finished hop. OSB_OK leaves it DONE, or WAITING for a redirect or another attempt.
 * The caller has taken the handle out of its multi handle before.
 */
osb_status transfer_finish(transfer *item, CURLcode result, osb_error *error) OSB_MUST_CHECK;

void transfer_drop(transfer *item);
