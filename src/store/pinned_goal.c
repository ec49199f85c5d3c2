/*
 * The goal of a restore as JSON, both ways.
 *
 * Touches no disk and no board. Invariant: a goal that was read pins every file by its SHA-256.
 */
#include "store/pinned_goal.h"

#include "base/path.h"
#include "base/text.h"
#include "store/layers.h"

static json_t *file_to_json(const pinned_file *file)
{
    char hash[SHA256_HEX_SIZE];
    text_hex(hash, (span){file->sha256, SHA256_SIZE});
    return file->name[0] ? json_pack("{s:s, s:s}", "file", file->name, "sha256", hash)
                         : json_null();
}

static json_t *release_or_null(const cached_release *record)
{
    return record->count ? release_record_to_json(record) : json_null();
}

static json_t *files_to_json(const pinned_file *files, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, file_to_json(&files[i]));
    return list;
}

json_t *pinned_goal_to_json(const pinned_goal *goal)
{
    return json_pack(
        "{s:s, s:i, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:s, s:b, s:b, s:b, s:b}", "record", "goal",
        "schema", 1, "device", goal->device_id, "platform", goal->platform, "release",
        release_or_null(&goal->set), "via", release_or_null(&goal->via), "modules",
        files_to_json(goal->files, goal->file_count), "app", file_to_json(&goal->app), "assets",
        files_to_json(goal->assets, goal->asset_count), "road", road_choice_name(goal->road),
        "heal", goal->heal, "full", goal->full, "allow_downgrade", goal->allow_downgrade,
        "allow_incomplete", goal->allow_incomplete);
}

static osb_status fail_goal(const char *subject, const char *what, osb_error *error)
{
    return osb_fail(error, OSB_ERR_INTEGRITY, subject,
                    "run 'osbundle restore' with the release you want: it needs no journal",
                    "the journal does not say what is wanted: %s", what);
}

static osb_status read_file(const json_t *object, const char *subject, pinned_file *file,
                            osb_error *error)
{
    const char *name = json_text(object, "file", "");
    if (!object || json_is_null(object))
        return OSB_OK;
    if (!path_is_plain_name(name) || !text_format(file->name, sizeof file->name, "%s", name))
        return fail_goal(subject, "a file has no plain name", error);
    if (!text_unhex(file->sha256, SHA256_SIZE, json_text(object, "sha256", "")))
        return fail_goal(subject, "a file has no SHA-256", error);
    return OSB_OK;
}

static osb_status read_files(const json_t *list, const char *subject, pinned_file *files,
                             size_t capacity, size_t *count, osb_error *error)
{
    if (json_array_size(list) > capacity)
        return fail_goal(subject, "more files than a goal can name", error);
    for (; *count < json_array_size(list); ++*count) {
        TRY(read_file(json_array_get(list, *count), subject, &files[*count], error));
        if (!files[*count].name[0])
            return fail_goal(subject, "a file has no plain name", error);
    }
    return OSB_OK;
}

static osb_status read_release(const json_t *object, const char *subject, cached_release *record,
                               osb_error *error)
{
    if (json_is_null(object))
        return OSB_OK;
    return release_record_from_json(object, subject, record, error);
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
    if (!road_choice_from_text(json_text(record, "road", "auto"), &goal->road))
        return fail_goal(subject, "it names a road that this program does not know", error);
    text_copy(goal->device_id, sizeof goal->device_id, json_text(record, "device", ""));
    text_copy(goal->platform, sizeof goal->platform, json_text(record, "platform", ""));
    TRY(read_file(json_object_get(record, "app"), subject, &goal->app, error));
    TRY(read_files(json_object_get(record, "modules"), subject, goal->files, PLAN_FILES_MAX,
                   &goal->file_count, error));
    TRY(read_files(json_object_get(record, "assets"), subject, goal->assets, PINNED_ASSETS_MAX,
                   &goal->asset_count, error));
    TRY(read_release(json_object_get(record, "release"), subject, &goal->set, error));
    TRY(read_release(json_object_get(record, "via"), subject, &goal->via, error));
    if (!goal->set.count && !goal->file_count && !goal->app.name[0])
        return fail_goal(subject, "it names no release and no file", error);
    return OSB_OK;
}

void journal_name(const char *device_id, const char *port, char target[JOURNAL_NAME_SIZE])
{
    if (device_id[0])
        text_copy(target, JOURNAL_NAME_SIZE, device_id);
    else
        text_format(target, JOURNAL_NAME_SIZE, "usb-%s", port);
}
