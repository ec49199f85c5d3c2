/*
 * One HTTP request from its first attempt to its last: what is sent, and what an answer means.
 *
 * Waiting and running many at once is http.c. Redirects are followed here and not by libcurl, so
 * that each target passes url_check and no token goes along. Invariant: `content` holds bytes of a
 * 200 answer only, and never more than its maximum.
 */
#include "net/http_transfer.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"

enum {
    HTTP_OK = 200,
    HTTP_FORBIDDEN = 403,
    HTTP_NOT_FOUND = 404,
    HTTP_REQUEST_TIMEOUT = 408,
    HTTP_GONE = 410,
    HTTP_TOO_MANY_REQUESTS = 429,
    HTTP_SERVER_ERROR = 500,
    IGNORED_MAX = 64 * 1024 /**< of an error page, to keep the connection */
};

void transfer_make(transfer *item, http_request *request, const net_options *options,
                   const http_limits *limits, transfer_tally *tally)
{
    *item = (transfer){.request = request,
                       .options = options,
                       .limits = limits,
                       .tally = tally,
                       .state = TRANSFER_WAITING,
                       .attempt = 1};
    request->has_link = request->has_more = false;
    text_copy(item->url, sizeof item->url, request->url);
}

void transfer_drop(transfer *item)
{
    curl_easy_cleanup(item->easy);
    curl_slist_free_all(item->headers);
    item->easy = NULL;
    item->headers = NULL;
}

static long answer_code(const transfer *item)
{
    long code = 0;
    curl_easy_getinfo(item->easy, CURLINFO_RESPONSE_CODE, &code);
    return code;
}

static void report_progress(transfer *item, size_t size)
{
    item->tally->done += size;
    const fetch_progress *progress = item->tally->progress;
    if (progress && progress->advance)
        progress->advance(progress->context, item->request->name, item->tally->done,
                          item->tally->total);
}

/** libcurl's write function; a short count aborts the transfer. */
static size_t take_bytes(char *data, size_t unit, size_t count, void *context)
{
    transfer *item = context;
    buf *content = item->request->content;
    size_t size = unit * count;
    if (answer_code(item) != HTTP_OK) {
        item->ignored += size;
        return item->ignored > IGNORED_MAX ? 0 : size;
    }
    if (size > content->maximum - content->size) {
        item->too_large = true;
        return 0;
    }
    buf_append(content, (span){(const uint8_t *)data, size});
    if (content->overflow)
        return 0;
    report_progress(item, size);
    return size;
}

static bool add_header(transfer *item, const char *name, const char *value)
{
    char line[1024];
    if (!text_format(line, sizeof line, "%s: %s", name, value))
        return false;
    struct curl_slist *longer = curl_slist_append(item->headers, line);
    if (!longer)
        return false;
    item->headers = longer;
    return true;
}

static osb_status set_headers(transfer *item, const url_parts *parts, osb_error *error)
{
    const http_request *request = item->request;
    bool secret_stays = text_equal(parts->scheme, "https") || url_is_loopback(parts);
    curl_slist_free_all(item->headers);
    item->headers = NULL;
    if (!add_header(item, "Accept", request->accept ? request->accept : "*/*"))
        return osb_fail_memory(error);
    if (request->bearer && item->hops == 0 && secret_stays) {
        char value[900];
        if (strpbrk(request->bearer, "\r\n") ||
            !text_format(value, sizeof value, "Bearer %s", request->bearer))
            return osb_fail(error, OSB_ERR_USAGE, parts->host, "check the token",
                            "the access token is not usable");
        if (!add_header(item, "Authorization", value))
            return osb_fail_memory(error);
    }
    curl_easy_setopt(item->easy, CURLOPT_HTTPHEADER, item->headers);
    return OSB_OK;
}

static void set_bounds(transfer *item)
{
    const http_limits *limits = item->limits;
    curl_easy_setopt(item->easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(item->easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(item->easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(item->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)limits->connect_timeout_ms);
    curl_easy_setopt(item->easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(item->easy, CURLOPT_LOW_SPEED_TIME, (long)limits->stall_timeout_s);
    curl_easy_setopt(item->easy, CURLOPT_MAXFILESIZE_LARGE,
                     (curl_off_t)item->request->content->maximum);
    curl_easy_setopt(item->easy, CURLOPT_NOSIGNAL, 1L);
}

/** Trust and road. Empty proxy texts keep libcurl from reading the environment. */
static void set_road(transfer *item, const url_parts *parts)
{
    const net_options *options = item->options;
    bool proxied = options->proxy && text_equal(parts->scheme, "https") && !url_is_loopback(parts);
    curl_easy_setopt(item->easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(item->easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(item->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (options->ca_file)
        curl_easy_setopt(item->easy, CURLOPT_CAINFO, options->ca_file);
    curl_easy_setopt(item->easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(item->easy, CURLOPT_PROXY, proxied ? options->proxy : "");
    curl_easy_setopt(item->easy, CURLOPT_NOPROXY, options->no_proxy ? options->no_proxy : "");
    curl_easy_setopt(item->easy, CURLOPT_USERAGENT, "osbundle/" OSB_VERSION);
}

/** Forgets the bytes of an attempt that came to nothing. */
static void rewind_content(transfer *item)
{
    buf *content = item->request->content;
    item->tally->done -= content->size;
    content->size = 0;
    item->too_large = false;
    item->ignored = 0;
}

osb_status transfer_begin(transfer *item, osb_error *error)
{
    url_parts parts;
    TRY(url_check(item->url, item->options->allow_http, &parts, error));
    if (!item->easy)
        item->easy = curl_easy_init();
    if (!item->easy)
        return osb_fail_memory(error);
    rewind_content(item);
    item->detail[0] = '\0';
    curl_easy_reset(item->easy);
    TRY(set_headers(item, &parts, error));
    set_bounds(item);
    set_road(item, &parts);
    curl_easy_setopt(item->easy, CURLOPT_URL, item->url);
    curl_easy_setopt(item->easy, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(item->easy, CURLOPT_WRITEDATA, item);
    curl_easy_setopt(item->easy, CURLOPT_PRIVATE, item);
    curl_easy_setopt(item->easy, CURLOPT_ERRORBUFFER, item->detail);
    item->state = TRANSFER_RUNNING;
    /* What stands behind the question mark may be a signature that opens the file to anyone. */
    log_line(item->options->log, LOG_DEBUG, "http", "GET %.*s (attempt %u)",
             (int)strcspn(item->url, "?"), item->url, item->attempt);
    return OSB_OK;
}

static const char *header_value(transfer *item, const char *name)
{
    struct curl_header *header = NULL;
    if (curl_easy_header(item->easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return NULL;
    return header->value;
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

static osb_status follow_redirect(transfer *item, osb_error *error)
{
    char *target = NULL;
    url_parts from, to;
    curl_easy_getinfo(item->easy, CURLINFO_REDIRECT_URL, &target);
    if (!target || strlen(target) >= sizeof item->url)
        return osb_fail(error, OSB_ERR_NETWORK, item->request->url,
                        "report this to whoever runs the server",
                        "the server redirects to nowhere");
    if (item->hops == item->limits->redirects)
        return osb_fail(error, OSB_ERR_NETWORK, item->request->url,
                        "report this to whoever runs the server",
                        "the server redirects in circles (%u times)", item->hops);
    if (url_check(target, item->options->allow_http, &to, NULL) != OSB_OK ||
        !url_split(item->url, &from) || !url_may_redirect(&from, &to)) {
        char shown[200];
        text_printable(shown, sizeof shown, target, strcspn(target, "?"));
        return osb_fail(error, OSB_ERR_REFUSED, item->request->url, "use another source",
                        "the server redirects to where we do not go: %s", shown);
    }
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
    const char *why = *item->detail ? item->detail : curl_easy_strerror(result);
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
    long code = answer_code(item);
    if (code > HTTP_OK)
        return judge_code(item, code, error);
    if (result != CURLE_OK)
        return judge_failure(item, result, error);
    return judge_content(item, error);
}
