/* Libraries that are opened at run time: what is there works, what is missing says what to install.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/library.h"
#include "base/text.h"

/* Two functions of libz, which is no secret; and one that it will never have. */
unsigned long compressBound(unsigned long size);
const char *zlibVersion(void);
void no_such_function(void);

#define ZLIB_FUNCTIONS(each) each(zlibVersion) each(compressBound) each(no_such_function)

typedef struct zlib_library {
    ZLIB_FUNCTIONS(LIBRARY_MEMBER)
} zlib_library;

#define ZLIB_ENTRY(name) LIBRARY_ENTRY(zlib_library, name)

static const library_function functions[] = {ZLIB_FUNCTIONS(ZLIB_ENTRY)};

static osb_status open_with(const char *soname, size_t count, zlib_library *table, osb_error *error)
{
    library wanted = {.soname = soname,
                      .package = "zlib1g",
                      .purpose = "compression",
                      .functions = functions,
                      .function_count = count};
    return library_open(&wanted, table, error);
}

static void functions_are_called_through_the_table(void **state)
{
    zlib_library zlib = {0}, again = {0};
    (void)state;
    assert_int_equal(open_with("libz.so.1", 2, &zlib, NULL), OSB_OK);
    assert_true(zlib.compressBound(1000) >= 1000);
    assert_int_equal(zlib.zlibVersion()[0], '1');
    assert_null(zlib.no_such_function);
    assert_int_equal(open_with("libz.so.1", 2, &again, NULL), OSB_OK);
    assert_memory_equal(&zlib, &again, sizeof zlib);
}

static void a_missing_library_says_what_to_install(void **state)
{
    osb_error error = {0};
    zlib_library zlib = {0};
    (void)state;
    assert_int_equal(open_with("libnowhere.so.7", 2, &zlib, &error), OSB_ERR_INTERNAL);
    assert_string_equal(error.subject, "libnowhere.so.7");
    assert_true(text_starts_with(error.message, "needed for compression, but it cannot be used: "));
    assert_null(strstr(error.message, "libnowhere.so.7: "));
    assert_string_equal(error.hint, "install the Debian package zlib1g");
}

static void a_library_without_a_function_is_as_good_as_missing(void **state)
{
    osb_error error = {0};
    zlib_library zlib = {0};
    (void)state;
    assert_int_equal(open_with("libz.so.1", 3, &zlib, &error), OSB_ERR_INTERNAL);
    assert_non_null(strstr(error.message, "no_such_function"));
    assert_string_equal(error.hint, "install the Debian package zlib1g");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_are_called_through_the_table),
        cmocka_unit_test(a_missing_library_says_what_to_install),
        cmocka_unit_test(a_library_without_a_function_is_as_good_as_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
