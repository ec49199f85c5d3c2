/* Which URLs may be asked, where an answer may send us, and writing names into paths. */
#include "unit/trust/fixtures.h"

#include "net/url.h"

static void assert_redirect(const char *from, const char *target, bool allowed)
{
    url_parts a, b;
    assert_true(url_split(from, &a));
    assert_true(url_split(target, &b));
    if (url_may_redirect(&a, &b) != allowed)
        fail_msg("%s -> %s", from, target);
}

static void redirects_never_lose_encryption(void **state)
{
    (void)state;
    assert_redirect("https://a.example/x", "https://b.example/y", true);
    assert_redirect("https://a.example/x", "http://a.example/x", false);
    assert_redirect("https://a.example/x", "http://127.0.0.1/x", false);
    assert_redirect("https://127.0.0.1/x", "http://127.0.0.1/x", false);
    assert_redirect("http://127.0.0.1/x", "https://a.example/x", true);
    assert_redirect("http://127.0.0.1/x", "http://localhost/x", true);
}

static void another_machine_does_not_send_us_to_this_one(void **state)
{
    (void)state;
    assert_redirect("http://a.example/x", "http://127.0.0.1/x", false);
    assert_redirect("http://a.example/x", "http://b.example/x", true);
}

static void this_machine_is_known_by_its_addresses(void **state)
{
    static const struct {
        const char *url;
        bool local;
    } cases[] = {
        {"http://127.0.0.1/", true},          {"http://127.9.9.9:80/", true},
        {"http://[::1]:8080/", true},         {"http://localhost/", true},
        {"http://LOCALHOST/", true},          {"http://localhost.example/", false},
        {"http://127.0.0.1.example/", false}, {"http://128.0.0.1/", false},
        {"http://10.0.0.1/", false},          {"http://[::2]/", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        url_parts parts;
        assert_true(url_split(cases[i].url, &parts));
        if (url_is_loopback(&parts) != cases[i].local)
            fail_msg("%s", cases[i].url);
        assert_int_equal(url_check(cases[i].url, false, &parts, NULL),
                         cases[i].local ? OSB_OK : OSB_ERR_REFUSED);
        assert_int_equal(url_check(cases[i].url, true, &parts, NULL), OSB_OK);
    }
}

static void names_are_encoded_and_decoded(void **state)
{
    char text[32];
    (void)state;
    assert_true(url_encode("5.4.0+ledger/a b", text, sizeof text));
    assert_string_equal(text, "5.4.0%2Bledger%2Fa%20b");
    assert_false(url_encode("++++++++++++", text, sizeof text));
    assert_true(url_decode("/a%20b%2f%C3%A9", text, sizeof text));
    assert_string_equal(text, "/a b/\xc3\xa9");
    assert_false(url_decode("a%0", text, sizeof text));
    assert_false(url_decode("a%zz", text, sizeof text));
    assert_false(url_decode("a%00b", text, sizeof text));
    assert_false(url_decode("12345678901234567890123456789012", text, sizeof text));
}

static void references_are_resolved(void **state)
{
    char target[URL_SIZE];
    (void)state;
    assert_true(url_resolve("https://a.example/x/y?z", "../w", target));
    assert_string_equal(target, "https://a.example/w");
    assert_true(url_resolve("https://a.example/x", "//b.example/w", target));
    assert_string_equal(target, "https://b.example/w");
    assert_true(url_resolve("https://a.example/x", "http://b.example/w?q", target));
    assert_string_equal(target, "http://b.example/w?q");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(redirects_never_lose_encryption),
        cmocka_unit_test(another_machine_does_not_send_us_to_this_one),
        cmocka_unit_test(this_machine_is_known_by_its_addresses),
        cmocka_unit_test(names_are_encoded_and_decoded),
        cmocka_unit_test(references_are_resolved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
