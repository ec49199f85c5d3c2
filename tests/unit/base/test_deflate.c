/* Raw Deflate: both ways, and everything that hostile packed bytes may try. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/deflate.h"

enum {
    PLAIN_SIZE = 200 * 1000,
    ROOM = 1024 * 1024
};

/** Text-like bytes that repeat at long distances, so that windows matter. */
static void fill(uint8_t *bytes, size_t size)
{
    uint32_t state = 12345;
    for (size_t i = 0; i < size; i++) {
        state = state * 1664525u + 1013904223u;
        bytes[i] = i >= 3000 ? bytes[i - 3000 + (state >> 30 == 0)] : (uint8_t)(state >> 24);
    }
}

static void pack(span plain, unsigned window_bits, buf *packed)
{
    osb_error error = {0};
    if (deflate_pack(plain, window_bits, packed, &error) != OSB_OK)
        fail_msg("%s", error.message);
}

static void what_was_packed_unpacks(void **state)
{
    (void)state;
    static uint8_t bytes[PLAIN_SIZE];
    fill(bytes, sizeof bytes);
    static const size_t sizes[] = {0, 1, 2, 100, 16 * 1024, 16 * 1024 + 1, PLAIN_SIZE};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (unsigned bits = DEFLATE_WINDOW_LEAST; bits <= DEFLATE_WINDOW_MOST; bits++) {
            BUF_OWNED packed = buf_make(ROOM);
            BUF_OWNED plain = buf_make(sizes[i]);
            pack((span){bytes, sizes[i]}, bits, &packed);
            assert_int_equal(deflate_unpack(buf_span(&packed), bits, "x", &plain, NULL), OSB_OK);
            assert_int_equal(plain.size, sizes[i]);
            if (sizes[i])
                assert_memory_equal(plain.data, bytes, sizes[i]);
        }
    }
}

static void a_larger_window_packs_better_and_a_smaller_one_cannot_read_it(void **state)
{
    (void)state;
    static uint8_t bytes[PLAIN_SIZE];
    osb_error error;
    fill(bytes, sizeof bytes);
    BUF_OWNED small = buf_make(ROOM);
    BUF_OWNED large = buf_make(ROOM);
    BUF_OWNED plain = buf_make(ROOM);
    pack((span){bytes, sizeof bytes}, 9, &small);
    pack((span){bytes, sizeof bytes}, 15, &large);
    assert_true(large.size < small.size / 2);
    assert_int_equal(deflate_unpack(buf_span(&large), 9, "x", &plain, &error), OSB_ERR_INTEGRITY);
    assert_non_null(strstr(error.message, "broken"));
}

static void unpacking_stops_at_the_declared_maximum(void **state)
{
    (void)state;
    osb_error error;
    size_t size = 100 * 1000 * 1000;
    uint8_t *zeros = calloc(1, size);
    BUF_OWNED bomb = buf_make(ROOM);
    BUF_OWNED plain = buf_make(50000);
    pack((span){zeros, size}, 15, &bomb);
    free(zeros);
    assert_true(bomb.size < 200 * 1000);
    assert_int_equal(deflate_unpack(buf_span(&bomb), 15, "app.bin", &plain, &error),
                     OSB_ERR_INTEGRITY);
    assert_string_equal(error.subject, "app.bin");
    assert_non_null(strstr(error.message, "more than it says"));
    assert_true(plain.size <= 50000 && plain.capacity <= 50000);
}

static void every_way_to_cut_packed_bytes_is_noticed(void **state)
{
    (void)state;
    uint8_t bytes[1000];
    osb_error error;
    fill(bytes, sizeof bytes);
    BUF_OWNED packed = buf_make(ROOM);
    pack((span){bytes, sizeof bytes}, 15, &packed);
    for (size_t size = 0; size < packed.size; size++) {
        BUF_OWNED plain = buf_make(ROOM);
        span part = span_slice(buf_span(&packed), 0, size);
        assert_int_equal(deflate_unpack(part, 15, "x", &plain, &error), OSB_ERR_INTEGRITY);
        assert_non_null(strstr(error.message, "cut short"));
    }
    BUF_OWNED plain = buf_make(ROOM);
    buf_append_u8(&packed, 0);
    assert_int_equal(deflate_unpack(buf_span(&packed), 15, "x", &plain, &error), OSB_ERR_INTEGRITY);
    assert_non_null(strstr(error.message, "do not belong"));
}

static void a_window_that_does_not_exist_is_refused(void **state)
{
    (void)state;
    osb_error error;
    BUF_OWNED target = buf_make(ROOM);
    span some = {(const uint8_t *)"\x03\x00", 2};
    assert_int_equal(deflate_pack(some, 8, &target, &error), OSB_ERR_USAGE);
    assert_int_equal(deflate_pack(some, 16, &target, &error), OSB_ERR_USAGE);
    assert_int_equal(deflate_unpack(some, 7, "x", &target, &error), OSB_ERR_USAGE);
    assert_int_equal(deflate_unpack(some, 16, "x", &target, &error), OSB_ERR_USAGE);
    assert_int_equal(deflate_unpack(some, 8, "x", &target, &error), OSB_OK);
    assert_int_equal(target.size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_packed_unpacks),
        cmocka_unit_test(a_larger_window_packs_better_and_a_smaller_one_cannot_read_it),
        cmocka_unit_test(unpacking_stops_at_the_declared_maximum),
        cmocka_unit_test(every_way_to_cut_packed_bytes_is_noticed),
        cmocka_unit_test(a_window_that_does_not_exist_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
