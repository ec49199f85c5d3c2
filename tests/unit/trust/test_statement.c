/*
 * Statements: what a signature says of itself is understood as a whole, and held to.
 */
#include "unit/trust/fixtures.h"

#include "trust/minisig.h"
#include "trust/statement.h"

static void what_is_written_reads_the_same(void **state)
{
    (void)state;
    static const struct {
        statement says;
        const char *text;
    } cases[] = {
        {{SIGNED_LOCK, 0, ""}, "role:lock"},
        {{SIGNED_BUNDLE, 1, ""}, "role:bundle version:1"},
        {{SIGNED_MIRROR, 1000000000, "2027-01-31"},
         "role:mirror version:1000000000 expires:2027-01-31"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[STATEMENT_TEXT];
        statement again;
        assert_int_equal(statement_write(&cases[i].says, text, NULL), OSB_OK);
        assert_string_equal(text, cases[i].text);
        assert_int_equal(statement_read(text, "x", &again, NULL), OSB_OK);
        assert_int_equal(again.role, cases[i].says.role);
        assert_int_equal(again.version, cases[i].says.version);
        assert_string_equal(again.expires, cases[i].says.expires);
    }
}

static void names_that_others_add_are_passed_over(void **state)
{
    (void)state;
    statement says;
    assert_int_equal(statement_read("role:lock x_y-1:anything/at%all expires:2028-02-29 by:me", "x",
                                    &says, NULL),
                     OSB_OK);
    assert_string_equal(says.expires, "2028-02-29");
}

static void what_is_not_understood_does_not_hold(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      " ",
                                      "role",
                                      "role:",
                                      "role:lock ",
                                      " role:lock",
                                      "role:lock  version:1",
                                      "role:lock\tversion:1",
                                      "version:1 role:lock",
                                      "role:Lock",
                                      "role:locks",
                                      "role:lock role:lock",
                                      "role:lock role:mirror",
                                      "role:lock version:0",
                                      "role:lock version:-1",
                                      "role:lock version:1000000001",
                                      "role:lock version:99999999999999999999999999999999999999",
                                      "role:lock version:1 version:2",
                                      "role:lock expires:2027-1-31",
                                      "role:lock expires:2027-02-29",
                                      "role:lock expires:2027-13-01",
                                      "role:lock expires:0000-01-01",
                                      "role:lock expires:2027-01-31 expires:2028-01-31",
                                      "role:lock Version:1",
                                      "role:lock hashed",
                                      "role:lock !only-on:p2",
                                      "!role:lock",
                                      "role:lock !:x",
                                      "role:lock :x",
                                      "role:lock a:\x7f",
                                      "role:lock a:\xc3\xa9",
                                      "timestamp:1795727185\tfile:f\thashed",
                                      "timestamp:1795727185\tfile:x role:lock version:7\thashed"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        statement says;
        osb_error error = {0};
        if (statement_read(bad[i], "x", &says, &error) != OSB_ERR_SIGNATURE)
            fail_msg("'%s' was understood", bad[i]);
        assert_true(*error.message && *error.hint);
    }
}

static void only_days_of_the_calendar_can_be_written(void **state)
{
    (void)state;
    static const char *const bad[] = {"2027-02-30", "tomorrow", "2027-01-32", "31.1.2027"};
    char text[STATEMENT_TEXT];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        statement says = {.role = SIGNED_LOCK};
        text_copy(says.expires, sizeof says.expires, bad[i]);
        assert_int_equal(statement_write(&says, text, NULL), OSB_ERR_USAGE);
    }
    assert_true(date_is_valid("2028-02-29") && date_is_valid("2000-02-29"));
    assert_false(date_is_valid("2027-02-29") || date_is_valid("2100-02-29"));
    const statement large = {SIGNED_MIRROR, 1000000001, ""};
    assert_int_equal(statement_write(&large, text, NULL), OSB_ERR_USAGE);
}

/** A content, its key, and a signature with a comment. */
typedef struct signed_content {
    content_digest digest;
    keyring ring;
    buf text;
} signed_content;

static void drop(signed_content *made)
{
    buf_free(&made->text);
}

#define SIGNED_OWNED __attribute__((cleanup(drop))) signed_content

static signed_content sign(const char *comment)
{
    SECRET_KEY_OWNED key;
    signed_content made = {.text = buf_make(MINISIG_MAX), .ring = {.count = 1}};
    assert_int_equal(secret_key_generate(&key, NULL), OSB_OK);
    assert_int_equal(content_digest_of(span_of("content"), &made.digest, NULL), OSB_OK);
    assert_int_equal(minisig_write(&key, &made.digest, comment, &made.text, NULL), OSB_OK);
    made.ring.keys[0] = secret_key_public(&key);
    return made;
}

static osb_status check(const signed_content *made, signed_role role, const char *today,
                        bool online, signature_finding *found, osb_error *error)
{
    signature_demand demand = {.role = role, .trusted = &made->ring, .online = online};
    text_copy(demand.today, sizeof demand.today, today);
    return signature_check(buf_span(&made->text), "osbundle.lock", &made->digest, &demand, found,
                           error);
}

static void a_signature_for_one_is_none_for_another(void **state)
{
    (void)state;
    signature_finding found;
    osb_error error = {0};
    SIGNED_OWNED made = sign("role:lock version:7");
    assert_int_equal(check(&made, SIGNED_LOCK, "2026-11-26", true, &found, NULL), OSB_OK);
    assert_int_equal(found.says.version, 7);
    for (signed_role role = SIGNED_BUNDLE; role < SIGNED_ROLE_COUNT; role++)
        assert_int_equal(check(&made, role, "2026-11-26", true, &found, &error), OSB_ERR_SIGNATURE);
    assert_string_equal(error.message, "is signed as a lock, and not as a mirror");
    SIGNED_OWNED plain = sign("timestamp:1795727185\tfile:f\thashed");
    assert_int_equal(check(&plain, SIGNED_LOCK, "2026-11-26", true, &found, &error),
                     OSB_ERR_SIGNATURE);
    assert_non_null(strstr(error.message, "does not begin with a role"));
}

static void expiry_is_honoured_online_and_shown_offline(void **state)
{
    (void)state;
    signature_finding found;
    osb_error error = {0};
    SIGNED_OWNED made = sign("role:lock expires:2027-01-31");
    assert_int_equal(check(&made, SIGNED_LOCK, "2027-01-31", true, &found, NULL), OSB_OK);
    assert_false(found.expired);
    assert_int_equal(check(&made, SIGNED_LOCK, "2027-02-01", true, &found, &error),
                     OSB_ERR_SIGNATURE);
    assert_non_null(strstr(error.message, "expired on 2027-01-31"));
    assert_int_equal(check(&made, SIGNED_LOCK, "2027-02-01", false, &found, NULL), OSB_OK);
    assert_true(found.expired);
    assert_string_equal(found.says.expires, "2027-01-31");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_reads_the_same),
        cmocka_unit_test(names_that_others_add_are_passed_over),
        cmocka_unit_test(what_is_not_understood_does_not_hold),
        cmocka_unit_test(only_days_of_the_calendar_can_be_written),
        cmocka_unit_test(a_signature_for_one_is_none_for_another),
        cmocka_unit_test(expiry_is_honoured_online_and_shown_offline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
