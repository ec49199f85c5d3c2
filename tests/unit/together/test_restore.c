/*
 * A restore and what can come between: boards that lie, stay dark or come back as something else,
 * a user who says stop, and another process that wants the same board.
 *
 * Goes through the library's own restore and resume, on the sweep's stand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "sim/board.h"
#include "store/journal.h"
#include "unit/together/sweep/stand.h"

static const story p2 = {.name = "p2", .board = "p2", .from = "5.0.1", .to = "5.3.1"};

static int set_up(void **state)
{
    static stand at; /* large */
    stand_open(&at, &p2);
    *state = &at;
    return 0;
}

static int tear_down(void **state)
{
    stand_close(*state);
    return 0;
}

static void set_defects(stand *at, sim_defects defects)
{
    sim_board_set_defects(at->board, &defects);
}

/** The board is sound again and has power; what was interrupted is finished. */
static void mend_and_resume(stand *at)
{
    osb_error error = {0};
    bool nothing;
    set_defects(at, (sim_defects){0});
    sim_board_power_cycle(at->board);
    if (stand_resume(at, &nothing, &error) != OSB_OK)
        fail_msg("%s: %s", error.subject, error.message);
    assert_false(nothing);
    assert_true(stand_has_release(at));
}

static void a_report_holds_the_hashes_that_were_read_back(void **state)
{
    stand *at = *state;
    osb_error error = {0};
    json_t *made = NULL;
    size_t i, hashes = 0;
    json_t *step;
    assert_int_equal(stand_restore(at, &made, &error), OSB_OK);
    JSON_OWNED *report = made;
    assert_string_equal(json_text(report, "outcome", ""), "done");
    assert_string_equal(json_text(report, "mode", ""), "normal");
    json_array_foreach(json_object_get(report, "steps"), i, step)
    {
        const json_t *proof = json_object_get(step, "read_back");
        assert_true(text_equal(json_text(step, "outcome", ""), "done") ||
                    text_equal(json_text(step, "outcome", ""), "unchanged"));
        if (!text_equal(json_text(proof, "from", ""), "flash"))
            continue;
        assert_string_equal(json_text(proof, "sha256", ""), json_text(step, "sha256", "?"));
        hashes++;
    }
    assert_int_equal(hashes, 2); /* system part and application */
}

static void a_board_in_listening_mode_is_led_out_of_it(void **state)
{
    stand *at = *state;
    osb_error error = {0};
    json_t *made = NULL;
    assert_int_equal(stand_restore(at, NULL, &error), OSB_OK);
    at->goal.app = NULL; /* then there is nothing to do, and nothing restarts the board */
    at->board->mode = BOARD_LISTENING;
    assert_int_equal(stand_restore(at, &made, &error), OSB_OK);
    JSON_OWNED *report = made;
    assert_string_equal(json_text(report, "outcome", ""), "nothing_to_do");
    assert_string_equal(json_text(report, "mode", ""), "normal");
}

static void a_board_that_lies_ends_as_failed(void **state)
{
    stand *at = *state;
    osb_error error = {0};
    json_t *made = NULL;
    set_defects(at, (sim_defects){.lies = true});
    osb_status status = stand_restore(at, &made, &error);
    JSON_OWNED *report = made;
    assert_int_equal(status, OSB_ERR_UNPROVED);
    assert_int_equal(osb_status_exit_code(status), 7);
    assert_string_equal(json_text(report, "outcome", ""), "failed");
    assert_string_equal(json_text(json_object_get(report, "error"), "code", ""), "unproved");
    mend_and_resume(at);
}

static void a_board_that_lies_about_flash_ends_as_failed(void **state)
{
    stand *at = *state;
    osb_error error = {0};
    at->stop_at = 4; /* both bootloaders are there, and the board is in DFU mode */
    assert_int_equal(stand_restore(at, NULL, &error), OSB_ERR_INTERRUPTED);
    bool nothing;
    set_defects(at, (sim_defects){.lies = true});
    assert_int_equal(stand_resume(at, &nothing, &error), OSB_ERR_UNPROVED);
    assert_non_null(strstr(error.message, "other bytes were read back"));
    mend_and_resume(at);
}

static void a_board_that_is_dark_for_a_minute_is_waited_for(void **state)
{
    stand *at = *state;
    osb_error error = {0};
    set_defects(at, (sim_defects){.dark_ms = 58000});
    assert_int_equal(stand_restore(at, NULL, &error), OSB_OK);
    assert_true(stand_has_release(at));
}

static void a_board_that_stays_dark_is_given_up_with_the_led_to_look_at(void **state)
{
    stand *at = *state;
    osb_error error = {0};
    set_defects(at, (sim_defects){.dark_ms = SIM_DARK_FOREVER});
    assert_int_equal(stand_restore(at, NULL, &error), OSB_ERR_TIMEOUT);
    assert_non_null(strstr(error.hint, "LED"));
    assert_non_null(strstr(error.hint, "osbundle resume"));
    mend_and_resume(at);
}

static void a_board_that_comes_back_as_another_is_left_alone(void **state)
{
    stand *at = *state;
    osb_error error = {0};
    bool nothing;
    const platform *other = platform_by_name(&at->context->platforms, "boron");
    set_defects(at, (sim_defects){.returns_as = other});
    assert_int_equal(stand_restore(at, NULL, &error), OSB_ERR_DEVICE);
    assert_non_null(strstr(error.message, "came back as a boron"));
    assert_int_equal(stand_resume(at, &nothing, &error), OSB_ERR_REFUSED);
    assert_non_null(strstr(error.message, "was a p2"));
    mend_and_resume(at);
}

/** Puts the application of a release that the board will not have into its slot. */
static void program_newer_application(stand *at)
{
    osb_error error = {0};
    release newer;
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    const release_module *app = NULL;
    assert_int_equal(catalog_release(&at->context->known, "5.5.0", at->to.board, &newer, &error),
                     OSB_OK);
    app = release_find(&newer, (module_slot){MODULE_USER_PART, 1});
    assert_int_equal(sim_synthesise(&newer, app, &file, &error), OSB_OK);
    assert_int_equal(sim_board_program(at->board, buf_span(&file), app->file, &error), OSB_OK);
}

static void an_application_that_is_warned_of_may_find_its_need_unmet(void **state)
{
    stand *at = *state;
    osb_error error = {0};
    json_t *made = NULL;
    at->goal.app = NULL;
    program_newer_application(at);
    assert_int_equal(stand_restore(at, &made, &error), OSB_OK);
    JSON_OWNED *report = made;
    assert_string_equal(json_text(report, "outcome", ""), "done");
}

static void a_stop_is_heeded_between_two_steps_and_nowhere_else(void **state)
{
    stand *at = *state;
    osb_error error = {0};
    bool nothing;
    assert_int_equal(stand_restore(at, NULL, &error), OSB_OK);
    uint64_t points = at->safe_points;
    assert_true(points >= 5);
    for (uint64_t n = 1; n <= points; n++) {
        stand_renew(at);
        at->stop_at = n;
        osb_status status = stand_restore(at, NULL, &error);
        assert_int_equal(status, OSB_ERR_INTERRUPTED);
        assert_int_equal(osb_status_exit_code(status), 8);
        assert_int_equal(at->last_step, n - 1);
        assert_string_equal(at->phase, n == 1 ? "inspect" : "step");
        at->stop_at = 0;
        assert_int_equal(stand_resume(at, &nothing, &error), OSB_OK);
        assert_true(stand_has_release(at));
    }
}

static void a_board_that_another_process_writes_to_is_busy(void **state)
{
    stand *at = *state;
    osb_error error = {0};
    char name[DEVICE_ID_SIZE];
    JSON_OWNED *shown = sim_board_to_json(at->board);
    text_copy(name, sizeof name, json_text(shown, "device_id", ""));
    journal *held = NULL;
    assert_int_equal(journal_open(at->state, name, &held, &error), OSB_OK);
    assert_int_equal(stand_restore(at, NULL, &error), OSB_ERR_BUSY);
    assert_string_equal(error.subject, name);
    json_t *info = NULL; /* opening it would drop the other's requests */
    assert_int_equal(osb_info(at->context, NULL, &info, &error), OSB_ERR_BUSY);
    journal_close(held);
    assert_int_equal(stand_restore(at, NULL, &error), OSB_OK);
}

#define on_stand(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_stand(a_report_holds_the_hashes_that_were_read_back),
        on_stand(a_board_in_listening_mode_is_led_out_of_it),
        on_stand(a_board_that_lies_ends_as_failed),
        on_stand(a_board_that_lies_about_flash_ends_as_failed),
        on_stand(a_board_that_is_dark_for_a_minute_is_waited_for),
        on_stand(a_board_that_stays_dark_is_given_up_with_the_led_to_look_at),
        on_stand(a_board_that_comes_back_as_another_is_left_alone),
        on_stand(an_application_that_is_warned_of_may_find_its_need_unmet),
        on_stand(a_stop_is_heeded_between_two_steps_and_nowhere_else),
        on_stand(a_board_that_another_process_writes_to_is_busy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
