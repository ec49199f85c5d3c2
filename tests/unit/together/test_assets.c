/*
 * An application bundle as the goal: its assets are put on last, proved by the board's own list,
 * and found again in the cache when the bundle is gone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "unit/together/sweep/stand.h"

static const story p2 = {
    .name = "p2", .board = "p2", .from = "5.3.1", .to = "5.6.0", .assets = true};

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

static size_t assets_on(const stand *at)
{
    JSON_OWNED *board = sim_board_to_json(at->board);
    return json_array_size(json_object_get(board, "assets"));
}

static const char *asset_outcome(const json_t *report, size_t place)
{
    const json_t *list = json_object_get(report, "assets");
    return json_text(json_array_get(list, place), "outcome", "?");
}

static void assets_are_put_on_last_and_proved(void **state)
{
    stand *at = *state;
    osb_error error = {0};
    json_t *made = NULL;
    if (stand_restore(at, &made, &error) != OSB_OK)
        fail_msg("%s: %s", error.subject, error.message);
    JSON_OWNED *report = made;
    assert_string_equal(asset_outcome(report, 0), "done");
    assert_string_equal(asset_outcome(report, 1), "done");
    const json_t *proof =
        json_object_get(json_array_get(json_object_get(report, "assets"), 0), "read_back");
    assert_string_equal(json_text(proof, "from", ""), "module_info");
    assert_int_equal(assets_on(at), 2);
}

static void what_the_board_keeps_already_is_not_sent_again(void **state)
{
    stand *at = *state;
    osb_error error = {0};
    json_t *made = NULL;
    assert_int_equal(stand_restore(at, NULL, &error), OSB_OK);
    assert_int_equal(stand_restore(at, &made, &error), OSB_OK);
    JSON_OWNED *report = made;
    assert_string_equal(asset_outcome(report, 0), "unchanged");
    assert_string_equal(asset_outcome(report, 1), "unchanged");
    assert_string_equal(json_text(report, "outcome", ""), "nothing_to_do");
}

static void a_bundle_with_the_wrong_content_is_refused(void **state)
{
    stand *at = *state;
    osb_error error = {0};
    uint8_t before[SHA256_SIZE], after[SHA256_SIZE];
    stand_pack(at, "quack");
    stand_hash(at, before);
    assert_int_equal(stand_restore(at, NULL, &error), OSB_ERR_INTEGRITY);
    assert_non_null(strstr(error.subject, "dog.txt"));
    stand_hash(at, after);
    assert_memory_equal(before, after, SHA256_SIZE);
}

static void a_stop_before_the_assets_is_resumed_from_without_the_bundle(void **state)
{
    stand *at = *state;
    osb_error error = {0};
    bool nothing;
    assert_int_equal(stand_restore(at, NULL, &error), OSB_OK);
    uint64_t points = at->safe_points;
    for (uint64_t n = points - 1; n <= points; n++) {
        stand_renew(at);
        at->stop_at = n;
        assert_int_equal(stand_restore(at, NULL, &error), OSB_ERR_INTERRUPTED);
        assert_int_equal(assets_on(at), n == points);
        char moved[160];
        text_format(moved, sizeof moved, "%s.gone", at->app);
        assert_int_equal(rename(at->app, moved), 0);
        if (stand_resume(at, &nothing, &error) != OSB_OK)
            fail_msg("%s: %s", error.subject, error.message);
        assert_int_equal(assets_on(at), 2);
        assert_int_equal(rename(moved, at->app), 0);
    }
}

#define on_stand(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_stand(assets_are_put_on_last_and_proved),
        on_stand(what_the_board_keeps_already_is_not_sent_again),
        on_stand(a_bundle_with_the_wrong_content_is_refused),
        on_stand(a_stop_before_the_assets_is_resumed_from_without_the_bundle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
