/* Protected bootloaders: the forms that tools make, and what is never made into one. */
#include "unit/model/forms.h"

static void bootloader_of(shape wanted, buf *file)
{
    dice from = {31};
    shape_write(wanted, &from, 500, file);
}

static void an_nrf_bootloader_grows_by_nine_bytes_before_its_product(void **state)
{
    (void)state;
    BUF_OWNED plain = buf_make(MODULE_FILE_MAX);
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    bootloader_of(SHAPE_BOOTLOADER_NRF52840, &plain);
    module parsed = parse_sound(buf_span(&plain));
    MUST(module_protect(&parsed, "x", (span){0}, &file, NULL));
    assert_int_equal(file.size, plain.size + 9);
    assert_memory_equal(file.data + file.size - 4 - 49, "\x13\x00\x05\x00\x01\x00\x00\x04\x00", 9);
    module guarded = assert_sealed(buf_span(&file));
    assert_int_equal(guarded.suffix_size, 49);
    assert_int_equal(guarded.product_id, parsed.product_id);
}

static void an_rtl_bootloader_grows_by_five_bytes_before_its_location(void **state)
{
    (void)state;
    BUF_OWNED plain = buf_make(MODULE_FILE_MAX);
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    bootloader_of(SHAPE_BOOTLOADER_RTL872X, &plain);
    module parsed = parse_sound(buf_span(&plain));
    MUST(module_protect(&parsed, "x", (span){0}, &file, NULL));
    assert_int_equal(file.size, plain.size + 5);
    assert_memory_equal(file.data + file.size - 4 - 67, "\x13\x00\x05\x00\x01\x02\x00\x10\x00", 9);
    assert_int_equal(assert_sealed(buf_span(&file)).suffix_size, 67);
}

static void a_certificate_stands_behind_the_mode(void **state)
{
    (void)state;
    uint8_t certificate[4 + 296] = {0x30, 0x82, 0x01, 0x28, 0xab};
    security_mode security;
    BUF_OWNED plain = buf_make(MODULE_FILE_MAX);
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    BUF_OWNED without = buf_make(MODULE_FILE_MAX);
    bootloader_of(SHAPE_BOOTLOADER_NRF52840, &plain);
    module parsed = parse_sound(buf_span(&plain));
    MUST(module_protect(&parsed, "x", (span){certificate, sizeof certificate}, &file, NULL));
    module guarded = assert_sealed(buf_span(&file));
    assert_int_equal(guarded.suffix_size, 349);
    assert_true(module_read_security(&guarded, &security));
    assert_int_equal(security.mode, SECURITY_MODE_PROTECTED);
    assert_int_equal(security.certificate.size, 300);
    assert_memory_equal(security.certificate.data, certificate, 300);
    MUST(module_protect(&guarded, "x", (span){0}, &without, NULL));
    assert_int_equal(without.size, plain.size + 9);
}

static void what_is_no_der_is_no_certificate(void **state)
{
    (void)state;
    static const span wrong[] = {
        BYTES("\x30"),
        BYTES("\x30\x01"),
        BYTES("\x30\x01\x00\x00"),
        BYTES("\x31\x01\x00"),
        BYTES("\x30\x80"),
        BYTES("\x30\x81"),
        BYTES("\x30\x82\x00\x02\x00"),
        BYTES("\x30\x81\x01\x00\x00"),
        BYTES("\x30\x85\x00\x00\x00\x00\x01\x00"),
        BYTES("-----BEGIN CERTIFICATE-----"),
    };
    BUF_OWNED plain = buf_make(MODULE_FILE_MAX);
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    bootloader_of(SHAPE_BOOTLOADER_RTL872X, &plain);
    module parsed = parse_sound(buf_span(&plain));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(module_protect(&parsed, "x", wrong[i], &file, NULL), OSB_ERR_USAGE);
    assert_int_equal(module_protect(&parsed, "x", BYTES("\x30\x00"), &file, NULL), OSB_OK);
    assert_int_equal(module_protect(&parsed, "x", BYTES("\x30\x81\x01\x00"), &file, NULL), OSB_OK);
}

static void a_board_that_it_cannot_protect_gets_none(void **state)
{
    (void)state;
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    for (unsigned i = 0; i < SHAPE_COUNT; i++) {
        BUF_OWNED plain = buf_make(MODULE_FILE_MAX);
        bootloader_of((shape)i, &plain);
        module parsed = parse_sound(buf_span(&plain));
        bool fits = slot_equal(parsed.slot, (module_slot){MODULE_BOOTLOADER, 0});
        assert_int_equal(module_protect(&parsed, "x", (span){0}, &file, NULL),
                         fits ? OSB_OK : OSB_ERR_REFUSED);
        parsed.slot = (module_slot){MODULE_BOOTLOADER, 0};
        parsed.suffix_size = 36; /* as of the days before product data */
        assert_int_equal(module_protect(&parsed, "x", (span){0}, &file, NULL), OSB_ERR_REFUSED);
    }
}

static void other_modes_are_shown_and_not_taken_for_protection(void **state)
{
    (void)state;
    security_mode security;
    BUF_OWNED plain = buf_make(MODULE_FILE_MAX);
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    bootloader_of(SHAPE_BOOTLOADER_RTL872X, &plain);
    module parsed = parse_sound(buf_span(&plain));
    assert_false(module_read_security(&parsed, &security));
    MUST(module_protect(&parsed, "x", (span){0}, &file, NULL));
    file.data[file.size - 4 - 67 + 4] = 0;
    reseal(&file);
    parsed = parse_sound(buf_span(&file));
    assert_true(module_read_security(&parsed, &security));
    assert_false(module_is_protected(&parsed));
    file.data[file.size - 4 - 67 + 4] = 7;
    reseal(&file);
    parsed = parse_sound(buf_span(&file));
    assert_true(module_read_security(&parsed, &security));
    assert_int_equal(security.mode, 7);
    assert_false(module_is_protected(&parsed));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_nrf_bootloader_grows_by_nine_bytes_before_its_product),
        cmocka_unit_test(an_rtl_bootloader_grows_by_five_bytes_before_its_location),
        cmocka_unit_test(a_certificate_stands_behind_the_mode),
        cmocka_unit_test(what_is_no_der_is_no_certificate),
        cmocka_unit_test(a_board_that_it_cannot_protect_gets_none),
        cmocka_unit_test(other_modes_are_shown_and_not_taken_for_protection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
