/*
 * mirror: a folder of releases that any web server can serve.
 */
#include <stdio.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "cli/password.h"
#include "cli/progress.h"

static void print_mirror(const json_t *mirror)
{
    char bytes[24];
    const char *folder = json_text(mirror, "folder", "?");
    unsigned added = (unsigned)json_number(mirror, "added_objects", 0);
    unsigned removed = (unsigned)json_number(mirror, "removed_files", 0);
    text_bytes(bytes, sizeof bytes, (uint64_t)json_number(mirror, "added_bytes", 0));
    size_t count = json_array_size(json_object_get(mirror, "releases"));
    printf("%s: %zu release%s, index version %u\n", folder, count, count == 1 ? "" : "s",
           (unsigned)json_number(mirror, "version", 0));
    if (json_true_at(mirror, "changed"))
        printf("  added %u file%s, %s\n", added, added == 1 ? "" : "s", bytes);
    else
        printf("  nothing to add\n");
    text_bytes(bytes, sizeof bytes, (uint64_t)json_number(mirror, "removed_bytes", 0));
    if (removed)
        printf("  removed %u file%s, %s\n", removed, removed == 1 ? "" : "s", bytes);
}

osb_status cmd_mirror(cli *self, osb_error *error)
{
    const options *words = self->words;
    JSON_OWNED *mirror = NULL;
    const osb_signing signing = {words->sign, words->expires, password_known(self)};
    const osb_cargo cargo = {.versions = words->arguments.items + 1,
                             .version_count = words->arguments.count - 1,
                             .platforms = words->platforms.items,
                             .platform_count = words->platforms.count,
                             .allow_incomplete = words->allow_incomplete,
                             .signing = words->sign ? &signing : NULL};
    TRY(password_check_words(words, "mirror", error));
    if (!cargo.version_count && !words->prune)
        return osb_fail(error, OSB_ERR_USAGE, "mirror", "use: osbundle mirror DIR VERSION...",
                        "name a release, or --prune");
    TRY(osb_mirror(self->context, &cargo, words->arguments.items[0], words->prune, &mirror, error));
    progress_close(self->shown);
    if (words->json)
        return output_json(mirror, false, error);
    print_mirror(mirror);
    return OSB_OK;
}
