/*
 * show: what a release holds.
 */
#include <stdio.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/output.h"

static void add_module(table *lines, const json_t *entry)
{
    char version[16], size[16], hash[20], needs[TABLE_TEXT];
    output_number(version, sizeof version, entry, "version");
    output_number(size, sizeof size, entry, "size");
    output_needs(needs, sizeof needs, json_object_get(entry, "dependencies"));
    text_copy(hash, 17, json_text(entry, "sha256", "-"));
    table_add(lines, (const char *const[]){json_text(entry, "slot", "?"), version, needs, size,
                                           json_text(entry, "route", "-"), hash,
                                           json_text(entry, "file", "-")});
}

static osb_status print_release(const json_t *release)
{
    size_t i;
    json_t *entry;
    TABLE_OWNED lines = table_make(7);
    const char *channel = json_text(release, "channel", "");
    printf("Device OS %s for %s%s%s\n", json_text(release, "version", "?"),
           json_text(release, "platform", "?"), *channel ? ", " : "", channel);
    table_add(&lines, (const char *const[]){"SLOT", "VERSION", "NEEDS", "SIZE", "ROUTE", "SHA-256",
                                            "FILE"});
    json_array_foreach(json_object_get(release, "modules"), i, entry)
    {
        add_module(&lines, entry);
    }
    table_print(&lines, "");
    return OSB_OK;
}

osb_status cmd_show(cli *self, osb_error *error)
{
    JSON_OWNED *release = NULL;
    if (self->words->platforms.count != 1)
        return osb_fail(error, OSB_ERR_USAGE, "show", "use: osbundle show VERSION -p PLATFORM",
                        "name one platform");
    TRY(osb_show(self->context, self->words->arguments.items[0], self->words->platforms.items[0],
                 &release, error));
    if (self->words->json)
        return output_json(release, false, error);
    return print_release(release);
}
