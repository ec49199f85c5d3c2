/*
 * One HTTP request being sent: its headers, its bounds, the road it takes, the bytes that arrive.
 *
 * What an answer means is http_answer.c; waiting and running many at once is http.c. Invariant:
 * `content` holds bytes of one version of the file from its first on, and never more than its
 * maximum.
 */
#include "net/http_transfer.h"

#include <string.h>

#include "base/text.h"
#include "net/http_resume.h"

enum {
    IGNORED_MAX = 64 * 1024,  /**< of an error page, to keep the connection */
    BLOCK_BYTES = 128 * 1024, /**< that arrive at once, at most */
    CRAWL_BYTES_PER_S = 100   /**< slower is as good as silent; eight at once over GPRS are not */
};

void transfer_make(transfer *item, http_request *request)
{
    item->request = request;
    item->state = TRANSFER_WAITING;
    item->attempt = 1;
    request->has_link = request->has_more = false;
    request->content->size = 0;
    text_copy(item->url, sizeof item->url, request->url);
    resume_begin(item);
    item->farthest = request->content->size;
}

void transfer_drop(transfer *item)
{
    item->curl->curl_easy_cleanup(item->easy);
    item->curl->curl_slist_free_all(item->headers);
    received_part_close(&item->part);
    item->easy = NULL;
    item->headers = NULL;
}

long transfer_code(const transfer *item)
{
    CURL_LOCAL(item->curl, curl_easy_getinfo);
    long code = 0;
    curl_easy_getinfo(item->easy, CURLINFO_RESPONSE_CODE, &code);
    return code;
}

const char *transfer_header(transfer *item, const char *name)
{
    struct curl_header *header = NULL;
    CURLHcode code = item->curl->curl_easy_header(item->easy, name, 0, CURLH_HEADER, -1, &header);
    return code == CURLHE_OK ? header->value : NULL;
}

void transfer_advance(transfer *item, size_t size)
{
    const http_request *request = item->request;
    const fetch_progress *progress = item->tally->progress;
    item->tally->done += size;
    fetch_news news = {.file = request->name,
                       .file_done = request->content->size,
                       .file_total = request->size,
                       .done = item->tally->done,
                       .total = item->tally->total};
    if (progress && progress->advance)
        progress->advance(progress->context, &news);
}

/** libcurl's write function; a short count aborts the transfer. */
static size_t take_bytes(char *data, size_t unit, size_t count, void *context)
{
    transfer *item = context;
    buf *content = item->request->content;
    size_t size = unit * count;
    span bytes = {(const uint8_t *)data, size};
    long code = transfer_code(item);
    if (code != HTTP_OK && code != HTTP_PARTIAL_CONTENT) {
        item->ignored += size;
        return item->ignored > IGNORED_MAX ? 0 : size;
    }
    if (resume_judge(item) != HEAD_FITS)
        return 0;
    if (size > content->maximum - content->size) {
        item->too_large = true;
        return 0;
    }
    received_part_write(&item->part, content->size, bytes);
    buf_append(content, bytes);
    if (content->overflow)
        return 0;
    transfer_advance(item, size);
    return size;
}

bool transfer_add_header(transfer *item, const char *name, const char *value)
{
    char line[1024];
    if (!text_format(line, sizeof line, "%s: %s", name, value))
        return false;
    struct curl_slist *longer = item->curl->curl_slist_append(item->headers, line);
    if (!longer)
        return false;
    item->headers = longer;
    return true;
}

static osb_status set_headers(transfer *item, const url_parts *parts, osb_error *error)
{
    CURL_LOCAL(item->curl, curl_easy_setopt);
    const http_request *request = item->request;
    bool secret_stays = text_equal(parts->scheme, "https") || url_is_loopback(parts);
    item->curl->curl_slist_free_all(item->headers);
    item->headers = NULL;
    item->asks_range = item->asks_change = false;
    if (!transfer_add_header(item, "Accept", request->accept ? request->accept : "*/*") ||
        !resume_add_headers(item))
        return osb_fail_memory(error);
    if (request->bearer && item->hops == 0 && secret_stays) {
        char value[900];
        if (strpbrk(request->bearer, "\r\n") ||
            !text_format(value, sizeof value, "Bearer %s", request->bearer))
            return osb_fail(error, OSB_ERR_USAGE, parts->host, "check the token",
                            "the access token is not usable");
        if (!transfer_add_header(item, "Authorization", value))
            return osb_fail_memory(error);
    }
    curl_easy_setopt(item->easy, CURLOPT_HTTPHEADER, item->headers);
    return OSB_OK;
}

static void set_bounds(transfer *item)
{
    CURL_LOCAL(item->curl, curl_easy_setopt);
    const http_limits *limits = item->limits;
    curl_easy_setopt(item->easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(item->easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(item->easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(item->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)limits->connect_timeout_ms);
    curl_easy_setopt(item->easy, CURLOPT_LOW_SPEED_LIMIT, (long)CRAWL_BYTES_PER_S);
    curl_easy_setopt(item->easy, CURLOPT_LOW_SPEED_TIME, (long)limits->stall_timeout_s);
    curl_easy_setopt(item->easy, CURLOPT_MAXFILESIZE_LARGE,
                     (curl_off_t)item->request->content->maximum);
    curl_easy_setopt(item->easy, CURLOPT_NOSIGNAL, 1L);
}

/** Trust and road. Empty proxy texts keep libcurl from reading the environment. */
static void set_road(transfer *item, const url_parts *parts)
{
    CURL_LOCAL(item->curl, curl_easy_setopt);
    const net_options *options = item->options;
    bool proxied = options->proxy && text_equal(parts->scheme, "https") && !url_is_loopback(parts);
    curl_easy_setopt(item->easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(item->easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(item->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (options->ca_file) {
        curl_easy_setopt(item->easy, CURLOPT_CAINFO, options->ca_file);
        curl_easy_setopt(item->easy, CURLOPT_PROXY_CAINFO, options->ca_file);
    }
    curl_easy_setopt(item->easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(item->easy, CURLOPT_PROXY, proxied ? options->proxy : "");
    curl_easy_setopt(item->easy, CURLOPT_NOPROXY, options->no_proxy ? options->no_proxy : "");
    curl_easy_setopt(item->easy, CURLOPT_USERAGENT, "osbundle/" OSB_VERSION);
}

/** How the answer may come: packed only where its size is not published anyway. */
static void set_protocol(transfer *item, const url_parts *parts)
{
    CURL_LOCAL(item->curl, curl_easy_setopt);
    curl_easy_setopt(item->easy, CURLOPT_BUFFERSIZE, (long)BLOCK_BYTES);
    curl_easy_setopt(item->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    /* Requests rather share one HTTP/2 connection than open one each. */
    curl_easy_setopt(item->easy, CURLOPT_PIPEWAIT, text_equal(parts->scheme, "https") ? 1L : 0L);
    if (item->request->keep == HTTP_KEEP_LIST)
        curl_easy_setopt(item->easy, CURLOPT_ACCEPT_ENCODING, "");
}

void transfer_rewind(transfer *item)
{
    buf *content = item->request->content;
    item->tally->done -= content->size;
    content->size = 0;
}

osb_status transfer_begin(transfer *item, osb_error *error)
{
    CURL_LOCAL(item->curl, curl_easy_setopt);
    url_parts parts;
    TRY(url_check(item->url, item->options->allow_http, &parts, error));
    if (!item->easy)
        item->easy = item->curl->curl_easy_init();
    if (!item->easy)
        return osb_fail_memory(error);
    if (!resume_is_possible(item))
        transfer_rewind(item);
    item->head = HEAD_UNSEEN;
    item->too_large = false;
    item->ignored = 0;
    item->detail[0] = '\0';
    item->curl->curl_easy_reset(item->easy);
    TRY(set_headers(item, &parts, error));
    set_bounds(item);
    set_road(item, &parts);
    set_protocol(item, &parts);
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
