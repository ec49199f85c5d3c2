/*
 * The control-request channel on the wire: worked examples of the protocol reference, and boards
 * that answer late, short, wrongly or not at all.
 */
#include "unit/protocol/script.h"

#include "protocol/control.h"
#include "protocol/requests.h"

static script_bus bus;
static usb_link link_;
static control_channel channel;
static osb_error error;

#define PLAY(steps)                                                                                \
    do {                                                                                           \
        SCRIPT(&bus, steps);                                                                       \
        link_ = script_link(&bus);                                                                 \
        channel = (control_channel){.link = &link_};                                               \
        error = (osb_error){0};                                                                    \
    } while (0)

#define INIT_MODE  "c0 01 00 00 48 00 40 00"
#define CHECK_1    "c0 02 00 00 01 00 40 00"
#define RESET_1    "c0 05 00 00 01 00 40 00"
#define RESET_ALL  "c0 05 00 00 00 00 40 00"
#define ACCEPTED_1 "03 00 00 00 00 00 01 00"
#define PENDING    "01 00 00 00 02 00"
#define DONE       "09 00 00 00 00 00 00 00 00 00"
#define FINE       "01 00 00 00 00 00"

static void mode_of_a_normal_board_is_an_empty_reply(void **state)
{
    static const script_step steps[] = {
        {INIT_MODE, .in = ACCEPTED_1}, {CHECK_1, .in = PENDING}, {CHECK_1, .in = DONE}};
    (void)state;
    PLAY(steps);
    request_mode mode = REQUEST_MODE_LISTENING;
    assert_int_equal(request_device_mode(&channel, &mode, &error), OSB_OK);
    assert_int_equal(mode, REQUEST_MODE_NORMAL);
    script_finished(&bus);
}

static void mode_of_a_listening_board_is_received_in_its_exact_size(void **state)
{
    static const script_step steps[] = {
        {INIT_MODE, .in = ACCEPTED_1},
        {CHECK_1, .in = "0d 00 00 00 00 00 02 00 00 00 00 00 00 00"},
        {"c0 04 00 00 01 00 02 00", .in = "08 01"}};
    (void)state;
    PLAY(steps);
    request_mode mode = REQUEST_MODE_NORMAL;
    assert_int_equal(request_device_mode(&channel, &mode, &error), OSB_OK);
    assert_int_equal(mode, REQUEST_MODE_LISTENING);
    script_finished(&bus);
}

static void polling_starts_at_once_and_backs_off(void **state)
{
    static const script_step steps[] = {{INIT_MODE, .in = ACCEPTED_1}, {CHECK_1, .in = PENDING},
                                        {CHECK_1, .in = PENDING},      {CHECK_1, .in = PENDING},
                                        {CHECK_1, .in = PENDING},      {CHECK_1, .in = PENDING},
                                        {CHECK_1, .in = PENDING},      {CHECK_1, .in = PENDING},
                                        {CHECK_1, .in = PENDING},      {CHECK_1, .in = DONE}};
    static const uint32_t pauses[] = {1, 1, 1, 1, 2, 2, 3, 3};
    (void)state;
    PLAY(steps);
    request_mode mode;
    assert_int_equal(request_device_mode(&channel, &mode, &error), OSB_OK);
    assert_int_equal(bus.wait_count, 8);
    assert_memory_equal(bus.waits, pauses, sizeof pauses);
    script_finished(&bus);
}

static void reset_of_all_requests_has_id_zero(void **state)
{
    static const script_step steps[] = {{RESET_ALL, .in = FINE}};
    (void)state;
    PLAY(steps);
    assert_int_equal(control_reset_all(&channel, &error), OSB_OK);
    script_finished(&bus);
}

static void raw_version_is_text_without_nul(void **state)
{
    static const script_step steps[] = {{"c0 50 00 00 1e 00 40 00", .in = "36 2e 32 2e 30"},
                                        {"c0 50 00 00 1e 00 40 00", .in = "30 2e 37 2e 30 00 41"},
                                        {"c0 50 00 00 1e 00 40 00", .in = "1b 5b 32 4a"}};
    (void)state;
    PLAY(steps);
    char text[REQUEST_TEXT_SIZE];
    assert_int_equal(request_raw_version(&link_, text, &error), OSB_OK);
    assert_string_equal(text, "6.2.0");
    assert_int_equal(request_raw_version(&link_, text, &error), OSB_OK);
    assert_string_equal(text, "0.7.0");
    assert_int_equal(request_raw_version(&link_, text, &error), OSB_OK);
    assert_string_equal(text, "?[2J");
}

static void raw_version_longer_than_its_room_is_cut(void **state)
{
    static const script_step steps[] = {
        {"c0 50 00 00 1e 00 40 00",
         .in = "31 31 31 31 31 31 31 31 31 31 31 31 31 31 31 31 31 31 31 31 31 31 31 31 31 31 31 31"
               "31 31 31 31 31 31 31 31 31 31 31 31 31 31 31 31 31 31 31 31 31 31 31 31 31 31 31 31"
               "31 31 31 31 31 31 31 31"}};
    (void)state;
    PLAY(steps);
    char text[REQUEST_TEXT_SIZE];
    assert_int_equal(request_raw_version(&link_, text, &error), OSB_OK);
    assert_int_equal(strlen(text), REQUEST_TEXT_SIZE - 1);
}

static void forced_reset_gets_a_data_stage_where_boards_need_one(void **state)
{
    static const script_step plain[] = {
        {"40 50 00 00 28 00 00 00", .status = OSB_ERR_DISCONNECTED}};
    static const script_step rtl[] = {
        {"40 50 00 00 28 00 01 00", .out = "00", .status = OSB_ERR_DISCONNECTED}};
    (void)state;
    PLAY(plain);
    assert_int_equal(request_raw_reset(&link_, &error), OSB_OK);
    PLAY(rtl);
    link_.data_stage_required = true;
    assert_int_equal(request_raw_reset(&link_, &error), OSB_OK);
    script_finished(&bus);
}

static void boards_that_leave_while_they_answer_have_done_as_asked(void **state)
{
    static const script_step steps[] = {{"c0 01 00 00 32 00 40 00", .in = ACCEPTED_1},
                                        {CHECK_1, .status = OSB_ERR_DISCONNECTED}};
    (void)state;
    PLAY(steps);
    assert_int_equal(request_enter_dfu(&channel, &error), OSB_OK);
    script_finished(&bus);
}

static void refusals_carry_code_text_and_hint(void **state)
{
    static const struct {
        const char *answer;
        osb_status status;
        int32_t code;
        const char *text;
    } cases[] = {
        {"09 00 00 00 00 00 88 ff ff ff", OSB_ERR_DEVICE, -120, "Not supported (-120)"},
        {"09 00 00 00 00 00 f7 f8 ff ff", OSB_ERR_PROTECTED, -1801, "protected state"},
        {"09 00 00 00 00 00 c4 fa ff ff", OSB_ERR_DEVICE, -1340, "dependency check failed (-1340)"},
        {"09 00 00 00 00 00 01 80 ff ff", OSB_ERR_DEVICE, -32767, "unknown result code (-32767)"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const script_step steps[] = {{INIT_MODE, .in = ACCEPTED_1},
                                     {CHECK_1, .in = cases[i].answer}};
        PLAY(steps);
        request_mode mode;
        assert_int_equal(request_device_mode(&channel, &mode, &error), cases[i].status);
        assert_int_equal(error.device_code, cases[i].code);
        assert_non_null(strstr(error.message, cases[i].text));
        assert_string_equal(error.subject, link_.subject);
        assert_string_not_equal(error.hint, "");
        script_finished(&bus); /* the board has freed the request: no RESET */
    }
}

static void a_refusal_with_data_is_reset_unread(void **state)
{
    static const script_step steps[] = {
        {INIT_MODE, .in = ACCEPTED_1},
        {CHECK_1, .in = "0d 00 00 00 00 00 02 00 00 00 88 ff ff ff"},
        {RESET_1, .in = FINE}};
    (void)state;
    PLAY(steps);
    request_mode mode;
    assert_int_equal(request_device_mode(&channel, &mode, &error), OSB_ERR_DEVICE);
    assert_int_equal(error.device_code, -120);
    script_finished(&bus);
}

static void init_answers_have_named_errors(void **state)
{
    static const struct {
        const char *answer;
        osb_status status;
    } cases[] = {
        {"01 00 00 00 03 00", OSB_ERR_BUSY},
        {"01 00 00 00 04 00", OSB_ERR_DEVICE},
        {"01 00 00 00 05 00", OSB_ERR_DEVICE},
        {"01 00 00 00 01 00", OSB_ERR_DEVICE},
        {"01 00 00 00 77 00", OSB_ERR_PROTOCOL},
        {"01 00 00 00 00 00", OSB_ERR_PROTOCOL},
        {"03 00 00 00 00 00", OSB_ERR_PROTOCOL},
        {"", OSB_ERR_PROTOCOL},
        {"03 00 00", OSB_ERR_PROTOCOL},
        {"02 00 00 00 01 00", OSB_ERR_PROTOCOL},
        {"03 00 00 00 00 00 00 00", OSB_ERR_PROTOCOL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        /* After an answer that makes no sense the board may hold the request all the same. */
        const script_step steps[] = {{INIT_MODE, .in = cases[i].answer}, {RESET_ALL, .in = FINE}};
        PLAY(steps);
        bus.count = cases[i].status == OSB_ERR_PROTOCOL ? 2 : 1;
        request_mode mode;
        assert_int_equal(request_device_mode(&channel, &mode, &error), cases[i].status);
        assert_string_not_equal(error.message, "");
        assert_string_not_equal(error.hint, "");
        script_finished(&bus);
    }
}

static void pending_without_payload_breaks_the_protocol(void **state)
{
    static const script_step steps[] = {{INIT_MODE, .in = "03 00 00 00 02 00 01 00"},
                                        {RESET_1, .in = FINE}};
    (void)state;
    PLAY(steps);
    request_mode mode;
    assert_int_equal(request_device_mode(&channel, &mode, &error), OSB_ERR_PROTOCOL);
    script_finished(&bus);
}

static void broken_check_answers_are_abandoned(void **state)
{
    static const struct {
        const char *answer;
        osb_status status;
        bool reset;
    } cases[] = {
        {"01 00 00 00 00 00", OSB_ERR_PROTOCOL, true}, /* done, but no result */
        {"09 00 00 00 00 00 00 00", OSB_ERR_PROTOCOL, true},
        {"", OSB_ERR_PROTOCOL, true},
        {"ff ff ff ff ff ff", OSB_ERR_PROTOCOL, true},
        {"01 00 00 00 05 00", OSB_ERR_DEVICE, false}, /* cancelled: there is nothing to reset */
        {"01 00 00 00 04 00", OSB_ERR_DEVICE, false},
        {"01 00 00 00 03 00", OSB_ERR_BUSY, true},
        {"0d 00 00 00 00 00 01 02 00 00 00 00 00 00", OSB_ERR_PROTOCOL, true}, /* 513 bytes */
        {"0d 00 00 00 00 00 ff ff ff ff 00 00 00 00", OSB_ERR_PROTOCOL, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const script_step steps[] = {
            {INIT_MODE, .in = ACCEPTED_1}, {CHECK_1, .in = cases[i].answer}, {RESET_1, .in = FINE}};
        PLAY(steps);
        bus.count = cases[i].reset ? 3 : 2;
        request_mode mode;
        assert_int_equal(request_device_mode(&channel, &mode, &error), cases[i].status);
        script_finished(&bus);
    }
}

static void short_replies_are_abandoned(void **state)
{
    static const script_step steps[] = {
        {INIT_MODE, .in = ACCEPTED_1},
        {CHECK_1, .in = "0d 00 00 00 00 00 02 00 00 00 00 00 00 00"},
        {"c0 04 00 00 01 00 02 00", .in = "08"},
        {RESET_1, .in = "01 00 00 00 05 00"}};
    (void)state;
    PLAY(steps);
    request_mode mode;
    assert_int_equal(request_device_mode(&channel, &mode, &error), OSB_ERR_PROTOCOL);
    script_finished(&bus);
}

static void replies_that_are_no_message_are_protocol_errors(void **state)
{
    static const char *const garbage[] = {"ff ff", "08 ff", "0a 7f", "08 02"};
    (void)state;
    for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
        const script_step steps[] = {{INIT_MODE, .in = ACCEPTED_1},
                                     {CHECK_1, .in = "0d 00 00 00 00 00 02 00 00 00 00 00 00 00"},
                                     {"c0 04 00 00 01 00 02 00", .in = garbage[i]}};
        PLAY(steps);
        request_mode mode;
        assert_int_equal(request_device_mode(&channel, &mode, &error), OSB_ERR_PROTOCOL);
        script_finished(&bus);
    }
}

static void a_request_that_never_ends_is_given_up_at_its_deadline(void **state)
{
    static script_step steps[400] = {{INIT_MODE, .in = ACCEPTED_1}};
    (void)state;
    for (size_t i = 1; i < 400; i++)
        steps[i] = (script_step){CHECK_1, .in = PENDING};
    /* 216 pauses, most of them of 50 ms. CHECKs: before each, and a last. */
    steps[1 + 216 + 1] = (script_step){RESET_1, .in = FINE};
    PLAY(steps);
    request_mode mode;
    assert_int_equal(request_device_mode(&channel, &mode, &error), OSB_ERR_TIMEOUT);
    assert_int_equal(bus.now_ms, 10000);
    assert_int_equal(bus.next, 1 + 216 + 2);
}

static void a_late_check_is_asked_again(void **state)
{
    static const script_step steps[] = {{INIT_MODE, .in = ACCEPTED_1},
                                        {CHECK_1, .status = OSB_ERR_TIMEOUT, .taking_ms = 5000},
                                        {CHECK_1, .in = DONE}};
    (void)state;
    PLAY(steps);
    request_mode mode;
    assert_int_equal(request_device_mode(&channel, &mode, &error), OSB_OK);
    script_finished(&bus);
}

static void an_init_without_answer_drops_everything(void **state)
{
    static const script_step steps[] = {{INIT_MODE, .status = OSB_ERR_TIMEOUT},
                                        {RESET_ALL, .in = FINE}};
    (void)state;
    PLAY(steps);
    request_mode mode;
    assert_int_equal(request_device_mode(&channel, &mode, &error), OSB_ERR_TIMEOUT);
    assert_string_equal(error.subject, link_.subject);
    assert_string_equal(error.hint, "scripted hint");
    script_finished(&bus);
}

static void a_stop_by_the_user_resets_the_request(void **state)
{
    static const script_step steps[] = {
        {INIT_MODE, .in = ACCEPTED_1}, {CHECK_1, .in = PENDING}, {RESET_1, .in = FINE}};
    (void)state;
    PLAY(steps);
    bus.interrupt_waits = true;
    request_mode mode;
    assert_int_equal(request_device_mode(&channel, &mode, &error), OSB_ERR_INTERRUPTED);
    script_finished(&bus);
}

static void boards_without_protection_request_are_open(void **state)
{
    static const script_step steps[] = {{"c0 01 00 00 4c 00 40 00", .in = ACCEPTED_1},
                                        {CHECK_1, .in = "09 00 00 00 00 00 88 ff ff ff"}};
    static const script_step protected_board[] = {
        {"c0 01 00 00 4c 00 40 00", .in = ACCEPTED_1},
        {CHECK_1, .in = "0d 00 00 00 00 00 02 00 00 00 00 00 00 00"},
        {"c0 04 00 00 01 00 02 00", .in = "08 01"}};
    static const script_step service[] = {
        {"c0 01 00 00 4c 00 40 00", .in = ACCEPTED_1},
        {CHECK_1, .in = "0d 00 00 00 00 00 02 00 00 00 00 00 00 00"},
        {"c0 04 00 00 01 00 02 00", .in = "10 01"}};
    (void)state;
    request_protection guard;
    PLAY(steps);
    assert_int_equal(request_protected_state(&channel, &guard, &error), OSB_OK);
    assert_int_equal(guard, REQUEST_PROTECTION_OPEN);
    PLAY(protected_board);
    assert_int_equal(request_protected_state(&channel, &guard, &error), OSB_OK);
    assert_int_equal(guard, REQUEST_PROTECTION_PROTECTED);
    PLAY(service);
    assert_int_equal(request_protected_state(&channel, &guard, &error), OSB_OK);
    assert_int_equal(guard, REQUEST_PROTECTION_SERVICE);
}

static void device_id_and_version_are_bounded_text(void **state)
{
    static const script_step steps[] = {
        {"c0 01 00 00 14 00 40 00", .in = ACCEPTED_1},
        {CHECK_1, .in = "0d 00 00 00 00 00 06 00 00 00 00 00 00 00"},
        {"c0 04 00 00 01 00 06 00", .in = "0a 04 61 62 1b 64"},
        {"c0 01 00 00 1e 00 40 00", .in = ACCEPTED_1},
        {CHECK_1, .in = "0d 00 00 00 00 00 07 00 00 00 00 00 00 00"},
        {"c0 04 00 00 01 00 07 00", .in = "0a 05 36 2e 32 2e 30"}};
    (void)state;
    PLAY(steps);
    char text[REQUEST_TEXT_SIZE];
    assert_int_equal(request_device_id(&channel, text, &error), OSB_OK);
    assert_string_equal(text, "ab?d");
    assert_int_equal(request_system_version(&channel, text, &error), OSB_OK);
    assert_string_equal(text, "6.2.0");
    script_finished(&bus);
}

/* Nothing a board sends may read past its bytes or be taken for more than it is. */
static void any_cut_of_a_reply_is_refused(void **state)
{
    static const uint8_t whole[] = {0x0f, 0, 0, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0x88, 0xff, 0xff, 0xff};
    (void)state;
    control_reply reply;
    for (size_t size = 0; size < sizeof whole; size++)
        assert_false(control_reply_parse((span){whole, size}, &reply));
    assert_true(control_reply_parse((span){whole, sizeof whole}, &reply));
    assert_int_equal(reply.id, 1);
    assert_int_equal(reply.size, 2);
    assert_int_equal(reply.result, -120);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mode_of_a_normal_board_is_an_empty_reply),
        cmocka_unit_test(mode_of_a_listening_board_is_received_in_its_exact_size),
        cmocka_unit_test(polling_starts_at_once_and_backs_off),
        cmocka_unit_test(reset_of_all_requests_has_id_zero),
        cmocka_unit_test(raw_version_is_text_without_nul),
        cmocka_unit_test(raw_version_longer_than_its_room_is_cut),
        cmocka_unit_test(forced_reset_gets_a_data_stage_where_boards_need_one),
        cmocka_unit_test(boards_that_leave_while_they_answer_have_done_as_asked),
        cmocka_unit_test(refusals_carry_code_text_and_hint),
        cmocka_unit_test(a_refusal_with_data_is_reset_unread),
        cmocka_unit_test(init_answers_have_named_errors),
        cmocka_unit_test(pending_without_payload_breaks_the_protocol),
        cmocka_unit_test(broken_check_answers_are_abandoned),
        cmocka_unit_test(short_replies_are_abandoned),
        cmocka_unit_test(replies_that_are_no_message_are_protocol_errors),
        cmocka_unit_test(a_request_that_never_ends_is_given_up_at_its_deadline),
        cmocka_unit_test(a_late_check_is_asked_again),
        cmocka_unit_test(an_init_without_answer_drops_everything),
        cmocka_unit_test(a_stop_by_the_user_resets_the_request),
        cmocka_unit_test(boards_without_protection_request_are_open),
        cmocka_unit_test(device_id_and_version_are_bounded_text),
        cmocka_unit_test(any_cut_of_a_reply_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
