/*
 * Where HTTP requests may go: redirects, tokens, plain http, proxies, and nowhere when offline.
 */
#include "unit/net/http_cases.h"

static void a_redirect_is_followed(void **state)
{
    one_get with = {0};
    assert_int_equal(get(state, "/redirect/once", &with), OSB_OK);
    assert_string_equal(with.answer, body);
}

static void a_signed_url_is_longer_than_most(void **state)
{
    one_get with = {0};
    assert_int_equal(get(state, "/redirect/signed", &with), OSB_OK);
    assert_string_equal(with.answer, body);
}

static void a_redirect_may_be_longer_than_the_file(void **state)
{
    one_get with = {.size = sizeof body - 1, .maximum = sizeof body - 1};
    assert_int_equal(get(state, "/redirect/talkative", &with), OSB_OK);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVED(a_redirect_is_followed),
        SERVED(a_signed_url_is_longer_than_most),
        SERVED(a_redirect_may_be_longer_than_the_file),
        SERVED(redirects_end_somewhere),
        SERVED(redirects_to_files_and_to_plain_http_elsewhere_are_refused),
        SERVED(a_token_goes_to_its_server_only),
        SERVED(a_token_with_a_line_break_is_refused),
        SERVED(plain_http_is_for_this_machine_unless_allowed),
        SERVED(offline_opens_nothing),
        SERVED(the_environments_proxy_is_not_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
