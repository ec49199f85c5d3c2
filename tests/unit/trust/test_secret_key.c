/*
 * Secret keys: what is written opens again by its password alone, and no damage goes unnoticed.
 */
#include "unit/trust/fixtures.h"

#include "trust/secret_key.h"

/* The least that scrypt takes here: these passwords guard nothing. */
static const secret_key_cost cheap = {32768, 16 * 1024 * 1024};

static void write_key(const secret_key *key, const char *password, buf *text)
{
    osb_error error = {0};
    if (secret_key_write(key, password, cheap, text, &error) != OSB_OK)
        fail_msg("%s", error.message);
}

static osb_status open_key(span text, const char *password, secret_key *key, osb_error *error)
{
    SECRET_KEY_FILE_OWNED file;
    TRY(secret_key_parse(text, "test.key", &file, error));
    return secret_key_open(&file, password, "test.key", key, error);
}

static void a_key_opens_by_its_password_alone(void **state)
{
    (void)state;
    static const char *const wrong[] = {NULL, "", "passwore", "password ", "Password"};
    SECRET_KEY_OWNED key, again;
    BUF_OWNED text = buf_make(SECRET_KEY_FILE);
    assert_int_equal(secret_key_generate(&key, NULL), OSB_OK);
    write_key(&key, "password", &text);
    assert_int_equal(open_key(buf_span(&text), "password", &again, NULL), OSB_OK);
    assert_memory_equal(&key, &again, sizeof key);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        osb_error error = {0};
        assert_int_equal(open_key(buf_span(&text), wrong[i], &again, &error), OSB_ERR_SIGNATURE);
        assert_non_null(strstr(error.message, "password is wrong"));
    }
}

static void a_key_without_a_password_opens_by_any(void **state)
{
    (void)state;
    SECRET_KEY_OWNED key, again;
    BUF_OWNED text = buf_make(SECRET_KEY_FILE);
    assert_int_equal(secret_key_generate(&key, NULL), OSB_OK);
    write_key(&key, NULL, &text);
    assert_int_equal(open_key(buf_span(&text), NULL, &again, NULL), OSB_OK);
    assert_memory_equal(&key, &again, sizeof key);
    assert_int_equal(open_key(buf_span(&text), "needless", &again, NULL), OSB_OK);
}

static void two_keys_are_never_the_same(void **state)
{
    (void)state;
    SECRET_KEY_OWNED one, other;
    assert_int_equal(secret_key_generate(&one, NULL), OSB_OK);
    assert_int_equal(secret_key_generate(&other, NULL), OSB_OK);
    assert_memory_not_equal(one.id, other.id, sizeof one.id);
    assert_memory_not_equal(one.bytes, other.bytes, sizeof one.bytes);
}

/** A wrong id would be written into every signature, so only an encrypted key vouches for its own.
 */
static void no_damaged_key_opens(void **state)
{
    (void)state;
    SECRET_KEY_OWNED key, again;
    BUF_OWNED text = buf_make(SECRET_KEY_FILE);
    assert_int_equal(secret_key_generate(&key, NULL), OSB_OK);
    write_key(&key, "p", &text);
    size_t line = (size_t)((uint8_t *)memchr(text.data, '\n', text.size) - text.data) + 1;
    for (size_t i = line; i < text.size; i += 37) { /* each try costs a password's work */
        text.data[i] ^= 1;
        osb_error error = {0};
        assert_int_equal(open_key(buf_span(&text), "p", &again, &error), OSB_ERR_SIGNATURE);
        assert_true(*error.hint);
        text.data[i] ^= 1;
    }
    text.size = 0;
    write_key(&key, NULL, &text);
    for (size_t i = line; i < text.size; i++) {
        text.data[i] ^= 1;
        if (open_key(buf_span(&text), NULL, &again, NULL) == OSB_OK)
            assert_memory_equal(key.bytes, again.bytes, sizeof key.bytes);
        text.data[i] ^= 1;
    }
}

static void a_file_cannot_ask_for_any_amount_of_memory(void **state)
{
    (void)state;
    /* One of them has too many operations, too few, too much memory, too little, or all of it. */
    static const char *const greedy[] = {
        "RWRTY0Iyq/1T2deblMZq1qISFgXhm5hIPiICGyz7LIhTHxrFfz4AAAACAAAAAAAAAIAAAAAAn9dMcjTy"
        "q1zfI5wrmcIIvCE6ejNMLRdsezJts3haKA/FPEKPJ3uu5o1shUDRiOtjzua17G3e4luVukUZY753S21X"
        "QCOIx8g8kgyV26BLQCdhdjvuRjJnqMERqTko+ryJWyGhs4VdoY0=",
        "RWRTY0Iyq/1T2deblMZq1qISFgXhm5hIPiICGyz7LIhTHxrFfz4BAAACAAAAAAAAAEAAAAAAn9dMcjTy"
        "q1zfI5wrmcIIvCE6ejNMLRdsezJts3haKA/FPEKPJ3uu5o1shUDRiOtjzua17G3e4luVukUZY753S21X"
        "QCOIx8g8kgyV26BLQCdhdjvuRjJnqMERqTko+ryJWyGhs4VdoY0=",
        "RWRTY0Iyq/1T2deblMZq1qISFgXhm5hIPiICGyz7LIhTHxrFfz7/fwAAAAAAAAAAAAEAAAAAn9dMcjTy"
        "q1zfI5wrmcIIvCE6ejNMLRdsezJts3haKA/FPEKPJ3uu5o1shUDRiOtjzua17G3e4luVukUZY753S21X"
        "QCOIx8g8kgyV26BLQCdhdjvuRjJnqMERqTko+ryJWyGhs4VdoY0=",
        "RWRTY0Iyq/1T2deblMZq1qISFgXhm5hIPiICGyz7LIhTHxrFfz4AgAAAAAAAAAEAAAAAAAAAn9dMcjTy"
        "q1zfI5wrmcIIvCE6ejNMLRdsezJts3haKA/FPEKPJ3uu5o1shUDRiOtjzua17G3e4luVukUZY753S21X"
        "QCOIx8g8kgyV26BLQCdhdjvuRjJnqMERqTko+ryJWyGhs4VdoY0=",
        "RWRTY0Iyq/1T2deblMZq1qISFgXhm5hIPiICGyz7LIhTHxrFfz7/////////////////////n9dMcjTy"
        "q1zfI5wrmcIIvCE6ejNMLRdsezJts3haKA/FPEKPJ3uu5o1shUDRiOtjzua17G3e4luVukUZY753S21X"
        "QCOIx8g8kgyV26BLQCdhdjvuRjJnqMERqTko+ryJWyGhs4VdoY0="};
    for (size_t i = 0; i < sizeof greedy / sizeof *greedy; i++) {
        BUF_OWNED text = buf_make(SECRET_KEY_FILE);
        SECRET_KEY_FILE_OWNED file;
        osb_error error = {0};
        buf_append_format(&text, "untrusted comment: x\n%s\n", greedy[i]);
        assert_int_equal(secret_key_parse(buf_span(&text), "test.key", &file, &error),
                         OSB_ERR_SIGNATURE);
        assert_non_null(strstr(error.message, "more or less work"));
    }
}

static void what_is_no_key_is_told_from_one(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "RWQAAEIy\n", "untrusted comment: x\n",
                                      "untrusted comment: x\nRWQAAEIy\n",
                                      "untrusted comment: minisign public key 664ABD2C55CC63F9\n"
                                      "RWT5Y8xVLL1KZkpdQ3xQp73gKBLWrh02fGqs1do3tw/tH18Pk+t50Rwc\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        SECRET_KEY_FILE_OWNED file;
        osb_error error = {0};
        assert_int_equal(secret_key_parse(span_of(bad[i]), "bad.key", &file, &error),
                         OSB_ERR_SIGNATURE);
        assert_string_equal(error.message, "is no secret key");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_opens_by_its_password_alone),
        cmocka_unit_test(a_key_without_a_password_opens_by_any),
        cmocka_unit_test(two_keys_are_never_the_same),
        cmocka_unit_test(no_damaged_key_opens),
        cmocka_unit_test(a_file_cannot_ask_for_any_amount_of_memory),
        cmocka_unit_test(what_is_no_key_is_told_from_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
