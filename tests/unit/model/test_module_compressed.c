/* Compressed modules: their header, and every way in which they may lie. */
#include "unit/model/forms.h"

#include "base/deflate.h"

/** Where the compression header stands, and its fields. */
enum {
    HEADER_AT = 24,
    METHOD_AT = 26,
    WINDOW_AT = 27,
    SIZE_AT = 28
};

static void compress_shape(shape wanted, buf *packed)
{
    dice from = {11};
    BUF_OWNED plain = buf_make(MODULE_FILE_MAX);
    shape_write(wanted, &from, 3000, &plain);
    module parsed = parse_sound(buf_span(&plain));
    MUST(module_compress(&parsed, "sample", 15, packed, NULL));
}

static osb_status expand_status(span packed, osb_error *error)
{
    module inner, outer = parse_sound(packed);
    BUF_OWNED original = buf_make(MODULE_FILE_MAX);
    *error = (osb_error){0};
    return module_expand(&outer, "sample.bin", &original, &inner, error);
}

static void assert_broken(buf *packed, const char *why)
{
    osb_error error;
    reseal(packed);
    assert_int_equal(expand_status(buf_span(packed), &error), OSB_ERR_INTEGRITY);
    if (!strstr(error.message, why))
        fail_msg("%s does not say %s", error.message, why);
    assert_true(*error.hint);
}

static void the_header_says_what_the_original_is(void **state)
{
    (void)state;
    dice from = {12};
    module_compression read;
    BUF_OWNED plain = buf_make(MODULE_FILE_MAX);
    BUF_OWNED packed = buf_make(MODULE_FILE_MAX);
    shape_write(SHAPE_SYSTEM_NRF52840, &from, 3000, &plain);
    module parsed = parse_sound(buf_span(&plain));
    MUST(module_compress(&parsed, "sample", 12, &packed, NULL));
    parsed = parse_sound(buf_span(&packed));
    MUST(module_read_compression(&parsed, "sample", &read, NULL));
    assert_int_equal(read.header_size, 8);
    assert_int_equal(read.method, 0);
    assert_int_equal(read.window_bits, 12);
    assert_int_equal(read.original_size, plain.size);
    assert_ptr_equal(read.data.data, packed.data + HEADER_AT + 8);
}

static void a_longer_header_is_skipped(void **state)
{
    (void)state;
    module_parts parts;
    module inner;
    BUF_OWNED packed = buf_make(MODULE_FILE_MAX);
    BUF_OWNED longer = buf_make(MODULE_FILE_MAX);
    BUF_OWNED body = buf_make(MODULE_FILE_MAX);
    BUF_OWNED original = buf_make(MODULE_FILE_MAX);
    compress_shape(SHAPE_APPLICATION_RTL872X, &packed);
    module outer = parse_sound(buf_span(&packed));
    MUST(module_take_apart(&outer, "sample", &parts, NULL));
    buf_append_u16le(&body, 8 + 5);
    buf_append(&body, span_slice(parts.body, 2, 6));
    buf_append_text(&body, "later");
    buf_append(&body, span_slice(parts.body, 8, parts.body.size));
    parts.body = buf_span(&body);
    MUST(module_assemble(&parts, &longer, NULL));
    outer = parse_sound(buf_span(&longer));
    MUST(module_expand(&outer, "sample", &original, &inner, NULL));
    assert_int_equal(inner.slot.function, MODULE_USER_PART);
}

static void a_header_that_cannot_be_is_told(void **state)
{
    (void)state;
    BUF_OWNED packed = buf_make(MODULE_FILE_MAX);
    compress_shape(SHAPE_SYSTEM_RTL872X, &packed);
    packed.data[HEADER_AT] = 7;
    assert_broken(&packed, "too short");
    buf_patch_u16le(&packed, HEADER_AT, 60000);
    assert_broken(&packed, "longer than the module");
    buf_patch_u16le(&packed, HEADER_AT, 8);
    packed.data[METHOD_AT] = 1;
    assert_broken(&packed, "method");
    packed.data[METHOD_AT] = 0;
    static const uint8_t windows[] = {1, 7, 16, 255};
    for (size_t i = 0; i < sizeof windows; i++) {
        packed.data[WINDOW_AT] = windows[i];
        assert_broken(&packed, "window");
    }
}

static void a_wrong_original_size_is_told(void **state)
{
    (void)state;
    BUF_OWNED packed = buf_make(MODULE_FILE_MAX);
    compress_shape(SHAPE_SYSTEM_RTL872X, &packed);
    cursor reader = cursor_make(buf_span(&packed));
    cursor_seek(&reader, SIZE_AT);
    uint32_t size = cursor_u32le(&reader);
    buf_patch_u32le(&packed, SIZE_AT, size - 1);
    assert_broken(&packed, "unpacks to more than it says");
    buf_patch_u32le(&packed, SIZE_AT, size + 1);
    assert_broken(&packed, "but states");
    buf_patch_u32le(&packed, SIZE_AT, MODULE_FILE_MAX + 1);
    assert_broken(&packed, "larger than any board");
    buf_patch_u32le(&packed, SIZE_AT, 0);
    assert_broken(&packed, "unpacks to more than it says");
}

static void damaged_data_are_told_though_the_checksum_closes(void **state)
{
    (void)state;
    BUF_OWNED packed = buf_make(MODULE_FILE_MAX);
    compress_shape(SHAPE_SYSTEM_RTL872X, &packed);
    packed.data[HEADER_AT + 8] ^= 0x06;
    assert_broken(&packed, "its compressed data");
}

/** Packs `inside` as the original of a module with the header of `outside`. */
static void pack_around(const module *outside, span inside, buf *packed)
{
    module_parts parts;
    BUF_OWNED body = buf_make(MODULE_FILE_MAX);
    MUST(module_take_apart(outside, "sample", &parts, NULL));
    buf_append_u16le(&body, 8);
    buf_append_u16le(&body, 0);
    buf_append_u32le(&body, (uint32_t)inside.size);
    MUST(deflate_pack(inside, 15, &body, NULL));
    parts.lead = (span){0};
    parts.body = buf_span(&body);
    parts.flags |= MODULE_COMPRESSED;
    MUST(module_assemble(&parts, packed, NULL));
}

/** Bytes of the prefix that say which module it is: of platform, slot, version, start, MCU. */
static void every_number_inside_is_held_against_the_outside(void **state)
{
    (void)state;
    static const size_t places[] = {0, 8, 10, 12, 14, 15};
    dice from = {16};
    BUF_OWNED plain = buf_make(MODULE_FILE_MAX);
    shape_write(SHAPE_APPLICATION_NRF52840, &from, 500, &plain);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        BUF_OWNED other = buf_make(MODULE_FILE_MAX);
        BUF_OWNED packed = buf_make(MODULE_FILE_MAX);
        module outside = parse_sound(buf_span(&plain));
        buf_append(&other, buf_span(&plain));
        other.data[places[i]] ^= 1;
        if (places[i] == 0)
            other.data[4] ^= 1; /* the end goes along */
        reseal(&other);
        pack_around(&outside, buf_span(&other), &packed);
        assert_broken(&packed, "another one than its header says");
    }
}

static void inside_and_outside_must_agree(void **state)
{
    (void)state;
    dice from = {13};
    BUF_OWNED one = buf_make(MODULE_FILE_MAX);
    BUF_OWNED other = buf_make(MODULE_FILE_MAX);
    BUF_OWNED packed = buf_make(MODULE_FILE_MAX);
    shape_write(SHAPE_SYSTEM_NRF52840, &from, 500, &one);
    shape_write(SHAPE_APPLICATION_NRF52840, &from, 500, &other);
    module outside = parse_sound(buf_span(&one));
    pack_around(&outside, buf_span(&other), &packed);
    assert_broken(&packed, "another one than its header says");
    buf_free(&packed);
    buf_append_u8(&one, 0xff);
    pack_around(&outside, buf_span(&one), &packed);
    assert_broken(&packed, "bytes stand behind");
    buf_free(&packed);
    pack_around(&outside, span_slice(buf_span(&one), 0, 300), &packed);
    assert_broken(&packed, "no sound module");
    buf_free(&packed);
    pack_around(&outside, (span){0}, &packed);
    assert_broken(&packed, "no sound module");
}

static void nothing_is_compressed_twice(void **state)
{
    (void)state;
    osb_error error;
    BUF_OWNED once = buf_make(MODULE_FILE_MAX);
    BUF_OWNED twice = buf_make(MODULE_FILE_MAX);
    compress_shape(SHAPE_APPLICATION_NRF52840, &once);
    module parsed = parse_sound(buf_span(&once));
    assert_int_equal(module_compress(&parsed, "x", 15, &twice, &error), OSB_ERR_REFUSED);
    pack_around(&parsed, buf_span(&once), &twice);
    assert_broken(&twice, "once more");
}

static void what_is_not_compressed_is_not_expanded(void **state)
{
    (void)state;
    dice from = {14};
    osb_error error;
    BUF_OWNED plain = buf_make(MODULE_FILE_MAX);
    shape_write(SHAPE_SYSTEM_NRF52840, &from, 500, &plain);
    assert_int_equal(expand_status(buf_span(&plain), &error), OSB_ERR_USAGE);
    plain.data[0x200 + 9] |= MODULE_COMPRESSED;
    reseal(&plain);
    assert_int_equal(expand_status(buf_span(&plain), &error), OSB_ERR_INTEGRITY);
    assert_non_null(strstr(error.message, "does not begin with its header"));
}

static void a_bomb_is_stopped_at_its_stated_size(void **state)
{
    (void)state;
    dice from = {15};
    BUF_OWNED plain = buf_make(MODULE_FILE_MAX);
    BUF_OWNED zeros = buf_make(MODULE_FILE_MAX);
    BUF_OWNED packed = buf_make(MODULE_FILE_MAX);
    shape_write(SHAPE_SYSTEM_RTL872X, &from, 500, &plain);
    module outside = parse_sound(buf_span(&plain));
    buf_append_fill(&zeros, 0, MODULE_FILE_MAX);
    pack_around(&outside, buf_span(&zeros), &packed);
    assert_true(packed.size < 20000);
    buf_patch_u32le(&packed, SIZE_AT, 1000);
    assert_broken(&packed, "unpacks to more than it says");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_header_says_what_the_original_is),
        cmocka_unit_test(a_longer_header_is_skipped),
        cmocka_unit_test(a_header_that_cannot_be_is_told),
        cmocka_unit_test(a_wrong_original_size_is_told),
        cmocka_unit_test(damaged_data_are_told_though_the_checksum_closes),
        cmocka_unit_test(every_number_inside_is_held_against_the_outside),
        cmocka_unit_test(inside_and_outside_must_agree),
        cmocka_unit_test(nothing_is_compressed_twice),
        cmocka_unit_test(what_is_not_compressed_is_not_expanded),
        cmocka_unit_test(a_bomb_is_stopped_at_its_stated_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
