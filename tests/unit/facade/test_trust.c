/*
 * Keys and signatures through the public header: passwords are asked for where they are needed, by
 * the clock of the library's user, and nothing half-done is left behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/text.h"
#include "osbundle.h"
#include "osbundle_context.h"
#include "support/folder.h"
#include "support/signed.h"

static char folder[TEST_FOLDER_SIZE];

static int enter_folder(void **state)
{
    (void)state;
    return test_folder_make(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
    (void)state;
    test_folder_remove(folder);
    return chdir("/");
}

static void put(const char *path, const char *content)
{
    const span text = {(const uint8_t *)content, strlen(content)};
    assert_int_equal(file_write_atomic(path, text, 0644, NULL), OSB_OK);
}

static int64_t a_day(void *context)
{
    return *(const int64_t *)context;
}

/** Checks the signature of minisign on a day. */
static osb_status check_on(int64_t seconds, bool offline, json_t **found, osb_error *error)
{
    const char *const keys[] = {their_public};
    const osb_options options = {.cache = "cache",
                                 .state = "state",
                                 .offline = offline,
                                 .trusted_keys = keys,
                                 .trusted_key_count = 1,
                                 .hooks = {.now = a_day, .context = &seconds}};
    osb_context *context;
    assert_int_equal(osb_open(&options, &context, NULL), OSB_OK);
    osb_status status = osb_verify_signature(context, "content", NULL, NULL, 0, found, error);
    osb_close(context);
    return status;
}

static void a_signature_expires_by_the_clock_of_the_user(void **state)
{
    (void)state;
    enum {
        DAY = 24 * 60 * 60,
        LAST = 1801440000 /* 2027-02-01T00:00:00Z, when the last day is over */
    };
    osb_error error = {0};
    put("content", signed_content);
    put("content.minisig", signed_by_minisign);
    JSON_OWNED *early = NULL;
    assert_int_equal(check_on(LAST - 1, false, &early, NULL), OSB_OK);
    assert_string_equal(json_text(early, "key_id", ""), "664ABD2C55CC63F9");
    assert_string_equal(json_text(early, "role", ""), "lock");
    assert_string_equal(json_text(early, "expires", ""), "2027-01-31");
    assert_false(json_true_at(early, "expired"));
    JSON_OWNED *late = NULL;
    assert_int_equal(check_on(LAST, false, &late, &error), OSB_ERR_SIGNATURE);
    assert_null(late);
    assert_string_equal(error.message,
                        "its signature by key 664ABD2C55CC63F9 expired on 2027-01-31");
    JSON_OWNED *offline = NULL;
    assert_int_equal(check_on(LAST + 400LL * DAY, true, &offline, NULL), OSB_OK);
    assert_true(json_true_at(offline, "expired"));
}

static osb_status no_password(void *context, const char *key, char password[OSB_PASSWORD_SIZE],
                              osb_error *error)
{
    (void)password;
    ++*(unsigned *)context;
    return osb_fail(error, OSB_ERR_INTERRUPTED, key, "again", "stopped");
}

static void without_a_password_no_key_is_made(void **state)
{
    (void)state;
    unsigned asked = 0;
    const osb_password password = {no_password, &asked};
    json_t *key;
    assert_int_equal(osb_key_generate("a.key", "a.pub", &password, &key, NULL),
                     OSB_ERR_INTERRUPTED);
    assert_null(key);
    assert_int_equal(asked, 1);
    assert_false(file_exists("a.key") || file_exists("a.pub"));
}

static void a_key_without_a_password_asks_for_none(void **state)
{
    (void)state;
    unsigned asked = 0;
    const osb_password none = {0}, password = {no_password, &asked};
    JSON_OWNED *made = NULL, *shown = NULL;
    assert_int_equal(osb_key_generate("b.key", "b.pub", &none, &made, NULL), OSB_OK);
    assert_int_equal(osb_key_show("b.key", &password, &shown, NULL), OSB_OK);
    assert_int_equal(asked, 0);
    assert_string_equal(json_text(made, "public_key", "made"), json_text(shown, "public_key", ""));
}

static void half_a_pair_is_none(void **state)
{
    (void)state;
    const osb_password none = {0};
    json_t *key;
    assert_int_equal(osb_key_generate("c.key", "nowhere/c.pub", &none, &key, NULL),
                     OSB_ERR_NOT_FOUND);
    assert_false(file_exists("c.key"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signature_expires_by_the_clock_of_the_user),
        cmocka_unit_test(without_a_password_no_key_is_made),
        cmocka_unit_test(a_key_without_a_password_asks_for_none),
        cmocka_unit_test(half_a_pair_is_none),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
