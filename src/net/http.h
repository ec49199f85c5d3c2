#pragma once
/**
 * GET requests, several at a time, by libcurl: the one place that opens sockets for releases.
 *
 * It bounds everything (size, redirects, attempts, silence) and knows nothing of releases.
 */
#include "net/source.h"

/** The bounds of every request. */
typedef struct http_limits {
    unsigned in_flight; /**< requests at the same time */
    unsigned attempts;  /**< of one request, the first included */
    unsigned redirects;
    uint32_t connect_timeout_ms;
    uint32_t stall_timeout_s;    /**< broken off after that long at less than 100 bytes a second */
    uint32_t backoff_ms;         /**< before the second attempt, about; doubles with each */
    uint32_t retry_after_max_ms; /**< a server that asks for more patience is given up */
} http_limits;

/** 8 at a time, 4 attempts, 10 redirects, 20 s of silence, up to 60 s of asked-for patience. */
extern const http_limits http_limits_default;

/** What of an answer outlives the call, in net_options.kept. */
typedef enum http_keep {
    HTTP_KEEP_NOTHING,
    HTTP_KEEP_PART, /**< what there is of a file, to go on from; remove it once it is published */
    HTTP_KEEP_LIST  /**< the whole answer, to ask only whether it has changed */
} http_keep;

typedef struct http_request {
    const char *url;
    const char *name;      /**< what it is, for errors and progress */
    const char *accept;    /**< Accept header; NULL: anything */
    const char *bearer;    /**< token for this very server; never sent to where it redirects */
    uint64_t size;         /**< bytes, as published; 0 unknown */
    const uint8_t *sha256; /**< a kept part with this hash is the whole file; NULL unknown */
    http_keep keep;
    bool may_be_absent; /**< an answer that it is not there is no error */
    buf *content;       /**< the caller's; its maximum is the limit, emptied at each attempt */
    bool has_more;      /**< out: the Link header names a next page */
    bool has_link;      /**< out: there was a Link header */
    bool absent;        /**< out: it is not there */
    bool rationed;      /**< out: given up because the server wants fewer questions */
    bool resumed;       /**< out: began with bytes that were kept from an earlier call */
} http_request;

typedef struct http http;

/** Keeps the texts in `options` by pointer; its patience goes before `limits`. Opens nothing yet.
 */
osb_status http_open(const net_options *options, const http_limits *limits, http **opened,
                     osb_error *error) OSB_MUST_CHECK;
void http_close(http *client);

/**
 * Performs all requests, largest published size first; returns at the first that fails for good.
 * What breaks off is gone on from where it did, as far as the server can tell that the file is
 * still the same (Range, If-Range), else begun anew.
 * @param progress may be NULL
 * @return OSB_ERR_NOT_FOUND for 404 and 410; OSB_ERR_INTEGRITY when a whole answer is larger or
 *         smaller than published; OSB_ERR_REFUSED for a URL or redirect that policy forbids;
 *         OSB_ERR_NETWORK, OSB_ERR_OFFLINE, OSB_ERR_INTERRUPTED
 */
osb_status http_get(http *client, http_request *requests, size_t count,
                    const fetch_progress *progress, osb_error *error) OSB_MUST_CHECK;

/** A source's download of files whose locations are URLs; parts are kept. Errors as of http_get. */
osb_status http_download(http *client, download *downloads, size_t count,
                         const fetch_progress *progress, osb_error *error) OSB_MUST_CHECK;
