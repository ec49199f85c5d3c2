/*
 * The checks on a module file: each failure on its own line, all lines even after a failure, and
 * the right verdict when several fail.
 */
#include "unit/trust/fixtures.h"

#include "model/module_combined.h"
#include "model/module_compressed.h"
#include "trust/verify.h"

static const verify_line *line(const verify_report *report, const char *check)
{
    for (size_t i = 0; i < report->line_count; i++)
        if (text_equal(report->lines[i].check, check))
            return &report->lines[i];
    fail_msg("no line '%s'", check);
    return NULL;
}

static void assert_line(const verify_report *report, const char *check, check_result result)
{
    const verify_line *found = line(report, check);
    if (found->result != result)
        fail_msg("%s: %s (%s)", check, check_result_name(found->result), found->detail);
}

static void assert_only_failure(const verify_report *report, const char *check)
{
    assert_line(report, check, RESULT_FAILED);
    for (size_t i = 0; i < report->line_count; i++)
        if (report->lines[i].result == RESULT_FAILED)
            assert_string_equal(report->lines[i].check, check);
}

/** A sound bootloader for a P2 and the expectation that it meets. */
typedef struct sound {
    buf file;
    uint8_t digest[SHA256_SIZE];
    release_module cataloged;
    module_slot slot;
    release lock;
    lockfile whole;
    verify_expectation expected;
} sound;

static void sound_make(fixture *with, sound *made)
{
    const platform *board = fixture_board(with, "p2");
    module_recipe recipe = fixture_recipe(board, "bootloader/0", 2101, 4096);
    recipe.dependencies[0] = (module_dependency){{MODULE_BOOTLOADER, 2}, 5};
    *made = (sound){.file = buf_make(MODULE_FILE_MAX), .slot = {MODULE_BOOTLOADER, 0}};
    assert_int_equal(module_synthesise(&recipe, 4096, true, &made->file, NULL), OSB_OK);
    sha256(buf_span(&made->file), made->digest);
    made->cataloged = (release_module){.slot = made->slot, .version = 2101, .pinned = true};
    made->cataloged.dependencies[0] = recipe.dependencies[0];
    memcpy(made->cataloged.sha256, made->digest, SHA256_SIZE);
    made->lock = (release){.version = "5.3.1", .board = board, .module_count = 1};
    made->lock.modules[0] = made->cataloged;
    made->whole = (lockfile){&made->lock, 1};
    made->expected = (verify_expectation){.file_name = "p2-bootloader@5.3.1.bin",
                                          .published_size = made->file.size,
                                          .published_sha256 = made->digest,
                                          .board = board,
                                          .slot = &made->slot,
                                          .cataloged = &made->cataloged,
                                          .lock = &made->whole,
                                          .must_be_locked = true};
}

static void a_sound_file_passes_every_check(void **state)
{
    sound file;
    verify_report report;
    osb_error error = {0};
    sound_make(*state, &file);
    assert_int_equal(verify_file(buf_span(&file.file), &file.expected, &report, &error), OSB_OK);
    assert_int_equal(report.line_count, 11);
    for (size_t i = 0; i < report.line_count; i++)
        assert_line(&report, report.lines[i].check, RESULT_PASSED);
    assert_int_equal(report.parsed.version, 2101);
    assert_memory_equal(report.sha256, file.digest, SHA256_SIZE);
    buf_free(&file.file);
}

static void what_is_not_known_is_not_checkable(void **state)
{
    static const char *const open[] = {
        "published size", "published hash", "name",        "platform",
        "slot range",     "catalog",        "pinned hash", "lock"};
    sound file;
    verify_report report;
    verify_expectation nothing = {0};
    sound_make(*state, &file);
    assert_int_equal(verify_file(buf_span(&file.file), &nothing, &report, NULL), OSB_OK);
    for (size_t i = 0; i < sizeof open / sizeof *open; i++)
        assert_line(&report, open[i], RESULT_NOT_CHECKABLE);
    assert_line(&report, "length", RESULT_PASSED);
    assert_line(&report, "CRC-32", RESULT_PASSED);
    buf_free(&file.file);
}

static void a_flipped_bit_fails_the_crc_and_is_blamed_on_it(void **state)
{
    sound file;
    verify_report report;
    osb_error error = {0};
    sound_make(*state, &file);
    file.file.data[2000] ^= 0x10;
    assert_int_equal(verify_file(buf_span(&file.file), &file.expected, &report, &error),
                     OSB_ERR_INTEGRITY);
    assert_line(&report, "length", RESULT_PASSED);
    assert_line(&report, "CRC-32", RESULT_FAILED);
    assert_line(&report, "published hash", RESULT_FAILED);
    assert_line(&report, "name", RESULT_NOT_CHECKABLE);
    assert_int_equal(report.line_count, 11);
    assert_true(text_starts_with(error.message, "CRC-32"));
    assert_string_equal(error.subject, "p2-bootloader@5.3.1.bin");
    assert_true(*error.hint);
    buf_free(&file.file);
}

static void a_file_cut_short_fails_its_length(void **state)
{
    sound file;
    verify_report report;
    osb_error error = {0};
    sound_make(*state, &file);
    span cut = span_slice(buf_span(&file.file), 0, file.file.size - 100);
    assert_int_equal(verify_file(cut, &file.expected, &report, &error), OSB_ERR_INTEGRITY);
    assert_line(&report, "length", RESULT_FAILED);
    assert_line(&report, "CRC-32", RESULT_NOT_CHECKABLE);
    assert_line(&report, "published size", RESULT_FAILED);
    assert_true(text_starts_with(error.message, "length"));
    buf_free(&file.file);
}

static void an_error_page_is_no_module(void **state)
{
    sound file;
    verify_report report;
    sound_make(*state, &file);
    assert_int_equal(verify_file(span_of("<!DOCTYPE html><html><body>Sorry</body></html>"),
                                 &file.expected, &report, NULL),
                     OSB_ERR_NOT_A_MODULE);
    assert_line(&report, "length", RESULT_FAILED);
    assert_int_equal(verify_file((span){NULL, 0}, &file.expected, &report, NULL),
                     OSB_ERR_NOT_A_MODULE);
    buf_free(&file.file);
}

static void another_size_or_hash_than_published_fails(void **state)
{
    sound file;
    verify_report report;
    uint8_t other[SHA256_SIZE] = {1, 2, 3};
    sound_make(*state, &file);
    file.expected.published_size++;
    assert_int_equal(verify_file(buf_span(&file.file), &file.expected, &report, NULL),
                     OSB_ERR_INTEGRITY);
    assert_only_failure(&report, "published size");
    file.expected.published_size--;
    file.expected.published_sha256 = other;
    assert_int_equal(verify_file(buf_span(&file.file), &file.expected, &report, NULL),
                     OSB_ERR_INTEGRITY);
    assert_only_failure(&report, "published hash");
    buf_free(&file.file);
}

static void a_module_under_another_parts_name_fails(void **state)
{
    sound file;
    verify_report report;
    sound_make(*state, &file);
    file.expected.file_name = "p2-system-part1@5.3.1.bin";
    file.slot = (module_slot){MODULE_SYSTEM_PART, 1};
    assert_int_equal(verify_file(buf_span(&file.file), &file.expected, &report, NULL),
                     OSB_ERR_INTEGRITY);
    assert_only_failure(&report, "name");
    file.expected.slot = NULL; /* then the name alone promises */
    assert_int_equal(verify_file(buf_span(&file.file), &file.expected, &report, NULL),
                     OSB_ERR_INTEGRITY);
    assert_only_failure(&report, "name");
    file.expected.file_name = "msom-bootloader@5.3.1.bin";
    assert_int_equal(verify_file(buf_span(&file.file), &file.expected, &report, NULL),
                     OSB_ERR_INTEGRITY);
    assert_only_failure(&report, "name");
    file.expected.file_name = "my-own-file.bin";
    assert_int_equal(verify_file(buf_span(&file.file), &file.expected, &report, NULL), OSB_OK);
    assert_line(&report, "name", RESULT_NOT_CHECKABLE);
    buf_free(&file.file);
}

static void another_platforms_module_is_refused(void **state)
{
    sound file;
    verify_report report;
    osb_error error = {0};
    fixture *with = *state;
    sound_make(with, &file);
    file.expected.board = fixture_board(with, "msom");
    file.expected.file_name = "msom-bootloader@5.3.1.bin";
    assert_int_equal(verify_file(buf_span(&file.file), &file.expected, &report, &error),
                     OSB_ERR_REFUSED);
    assert_only_failure(&report, "platform");
    assert_line(&report, "slot range", RESULT_NOT_CHECKABLE);
    assert_non_null(strstr(error.message, "msom"));
    buf_free(&file.file);
}

static void an_mbr_under_another_name_is_refused(void **state)
{
    fixture *with = *state;
    const platform *board = fixture_board(with, "p2");
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    module_slot slot = {MODULE_BOOTLOADER, 0};
    verify_report report;
    fixture_module(board, "bootloader/1", 2, 4096, &file);
    verify_expectation expected = {
        .file_name = "p2-bootloader@5.3.1.bin", .board = board, .slot = &slot};
    assert_int_equal(verify_file(buf_span(&file), &expected, &report, NULL), OSB_ERR_REFUSED);
    assert_line(&report, "name", RESULT_FAILED);
    assert_line(&report, "slot range", RESULT_FAILED);
    /* Broken bytes weigh more: then nobody knows what it is. */
    file.data[3000] ^= 1;
    assert_int_equal(verify_file(buf_span(&file), &expected, &report, NULL), OSB_ERR_INTEGRITY);
}

static void a_module_outside_its_slot_is_refused(void **state)
{
    fixture *with = *state;
    const platform *board = fixture_board(with, "p2");
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    verify_report report;
    verify_expectation expected = {.board = board};
    module_recipe recipe = fixture_recipe(board, "system_part/1", 5301, 8192);
    recipe.start += 0x1000;
    assert_int_equal(module_synthesise(&recipe, 8192, true, &file, NULL), OSB_OK);
    assert_int_equal(verify_file(buf_span(&file), &expected, &report, NULL), OSB_ERR_REFUSED);
    assert_only_failure(&report, "slot range");
}

static void the_catalog_must_agree(void **state)
{
    sound file;
    verify_report report;
    sound_make(*state, &file);
    file.cataloged.version++;
    assert_int_equal(verify_file(buf_span(&file.file), &file.expected, &report, NULL),
                     OSB_ERR_INTEGRITY);
    assert_only_failure(&report, "catalog");
    file.cataloged.version--;
    file.cataloged.dependencies[0].version++;
    assert_int_equal(verify_file(buf_span(&file.file), &file.expected, &report, NULL),
                     OSB_ERR_INTEGRITY);
    assert_only_failure(&report, "catalog");
    file.cataloged.dependencies[0] = (module_dependency){0}; /* not known */
    assert_int_equal(verify_file(buf_span(&file.file), &file.expected, &report, NULL), OSB_OK);
    buf_free(&file.file);
}

static void dependencies_are_compared_as_sets(void **state)
{
    fixture *with = *state;
    const platform *board = fixture_board(with, "argon");
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    verify_report report;
    const module_dependency boot = {{MODULE_BOOTLOADER, 0}, 1101};
    const module_dependency radio = {{MODULE_RADIO_STACK, 0}, 202};
    module_recipe recipe = fixture_recipe(board, "system_part/1", 4006, 8192);
    recipe.dependencies[0] = radio;
    recipe.dependencies[1] = boot;
    assert_int_equal(module_synthesise(&recipe, 8192, false, &file, NULL), OSB_OK);
    release_module cataloged = {.version = 4006, .dependencies = {boot, radio}};
    verify_expectation expected = {.board = board, .cataloged = &cataloged};
    assert_int_equal(verify_file(buf_span(&file), &expected, &report, NULL), OSB_OK);
    assert_line(&report, "pinned hash", RESULT_NOT_CHECKABLE);
    cataloged.dependencies[1] = (module_dependency){0};
    assert_int_equal(verify_file(buf_span(&file), &expected, &report, NULL), OSB_ERR_INTEGRITY);
}

static void another_hash_than_pinned_fails(void **state)
{
    sound file;
    verify_report report;
    sound_make(*state, &file);
    file.cataloged.sha256[0] ^= 1;
    assert_int_equal(verify_file(buf_span(&file.file), &file.expected, &report, NULL),
                     OSB_ERR_INTEGRITY);
    assert_only_failure(&report, "pinned hash");
    buf_free(&file.file);
}

/** Fits the CRC-32 to the bytes before it. */
static void reseal(buf *file)
{
    uint32_t crc = crc32_of(span_slice(buf_span(file), 0, file->size - 4));
    const uint8_t bytes[4] = {(uint8_t)(crc >> 24), (uint8_t)(crc >> 16), (uint8_t)(crc >> 8),
                              (uint8_t)crc};
    buf_patch(file, file->size - 4, (span){bytes, sizeof bytes});
}

/** Puts another SHA-256 into the suffix. */
static void restamp(buf *file, const uint8_t digest[SHA256_SIZE])
{
    buf_patch(file, file->size - 38, (span){digest, SHA256_SIZE});
    reseal(file);
}

static void the_hash_inside_is_told_and_never_fails(void **state)
{
    fixture *with = *state;
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    verify_report report;
    verify_expectation nothing = {0};
    uint8_t digest[SHA256_SIZE];
    fixture_module(fixture_board(with, "argon"), "radio_stack/0", 202, 4096, &file);

    assert_int_equal(verify_file(buf_span(&file), &nothing, &report, NULL), OSB_OK);
    assert_non_null(strstr(line(&report, "SHA-256 in suffix")->detail, "whole file"));

    sha256(span_slice(buf_span(&file), 24, file.size - 24 - 40), digest);
    restamp(&file, digest);
    assert_int_equal(verify_file(buf_span(&file), &nothing, &report, NULL), OSB_OK);
    assert_non_null(strstr(line(&report, "SHA-256 in suffix")->detail, "payload only"));

    for (size_t i = 0; i < SHA256_SIZE; i++)
        digest[i] = (uint8_t)(i + 1);
    restamp(&file, digest);
    assert_int_equal(verify_file(buf_span(&file), &nothing, &report, NULL), OSB_OK);
    assert_non_null(strstr(line(&report, "SHA-256 in suffix")->detail, "placeholder"));

    digest[0] = 0x77;
    restamp(&file, digest);
    assert_int_equal(verify_file(buf_span(&file), &nothing, &report, NULL), OSB_OK);
    assert_line(&report, "SHA-256 in suffix", RESULT_NOT_CHECKABLE);
    assert_non_null(strstr(line(&report, "SHA-256 in suffix")->detail, "neither"));
}

static void the_report_as_json_tells_all_lines(void **state)
{
    sound file;
    verify_report report;
    sound_make(*state, &file);
    file.cataloged.version++;
    assert_int_not_equal(verify_file(buf_span(&file.file), &file.expected, &report, NULL), OSB_OK);
    JSON_OWNED *document = verify_report_to_json(&report, "p2-bootloader@5.3.1.bin");
    assert_string_equal(json_text(document, "type", ""), "osbundle-verify");
    assert_int_equal(json_number(document, "schema", 0), 1);
    assert_false(json_true_at(document, "ok"));
    json_t *checks = json_object_get(document, "checks");
    assert_int_equal(json_array_size(checks), report.line_count);
    assert_string_equal(json_text(json_array_get(checks, 0), "check", ""), "length");
    assert_string_equal(json_text(json_array_get(checks, 0), "result", ""), "passed");
    buf_free(&file.file);
}

static void another_file_than_locked_fails(void **state)
{
    sound file;
    verify_report report;
    osb_error error = {0};
    sound_make(*state, &file);
    file.lock.modules[0].sha256[31] ^= 1;
    assert_int_equal(verify_file(buf_span(&file.file), &file.expected, &report, &error),
                     OSB_ERR_INTEGRITY);
    assert_only_failure(&report, "lock");
    assert_true(text_starts_with(error.message, "lock: pins another bootloader/0"));
    file.expected.must_be_locked = false; /* that does not excuse it */
    assert_int_equal(verify_file(buf_span(&file.file), &file.expected, &report, NULL),
                     OSB_ERR_INTEGRITY);
    buf_free(&file.file);
}

static void of_a_bundle_the_whole_is_locked(void **state)
{
    sound file;
    verify_report report;
    uint8_t bundle[SHA256_SIZE] = {1, 2, 3};
    sound_make(*state, &file);
    file.expected.bundle_sha256 = bundle;
    assert_int_equal(verify_file(buf_span(&file.file), &file.expected, &report, NULL),
                     OSB_ERR_INTEGRITY);
    assert_only_failure(&report, "lock");
    memcpy(file.lock.modules[0].sha256, bundle, sizeof bundle);
    assert_int_equal(verify_file(buf_span(&file.file), &file.expected, &report, NULL), OSB_OK);
    buf_free(&file.file);
}

static void what_the_lock_does_not_pin_fails_only_where_it_must_be_locked(void **state)
{
    sound file;
    verify_report report;
    sound_make(*state, &file);
    for (int foreign = 0; foreign < 2; foreign++) {
        file.lock.board = fixture_board(*state, foreign ? "msom" : "p2");
        file.lock.modules[0].slot.index = foreign ? 0 : 2;
        file.expected.must_be_locked = true;
        assert_int_equal(verify_file(buf_span(&file.file), &file.expected, &report, NULL),
                         OSB_ERR_INTEGRITY);
        assert_only_failure(&report, "lock");
        file.expected.must_be_locked = false;
        assert_int_equal(verify_file(buf_span(&file.file), &file.expected, &report, NULL), OSB_OK);
        assert_line(&report, "lock", RESULT_NOT_CHECKABLE);
    }
    buf_free(&file.file);
}

static void parse_made(const fixture *with, const char *name, const char *slot, buf *file,
                       module *parsed)
{
    fixture_module(fixture_board(with, name), slot, 100, 8192, file);
    assert_int_equal(module_parse(buf_span(file), name, parsed, NULL), OSB_OK);
}

static void what_is_packed_is_looked_into(void **state)
{
    module plain;
    verify_report report;
    verify_expectation nothing = {0};
    BUF_OWNED made = buf_make(MODULE_FILE_MAX);
    BUF_OWNED packed = buf_make(MODULE_FILE_MAX);
    parse_made(*state, "argon", "system_part/1", &made, &plain);
    assert_int_equal(module_compress(&plain, "x", 15, &packed, NULL), OSB_OK);
    assert_int_equal(verify_file(buf_span(&packed), &nothing, &report, NULL), OSB_OK);
    assert_line(&report, "contents", RESULT_PASSED);
    packed.data[60] ^= 0x40;
    reseal(&packed);
    assert_int_equal(verify_file(buf_span(&packed), &nothing, &report, NULL), OSB_ERR_INTEGRITY);
    assert_only_failure(&report, "contents");
    assert_line(&report, "CRC-32", RESULT_PASSED);
}

static void every_module_of_a_combined_file_is_looked_at(void **state)
{
    module modules[2];
    verify_report report;
    verify_expectation nothing = {0};
    BUF_OWNED first = buf_make(MODULE_FILE_MAX);
    BUF_OWNED second = buf_make(MODULE_FILE_MAX);
    BUF_OWNED foreign = buf_make(MODULE_FILE_MAX);
    BUF_OWNED whole = buf_make(MODULE_FILE_MAX);
    BUF_OWNED mixed = buf_make(MODULE_FILE_MAX);
    parse_made(*state, "argon", "system_part/1", &first, &modules[0]);
    parse_made(*state, "argon", "bootloader/0", &second, &modules[1]);
    assert_int_equal(module_combine(modules, 2, &whole, NULL), OSB_OK);
    assert_int_equal(verify_file(buf_span(&whole), &nothing, &report, NULL), OSB_OK);
    assert_line(&report, "contents", RESULT_PASSED);
    whole.data[whole.size - 100] ^= 1; /* in the second one */
    assert_int_equal(verify_file(buf_span(&whole), &nothing, &report, NULL), OSB_ERR_INTEGRITY);
    assert_only_failure(&report, "contents");
    parse_made(*state, "boron", "bootloader/0", &foreign, &modules[1]);
    assert_int_equal(module_combine(modules, 2, &mixed, NULL), OSB_OK);
    assert_int_equal(verify_file(buf_span(&mixed), &nothing, &report, NULL), OSB_ERR_INTEGRITY);
    assert_only_failure(&report, "contents");
}

int main(void)
{
#define IN_FOLDER(name) cmocka_unit_test_setup_teardown(name, fixture_make, fixture_drop)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_sound_file_passes_every_check),
        IN_FOLDER(what_is_not_known_is_not_checkable),
        IN_FOLDER(a_flipped_bit_fails_the_crc_and_is_blamed_on_it),
        IN_FOLDER(a_file_cut_short_fails_its_length),
        IN_FOLDER(an_error_page_is_no_module),
        IN_FOLDER(another_size_or_hash_than_published_fails),
        IN_FOLDER(a_module_under_another_parts_name_fails),
        IN_FOLDER(another_platforms_module_is_refused),
        IN_FOLDER(an_mbr_under_another_name_is_refused),
        IN_FOLDER(a_module_outside_its_slot_is_refused),
        IN_FOLDER(the_catalog_must_agree),
        IN_FOLDER(dependencies_are_compared_as_sets),
        IN_FOLDER(another_hash_than_pinned_fails),
        IN_FOLDER(another_file_than_locked_fails),
        IN_FOLDER(of_a_bundle_the_whole_is_locked),
        IN_FOLDER(what_the_lock_does_not_pin_fails_only_where_it_must_be_locked),
        IN_FOLDER(what_is_packed_is_looked_into),
        IN_FOLDER(every_module_of_a_combined_file_is_looked_at),
        IN_FOLDER(the_hash_inside_is_told_and_never_fails),
        IN_FOLDER(the_report_as_json_tells_all_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
