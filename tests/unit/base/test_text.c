/* Text, paths, errors and digests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"
#include "base/path.h"
#include "base/text.h"

static void copies_are_cut_and_terminated(void **state)
{
    (void)state;
    char target[4];
    text_copy(target, sizeof target, "abcdef");
    assert_string_equal(target, "abc");
    assert_false(text_append(target, sizeof target, "%s", "x"));
    assert_string_equal(target, "abc");
}

static void only_whole_hexadecimal_is_read(void **state)
{
    (void)state;
    uint8_t bytes[2];
    assert_true(text_unhex(bytes, 2, "aB01"));
    assert_int_equal(bytes[0], 0xab);
    assert_false(text_unhex(bytes, 2, "ab0"));
    assert_false(text_unhex(bytes, 2, "ab012"));
    assert_false(text_unhex(bytes, 2, "ab0g"));
}

static void numbers_above_the_maximum_are_refused(void **state)
{
    (void)state;
    uint64_t number;
    assert_true(text_to_number("65535", 65535, &number));
    assert_int_equal(number, 65535);
    assert_false(text_to_number("65536", 65535, &number));
    assert_true(text_to_number("18446744073709551615", UINT64_MAX, &number));
    assert_false(text_to_number("18446744073709551616", UINT64_MAX, &number));
    assert_false(text_to_number("", 9, &number));
    assert_false(text_to_number("-1", 9, &number));
    assert_false(text_to_number("1 ", 9, &number));
    assert_false(text_to_number("9", 5, &number));
}

static void untrusted_text_is_made_printable(void **state)
{
    (void)state;
    char target[16];
    text_printable(target, sizeof target, "a\x1b[31mb\xff", 8);
    assert_string_equal(target, "a?[31mb?");
}

static void sizes_read_well(void **state)
{
    (void)state;
    char target[16];
    text_bytes(target, sizeof target, 999);
    assert_string_equal(target, "999 B");
    text_bytes(target, sizeof target, 48212);
    assert_string_equal(target, "48.2 KB");
    text_bytes(target, sizeof target, 999999);
    assert_string_equal(target, "1.0 MB");
}

static void names_from_outside_cannot_leave_their_folder(void **state)
{
    (void)state;
    assert_true(path_is_plain_name("p2-bootloader@5.3.1+lto.bin"));
    assert_false(path_is_plain_name(""));
    assert_false(path_is_plain_name(".."));
    assert_false(path_is_plain_name("a/b"));
    assert_false(path_is_plain_name("a\\b"));
    assert_false(path_is_plain_name("a\nb"));
}

static void a_path_too_long_is_an_error_not_a_cut(void **state)
{
    (void)state;
    char target[PATH_SIZE], name[PATH_SIZE];
    osb_error error;
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(path_join(target, "folder", name, &error), OSB_ERR_USAGE);
    assert_int_equal(path_join(target, "folder/", "b", &error), OSB_OK);
    assert_string_equal(target, "folder/b");
}

static void exit_codes_are_those_of_the_contract(void **state)
{
    (void)state;
    assert_int_equal(osb_status_exit_code(OSB_OK), 0);
    assert_int_equal(osb_status_exit_code(OSB_ERR_USAGE), 2);
    assert_int_equal(osb_status_exit_code(OSB_ERR_NOT_FOUND), 3);
    assert_int_equal(osb_status_exit_code(OSB_ERR_NOT_A_MODULE), 4);
    assert_int_equal(osb_status_exit_code(OSB_ERR_NO_PLAN), 5);
    assert_int_equal(osb_status_exit_code(OSB_ERR_OFFLINE), 6);
    assert_int_equal(osb_status_exit_code(OSB_ERR_UNPROVED), 7);
    assert_int_equal(osb_status_exit_code(OSB_ERR_INTERRUPTED), 8);
    for (int status = 0; status < OSB_STATUS_COUNT; status++)
        assert_non_null(osb_status_name((osb_status)status));
}

static void digests_match_their_published_vectors(void **state)
{
    (void)state;
    uint8_t digest[SHA256_SIZE];
    char hex[SHA256_HEX_SIZE];
    sha256_state pieces;
    sha256_begin(&pieces);
    sha256_add(&pieces, (span){(const uint8_t *)"ab", 2});
    sha256_add(&pieces, (span){(const uint8_t *)"c", 1});
    sha256_end(&pieces, digest);
    text_hex(hex, (span){digest, sizeof digest});
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(crc32_of((span){(const uint8_t *)"123456789", 9}), 0xcbf43926);
}

static void broken_json_names_its_subject_and_line(void **state)
{
    (void)state;
    json_t *value = NULL;
    osb_error error;
    const char *text = "{\n\"a\": 1,\n\"a\": 2}";
    assert_int_equal(
        json_parse((span){(const uint8_t *)text, strlen(text)}, "x.json", &value, &error),
        OSB_ERR_INTEGRITY);
    assert_string_equal(error.subject, "x.json");
    assert_non_null(strstr(error.message, "line 3"));
}

static void addresses_are_numbers_or_hex_texts(void **state)
{
    (void)state;
    uint32_t address;
    JSON_OWNED *object = json_pack("{s:s, s:s, s:i, s:s}", "a", "0x8060000", "b", "0x123456789",
                                   "c", 4096, "d", "12");
    assert_true(json_address(object, "a", &address));
    assert_int_equal(address, 0x8060000);
    assert_false(json_address(object, "b", &address));
    assert_true(json_address(object, "c", &address));
    assert_false(json_address(object, "d", &address));
    assert_false(json_address(object, "e", &address));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_are_cut_and_terminated),
        cmocka_unit_test(only_whole_hexadecimal_is_read),
        cmocka_unit_test(numbers_above_the_maximum_are_refused),
        cmocka_unit_test(untrusted_text_is_made_printable),
        cmocka_unit_test(sizes_read_well),
        cmocka_unit_test(names_from_outside_cannot_leave_their_folder),
        cmocka_unit_test(a_path_too_long_is_an_error_not_a_cut),
        cmocka_unit_test(exit_codes_are_those_of_the_contract),
        cmocka_unit_test(digests_match_their_published_vectors),
        cmocka_unit_test(broken_json_names_its_subject_and_line),
        cmocka_unit_test(addresses_are_numbers_or_hex_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
