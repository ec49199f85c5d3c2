/*
 * HTTP against a server that misbehaves: bounds, redirects, attempts, tokens, limits of patience.
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
                                  .connect_timeout_ms = 2000,
                                  .stall_timeout_s = 1,
                                  .backoff_ms = 5,
                                  .retry_after_max_ms = 1500};

static const char body[] = "bytes of a module";

static void answer_body(const web_request *request)
{
    web_answer(request, "200 OK", "", body, sizeof body - 1);
}

static void answer_rate_limit(const web_request *request)
{
    char headers[200];
    snprintf(headers, sizeof headers,
             "X-RateLimit-Limit: 60\r\nX-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: %lld\r\n",
             (long long)time(NULL) + 1000);
    web_answer(request, "403 rate limit exceeded", headers, "{}", 2);
}

static void answer_endless(const web_request *request)
{
    char block[4096] = {0};
    web_send_text(request, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    for (;;)
        web_send(request, block, sizeof block);
}

static void answer_authorization(const web_request *request)
{
    char value[200];
    web_header(request, "Authorization", value, sizeof value);
    web_answer(request, "200 OK", "", value, strlen(value));
}

static void answer_redirect(const web_request *request, const char *name)
{
    char target[1200];
    if (!strcmp(name, "once"))
        web_redirect(request, "/file");
    else if (!strcmp(name, "circle"))
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

static void answer_broken(const web_request *request, const char *name)
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

static void answer_status(const web_request *request, const char *name)
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

static void handle(const web_request *request)
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
    else if (!strcmp(path, "/slow")) {
        usleep(60 * 1000);
        answer_body(request);
    } else if (!strcmp(path, "/file"))
        answer_body(request);
    else
        web_answer(request, "404 Not Found", "", "nothing here", 12);
}

static int server_start(void **state)
{
    web_server *server = calloc(1, sizeof *server);
    *state = server;
    return web_start(server, handle) ? 0 : -1;
}

static int server_stop(void **state)
{
    web_stop(*state);
    free(*state);
    return 0;
}

/** One GET of a path with these options; the content is text in `answer`. */
typedef struct one_get {
    net_options options;
    const char *bearer;
    uint64_t size;
    size_t maximum; /**< 0: 1000 */
    char answer[1001];
    osb_error error;
} one_get;

static osb_status get_url(const char *url, one_get *with)
{
    http *client;
    BUF_OWNED content = buf_make(with->maximum ? with->maximum : 1000);
    http_request request = {.url = url,
                            .name = "the file",
                            .bearer = with->bearer,
                            .size = with->size,
                            .content = &content};
    assert_int_equal(http_open(&with->options, &quick, &client, NULL), OSB_OK);
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

static osb_status get(void **state, const char *path, one_get *with)
{
    const web_server *server = *state;
    char url[200];
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", server->port, path);
    return get_url(url, with);
}

static int requests_seen(void **state)
{
    return ((web_server *)*state)->seen->requests;
}

static void a_file_arrives(void **state)
{
    one_get with = {.size = sizeof body - 1};
    assert_int_equal(get(state, "/file", &with), OSB_OK);
    assert_string_equal(with.answer, body);
    assert_true(text_starts_with(((web_server *)*state)->seen->agent, "osbundle/"));
}

static void a_missing_file_is_not_found_and_not_tried_again(void **state)
{
    one_get with = {0};
    assert_int_equal(get(state, "/nothing", &with), OSB_ERR_NOT_FOUND);
    assert_int_equal(requests_seen(state), 1);
    assert_string_equal(with.answer, "");
}

static void a_redirect_is_followed(void **state)
{
    one_get with = {0};
    assert_int_equal(get(state, "/redirect/once", &with), OSB_OK);
    assert_string_equal(with.answer, body);
}

static void redirects_end_somewhere(void **state)
{
    one_get with = {0};
    assert_int_equal(get(state, "/redirect/circle", &with), OSB_ERR_NETWORK);
    assert_int_equal(requests_seen(state), 6);
    assert_int_equal(get(state, "/redirect/nowhere", &with), OSB_ERR_NETWORK);
}

static void redirects_to_files_and_to_plain_http_elsewhere_are_refused(void **state)
{
    one_get with = {0};
    assert_int_equal(get(state, "/redirect/local-file", &with), OSB_ERR_REFUSED);
    assert_int_equal(get(state, "/redirect/plain", &with), OSB_ERR_REFUSED);
    assert_non_null(strstr(with.error.message, "198.51.100.1"));
}

static void a_token_goes_to_its_server_only(void **state)
{
    one_get with = {.bearer = "secret"};
    assert_int_equal(get(state, "/authorization", &with), OSB_OK);
    assert_string_equal(with.answer, "Bearer secret");
    assert_int_equal(get(state, "/redirect/other-host", &with), OSB_OK);
    assert_string_equal(with.answer, "");
}

static void a_token_with_a_line_break_is_refused(void **state)
{
    one_get with = {.bearer = "secret\r\nX-Other: 1"};
    assert_int_equal(get(state, "/authorization", &with), OSB_ERR_USAGE);
    assert_int_equal(requests_seen(state), 0);
}

static void a_busy_server_is_asked_again(void **state)
{
    one_get with = {0};
    assert_int_equal(get(state, "/status/busy", &with), OSB_OK);
    assert_string_equal(with.answer, body);
    assert_int_equal(requests_seen(state), 3);
}

static void attempts_are_bounded(void **state)
{
    one_get with = {0};
    assert_int_equal(get(state, "/status/broken", &with), OSB_ERR_NETWORK);
    assert_int_equal(requests_seen(state), 3);
    assert_non_null(strstr(with.error.message, "HTTP 500"));
}

static void asked_for_patience_is_given_within_bounds(void **state)
{
    one_get with = {0};
    uint64_t begin = clock_monotonic_ms();
    assert_int_equal(get(state, "/status/later", &with), OSB_OK);
    assert_in_range(clock_monotonic_ms() - begin, 950, 5000);

    begin = clock_monotonic_ms();
    assert_int_equal(get(state, "/status/patience", &with), OSB_ERR_NETWORK);
    assert_in_range(clock_monotonic_ms() - begin, 0, 900);
    assert_non_null(strstr(with.error.message, "3600"));
}

static void a_rate_limit_is_named_with_its_end(void **state)
{
    one_get with = {0};
    assert_int_equal(get(state, "/status/limited", &with), OSB_ERR_NETWORK);
    assert_int_equal(requests_seen(state), 1);
    assert_non_null(strstr(with.error.message, "rate limit"));
    assert_non_null(strstr(with.error.message, "Z"));
    assert_non_null(strstr(with.error.hint, "GITHUB_TOKEN"));
}

static void a_plain_refusal_is_not_tried_again(void **state)
{
    one_get with = {0};
    assert_int_equal(get(state, "/status/forbidden", &with), OSB_ERR_NETWORK);
    assert_int_equal(requests_seen(state), 1);
    assert_non_null(strstr(with.error.message, "403"));
}

static void a_transfer_cut_short_is_tried_again_whole(void **state)
{
    one_get with = {.size = sizeof body - 1};
    assert_int_equal(get(state, "/broken/cut-once", &with), OSB_OK);
    assert_string_equal(with.answer, body);
    assert_int_equal(requests_seen(state), 2);
}

static void a_transfer_that_is_always_cut_short_is_a_network_error(void **state)
{
    one_get with = {.size = sizeof body - 1};
    assert_int_equal(get(state, "/broken/cut", &with), OSB_ERR_NETWORK);
    assert_int_equal(requests_seen(state), 3);
    assert_int_equal(get(state, "/broken/hangup", &with), OSB_ERR_NETWORK);
}

static void another_size_than_published_is_an_integrity_error(void **state)
{
    one_get with = {.size = sizeof body - 1, .maximum = sizeof body - 1};
    assert_int_equal(get(state, "/broken/short", &with), OSB_ERR_INTEGRITY);
    assert_int_equal(requests_seen(state), 1);
    with.size = with.maximum = 10;
    assert_int_equal(get(state, "/file", &with), OSB_ERR_INTEGRITY);
}

static void size_is_bounded_before_and_while_it_arrives(void **state)
{
    one_get with = {0};
    assert_int_equal(get(state, "/broken/huge", &with), OSB_ERR_INTEGRITY);
    assert_string_equal(with.answer, "");
    assert_int_equal(get(state, "/broken/endless", &with), OSB_ERR_INTEGRITY);
    assert_int_equal(requests_seen(state), 2);
}

static void silence_is_bounded(void **state)
{
    one_get with = {0};
    uint64_t begin = clock_monotonic_ms();
    assert_int_equal(get(state, "/broken/stall", &with), OSB_ERR_NETWORK);
    assert_in_range(clock_monotonic_ms() - begin, 1000, 12000);
}

static void plain_http_is_for_this_machine_unless_allowed(void **state)
{
    one_get with = {0};
    assert_int_equal(get_url("http://198.51.100.1/file", &with), OSB_ERR_REFUSED);
    assert_non_null(strstr(with.error.hint, "--allow-http"));
    assert_int_equal(get_url("http://127.0.0.1.example.org/file", &with), OSB_ERR_REFUSED);
    assert_int_equal(get_url("ftp://127.0.0.1/file", &with), OSB_ERR_USAGE);
    assert_int_equal(get_url("file:///etc/passwd", &with), OSB_ERR_USAGE);
    assert_int_equal(get_url("http://me:secret@127.0.0.1/file", &with), OSB_ERR_USAGE);
    assert_null(strstr(with.error.subject, "secret"));
    assert_int_equal(requests_seen(state), 0);
}

static void offline_opens_nothing(void **state)
{
    one_get with = {.options = {.offline = true}};
    assert_int_equal(get(state, "/file", &with), OSB_ERR_OFFLINE);
    assert_int_equal(requests_seen(state), 0);
}

static void the_environments_proxy_is_not_used(void **state)
{
    one_get with = {0};
    assert_int_equal(setenv("http_proxy", "http://127.0.0.1:1/", 1), 0);
    assert_int_equal(setenv("all_proxy", "http://127.0.0.1:1/", 1), 0);
    assert_int_equal(get(state, "/file", &with), OSB_OK);
    unsetenv("http_proxy");
    unsetenv("all_proxy");
}

static void a_server_that_is_not_there_is_a_network_error(void **state)
{
    one_get with = {0};
    (void)state;
    assert_int_equal(get_url("http://127.0.0.1:1/file", &with), OSB_ERR_NETWORK);
    assert_non_null(strstr(with.error.message, "3 times"));
}

static bool cancel_at_third(void *context)
{
    return ++*(int *)context >= 3;
}

static void a_cancellation_is_noticed_during_a_transfer(void **state)
{
    int asked = 0;
    one_get with = {.options = {.cancelled = cancel_at_third, .cancelled_context = &asked}};
    uint64_t begin = clock_monotonic_ms();
    assert_int_equal(get(state, "/broken/stall", &with), OSB_ERR_INTERRUPTED);
    assert_in_range(clock_monotonic_ms() - begin, 0, 900);
}

enum {
    MANY = 30
};

typedef struct tally {
    unsigned calls;
    uint64_t done, total;
} tally;

static void note_progress(void *context, const char *file, uint64_t done, uint64_t total)
{
    tally *noted = context;
    assert_string_equal(file, "one of many");
    assert_true(done >= noted->done);
    noted->calls++;
    noted->done = done;
    noted->total = total;
}

static void many_files_arrive_at_most_eight_at_a_time(void **state)
{
    web_server *server = *state;
    http_request requests[MANY];
    buf contents[MANY];
    char url[100];
    http *client;
    tally noted = {0};
    fetch_progress progress = {note_progress, &noted};
    net_options options = {0};
    snprintf(url, sizeof url, "http://127.0.0.1:%u/slow", server->port);
    for (size_t i = 0; i < MANY; i++) {
        contents[i] = buf_make(100);
        requests[i] = (http_request){
            .url = url, .name = "one of many", .size = sizeof body - 1, .content = &contents[i]};
    }
    assert_int_equal(http_open(&options, &quick, &client, NULL), OSB_OK);
    assert_int_equal(http_get(client, requests, MANY, &progress, NULL), OSB_OK);
    http_close(client);
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(contents[i].size, sizeof body - 1);
        buf_free(&contents[i]);
    }
    assert_int_equal(server->seen->requests, MANY);
    assert_in_range(server->seen->peak, 2, 8);
    assert_int_equal(noted.total, MANY * (sizeof body - 1));
    assert_int_equal(noted.done, noted.total);
}

int main(void)
{
#define SERVED(name) cmocka_unit_test_setup_teardown(name, server_start, server_stop)
    const struct CMUnitTest tests[] = {
        SERVED(a_file_arrives),
        SERVED(a_missing_file_is_not_found_and_not_tried_again),
        SERVED(a_redirect_is_followed),
        SERVED(redirects_end_somewhere),
        SERVED(redirects_to_files_and_to_plain_http_elsewhere_are_refused),
        SERVED(a_token_goes_to_its_server_only),
        SERVED(a_token_with_a_line_break_is_refused),
        SERVED(a_busy_server_is_asked_again),
        SERVED(attempts_are_bounded),
        SERVED(asked_for_patience_is_given_within_bounds),
        SERVED(a_rate_limit_is_named_with_its_end),
        SERVED(a_plain_refusal_is_not_tried_again),
        SERVED(a_transfer_cut_short_is_tried_again_whole),
        SERVED(a_transfer_that_is_always_cut_short_is_a_network_error),
        SERVED(another_size_than_published_is_an_integrity_error),
        SERVED(size_is_bounded_before_and_while_it_arrives),
        SERVED(silence_is_bounded),
        SERVED(plain_http_is_for_this_machine_unless_allowed),
        SERVED(offline_opens_nothing),
        SERVED(the_environments_proxy_is_not_used),
        SERVED(a_server_that_is_not_there_is_a_network_error),
        SERVED(a_cancellation_is_noticed_during_a_transfer),
        SERVED(many_files_arrive_at_most_eight_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
