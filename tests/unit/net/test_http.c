/*
 * HTTP against a server that misbehaves: bounds, attempts, patience, and many files at once.
 */
#include "unit/net/http_cases.h"

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
    assert_non_null(strstr(with.error.message, "not available until 20"));
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
    http_limits impatient = quick;
    one_get with = {.limits = &impatient};
    impatient.stall_timeout_s = 1;
    uint64_t begin = clock_monotonic_ms();
    assert_int_equal(get(state, "/broken/stall", &with), OSB_ERR_NETWORK);
    assert_in_range(clock_monotonic_ms() - begin, 1000, 12000);
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

static void note_progress(void *context, const fetch_news *news)
{
    tally *noted = context;
    assert_string_equal(news->file, "one of many");
    assert_true(news->done >= noted->done);
    noted->calls++;
    noted->done = news->done;
    noted->total = news->total;
}

static void note_last(void *context, const fetch_news *news)
{
    uint64_t *last = context;
    assert_non_null(news->file);
    last[0] = news->done;
    last[1] = news->total;
}

/** Adds a file's letter at its first bytes. */
static void note_order(void *context, const fetch_news *news)
{
    char *order = context;
    if (!strchr(order, *news->file))
        strncat(order, news->file, 1);
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

static void progress_starts_anew_with_an_attempt(void **state)
{
    const web_server *server = *state;
    BUF_OWNED content = buf_make(100);
    char url[100];
    http *client;
    uint64_t last[2] = {0};
    fetch_progress progress = {note_last, last};
    net_options options = {0};
    snprintf(url, sizeof url, "http://127.0.0.1:%u/broken/cut-once", server->port);
    http_request request = {
        .url = url, .name = "file", .size = sizeof body - 1, .content = &content};
    assert_int_equal(http_open(&options, &quick, &client, NULL), OSB_OK);
    assert_int_equal(http_get(client, &request, 1, &progress, NULL), OSB_OK);
    http_close(client);
    assert_int_equal(server->seen->requests, 2);
    assert_int_equal(last[0], sizeof body - 1);
    assert_int_equal(last[1], sizeof body - 1);
}

static void the_largest_file_goes_first(void **state)
{
    static const uint64_t sizes[] = {5, 17, 11};
    const web_server *server = *state;
    http_limits one_at_a_time = quick;
    http_request requests[3];
    buf contents[3];
    char urls[3][100], order[4] = "";
    http *client;
    fetch_progress progress = {note_order, order};
    net_options options = {0};
    one_at_a_time.in_flight = 1;
    for (size_t i = 0; i < 3; i++) {
        contents[i] = buf_make(100);
        snprintf(urls[i], sizeof urls[i], "http://127.0.0.1:%u/size/%u", server->port,
                 (unsigned)sizes[i]);
        requests[i] = (http_request){.url = urls[i],
                                     .name = i == 0   ? "a"
                                             : i == 1 ? "b"
                                                      : "c",
                                     .size = sizes[i],
                                     .content = &contents[i]};
    }
    assert_int_equal(http_open(&options, &one_at_a_time, &client, NULL), OSB_OK);
    assert_int_equal(http_get(client, requests, 3, &progress, NULL), OSB_OK);
    http_close(client);
    assert_string_equal(order, "bca");
    for (size_t i = 0; i < 3; i++)
        buf_free(&contents[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVED(a_file_arrives),
        SERVED(a_missing_file_is_not_found_and_not_tried_again),
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
        SERVED(a_server_that_is_not_there_is_a_network_error),
        SERVED(a_cancellation_is_noticed_during_a_transfer),
        SERVED(many_files_arrive_at_most_eight_at_a_time),
        SERVED(progress_starts_anew_with_an_attempt),
        SERVED(the_largest_file_goes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
