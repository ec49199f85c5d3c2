/* Versions: what counts as one, and which is newer. */
#include "unit/model/samples.h"

#include "model/version.h"

/** From old to new, with the odd names that releases really have. */
static const char *const in_order[] = {
    "0.4.9",        "0.8.0-rc.2", "0.8.0-rc.10",     "0.8.0-rc.27",   "1.4.5-b5som.1",
    "1.5.0-rc.1",   "1.5.0",      "1.5.3-tracker.1", "2.0.0-alpha.1", "2.0.0-alpha.4",
    "2.0.0-rc.1",   "2.0.0",      "2.3.1",           "3.2.1-p2.1",    "3.2.1-p2.3",
    "3.2.1",        "5.3.0",      "5.3.1-7",         "5.3.1-12",      "5.3.1-rc.1",
    "5.3.1-rc.1.1", "5.3.1",      "5.10.0",          "6.0.0",         "10.0.0",
};

enum {
    IN_ORDER_COUNT = sizeof in_order / sizeof *in_order
};

static void releases_are_ordered_as_they_were_made(void **state)
{
    (void)state;
    for (size_t i = 0; i < IN_ORDER_COUNT; i++) {
        for (size_t k = 0; k < IN_ORDER_COUNT; k++) {
            int wanted = (i > k) - (i < k);
            assert_int_equal(version_compare_text(in_order[i], in_order[k]), wanted);
        }
    }
}

static void a_leading_v_and_build_data_do_not_count(void **state)
{
    (void)state;
    assert_int_equal(version_compare_text("v2.3.1+lto", "2.3.1"), 0);
    assert_int_equal(version_compare_text("5.4.0+ledger", "5.4.0"), 0);
    version parsed;
    assert_true(version_parse("v6.0.0-rc.1+debug.jtag", &parsed));
    assert_int_equal(parsed.major, 6);
    assert_string_equal(parsed.prerelease, "rc.1");
}

static void what_is_no_version_is_older_than_all(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",          "5",           "5.3",
        "5.3.",      "5.3.1.",      "5.3.1.2",
        "vv5.3.1",   "5.3.1-",      "5.3.1+",
        "5.3.1 ",    " 5.3.1",      "5.3.x",
        "-1.0.0",    "5.65536.0",   "99999999999.0.0",
        "latest",    "5.3.1-rc..1", "5.3.1-.rc",
        "5.3.1-rc.", "5.3.1-rc_1",  "5.3.1-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        version parsed;
        assert_false(version_parse(wrong[i], &parsed));
        assert_int_equal(version_compare_text(wrong[i], "0.0.0"), -1);
        assert_int_equal(version_compare_text("0.0.0", wrong[i]), 1);
    }
    assert_int_equal(version_compare_text("abc", "abd"), -1);
    assert_int_equal(version_compare_text("abc", "abc"), 0);
}

static bool names(const char *text, const char *candidate)
{
    version parsed;
    assert_true(version_parse(candidate, &parsed));
    return version_matches(text, &parsed);
}

static void short_forms_name_whole_lines(void **state)
{
    (void)state;
    assert_true(names("5", "5.3.1"));
    assert_true(names("5.3", "5.3.1"));
    assert_true(names("v5.3", "5.3.1"));
    assert_true(names("5.3.1", "5.3.1"));
    assert_true(names("5.3.1-rc.1", "5.3.1-rc.1"));
    assert_false(names("5.3.1", "5.3.1-rc.1"));
    assert_false(names("5.30", "5.3.1"));
    assert_false(names("5.", "5.3.1"));
    assert_false(names("5.3.", "5.3.1"));
    assert_false(names("6", "5.3.1"));
    assert_false(names("", "5.3.1"));
    assert_false(names("5.3.x", "5.3.1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(releases_are_ordered_as_they_were_made),
        cmocka_unit_test(a_leading_v_and_build_data_do_not_count),
        cmocka_unit_test(what_is_no_version_is_older_than_all),
        cmocka_unit_test(short_forms_name_whole_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
