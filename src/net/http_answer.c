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
#include "net/http_header.h"
#include "net/http_resume.h"
#include "net/http_transfer.h"

enum {
    HTTP_NOT_MODIFIED = 304,
    HTTP_FORBIDDEN = 403,
    HTTP_NOT_FOUND = 404,
    HTTP_REQUEST_TIMEOUT = 408,
    HTTP_GONE = 410,
    HTTP_NO_SUCH_RANGE = 416,
    HTTP_TOO_MANY_REQUESTS = 429,
    HTTP_SERVER_ERROR = 500
};

enum {
    STRETCH_BYTES = 16 * 1024, /**< an attempt that gains so much is not counted */
    DOUBLINGS_MAX = 6,         /**< of the pause between attempts */
    NOTICED_MS = 1000          /**< who waits longer wants to know for what */
};

/** A pause of about `ms`, so that those whom a server failed together do not come back together. */
static uint64_t about(transfer *item, uint64_t ms)
{
    uint64_t *chance = &item->tally->chance; /* xorshift64 */
    *chance ^= *chance << 13;
    *chance ^= *chance >> 7;
    *chance ^= *chance << 17;
    return ms / 2 + *chance % (ms / 2 + 1);
}

static uint64_t pause_ms(transfer *item, uint64_t asked_ms)
{
    unsigned doublings = item->attempt - 1 < DOUBLINGS_MAX ? item->attempt - 1 : DOUBLINGS_MAX;
    uint64_t pause = about(item, (uint64_t)item->limits->backoff_ms << doublings);
    return asked_ms ? asked_ms + pause : pause;
}

static void tell_wait(transfer *item, const char *what, uint64_t wait_ms)
{
    const fetch_progress *progress = item->tally->progress;
    const char *name = item->request->name;
    fetch_news news = {.file = name,
                       .file_done = item->request->content->size,
                       .file_total = item->request->size,
                       .done = item->tally->done,
                       .total = item->tally->total,
                       .waiting_for = what,
                       .wait_ms = wait_ms};
    if (progress && progress->advance)
        progress->advance(progress->context, &news);
    else if (wait_ms >= NOTICED_MS)
        log_line(item->options->log, LOG_WARNING, "http", "%s: again in %" PRIu64 " s: %s", name,
                 (wait_ms + 999) / 1000, what);
}

/** Waits and begins anew from the first URL, or gives up with `what`. */
static osb_status try_again(transfer *item, uint64_t wait_ms, const char *what, osb_error *error)
{
    const http_limits *limits = item->limits;
    const size_t size = item->request->content->size;
    if (size >= item->farthest + STRETCH_BYTES) {
        item->farthest = size;
        item->attempt = 1;
    }
    log_line(item->options->log, LOG_INFO, "http", "%s: %s (attempt %u of %u)", item->request->name,
             what, item->attempt, limits->attempts);
    if (item->attempt >= limits->attempts)
        return osb_fail(error, OSB_ERR_NETWORK, item->request->url,
                        "check the connection and run the same command again", "%s, %u times over",
                        what, item->attempt);
    uint64_t pause = pause_ms(item, wait_ms);
    item->attempt++;
    item->hops = 0;
    item->not_before_ms = clock_monotonic_ms() + pause;
    item->state = TRANSFER_WAITING;
    text_copy(item->url, sizeof item->url, item->request->url);
    tell_wait(item, what, pause);
    return OSB_OK;
}

/** By the header and not by CURLINFO_REDIRECT_URL, which is lost when the body is too large. */
static osb_status follow_redirect(transfer *item, osb_error *error)
{
    char target[URL_SIZE], shown[200];
    url_parts from, to;
    const char *location = transfer_header(item, "location");
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
    curl_off_t seconds = 0;
    if (code != HTTP_FORBIDDEN && code != HTTP_TOO_MANY_REQUESTS)
        return false;
    int64_t now = (int64_t)time(NULL);
    curl_easy_getinfo(item->easy, CURLINFO_RETRY_AFTER, &seconds);
    const char *remaining = transfer_header(item, "x-ratelimit-remaining");
    int64_t reset = rate_limit_reset(remaining, transfer_header(item, "x-ratelimit-reset"));
    if (reset > now)
        seconds = reset - now;
    clock_utc_text(now + seconds, when);
    *wait_ms = (uint64_t)seconds * 1000;
    return reset || seconds > 0 || code == HTTP_TOO_MANY_REQUESTS;
}

static osb_status judge_rate_limit(transfer *item, long code, uint64_t wait_ms, const char *when,
                                   osb_error *error)
{
    char what[100];
    text_format(what, sizeof what, "the server's rate limit is used up until %s (HTTP %ld)", when,
                code);
    if (wait_ms <= item->limits->retry_after_max_ms && item->attempt < item->limits->attempts)
        return try_again(item, wait_ms, what, error);
    item->request->rationed = true;
    return osb_fail(error, OSB_ERR_NETWORK, item->request->url,
                    item->request->bearer || item->request->keep == HTTP_KEEP_PART
                        ? "wait until then, or use another source"
                        : "set GITHUB_TOKEN for a higher limit, wait until then, or use another "
                          "source",
                    "%s", what);
}

static osb_status judge_server_error(transfer *item, long code, osb_error *error)
{
    CURL_LOCAL(item->curl, curl_easy_getinfo);
    char what[100], when[21];
    curl_off_t seconds = 0;
    curl_easy_getinfo(item->easy, CURLINFO_RETRY_AFTER, &seconds);
    clock_utc_text((int64_t)time(NULL) + seconds, when);
    if ((uint64_t)seconds * 1000 > item->limits->retry_after_max_ms)
        return osb_fail(error, OSB_ERR_NETWORK, item->request->url,
                        "try again then, or use another source",
                        "the server is not available until %s (HTTP %ld)", when, code);
    text_format(what, sizeof what, "the server answered HTTP %ld", code);
    return try_again(item, (uint64_t)seconds * 1000, what, error);
}

static osb_status judge_absence(transfer *item, long code, osb_error *error)
{
    if (!item->request->may_be_absent)
        return osb_fail(error, OSB_ERR_NOT_FOUND, item->request->url,
                        "check the name and the source", "the server does not have it (HTTP %ld)",
                        code);
    item->request->absent = true;
    item->request->content->size = 0;
    item->state = TRANSFER_DONE;
    return OSB_OK;
}

/** Any answer without the bytes that were asked for. */
static osb_status judge_code(transfer *item, long code, osb_error *error)
{
    uint64_t wait_ms;
    char when[21];
    if (code >= 301 && code <= 308 && code != HTTP_NOT_MODIFIED)
        return follow_redirect(item, error);
    if (code == HTTP_NO_SUCH_RANGE && item->asks_range) {
        resume_forget(item);
        return try_again(item, 0, "the server has less than was kept of it", error);
    }
    if (code == HTTP_NOT_FOUND || code == HTTP_GONE)
        return judge_absence(item, code, error);
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
        CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT,
        CURLE_OPERATION_TIMEDOUT,   CURLE_GOT_NOTHING,           CURLE_SEND_ERROR,
        CURLE_RECV_ERROR,           CURLE_PARTIAL_FILE,          CURLE_HTTP2,
        CURLE_HTTP2_STREAM,         CURLE_WEIRD_SERVER_REPLY,
    };
    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++)
        if (result == passing[i])
            return true;
    return false;
}

/** A web page where a file was wanted: what log-in pages of networks and proxies send. */
static osb_status fail_web_page(transfer *item, osb_error *error)
{
    resume_forget(item);
    return osb_fail(error, OSB_ERR_NETWORK, item->request->url,
                    "a log-in page or a proxy may have answered: open the URL in a browser, or "
                    "check the connection and the source",
                    "the server sent a web page (HTML) instead of %s", item->request->name);
}

static osb_status fail_too_large(transfer *item, osb_error *error)
{
    const http_request *request = item->request;
    if (is_web_page(buf_span(request->content)))
        return fail_web_page(item, error);
    resume_forget(item);
    return osb_fail(error, OSB_ERR_INTEGRITY, request->name, "do not use that source",
                    "the server sends more than the %zu bytes %s", request->content->maximum,
                    request->size ? "that are published" : "that this may have");
}

/** Whether the proxy was reached and did not let us through. */
static bool proxy_refused(const transfer *item, long *code)
{
    CURL_LOCAL(item->curl, curl_easy_getinfo);
    *code = 0;
    curl_easy_getinfo(item->easy, CURLINFO_HTTP_CONNECTCODE, code);
    return *code >= 300 && *code < HTTP_SERVER_ERROR;
}

static osb_status judge_failure(transfer *item, CURLcode result, osb_error *error)
{
    long proxy_code;
    const http_request *request = item->request;
    const char *why = *item->detail ? item->detail : item->curl->curl_easy_strerror(result);
    char what[CURL_ERROR_SIZE + 1];
    text_printable(what, sizeof what, why, strlen(why));
    if (item->too_large || result == CURLE_FILESIZE_EXCEEDED)
        return fail_too_large(item, error);
    if (request->content->overflow)
        return osb_fail_memory(error);
    if (proxy_refused(item, &proxy_code))
        return osb_fail(error, OSB_ERR_NETWORK, request->url, "check the proxy (https_proxy)",
                        "the proxy does not connect us (HTTP %ld)", proxy_code);
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
    const char *link = transfer_header(item, "link");
    const size_t size = request->content->size;
    request->has_link = link != NULL;
    request->has_more = link && strstr(link, "rel=\"next\"");
    if (is_web_page(buf_span(request->content)))
        return fail_web_page(item, error);
    if (request->size && size != request->size) {
        resume_forget(item);
        return osb_fail(error, OSB_ERR_INTEGRITY, request->name, "do not use that source",
                        "%" PRIu64 " bytes are published, the server sent %zu", request->size,
                        size);
    }
    resume_save_list(item);
    item->state = TRANSFER_DONE;
    return OSB_OK;
}

/** An answer whose headers say that its bytes are not what was asked for. */
static osb_status judge_misfit(transfer *item, osb_error *error)
{
    char shown[40] = "";
    if (item->head == HEAD_WRONG_RANGE) {
        resume_forget(item);
        return try_again(item, 0, "the server sent another range than was asked for", error);
    }
    const char *encoding = transfer_header(item, "content-encoding");
    text_printable(shown, sizeof shown, encoding ? encoding : "", encoding ? strlen(encoding) : 0);
    return osb_fail(error, OSB_ERR_INTEGRITY, item->request->name,
                    "report this to whoever runs the server, or use another source",
                    "the server sent it encoded as '%s', which nobody asked for", shown);
}

osb_status transfer_finish(transfer *item, CURLcode result, osb_error *error)
{
    long code = transfer_code(item);
    if (code == HTTP_NOT_MODIFIED && item->asks_change) {
        resume_confirm(item);
        return OSB_OK;
    }
    if (code > HTTP_OK && code != HTTP_PARTIAL_CONTENT)
        return judge_code(item, code, error);
    if (code && resume_judge(item) != HEAD_FITS)
        return judge_misfit(item, error);
    if (result != CURLE_OK)
        return judge_failure(item, result, error);
    return judge_content(item, error);
}
