/* Views of bytes, bounded writing and bounded reading. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/cursor.h"

static span bytes_of(const char *text, size_t size)
{
    return (span){(const uint8_t *)text, size};
}

static void a_slice_is_clamped_to_what_is_there(void **state)
{
    (void)state;
    span whole = bytes_of("abcdef", 6);
    assert_int_equal(span_slice(whole, 4, 10).size, 2);
    assert_int_equal(span_slice(whole, 7, 1).size, 0);
    assert_int_equal(span_slice(whole, SIZE_MAX, SIZE_MAX).size, 0);
    assert_int_equal(span_slice((span){0}, 0, 5).size, 0);
}

static void reads_past_the_end_yield_zero_and_stick(void **state)
{
    (void)state;
    cursor reader = cursor_make(bytes_of("\x01\x02\x03", 3));
    assert_int_equal(cursor_u16le(&reader), 0x0201);
    assert_int_equal(cursor_u32le(&reader), 0);
    assert_true(reader.failed);
    assert_int_equal(cursor_u8(&reader), 0);
    assert_int_equal(cursor_rest(&reader), 0);
}

static void both_byte_orders_are_read(void **state)
{
    (void)state;
    cursor reader = cursor_make(bytes_of("\x78\x56\x34\x12\x12\x34\x56\x78", 8));
    assert_int_equal(cursor_u32le(&reader), 0x12345678);
    assert_int_equal(cursor_u32be(&reader), 0x12345678);
    assert_false(reader.failed);
    cursor_seek(&reader, 8);
    assert_false(reader.failed);
    cursor_seek(&reader, 9);
    assert_true(reader.failed);
}

static void a_buffer_stops_at_its_maximum(void **state)
{
    (void)state;
    osb_error error;
    BUF_OWNED buffer = buf_make(6);
    buf_append_u32le(&buffer, 0x04030201);
    assert_int_equal(buf_check(&buffer, "buffer", &error), OSB_OK);
    buf_append_u32be(&buffer, 1);
    assert_int_equal(buf_check(&buffer, "buffer", &error), OSB_ERR_INTERNAL);
    assert_int_equal(buffer.size, 4);
    buf_append_u8(&buffer, 9);
    assert_int_equal(buffer.size, 4);
}

static void patching_stays_inside(void **state)
{
    (void)state;
    BUF_OWNED buffer = buf_make(64);
    buf_append_fill(&buffer, 0xff, 8);
    buf_patch_u32le(&buffer, 4, 0x01020304);
    assert_memory_equal(buffer.data, "\xff\xff\xff\xff\x04\x03\x02\x01", 8);
    assert_false(buffer.overflow);
    buf_patch_u16le(&buffer, 7, 1);
    assert_true(buffer.overflow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slice_is_clamped_to_what_is_there),
        cmocka_unit_test(reads_past_the_end_yield_zero_and_stick),
        cmocka_unit_test(both_byte_orders_are_read),
        cmocka_unit_test(a_buffer_stops_at_its_maximum),
        cmocka_unit_test(patching_stays_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
