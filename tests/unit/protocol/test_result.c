/* The table of result codes: whole, ordered, and turned into errors that help. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/result.h"

static void rows_are_ordered_and_complete(void **state)
{
    (void)state;
    size_t count = 0;
    for (const result_code *row; (row = result_at(count)); count++) {
        assert_ptr_equal(result_find(row->code), row);
        assert_string_not_equal(row->name, "");
        assert_string_not_equal(row->text, "");
        if (count > 0)
            assert_true(row->code < result_at(count - 1)->code);
    }
    assert_int_equal(count, 102);
    assert_null(result_at(count));
}

static void families_end_where_the_firmware_ends_them(void **state)
{
    static const struct {
        int32_t code;
        const char *name;
    } known[] = {{-1005, "COAP_REQUEST_CANCELLED"},
                 {-1606, "I2C_ABORT"},
                 {-1712, "PPP_NO_CARRIER"},
                 {-1912, "FILESYSTEM_NOMEM"},
                 {-2011, "LEDGER_INVALID_RESPONSE"},
                 {-1340, "OTA_DEPENDENCY_CHECK_FAILED"},
                 {-219, "FLASH_IO"},
                 {-3000, "HAL_RTC_INVALID_TIME"}};
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const result_code *row = result_find(known[i].code);
        assert_non_null(row);
        assert_string_equal(row->name, known[i].name);
    }
    assert_null(result_find(-1006));
    assert_null(result_find(INT32_MIN));
}

static void the_text_that_other_tools_compare_is_kept(void **state)
{
    (void)state;
    assert_string_equal(result_find(-120)->text, "Not supported");
    assert_string_equal(result_find(-1801)->text,
                        "Device is in a protected state, action prohibited");
}

static void failures_fill_code_subject_and_hint(void **state)
{
    osb_error error = {0};
    (void)state;
    assert_int_equal(result_fail(&error, "dev", "do it", -1801), OSB_ERR_PROTECTED);
    assert_int_equal(error.device_code, -1801);
    assert_string_equal(error.subject, "dev");
    assert_int_equal(result_fail(&error, "dev", "do it", -140), OSB_ERR_DEVICE);
    assert_string_equal(error.message, "the board refused to do it: Operation cancelled (-140)");
    assert_string_not_equal(error.hint, "");
    assert_int_equal(result_fail(NULL, "dev", "do it", -140), OSB_ERR_DEVICE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_ordered_and_complete),
        cmocka_unit_test(families_end_where_the_firmware_ends_them),
        cmocka_unit_test(the_text_that_other_tools_compare_is_kept),
        cmocka_unit_test(failures_fill_code_subject_and_hint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
