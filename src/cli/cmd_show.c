/*
 * show: what a release holds for one platform.
 */
#include <stdio.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "cli/show_module.h"

enum {
    HASH_SHOWN = 16 /**< digits: enough to compare by eye, the rest is in the JSON */
};

static void add_module(table *lines, const json_t *entry)
{
    char version[16], size[24] = "-", hash[HASH_SHOWN + 1], needs[TABLE_TEXT];
    output_number(version, sizeof version, entry, "version");
    if (json_is_integer(json_object_get(entry, "size")))
        text_bytes(size, sizeof size, (uint64_t)json_number(entry, "size", 0));
    show_needs_words(needs, sizeof needs, json_object_get(entry, "needs"));
    text_copy(hash, sizeof hash, json_text(entry, "sha256", "-"));
    table_add(lines,
              (const char *const[]){json_text(entry, "slot", "?"), json_text(entry, "name", "-"),
                                    version, needs, size, json_text(entry, "route", "-"), hash});
}

static void print_title(const json_t *release)
{
    const char *channel = json_text(release, "channel", "channel unknown");
    const size_t count = json_array_size(json_object_get(release, "modules"));
    printf("Device OS %s for %s: %s%s%s, %s; %u of %zu files pinned\n",
           json_text(release, "version", "?"), json_text(release, "platform", "?"),
           text_equal(channel, "internal") ? "never published" : channel,
           json_true_at(release, "lts") && !text_equal(channel, "lts") ? ", of an LTS line" : "",
           json_true_at(release, "latest") ? ", the latest" : "",
           json_true_at(release, "cached") ? "in the cache" : "not in the cache",
           (unsigned)json_number(release, "pinned", 0), count);
}

/** What a table cannot say: why something is never written, and what comes from elsewhere. */
static void print_remarks(const json_t *release)
{
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(release, "modules"), i, entry)
    {
        if (text_equal(json_text(entry, "route", ""), "never"))
            printf("%s is never written: %s\n", json_text(entry, "slot", "?"),
                   json_text(entry, "reason", "no road leads there"));
        if (json_text(entry, "older", NULL))
            printf("%s is taken from %s: %s\n", json_text(entry, "slot", "?"),
                   json_text(entry, "older", "?"), json_text(entry, "file", "?"));
    }
    json_array_foreach(json_object_get(release, "missing"), i, entry)
    {
        const char *older = json_text(entry, "older", NULL);
        printf("%s (%s) is not in it%s%s\n", json_text(entry, "slot", "?"),
               json_text(entry, "name", "?"), older ? ": it is taken from " : "",
               older ? older : "");
    }
}

static void print_release(const json_t *release)
{
    size_t i;
    json_t *entry;
    TABLE_OWNED lines = table_make(7);
    print_title(release);
    table_add(&lines, (const char *const[]){"SLOT", "NAME", "VERSION", "NEEDS (SHIPPED SINCE)",
                                            "SIZE", "ROUTE", "SHA-256"});
    json_array_foreach(json_object_get(release, "modules"), i, entry)
    {
        add_module(&lines, entry);
    }
    table_print(&lines, "");
    print_remarks(release);
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
    print_release(release);
    return OSB_OK;
}
