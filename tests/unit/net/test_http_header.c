/*
 * Headers read by hand: ranges, validators, rate limits, and what a web page looks like.
 */
#include "unit/trust/fixtures.h"

#include "net/http_header.h"

static void a_range_is_read(void **state)
{
    content_range range;
    (void)state;
    assert_true(content_range_parse("bytes 100-199/1000", &range));
    assert_int_equal(range.first, 100);
    assert_int_equal(range.last, 199);
    assert_int_equal(range.total, 1000);
    assert_true(content_range_parse("bytes 0-0/*", &range));
    assert_int_equal(range.total, 0);
    assert_true(content_range_parse("BYTES 0-9223372036854775806/9223372036854775807", &range));
}

static void what_is_no_range_is_not_read(void **state)
{
    static const char *const texts[] = {"",
                                        "bytes",
                                        "bytes */1000",
                                        "bytes 5-4/10",
                                        "bytes 0-10/10",
                                        "bytes 0-9",
                                        "bytes 0-9/",
                                        "bytes -9/10",
                                        "bytes 0-/10",
                                        "bytes 0-9/10 ",
                                        "bytes 0-9/10, 10-19/20",
                                        "bytes  0-9/10",
                                        "items 0-9/10",
                                        "bytes +0-9/10",
                                        "bytes 0-9223372036854775808/*",
                                        "bytes 0-99999999999999999999999999/*"};
    content_range range;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (content_range_parse(texts[i], &range))
            fail_msg("'%s' was read", texts[i]);
}

static void only_strong_validators_vouch_for_bytes(void **state)
{
    static const char early[] = "Tue, 15 Nov 1994 12:45:26 GMT";
    static const char late[] = "Tue, 15 Nov 1994 12:45:27 GMT";
    (void)state;
    assert_string_equal(strong_validator("\"a\"", early, late), "\"a\"");
    assert_string_equal(strong_validator("W/\"a\"", early, late), early);
    assert_string_equal(strong_validator(NULL, early, late), early);
    assert_null(strong_validator(NULL, early, early));
    assert_null(strong_validator("W/\"a\"", early, NULL));
    assert_null(strong_validator("\"", NULL, late));
    assert_null(strong_validator(NULL, NULL, NULL));
}

static void a_rate_limit_ends_when_it_says(void **state)
{
    (void)state;
    assert_int_equal(rate_limit_reset("0", "1372700873"), 1372700873);
    assert_int_equal(rate_limit_reset("1", "1372700873"), 0);
    assert_int_equal(rate_limit_reset("0", "99999999999999999999"), 0);
    assert_int_equal(rate_limit_reset("0", "-5"), 0);
    assert_int_equal(rate_limit_reset("0", NULL), 0);
    assert_int_equal(rate_limit_reset(NULL, "1372700873"), 0);
}

static void a_web_page_is_known_by_its_beginning(void **state)
{
    (void)state;
    assert_true(is_web_page(span_of("<!DOCTYPE html><html>")));
    assert_true(is_web_page(span_of("\xEF\xBB\xBF\r\n <HTML lang=en>")));
    assert_false(is_web_page(span_of("{\"html\":1}")));
    assert_false(is_web_page(span_of("  <htm")));
    assert_false(is_web_page(span_of("")));
    assert_false(is_web_page((span){(const uint8_t *)"\0<html>", 7}));
    assert_false(is_web_page((span){NULL, 0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_range_is_read),
        cmocka_unit_test(what_is_no_range_is_not_read),
        cmocka_unit_test(only_strong_validators_vouch_for_bytes),
        cmocka_unit_test(a_rate_limit_ends_when_it_says),
        cmocka_unit_test(a_web_page_is_known_by_its_beginning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
