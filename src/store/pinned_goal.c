/*
 * The goal of a restore as JSON, both ways.
 *
 * Touches no disk and no board. Invariant: a goal that was read pins every file by its SHA-256.
 */
#include "store/pinned_goal.h"

#include "base/path.h"
#include "base/text.h"
#include "store/layers.h"

json_t *pinned_goal_to_json(const pinned_goal *goal)
{
    char hash[SHA256_HEX_SIZE];
    text_hex(hash, (span){goal->app_sha256, SHA256_SIZE});
    json_t *app = goal->app_file[0]
                      ? json_pack("{s:s, s:s}", "file", goal->app_file, "sha256", hash)
                      : json_null();
    return json_pack("{s:s, s:i, s:s, s:o, s:o, s:b, s:b, s:b, s:b}", "record", "goal", "schema", 1,
                     "device", goal->device_id, "release", release_record_to_json(&goal->set),
                     "app", app, "heal", goal->heal, "full", goal->full, "allow_downgrade",
                     goal->allow_downgrade, "allow_incomplete", goal->allow_incomplete);
}

static osb_status fail_goal(const char *subject, const char *what, osb_error *error)
{
    return osb_fail(error, OSB_ERR_INTEGRITY, subject,
                    "run 'osbundle restore' with the release you want: it needs no journal",
                    "the journal does not say what is wanted: %s", what);
}

static osb_status read_app(const json_t *app, const char *subject, pinned_goal *goal,
                           osb_error *error)
{
    const char *file = json_text(app, "file", "");
    if (!app || json_is_null(app))
        return OSB_OK;
    if (!path_is_plain_name(file) ||
        !text_format(goal->app_file, sizeof goal->app_file, "%s", file))
        return fail_goal(subject, "the application has no plain file name", error);
    if (!text_unhex(goal->app_sha256, SHA256_SIZE, json_text(app, "sha256", "")))
        return fail_goal(subject, "the application has no SHA-256", error);
    return OSB_OK;
}

osb_status pinned_goal_from_json(const json_t *record, const char *subject, pinned_goal *goal,
                                 osb_error *error)
{
    *goal = (pinned_goal){.heal = json_true_at(record, "heal"),
                          .full = json_true_at(record, "full"),
                          .allow_downgrade = json_true_at(record, "allow_downgrade"),
                          .allow_incomplete = json_true_at(record, "allow_incomplete")};
    if (!text_equal(json_text(record, "record", ""), "goal") ||
        json_number(record, "schema", 0) != 1)
        return fail_goal(subject, "its first line is of another kind", error);
    text_copy(goal->device_id, sizeof goal->device_id, json_text(record, "device", ""));
    TRY(read_app(json_object_get(record, "app"), subject, goal, error));
    return release_record_from_json(json_object_get(record, "release"), subject, &goal->set, error);
}

void journal_name(const char *device_id, const char *port, char target[JOURNAL_NAME_SIZE])
{
    if (device_id[0])
        text_copy(target, JOURNAL_NAME_SIZE, device_id);
    else
        text_format(target, JOURNAL_NAME_SIZE, "usb-%s", port);
}
