/*
 * A verification report as others see it: the names of results, and the JSON object.
 *
 * Judges nothing. Invariant: "ok" is true exactly when no line failed.
 */
#include "base/text.h"
#include "model/names_json.h"
#include "trust/verify.h"

const char *check_result_name(check_result result)
{
    switch (result) {
    case RESULT_PASSED:
        return "passed";
    case RESULT_FAILED:
        return "failed";
    case RESULT_NOT_CHECKABLE:
        return "not_checkable";
    }
    return "unknown";
}

json_t *verify_report_to_json(const verify_report *report, const char *file_name)
{
    char hex[SHA256_HEX_SIZE];
    bool passed = true;
    text_hex(hex, (span){report->sha256, SHA256_SIZE});
    json_t *document = json_object(), *checks = json_array();
    for (size_t i = 0; i < report->line_count; i++) {
        const verify_line *line = &report->lines[i];
        passed = passed && line->result != RESULT_FAILED;
        json_t *entry = json_object();
        json_object_set_new(entry, "check", json_string(line->check));
        json_object_set_new(entry, "result", json_string(check_result_name(line->result)));
        json_object_set_new(entry, "detail", json_string(line->detail));
        json_array_append_new(checks, entry);
    }
    json_object_set_new(document, "type", json_string("osbundle-verify"));
    json_object_set_new(document, "schema", json_integer(1));
    json_object_set_new(document, "file", json_foreign_name(file_name));
    json_object_set_new(document, "sha256", json_string(hex));
    json_object_set_new(document, "ok", json_boolean(passed));
    json_object_set_new(document, "checks", checks);
    return document;
}
