/*
 * Application bundles for people: what is in the archive, what is wrong with it, and then the
 * application as any other module.
 *
 * Shows the JSON document and nothing else, so that text and JSON agree.
 */
#include "cli/show_bundle.h"

#include "base/text.h"
#include "cli/output.h"
#include "cli/show_module.h"

static const char *finding_words(const char *finding)
{
    static const struct {
        const char *finding, *words;
    } rows[] = {
        {"asset_missing", "the application wants this asset, and it is not there"},
        {"asset_mismatch", "the application wants another content of this asset"},
        {"asset_surplus", "the application does not want this asset, a board would delete it"},
        {"asset_uncheckable", "this asset is named by a hash that cannot be checked"},
        {"system_too_old", "accepts a Device OS that keeps no assets"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (text_equal(rows[i].finding, finding))
            return rows[i].words;
    return finding;
}

void show_bundle_lines(const json_t *parsed)
{
    size_t i;
    json_t *item;
    const json_t *application = json_object_get(parsed, "application");
    size_t count = json_array_size(json_object_get(parsed, "assets"));
    show_line("bundle", "of an application, %s, and %zu asset%s",
              json_text(application, "file", "?"), count, count == 1 ? "" : "s");
    json_array_foreach(json_object_get(parsed, "assets"), i, item)
    {
        char size[24];
        text_bytes(size, sizeof size, (uint64_t)json_number(item, "size", 0));
        show_line("holds", "%s, %s, SHA-256 %s", json_text(item, "name", "?"), size,
                  json_text(item, "sha256", "?"));
    }
    json_array_foreach(json_object_get(parsed, "environment"), i, item)
    {
        show_line("variable", "%s", json_string_value(item));
    }
    json_array_foreach(json_object_get(parsed, "findings"), i, item)
    {
        show_line("doubt", "%s: %s", json_text(item, "asset", "the application"),
                  finding_words(json_text(item, "finding", "?")));
    }
    show_module_lines(application);
}
