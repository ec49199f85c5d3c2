#pragma once
/**
 * The misbehaving server and the single GET that the tests of HTTP share.
 *
 * Include it first.
 */
#include "unit/net/web_server.h"

#include "unit/trust/fixtures.h"

#include <time.h>

#include "base/clock.h"
#include "net/http.h"

/** Short enough for tests; the shape is that of http_limits_default. */
static const http_limits quick = {.in_flight = 8,
                                  .attempts = 3,
                                  .redirects = 5,
                                  .connect_timeout_ms = 20000,
                                  .stall_timeout_s = 20,
                                  .backoff_ms = 5,
                                  .retry_after_max_ms = 1500};

static const char body[] = "bytes of a module";

static inline void answer_body(const web_request *request)
{
    web_answer(request, "200 OK", "", body, sizeof body - 1);
}

static inline void answer_rate_limit(const web_request *request)
{
    char headers[200];
    snprintf(headers, sizeof headers,
             "X-RateLimit-Limit: 60\r\nX-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: %lld\r\n",
             (long long)time(NULL) + 1000);
    web_answer(request, "403 rate limit exceeded", headers, "{}", 2);
}

static inline void answer_endless(const web_request *request)
{
    char block[4096] = {0};
    web_send_text(request, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    for (;;)
        web_send(request, block, sizeof block);
}

static inline void answer_authorization(const web_request *request)
{
    char value[200];
    web_header(request, "Authorization", value, sizeof value);
    web_answer(request, "200 OK", "", value, strlen(value));
}

static inline void answer_redirect(const web_request *request, const char *name)
{
    char target[3000];
    if (!strcmp(name, "once"))
        web_redirect(request, "/file");
    else if (!strcmp(name, "signed")) {
        int size = snprintf(target, sizeof target, "/file?signature=");
        memset(target + size, 's', sizeof target - (size_t)size - 1);
        target[sizeof target - 1] = '\0';
        web_redirect(request, target);
    } else if (!strcmp(name, "talkative")) {
        char page[200 * 1000];
        memset(page, 'x', sizeof page);
        web_answer(request, "302 Found", "Location: ../file\r\n", page, sizeof page);
    } else if (!strcmp(name, "circle"))
        web_redirect(request, "/redirect/circle");
    else if (!strcmp(name, "local-file"))
        web_redirect(request, "file:///etc/passwd");
    else if (!strcmp(name, "plain"))
        web_redirect(request, "http://198.51.100.1/file"); /* TEST-NET-2: nobody is there */
    else if (!strcmp(name, "nowhere"))
        web_answer(request, "302 Found", "", "", 0);
    else {
        snprintf(target, sizeof target, "http://localhost:%u/authorization", request->port);
        web_redirect(request, target);
    }
}

static inline void answer_broken(const web_request *request, const char *name)
{
    bool again = request->seen->requests > 1;
    if (!strcmp(name, "cut") || (!strcmp(name, "cut-once") && !again))
        web_send_text(request, "HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\nbytes of");
    else if (!strcmp(name, "hangup"))
        return;
    else if (!strcmp(name, "stall")) {
        web_send_text(request, "HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n");
        sleep(20);
    } else if (!strcmp(name, "short"))
        web_answer(request, "200 OK", "", body, 5);
    else if (!strcmp(name, "huge"))
        web_send_text(request, "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\nbytes");
    else if (!strcmp(name, "endless"))
        answer_endless(request);
    else
        answer_body(request);
}

static inline void answer_status(const web_request *request, const char *name)
{
    bool again = request->seen->requests > 2;
    if (!strcmp(name, "limited"))
        answer_rate_limit(request);
    else if (!strcmp(name, "patience"))
        web_answer(request, "503 Service Unavailable", "Retry-After: 3600\r\n", "", 0);
    else if (!strcmp(name, "later") && request->seen->requests == 1)
        web_answer(request, "429 Too Many Requests", "Retry-After: 1\r\n", "", 0);
    else if (!strcmp(name, "busy") && !again)
        web_answer(request, "503 Service Unavailable", "", "wait", 4);
    else if (!strcmp(name, "broken"))
        web_answer(request, "500 Internal Server Error", "", "", 0);
    else if (!strcmp(name, "forbidden"))
        web_answer(request, "403 Forbidden", "", "no", 2);
    else
        answer_body(request);
}

static inline void handle(const web_request *request)
{
    const char *path = request->path;
    if (!strncmp(path, "/redirect/", 10))
        answer_redirect(request, path + 10);
    else if (!strncmp(path, "/broken/", 8))
        answer_broken(request, path + 8);
    else if (!strncmp(path, "/status/", 8))
        answer_status(request, path + 8);
    else if (!strcmp(path, "/authorization"))
        answer_authorization(request);
    else if (!strncmp(path, "/size/", 6))
        web_answer(request, "200 OK", "", body, strtoul(path + 6, NULL, 10));
    else if (!strcmp(path, "/slow")) {
        web_linger(request, 60);
        answer_body(request);
    } else if (!strncmp(path, "/file", 5))
        answer_body(request);
    else
        web_answer(request, "404 Not Found", "", "nothing here", 12);
}

static inline int server_start(void **state)
{
    web_server *server = calloc(1, sizeof *server);
    *state = server;
    return web_start(server, handle) ? 0 : -1;
}

static inline int server_stop(void **state)
{
    web_stop(*state);
    free(*state);
    return 0;
}

/** One GET of a path with these options; the content is text in `answer`. */
typedef struct one_get {
    net_options options;
    const http_limits *limits; /**< NULL: quick */
    const char *bearer;
    uint64_t size;
    size_t maximum; /**< 0: 1000 */
    char answer[1001];
    osb_error error;
} one_get;

static inline osb_status get_url(const char *url, one_get *with)
{
    http *client;
    BUF_OWNED content = buf_make(with->maximum ? with->maximum : 1000);
    http_request request = {.url = url,
                            .name = "the file",
                            .bearer = with->bearer,
                            .size = with->size,
                            .content = &content};
    assert_int_equal(http_open(&with->options, with->limits ? with->limits : &quick, &client, NULL),
                     OSB_OK);
    osb_status status = http_get(client, &request, 1, NULL, &with->error);
    http_close(client);
    snprintf(with->answer, sizeof with->answer, "%.*s", (int)content.size,
             content.data ? (const char *)content.data : "");
    if (status != OSB_OK) {
        assert_true(*with->error.message);
        assert_int_equal(with->error.status, status);
    }
    return status;
}

static inline osb_status get(void **state, const char *path, one_get *with)
{
    const web_server *server = *state;
    char url[200];
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", server->port, path);
    return get_url(url, with);
}

static inline int requests_seen(void **state)
{
    return ((web_server *)*state)->seen->requests;
}

#define SERVED(name) cmocka_unit_test_setup_teardown(name, server_start, server_stop)
