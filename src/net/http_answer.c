/*
 * What an answer, or its absence, means: done, go elsewhere, try again, or give up and say why.
 *
 * Sends nothing itself. Redirects are followed here and not by libcurl, so that each target passes
 * url_check and no token goes along. Invariant: every way out leaves the transfer DONE, WAITING, or
 * failed with an error that names the request.
 */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "net/http_transfer.h"

enum {
    HTTP_FORBIDDEN = 403,
    HTTP_NOT_FOUND = 404,
    HTTP_REQUEST_TIMEOUT = 408,
    HTTP_GONE = 410,
    HTTP_TOO_MANY_REQUESTS = 429,
    HTTP_SERVER_ERROR = 500
};

static const char *header_value(transfer *item, const char *name)
{
    struct curl_header *header = NULL;
    CURLHcode code = item->curl->curl_easy_header(item->easy, name, 0, CURLH_HEADER, -1, &header);
    return code == CURLHE_OK ? header->value : NULL;
}

/** Waits and begins anew from the first URL, or gives up with `what`. */
static osb_status try_again(transfer *item, uint64_t wait_ms, const char *what, osb_error *error)
{
    const http_limits *limits = item->limits;
    uint64_t backoff = (uint64_t)limits->backoff_ms << (item->attempt - 1);
    log_line(item->options->log, LOG_INFO, "http", "%s: %s (attempt %u of %u)", item->request->name,
             what, item->attempt, limits->attempts);
    if (item->attempt >= limits->attempts)
        return osb_fail(error, OSB_ERR_NETWORK, item->request->url,
                        "check the connection and run the same command again", "%s, %u times over",
                        what, item->attempt);
    item->attempt++;
    item->hops = 0;
    item->not_before_ms = clock_monotonic_ms() + (wait_ms > backoff ? wait_ms : backoff);
    item->state = TRANSFER_WAITING;
    text_copy(item->url, sizeof item->url, item->request->url);
    return OSB_OK;
}

/** By the header and not by CURLINFO_REDIRECT_URL, which is lost when the body is too large. */
static osb_status follow_redirect(transfer *item, osb_error *error)
{
    char target[URL_SIZE], shown[200];
    url_parts from, to;
    const char *location = header_value(item, "location");
    if (!location || !url_resolve(item->url, location, target))
        return osb_fail(error, OSB_ERR_NETWORK, item->request->url,
                        "report this to whoever runs the server",
                        "the server redirects to nowhere");
    if (item->hops == item->limits->redirects)
        return osb_fail(error, OSB_ERR_NETWORK, item->request->url,
                        "report this to whoever runs the server",
                        "the server redirects in circles (%u times)", item->hops);
    text_printable(shown, sizeof shown, target, strcspn(target, "?"));
    if (url_check(target, item->options->allow_http, &to, NULL) != OSB_OK ||
        !url_split(item->url, &from) || !url_may_redirect(&from, &to))
        return osb_fail(error, OSB_ERR_REFUSED, item->request->url, "use another source",
                        "the server redirects to where we do not go: %s", shown);
    text_copy(item->url, sizeof item->url, target);
    item->hops++;
    item->not_before_ms = 0;
    item->state = TRANSFER_WAITING;
    return OSB_OK;
}

/**
 * Whether the server says that we asked too often, and for how long it wants peace: GitHub by
 * x-ratelimit-* (403 or 429), others by Retry-After.
 */
static bool is_rate_limited(transfer *item, long code, uint64_t *wait_ms, char when[21])
{
    CURL_LOCAL(item->curl, curl_easy_getinfo);
    uint64_t reset = 0;
    curl_off_t seconds = 0;
    if (code != HTTP_FORBIDDEN && code != HTTP_TOO_MANY_REQUESTS)
        return false;
    int64_t now = (int64_t)time(NULL);
    curl_easy_getinfo(item->easy, CURLINFO_RETRY_AFTER, &seconds);
    const char *remaining = header_value(item, "x-ratelimit-remaining");
    const char *at = header_value(item, "x-ratelimit-reset");
    bool used_up = remaining && text_equal(remaining, "0");
    if (used_up && at && text_to_number(at, UINT32_MAX, &reset) && (int64_t)reset > now)
        seconds = (curl_off_t)reset - now;
    clock_utc_text(now + seconds, when);
    *wait_ms = (uint64_t)seconds * 1000;
    return used_up || seconds > 0 || code == HTTP_TOO_MANY_REQUESTS;
}

static osb_status judge_rate_limit(transfer *item, long code, uint64_t wait_ms, const char *when,
                                   osb_error *error)
{
    char what[100];
    text_format(what, sizeof what, "the server's rate limit is used up until %s (HTTP %ld)", when,
                code);
    if (wait_ms <= item->limits->retry_after_max_ms && item->attempt < item->limits->attempts)
        return try_again(item, wait_ms, what, error);
    return osb_fail(error, OSB_ERR_NETWORK, item->request->url,
                    item->request->bearer
                        ? "wait until then, or use another source"
                        : "set GITHUB_TOKEN for a higher limit, wait until then, or use another "
                          "source",
                    "%s", what);
}

static osb_status judge_server_error(transfer *item, long code, osb_error *error)
{
    CURL_LOCAL(item->curl, curl_easy_getinfo);
    char what[100];
    curl_off_t seconds = 0;
    curl_easy_getinfo(item->easy, CURLINFO_RETRY_AFTER, &seconds);
    if (seconds > item->limits->retry_after_max_ms / 1000)
        return osb_fail(error, OSB_ERR_NETWORK, item->request->url,
                        "try again then, or use another source",
                        "the server is not available (HTTP %ld) for %" PRId64 " seconds", code,
                        (int64_t)seconds);
    text_format(what, sizeof what, "the server answered HTTP %ld", code);
    return try_again(item, (uint64_t)seconds * 1000, what, error);
}

/** Any answer but 200. */
static osb_status judge_code(transfer *item, long code, osb_error *error)
{
    uint64_t wait_ms;
    char when[21];
    if (code >= 301 && code <= 308 && code != 304)
        return follow_redirect(item, error);
    if (code == HTTP_NOT_FOUND || code == HTTP_GONE)
        return osb_fail(error, OSB_ERR_NOT_FOUND, item->request->url,
                        "check the name and the source", "the server does not have it (HTTP %ld)",
                        code);
    if (is_rate_limited(item, code, &wait_ms, when))
        return judge_rate_limit(item, code, wait_ms, when, error);
    if (code == HTTP_REQUEST_TIMEOUT || code >= HTTP_SERVER_ERROR)
        return judge_server_error(item, code, error);
    return osb_fail(error, OSB_ERR_NETWORK, item->request->url,
                    "check the source and its access token", "the server answered HTTP %ld", code);
}

/** Failures below HTTP that another attempt may not meet again. */
static bool is_passing(CURLcode result)
{
    static const CURLcode passing[] = {
        CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY,
        CURLE_COULDNT_CONNECT,      CURLE_OPERATION_TIMEDOUT,
        CURLE_SSL_CONNECT_ERROR,    CURLE_GOT_NOTHING,
        CURLE_SEND_ERROR,           CURLE_RECV_ERROR,
        CURLE_PARTIAL_FILE,         CURLE_HTTP2,
        CURLE_HTTP2_STREAM,         CURLE_WEIRD_SERVER_REPLY,
    };
    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++)
        if (result == passing[i])
            return true;
    return false;
}

static osb_status judge_failure(transfer *item, CURLcode result, osb_error *error)
{
    const http_request *request = item->request;
    const char *why = *item->detail ? item->detail : item->curl->curl_easy_strerror(result);
    char what[CURL_ERROR_SIZE + 1];
    text_printable(what, sizeof what, why, strlen(why));
    if (item->too_large || result == CURLE_FILESIZE_EXCEEDED)
        return osb_fail(error, OSB_ERR_INTEGRITY, request->name, "do not use that source",
                        "the server sends more than the %zu bytes %s", request->content->maximum,
                        request->size ? "that are published" : "that this may have");
    if (request->content->overflow)
        return osb_fail_memory(error);
    if (is_passing(result))
        return try_again(item, 0, what, error);
    if (result == CURLE_PEER_FAILED_VERIFICATION || result == CURLE_SSL_CACERT_BADFILE)
        return osb_fail(error, OSB_ERR_NETWORK, item->request->url,
                        "check this machine's clock and certificates (SSL_CERT_FILE)", "%s", what);
    return osb_fail(error, OSB_ERR_NETWORK, item->request->url,
                    "check the source and the connection", "%s", what);
}

/** A whole answer: does it have the published size? */
static osb_status judge_content(transfer *item, osb_error *error)
{
    http_request *request = item->request;
    const char *link = header_value(item, "link");
    request->has_link = link != NULL;
    request->has_more = link && strstr(link, "rel=\"next\"");
    if (request->size && request->content->size != request->size)
        return osb_fail(error, OSB_ERR_INTEGRITY, request->name, "do not use that source",
                        "%" PRIu64 " bytes are published, the server sent %zu", request->size,
                        request->content->size);
    item->state = TRANSFER_DONE;
    return OSB_OK;
}

osb_status transfer_finish(transfer *item, CURLcode result, osb_error *error)
{
    long code = transfer_code(item);
    if (code > HTTP_OK)
        return judge_code(item, code, error);
    if (result != CURLE_OK)
        return judge_failure(item, result, error);
    return judge_content(item, error);
}
