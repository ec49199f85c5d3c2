/* A firmware update on the wire, byte for byte as the protocol reference works it out. */
#include "unit/protocol/script.h"

#include <stdlib.h>

#include "protocol/requests.h"

enum {
    MODULE_SIZE = 50152,
    CHUNK = 1024,
    CHUNKS = 49
};

static uint8_t module_bytes[MODULE_SIZE];
static script_step steps[16 + 4 * CHUNKS];
static char texts[16 + 4 * CHUNKS][2][64];
static char payloads[CHUNKS][3 * (CHUNK + 3) + 1];
static size_t used;

static void expect(const char *setup, const char *out, const char *in)
{
    steps[used++] = (script_step){.setup = setup, .out = out, .in = in};
}

/* The four transfers of data request `n`, which has id 3 + n. */
static void expect_data(size_t n)
{
    size_t size = n + 1 < CHUNKS ? CHUNK : MODULE_SIZE - n * CHUNK;
    unsigned id = 3u + (unsigned)n, payload = (unsigned)size + 3;
    char(*text)[64] = texts[used];
    snprintf(text[0], 64, "c0 01 %02x %02x fd 00 40 00", payload & 255, payload >> 8);
    snprintf(text[1], 64, "03 00 00 00 02 00 %02x 00", id);
    expect(text[0], NULL, text[1]);
    text = texts[used];
    snprintf(text[0], 64, "c0 02 00 00 %02x 00 40 00", id);
    expect(text[0], NULL, "01 00 00 00 00 00");
    char *check = text[0];
    text = texts[used];
    snprintf(text[0], 64, "40 03 00 00 %02x 00 %02x %02x", id, payload & 255, payload >> 8);
    const uint8_t frame[] = {0x0a, (uint8_t)((size & 0x7f) | 0x80), (uint8_t)(size >> 7)};
    script_text(payloads[n], frame, sizeof frame);
    script_text(payloads[n] + 3 * sizeof frame - 1, module_bytes + n * CHUNK, size);
    expect(text[0], payloads[n], NULL);
    expect(check, NULL, "09 00 00 00 00 00 00 00 00 00");
}

static void update_of_50152_bytes_is_the_worked_example(void **state)
{
    (void)state;
    for (size_t i = 0; i < MODULE_SIZE; i++)
        module_bytes[i] = (uint8_t)(i * 7 + (i >> 8));
    expect("c0 01 04 00 fa 00 40 00", NULL, "03 00 00 00 00 00 02 00");
    expect("40 03 00 00 02 00 04 00", "08 e8 87 03", NULL);
    expect("c0 02 00 00 02 00 40 00", NULL, "01 00 00 00 02 00");
    expect("c0 02 00 00 02 00 40 00", NULL, "0d 00 00 00 00 00 03 00 00 00 00 00 00 00");
    expect("c0 04 00 00 02 00 03 00", NULL, "08 80 08");
    for (size_t n = 0; n < CHUNKS; n++)
        expect_data(n);
    expect("c0 01 02 00 fb 00 40 00", NULL, "03 00 00 00 00 00 34 00");
    expect("40 03 00 00 34 00 02 00", "08 00", NULL);
    expect("c0 02 00 00 34 00 40 00", NULL, "09 00 00 00 00 00 00 00 00 00");

    static script_bus bus;
    script_play(&bus, steps, used);
    usb_link link_ = script_link(&bus);
    control_channel channel = {.link = &link_};
    osb_error error;
    uint32_t chunk = 0;
    assert_int_equal(request_update_start(&channel, MODULE_SIZE, &chunk, &error), OSB_OK);
    assert_int_equal(chunk, CHUNK);
    span whole = {module_bytes, MODULE_SIZE};
    for (size_t offset = 0; offset < MODULE_SIZE; offset += chunk)
        assert_int_equal(request_update_data(&channel, span_slice(whole, offset, chunk), &error),
                         OSB_OK);
    assert_int_equal(request_update_finish(&channel, &error), OSB_OK);
    script_finished(&bus);
}

static void start_without_chunk_size_breaks_the_protocol(void **state)
{
    static const script_step answers[] = {
        {"c0 01 02 00 fa 00 40 00", .in = "03 00 00 00 00 00 01 00"},
        {"40 03 00 00 01 00 02 00", .out = "08 64"},
        {"c0 02 00 00 01 00 40 00", .in = "09 00 00 00 00 00 00 00 00 00"}};
    (void)state;
    static script_bus bus;
    SCRIPT(&bus, answers);
    usb_link link_ = script_link(&bus);
    control_channel channel = {.link = &link_};
    osb_error error;
    uint32_t chunk;
    assert_int_equal(request_update_start(&channel, 100, &chunk, &error), OSB_ERR_PROTOCOL);
    script_finished(&bus);
}

static uint32_t chunk_offered(bool single_transfer, const char *reply, unsigned reply_size)
{
    char check[64], receive[64];
    snprintf(check, sizeof check, "0d 00 00 00 00 00 %02x 00 00 00 00 00 00 00", reply_size);
    snprintf(receive, sizeof receive, "c0 04 00 00 01 00 %02x 00", reply_size);
    const script_step answers[] = {{"c0 01 02 00 fa 00 40 00", .in = "03 00 00 00 00 00 01 00"},
                                   {"40 03 00 00 01 00 02 00", .out = "08 64"},
                                   {"c0 02 00 00 01 00 40 00", .in = check},
                                   {receive, .in = reply}};
    static script_bus bus;
    SCRIPT(&bus, answers);
    usb_link link_ = script_link(&bus);
    control_channel channel = {.link = &link_, .single_transfer = single_transfer};
    osb_error error;
    uint32_t chunk = 0;
    assert_int_equal(request_update_start(&channel, 100, &chunk, &error), OSB_OK);
    return chunk;
}

static void chunks_are_as_large_as_the_board_and_its_channel_allow(void **state)
{
    (void)state;
    assert_int_equal(chunk_offered(false, "08 80 20", 3), 4096);
    /* Before 1.5.0 a payload travels in one transfer, frame included. */
    assert_int_equal(chunk_offered(true, "08 80 20", 3), 4092);
    assert_int_equal(chunk_offered(true, "08 80 08", 3), 1024);
    /* A board may offer anything; a payload's size has 16 bits. */
    assert_int_equal(chunk_offered(false, "08 ff ff ff ff 0f", 6), 65531);
}

static void large_payloads_and_replies_travel_in_chunks_of_4096(void **state)
{
    static char first[3 * 4096 + 1], second[3 * 904 + 1];
    static uint8_t bytes[5000];
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 3);
    script_text(first, bytes, 4096);
    script_text(second, bytes + 4096, 904);
    const script_step echo[] = {
        {"c0 01 88 13 01 00 40 00", .in = "03 00 00 00 02 00 01 00"},
        {"c0 02 00 00 01 00 40 00", .in = "01 00 00 00 00 00"},
        {"40 03 00 00 01 00 00 10", .out = first},
        {"40 03 00 00 01 00 88 03", .out = second},
        {"c0 02 00 00 01 00 40 00", .in = "0d 00 00 00 00 00 88 13 00 00 00 00 00 00"},
        {"c0 04 00 00 01 00 00 10", .in = first},
        {"c0 04 00 00 01 00 88 03", .in = second}};
    static script_bus bus;
    SCRIPT(&bus, echo);
    usb_link link_ = script_link(&bus);
    control_channel channel = {.link = &link_};
    osb_error error;
    BUF_OWNED reply = buf_make(5000);
    control_call call = {.type = 1,
                         .purpose = "echo",
                         .payload = {bytes, sizeof bytes},
                         .timeout_ms = 1000,
                         .reply = &reply};
    assert_int_equal(control_run(&channel, &call, &error), OSB_OK);
    assert_int_equal(reply.size, 5000);
    assert_memory_equal(reply.data, bytes, 5000);
    script_finished(&bus);
}

static void old_systems_cannot_split_a_payload(void **state)
{
    static uint8_t bytes[5000];
    static const script_step answers[] = {
        {"c0 01 88 13 01 00 40 00", .in = "03 00 00 00 02 00 01 00"},
        {"c0 02 00 00 01 00 40 00", .in = "01 00 00 00 00 00"},
        {"c0 05 00 00 01 00 40 00", .in = "01 00 00 00 00 00"}};
    (void)state;
    static script_bus bus;
    SCRIPT(&bus, answers);
    usb_link link_ = script_link(&bus);
    control_channel channel = {.link = &link_, .single_transfer = true};
    osb_error error;
    control_call call = {
        .type = 1, .purpose = "echo", .payload = {bytes, sizeof bytes}, .timeout_ms = 1000};
    assert_int_equal(control_run(&channel, &call, &error), OSB_ERR_PROTOCOL);
    assert_non_null(strstr(error.message, "1.5.0"));
    script_finished(&bus);
}

static void dependency_failure_at_finish_names_the_cure(void **state)
{
    static const script_step answers[] = {
        {"c0 01 02 00 fb 00 40 00", .in = "03 00 00 00 00 00 34 00"},
        {"40 03 00 00 34 00 02 00", .out = "08 00"},
        {"c0 02 00 00 34 00 40 00", .in = "09 00 00 00 00 00 c4 fa ff ff"}};
    (void)state;
    static script_bus bus;
    SCRIPT(&bus, answers);
    usb_link link_ = script_link(&bus);
    control_channel channel = {.link = &link_};
    osb_error error;
    assert_int_equal(request_update_finish(&channel, &error), OSB_ERR_DEVICE);
    assert_int_equal(error.device_code, -1340);
    assert_non_null(strstr(error.hint, "install what the module needs first"));
    script_finished(&bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(update_of_50152_bytes_is_the_worked_example),
        cmocka_unit_test(start_without_chunk_size_breaks_the_protocol),
        cmocka_unit_test(chunks_are_as_large_as_the_board_and_its_channel_allow),
        cmocka_unit_test(large_payloads_and_replies_travel_in_chunks_of_4096),
        cmocka_unit_test(old_systems_cannot_split_a_payload),
        cmocka_unit_test(dependency_failure_at_finish_names_the_cure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
