#pragma once
/** One request on its way: redirects and attempts included. For http.c only. */
#include "net/curl_library.h"
#include "net/http.h"
#include "net/url.h"
#include "store/received.h"

enum {
    HTTP_OK = 200,
    HTTP_PARTIAL_CONTENT = 206
};

typedef enum transfer_state {
    TRANSFER_WAITING, /**< to be begun when its time has come */
    TRANSFER_RUNNING,
    TRANSFER_DONE
} transfer_state;

/** What the headers of a 200 or 206 say, before its bytes are taken. */
typedef enum answer_head {
    HEAD_UNSEEN,
    HEAD_FITS,
    HEAD_WRONG_RANGE, /**< not the bytes that were asked for */
    HEAD_ENCODED      /**< packed, though nobody asked for that */
} answer_head;

/** What all requests of one call share. */
typedef struct transfer_tally {
    uint64_t done;
    uint64_t total;  /**< 0: some size is not published */
    uint64_t chance; /**< where the next random number comes from */
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
    received_note note; /**< of the bytes in the request's content */
    received_part part; /**< where they are kept too */
    bool holds_list;    /**< those are a whole list, as it was kept */
    bool asks_range;    /**< this hop asks for the rest of them */
    bool asks_change;   /**< this hop asks whether they still hold */
    answer_head head;   /**< of this hop's answer */
    size_t farthest;    /**< bytes that some attempt came to */
    bool too_large;
    size_t ignored; /**< bytes of an answer that nobody reads */
    char detail[CURL_ERROR_SIZE];
} transfer;

/**
 * Fills in the rest of an item that has curl, options, limits and tally. Its content starts with
 * what was kept of it; with all of it, the transfer is DONE.
 */
void transfer_make(transfer *item, http_request *request);

/** Readies the handle for the current hop; the caller adds it to its multi handle. */
osb_status transfer_begin(transfer *item, osb_error *error) OSB_MUST_CHECK;

/** The HTTP status of the answer; 0 when there was none. */
long transfer_code(const transfer *item);

/** A header of the answer; NULL: it has none. */
const char *transfer_header(transfer *item, const char *name);

/** Adds to the headers of the next hop. False when memory ran out. */
bool transfer_add_header(transfer *item, const char *name, const char *value);

/** Empties the content, and the progress by as much. */
void transfer_rewind(transfer *item);

/** Tells that `size` more bytes are there. */
void transfer_advance(transfer *item, size_t size);

/**
 * Judges a finished hop. OSB_OK leaves it DONE, or WAITING for a redirect or another attempt.
 * The caller has taken the handle out of its multi handle before.
 */
osb_status transfer_finish(transfer *item, CURLcode result, osb_error *error) OSB_MUST_CHECK;

void transfer_drop(transfer *item);
