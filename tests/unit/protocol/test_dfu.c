/*
 * DfuSe on the wire: the worked examples of the protocol reference, runs of blocks, and
 * bootloaders that are busy, in error, protected or gone.
 */
#include "unit/protocol/script.h"

#include "protocol/dfu.h"

#define GETSTATUS  "a1 03 00 00 00 00 06 00"
#define CLRSTATUS  "21 04 00 00 00 00 00 00"
#define ABORT      "21 06 00 00 00 00 00 00"
#define COMMAND    "21 01 00 00 00 00 05 00"
#define LEAVE      "21 01 02 00 00 00 00 00"
#define BUSY       "00 00 00 00 04 00"
#define DOWNLOADED "00 00 00 00 05 00"
#define IDLE       "00 00 00 00 02 00"
#define GO_IDLE                                                                                    \
    {.setup = ABORT},                                                                              \
    {                                                                                              \
        GETSTATUS, .in = IDLE                                                                      \
    }
#define ENDS_WELL                                                                                  \
    {GETSTATUS, .in = BUSY},                                                                       \
    {                                                                                              \
        GETSTATUS, .in = DOWNLOADED                                                                \
    }

static script_bus bus;
static usb_link link_;
static dfu_port port;
static osb_error error;

#define PLAY(steps)                                                                                \
    do {                                                                                           \
        SCRIPT(&bus, steps);                                                                       \
        link_ = script_link(&bus);                                                                 \
        port = (dfu_port){.link = &link_, .transfer_size = 16, .alternate_count = 1};              \
        error = (osb_error){0};                                                                    \
    } while (0)

static const uint8_t sixteen[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
#define SIXTEEN "0102030405060708090a0b0c0d0e0f10"

static void erase_and_download_at_0x28000_is_the_worked_example(void **state)
{
    static char block_text[3 * 4096 + 1];
    static uint8_t block[4096];
    (void)state;
    for (size_t i = 0; i < sizeof block; i++)
        block[i] = (uint8_t)(i ^ (i >> 7));
    script_text(block_text, block, sizeof block);
    const script_step steps[] = {{.setup = "01 0b 00 00 00 00 00 00"},
                                 GO_IDLE,
                                 {COMMAND, .out = "41 00 80 02 00"},
                                 ENDS_WELL,
                                 {COMMAND, .out = "21 00 80 02 00"},
                                 ENDS_WELL,
                                 {"21 01 02 00 00 00 00 10", .out = block_text},
                                 ENDS_WELL,
                                 GO_IDLE,
                                 {.setup = LEAVE},
                                 {GETSTATUS, .in = "00 00 00 00 07 00"}};
    PLAY(steps);
    port.transfer_size = 4096;
    assert_int_equal(dfu_select(&port, 0, &error), OSB_OK);
    assert_int_equal(dfu_erase_page(&port, 0x28000, &error), OSB_OK);
    assert_int_equal(dfu_write(&port, 0x28000, (span){block, sizeof block}, &error), OSB_OK);
    assert_int_equal(dfu_leave(&port, &error), OSB_OK);
    assert_int_equal(bus.wait_count, 0);
    script_finished(&bus);
}

static void address_is_set_once_a_contiguous_run(void **state)
{
    static const script_step steps[] = {
        GO_IDLE,
        {COMMAND, .out = "21 00 00 00 08"},
        ENDS_WELL,
        {"21 01 02 00 00 00 10 00", .out = SIXTEEN},
        ENDS_WELL,
        {"21 01 03 00 00 00 10 00", .out = SIXTEEN},
        ENDS_WELL,
        {"21 01 04 00 00 00 03 00", .out = "01 02 03"},
        ENDS_WELL,
        /* behind a short block the board's count is off: a new run */
        {COMMAND, .out = "21 23 00 00 08"},
        ENDS_WELL,
        {"21 01 02 00 00 00 10 00", .out = SIXTEEN},
        ENDS_WELL,
        /* after an erase as well: STM32F2 moves its pointer then */
        {COMMAND, .out = "41 33 00 00 08"},
        ENDS_WELL,
        {COMMAND, .out = "21 33 00 00 08"},
        ENDS_WELL,
        {"21 01 02 00 00 00 10 00", .out = SIXTEEN},
        ENDS_WELL};
    (void)state;
    PLAY(steps);
    span whole = {sixteen, 16};
    assert_int_equal(dfu_write(&port, 0x08000000, whole, &error), OSB_OK);
    assert_int_equal(dfu_write(&port, 0x08000010, whole, &error), OSB_OK);
    assert_int_equal(dfu_write(&port, 0x08000020, (span){sixteen, 3}, &error), OSB_OK);
    assert_int_equal(dfu_write(&port, 0x08000023, whole, &error), OSB_OK);
    assert_int_equal(dfu_erase_page(&port, 0x08000033, &error), OSB_OK);
    assert_int_equal(dfu_write(&port, 0x08000033, whole, &error), OSB_OK);
    script_finished(&bus);
}

static void block_numbers_do_not_wrap(void **state)
{
    static const script_step steps[] = {{"21 01 ff ff 00 00 10 00", .out = SIXTEEN}, ENDS_WELL,
                                        {COMMAND, .out = "21 20 00 00 08"},          ENDS_WELL,
                                        {"21 01 02 00 00 00 10 00", .out = SIXTEEN}, ENDS_WELL};
    (void)state;
    PLAY(steps);
    port.activity = DFU_ACTIVITY_DOWNLOAD;
    port.run_open = true;
    port.run_address = 0x08000010;
    port.run_block = UINT16_MAX;
    assert_int_equal(dfu_write(&port, 0x08000010, (span){sixteen, 16}, &error), OSB_OK);
    assert_int_equal(dfu_write(&port, 0x08000020, (span){sixteen, 16}, &error), OSB_OK);
    script_finished(&bus);
}

static void uploads_begin_in_idle_with_the_address_set(void **state)
{
    static const script_step steps[] = {
        GO_IDLE,
        {COMMAND, .out = "21 00 00 00 08"},
        ENDS_WELL,
        GO_IDLE, /* dfuDNLOAD_IDLE takes no upload; the pointer survives */
        {"a1 02 02 00 00 00 10 00", .in = SIXTEEN},
        {"a1 02 03 00 00 00 04 00", .in = "aa bb cc dd"},
        /* a write after that */
        GO_IDLE,
        {COMMAND, .out = "21 00 00 00 08"},
        ENDS_WELL,
        {"21 01 02 00 00 00 10 00", .out = SIXTEEN},
        ENDS_WELL};
    (void)state;
    PLAY(steps);
    uint8_t block[16];
    assert_int_equal(dfu_read(&port, 0x08000000, 16, block, &error), OSB_OK);
    assert_memory_equal(block, sixteen, 16);
    assert_int_equal(dfu_read(&port, 0x08000010, 4, block, &error), OSB_OK);
    assert_int_equal(block[3], 0xdd);
    assert_int_equal(dfu_write(&port, 0x08000000, (span){sixteen, 16}, &error), OSB_OK);
    script_finished(&bus);
}

static void poll_timeout_of_the_board_is_obeyed(void **state)
{
    static const script_step steps[] = {GO_IDLE,
                                        {COMMAND, .out = "41 00 00 00 08"},
                                        {GETSTATUS, .in = "00 f4 01 00 04 00"},
                                        {GETSTATUS, .in = "00 02 00 00 04 00"},
                                        {GETSTATUS, .in = DOWNLOADED}};
    static const uint32_t pauses[] = {500, 2};
    (void)state;
    PLAY(steps);
    assert_int_equal(dfu_erase_page(&port, 0x08000000, &error), OSB_OK);
    assert_int_equal(bus.wait_count, 2);
    assert_memory_equal(bus.waits, pauses, sizeof pauses);
    script_finished(&bus);
}

static void a_board_that_stays_busy_is_given_up(void **state)
{
    static script_step steps[1000] = {GO_IDLE, {COMMAND, .out = "41 00 00 00 08"}};
    (void)state;
    for (size_t i = 3; i < 1000; i++)
        steps[i] = (script_step){GETSTATUS, .in = BUSY};
    PLAY(steps);
    assert_int_equal(dfu_erase_page(&port, 0x08000000, &error), OSB_ERR_TIMEOUT);
    assert_int_equal(bus.now_ms, 30000);
    /* A poll timeout of 16777 s is not waited for either. */
    steps[3].in = "00 ff ff ff 04 00";
    PLAY(steps);
    assert_int_equal(dfu_erase_page(&port, 0x08000000, &error), OSB_ERR_TIMEOUT);
    assert_int_equal(bus.now_ms, 30000);
}

static void errors_are_named_and_cleared_by_the_next_operation(void **state)
{
    static const script_step steps[] = {GO_IDLE,
                                        {COMMAND, .out = "41 00 00 00 10"},
                                        {GETSTATUS, .in = BUSY},
                                        {GETSTATUS, .in = "08 00 00 00 0a 00"},
                                        /* next */
                                        {ABORT, .status = OSB_ERR_STALL},
                                        {GETSTATUS, .in = "0e 00 00 00 0a 00"},
                                        {.setup = CLRSTATUS},
                                        GO_IDLE,
                                        {COMMAND, .out = "41 00 00 00 08"},
                                        ENDS_WELL};
    (void)state;
    PLAY(steps);
    assert_int_equal(dfu_erase_page(&port, 0x10000000, &error), OSB_ERR_DEVICE);
    assert_string_equal(error.message,
                        "cannot erase the page at 0x10000000: the bootloader reports errADDRESS");
    assert_string_equal(error.subject, link_.subject);
    assert_int_equal(dfu_erase_page(&port, 0x08000000, &error), OSB_OK);
    script_finished(&bus);
}

static void protected_boards_are_refused_with_their_own_words(void **state)
{
    static const script_step steps[] = {
        GO_IDLE,
        {COMMAND, .out = "41 00 80 02 00"},
        {GETSTATUS, .in = "0b 00 00 00 0a 0a"},
        {"80 06 0a 03 09 04 02 00", .in = "0c 03"},
        {"80 06 0a 03 09 04 0c 00", .in = "0c 03 53 00 61 00 66 00 65 00 21 00"}};
    (void)state;
    PLAY(steps);
    assert_int_equal(dfu_erase_page(&port, 0x28000, &error), OSB_ERR_PROTECTED);
    assert_non_null(strstr(error.message, "errVENDOR, Safe!"));
    script_finished(&bus);
}

static void refused_uploads_tell_why(void **state)
{
    static const script_step stalled[] = {GO_IDLE,
                                          {COMMAND, .out = "21 00 00 00 10"},
                                          ENDS_WELL,
                                          GO_IDLE,
                                          {"a1 02 02 00 00 00 10 00", .status = OSB_ERR_STALL},
                                          {GETSTATUS, .in = "0e 00 00 00 0a 00"}};
    static const script_step guarded[] = {
        GO_IDLE, {COMMAND, .out = "21 00 00 00 10"},    ENDS_WELL,
        GO_IDLE, {"a1 02 02 00 00 00 10 00", .in = ""}, {GETSTATUS, .in = "0b 00 00 00 0a 00"}};
    static const script_step cut[] = {
        GO_IDLE, {COMMAND, .out = "21 00 00 00 10"},         ENDS_WELL,
        GO_IDLE, {"a1 02 02 00 00 00 10 00", .in = "01 02"}, {GETSTATUS, .in = IDLE}};
    uint8_t block[16];
    (void)state;
    PLAY(stalled);
    assert_int_equal(dfu_read(&port, 0x10000000, 16, block, &error), OSB_ERR_DEVICE);
    assert_non_null(strstr(error.message, "errUNKNOWN"));
    PLAY(guarded);
    assert_int_equal(dfu_read(&port, 0x10000000, 16, block, &error), OSB_ERR_PROTECTED);
    PLAY(cut);
    assert_int_equal(dfu_read(&port, 0x10000000, 16, block, &error), OSB_ERR_PROTOCOL);
    assert_int_equal(port.activity, DFU_ACTIVITY_UNKNOWN);
    script_finished(&bus);
}

static void leaving_accepts_what_each_family_answers(void **state)
{
    static const char *const answers[] = {"00 00 00 00 07 00", "00 00 00 00 05 00",
                                          "00 00 00 00 08 00"};
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        const script_step steps[] = {GO_IDLE, {.setup = LEAVE}, {GETSTATUS, .in = answers[i]}};
        PLAY(steps);
        assert_int_equal(dfu_leave(&port, &error), OSB_OK);
        script_finished(&bus);
    }
    static const script_step gone[] = {
        GO_IDLE, {.setup = LEAVE}, {GETSTATUS, .status = OSB_ERR_DISCONNECTED}};
    PLAY(gone);
    assert_int_equal(dfu_leave(&port, &error), OSB_OK);
    static const script_step stays[] = {GO_IDLE, {.setup = LEAVE}, {GETSTATUS, .in = IDLE}};
    PLAY(stays);
    assert_int_equal(dfu_leave(&port, &error), OSB_ERR_PROTOCOL);
}

static void going_idle_does_not_run_what_is_pending(void **state)
{
    static const script_step steps[] = {{.setup = ABORT}, {GETSTATUS, .in = IDLE}};
    (void)state;
    PLAY(steps);
    assert_int_equal(dfu_go_idle(&port, &error), OSB_OK);
    script_finished(&bus);
}

static void going_idle_survives_stalls_and_gives_up_in_the_end(void **state)
{
    static const script_step stuck_status[] = {{ABORT, .status = OSB_ERR_STALL},
                                               {GETSTATUS, .status = OSB_ERR_STALL},
                                               {.setup = CLRSTATUS},
                                               {.setup = ABORT},
                                               {GETSTATUS, .in = IDLE}};
    static const script_step hopeless[] = {
        {ABORT, .status = OSB_ERR_STALL},       {GETSTATUS, .in = "0e 00 00 00 0a 00"},
        {CLRSTATUS, .status = OSB_ERR_STALL},   {ABORT, .status = OSB_ERR_STALL},
        {GETSTATUS, .in = "0e 00 00 00 0a 00"}, {CLRSTATUS, .status = OSB_ERR_STALL},
        {ABORT, .status = OSB_ERR_STALL},       {GETSTATUS, .in = "0e 00 00 00 0a 00"},
        {CLRSTATUS, .status = OSB_ERR_STALL}};
    static const script_step gone[] = {{ABORT, .status = OSB_ERR_DISCONNECTED}};
    (void)state;
    PLAY(stuck_status);
    assert_int_equal(dfu_go_idle(&port, &error), OSB_OK);
    PLAY(hopeless);
    assert_int_equal(dfu_go_idle(&port, &error), OSB_ERR_PROTOCOL);
    script_finished(&bus);
    PLAY(gone);
    assert_int_equal(dfu_go_idle(&port, &error), OSB_ERR_DISCONNECTED);
}

static void statuses_cut_short_or_strange_are_protocol_errors(void **state)
{
    static const char *const answers[] = {"", "00 00 00 00 05", "00 00 00 00 09 00",
                                          "00 00 00 00 63 00"};
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        const script_step steps[] = {
            GO_IDLE, {COMMAND, .out = "41 00 00 00 08"}, {GETSTATUS, .in = answers[i]}};
        PLAY(steps);
        assert_int_equal(dfu_erase_page(&port, 0x08000000, &error), OSB_ERR_PROTOCOL);
    }
    assert_string_equal(dfu_status_name(200), "unknown status");
    assert_string_equal(dfu_status_name(15), "errSTALLEDPKT");
}

#define CONFIG_HEAD "80 06 00 02 00 00 09 00"
#define FUNCTIONAL  "09 21 0b ff 00 00 10 1a 01"
#define RTL_CONFIG                                                                                 \
    "09 02 24 00 01 01 04 c0 32 09 04 00 00 00 fe 01 02 05 09 04 00 01 00 fe 01 02 06 " FUNCTIONAL

static void rtl_interface_is_found_and_claimed(void **state)
{
    static const script_step steps[] = {{CONFIG_HEAD, .in = "09 02 24 00 01 01 04 c0 32"},
                                        {"80 06 00 02 00 00 24 00", .in = RTL_CONFIG},
                                        {.setup = "claim 0"}};
    (void)state;
    PLAY(steps);
    assert_int_equal(dfu_open(&port, &link_, &error), OSB_OK);
    assert_int_equal(port.alternate_count, 2);
    assert_int_equal(port.alternate_text[0], 5);
    assert_int_equal(port.alternate_text[1], 6);
    assert_int_equal(port.transfer_size, 4096);
    script_finished(&bus);
}

static void nrf_interface_has_three_settings(void **state)
{
    static const script_step steps[] = {
        {CONFIG_HEAD, .in = "09 02 2d 00 01 01 04 c0 32"},
        {"80 06 00 02 00 00 2d 00",
         .in = "09 02 2d 00 01 01 04 c0 32 09 04 00 00 00 fe 01 02 06 09 04 00 01 00 fe 01 02 07 "
               "09 04 00 02 00 fe 01 02 08 " FUNCTIONAL},
        {.setup = "claim 0"}};
    (void)state;
    PLAY(steps);
    assert_int_equal(dfu_open(&port, &link_, &error), OSB_OK);
    assert_int_equal(port.alternate_count, 3);
    assert_int_equal(port.alternate_text[2], 8);
}

static void configurations_that_lie_are_refused(void **state)
{
    static const struct {
        const char *head, *request, *whole;
    } cases[] = {
        {"09 02 24", NULL, NULL},
        {"09 02 ff ff 01 01 04 c0 32", NULL, NULL},
        {"09 02 08 00 01 01 04 c0 32", NULL, NULL},
        {"09 04 24 00 01 01 04 c0 32", NULL, NULL},
        /* a descriptor of length 0 would loop for ever */
        {"09 02 0b 00 01 01 04 c0 32", "80 06 00 02 00 00 0b 00",
         "09 02 0b 00 01 01 04 c0 32 00 04"},
        /* one that is longer than what came */
        {"09 02 12 00 01 01 04 c0 32", "80 06 00 02 00 00 12 00",
         "09 02 12 00 01 01 04 c0 32 20 04 00 00 00 fe 01 02 05"},
        /* no DFU interface */
        {"09 02 12 00 01 01 04 c0 32", "80 06 00 02 00 00 12 00",
         "09 02 12 00 01 01 04 c0 32 09 04 00 00 00 ff ff ff 05"},
        /* no functional descriptor; plain DFU 1.1; blocks of 0 and of 8192 bytes */
        {"09 02 12 00 01 01 04 c0 32", "80 06 00 02 00 00 12 00",
         "09 02 12 00 01 01 04 c0 32 09 04 00 00 00 fe 01 02 05"},
        {"09 02 1b 00 01 01 04 c0 32", "80 06 00 02 00 00 1b 00",
         "09 02 1b 00 01 01 04 c0 32 09 04 00 00 00 fe 01 02 05 09 21 0b ff 00 00 10 10 01"},
        {"09 02 1b 00 01 01 04 c0 32", "80 06 00 02 00 00 1b 00",
         "09 02 1b 00 01 01 04 c0 32 09 04 00 00 00 fe 01 02 05 09 21 0b ff 00 00 00 1a 01"},
        {"09 02 1b 00 01 01 04 c0 32", "80 06 00 02 00 00 1b 00",
         "09 02 1b 00 01 01 04 c0 32 09 04 00 00 00 fe 01 02 05 09 21 0b ff 00 00 20 1a 01"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const script_step steps[] = {{CONFIG_HEAD, .in = cases[i].head},
                                     {cases[i].request, .in = cases[i].whole}};
        PLAY(steps);
        bus.count = cases[i].request ? 2 : 1;
        assert_int_equal(dfu_open(&port, &link_, &error), OSB_ERR_PROTOCOL);
        script_finished(&bus);
    }
}

static void layouts_are_read_in_two_bounded_steps(void **state)
{
    static const script_step steps[] = {
        {"80 06 05 03 09 04 02 00", .in = "20 03"},
        {"80 06 05 03 09 04 20 00",
         .in =
             "20 03 40 00 44 00 2f 00 30 00 78 00 38 00 2f 00 32 00 2a 00 34 00 4b 00 67 00 00 00 "
             "00 00 00 00"},
        {"80 06 05 03 09 04 02 00", .in = "06 03"},
        {"80 06 05 03 09 04 06 00", .in = "06 03 40 00 20 ac"},
        {"80 06 05 03 09 04 02 00", .in = "20 03"},
        {"80 06 05 03 09 04 20 00", .in = "20"},
        {"80 06 05 03 09 04 02 00", .in = "01 03"},
        {"80 06 05 03 09 04 02 00", .status = OSB_ERR_STALL}};
    (void)state;
    PLAY(steps);
    port.alternate_text[0] = 5;
    dfuse_map map;
    assert_int_equal(dfu_read_map(&port, 0, &map, &error), OSB_OK);
    assert_int_equal(map.segments[0].start, 8);
    assert_int_equal(map.segments[0].sector_count, 2);
    assert_int_equal(dfu_read_map(&port, 0, &map, &error), OSB_ERR_PROTOCOL); /* "@?" */
    assert_non_null(strstr(error.message, "\"@?\""));
    assert_int_equal(dfu_read_map(&port, 0, &map, &error), OSB_ERR_PROTOCOL);
    assert_int_equal(dfu_read_map(&port, 0, &map, &error), OSB_ERR_PROTOCOL);
    assert_int_equal(dfu_read_map(&port, 0, &map, &error), OSB_ERR_STALL);
    assert_int_equal(dfu_read_map(&port, 1, &map, &error), OSB_ERR_NOT_FOUND);
    script_finished(&bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(erase_and_download_at_0x28000_is_the_worked_example),
        cmocka_unit_test(address_is_set_once_a_contiguous_run),
        cmocka_unit_test(block_numbers_do_not_wrap),
        cmocka_unit_test(uploads_begin_in_idle_with_the_address_set),
        cmocka_unit_test(poll_timeout_of_the_board_is_obeyed),
        cmocka_unit_test(a_board_that_stays_busy_is_given_up),
        cmocka_unit_test(errors_are_named_and_cleared_by_the_next_operation),
        cmocka_unit_test(protected_boards_are_refused_with_their_own_words),
        cmocka_unit_test(refused_uploads_tell_why),
        cmocka_unit_test(leaving_accepts_what_each_family_answers),
        cmocka_unit_test(going_idle_does_not_run_what_is_pending),
        cmocka_unit_test(going_idle_survives_stalls_and_gives_up_in_the_end),
        cmocka_unit_test(statuses_cut_short_or_strange_are_protocol_errors),
        cmocka_unit_test(rtl_interface_is_found_and_claimed),
        cmocka_unit_test(nrf_interface_has_three_settings),
        cmocka_unit_test(configurations_that_lie_are_refused),
        cmocka_unit_test(layouts_are_read_in_two_bounded_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
