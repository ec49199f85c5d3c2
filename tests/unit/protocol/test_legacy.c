/* Systems of 0.6.0 to 0.8.0-rc.1: raw requests on the wire, and describe texts that were cut. */
#include "protocol/module_report.h"
#include "protocol/requests.h"
#include "protocol/result.h"
#include "unit/protocol/script.h"

static script_bus bus;
static usb_link link_;
static control_channel channel;
static osb_error error;
static module_table table;

#define PLAY(steps)                                                                                \
    do {                                                                                           \
        SCRIPT(&bus, steps);                                                                       \
        link_ = script_link(&bus);                                                                 \
        channel = (control_channel){.link = &link_, .legacy = true};                               \
        error = (osb_error){0};                                                                    \
    } while (0)

#define ASK_MODULES   "40 50 00 00 5a 00 00 00"
#define FETCH_MODULES "c0 50 00 00 5a 00 00 02"
#define ONE                                                                                        \
    "{\"s\":16384,\"l\":\"m\",\"vc\":30,\"vv\":30,\"f\":\"b\",\"n\":\"0\",\"v\":101,\"d\":[]}"
#define TWO                                                                                        \
    "{\"s\":262144,\"l\":\"m\",\"vc\":30,\"vv\":30,\"f\":\"s\",\"n\":\"1\",\"v\":207,"             \
    "\"d\":[{\"f\":\"s\",\"n\":\"2\",\"v\":207,\"_\":\"\"}]}"
#define EMPTY "{\"s\":131072,\"l\":\"f\",\"vc\":30,\"vv\":0,\"d\":[]}"

/* "61 62" of "ab", for a script. */
static const char *hex_of(const char *text)
{
    static char hex[3 * 512];
    script_text(hex, (const uint8_t *)text, strlen(text));
    return hex;
}

static void a_mode_is_ordered_and_not_answered(void **state)
{
    static const script_step dfu[] = {{.setup = "40 50 00 00 32 00 00 00"}};
    static const script_step reset[] = {
        {"40 50 00 00 28 00 00 00", .status = OSB_ERR_DISCONNECTED}};
    (void)state;
    PLAY(dfu);
    assert_int_equal(request_enter_dfu(&channel, &error), OSB_OK);
    script_finished(&bus);
    PLAY(reset);
    assert_int_equal(request_reset(&channel, &error), OSB_OK);
    script_finished(&bus);
}

static void the_module_table_is_asked_for_and_fetched(void **state)
{
    const script_step steps[] = {
        {.setup = ASK_MODULES},
        {FETCH_MODULES, .status = OSB_ERR_STALL},
        {FETCH_MODULES, .status = OSB_ERR_STALL},
        {FETCH_MODULES, .in = hex_of("\"p\":6,\"m\":[" ONE "," TWO "," EMPTY "]")}};
    (void)state;
    PLAY(steps);
    assert_int_equal(request_module_info(&channel, &table, &error), OSB_OK);
    script_finished(&bus);
    assert_false(table.cut);
    assert_int_equal(table.count, 2); /* the empty place is none */
    assert_int_equal(table.modules[1].version, 207);
    assert_int_equal(table.modules[1].dependency_count, 1);
    assert_int_equal(bus.wait_count, 2);
    assert_int_equal(bus.waits[0] + bus.waits[1], 1 + 1);
}

static void a_reply_that_never_comes_is_a_timeout(void **state)
{
    static script_step steps[200] = {{.setup = ASK_MODULES}};
    (void)state;
    for (size_t i = 1; i < sizeof steps / sizeof *steps; i++)
        steps[i] = (script_step){FETCH_MODULES, .status = OSB_ERR_STALL};
    PLAY(steps);
    assert_int_equal(request_module_info(&channel, &table, &error), OSB_ERR_TIMEOUT);
    assert_in_range(bus.now_ms, 2000, 2050);
    assert_string_equal(error.message,
                        "cannot read the module table: the board did not finish within 2 s");
    assert_string_equal(error.subject, link_.subject);
}

static void everything_else_is_not_supported_and_touches_no_wire(void **state)
{
    static const script_step none[1] = {{0}};
    request_mode mode;
    request_protection guard;
    char text[REQUEST_TEXT_SIZE];
    uint32_t chunk_size;
    (void)state;
    PLAY(none);
    bus.count = 0;
    assert_int_equal(request_device_mode(&channel, &mode, &error), OSB_ERR_DEVICE);
    assert_int_equal(error.device_code, RESULT_NOT_SUPPORTED);
    assert_int_equal(request_device_id(&channel, text, &error), OSB_ERR_DEVICE);
    assert_int_equal(request_update_start(&channel, 10, &chunk_size, &error), OSB_ERR_DEVICE);
    assert_int_equal(request_protected_state(&channel, &guard, &error), OSB_OK);
    assert_int_equal(guard, REQUEST_PROTECTION_OPEN);
    assert_int_equal(control_reset_all(&channel, &error), OSB_OK);
}

static osb_status parse(const char *text)
{
    return module_table_from_legacy((span){(const uint8_t *)text, strlen(text)}, "dev", &table,
                                    &error);
}

static void whole_modules_of_a_cut_text_are_read(void **state)
{
    (void)state;
    /* Behind the cut, pieces that still found room. */
    assert_int_equal(parse("\"p\":6,\"m\":[" ONE "," TWO ",{\"s\":131072,\"l\":\"m\",\"vc\":3]},]"),
                     OSB_OK);
    assert_true(table.cut);
    assert_int_equal(table.count, 2);
    assert_int_equal(parse("\"p\":6,\"m\":[" ONE ",{\"s\":26]}"), OSB_OK);
    assert_true(table.cut);
    assert_int_equal(table.count, 1);
}

static void a_text_without_one_whole_module_is_refused(void **state)
{
    static const char *const texts[] = {"",        "]", "}", "]}", "\"p\":6,\"m\":[{\"s\":1",
                                        "\"p\":6", "{}"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        error = (osb_error){0};
        assert_int_equal(parse(texts[i]), OSB_ERR_PROTOCOL);
        assert_string_not_equal(error.hint, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mode_is_ordered_and_not_answered),
        cmocka_unit_test(the_module_table_is_asked_for_and_fetched),
        cmocka_unit_test(a_reply_that_never_comes_is_a_timeout),
        cmocka_unit_test(everything_else_is_not_supported_and_touches_no_wire),
        cmocka_unit_test(whole_modules_of_a_cut_text_are_read),
        cmocka_unit_test(a_text_without_one_whole_module_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
