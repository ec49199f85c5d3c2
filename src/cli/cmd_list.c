/*
 * list: releases in the cache, or at the sources.
 */
#include <stdio.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/output.h"

enum {
    NAMES = 320
};

static const char *channel_words(const json_t *release)
{
    static const struct {
        const char *channel, *words;
    } rows[] = {{"ga", "release"},
                {"lts", "LTS"},
                {"preview", "preview"},
                {"rc", "pre-release"},
                {"internal", "unpublished"}};
    const char *channel = json_text(release, "channel", "");
    if (json_true_at(release, "prerelease") && !text_equal(channel, "internal"))
        return "pre-release";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (text_equal(rows[i].channel, channel))
            return rows[i].words;
    return json_true_at(release, "lts") ? "LTS" : "-";
}

/** "p2, msom"; "-" for none, "?" for what is not known. */
static void join(char *target, size_t capacity, const json_t *names)
{
    size_t i;
    json_t *name;
    target[0] = '\0';
    json_array_foreach(names, i, name)
    {
        text_append(target, capacity, "%s%s", i ? " " : "", json_string_value(name));
    }
    if (!target[0])
        text_copy(target, capacity, json_is_array(names) ? "-" : "?");
}

static void add_cached(table *lines, const json_t *release)
{
    char size[24], count[24], pinned[24];
    const json_t *files = json_object_get(release, "files");
    text_bytes(size, sizeof size, (uint64_t)json_number(release, "bytes", 0));
    text_format(count, sizeof count, "%zu", json_array_size(files));
    text_format(pinned, sizeof pinned, "%u", (unsigned)json_number(release, "pinned", 0));
    table_add(lines, (const char *const[]){json_text(release, "version", "?"),
                                           json_text(release, "platform", "?"),
                                           channel_words(release), count, pinned, size});
}

static void print_cached(const json_t *releases)
{
    size_t i;
    json_t *release;
    TABLE_OWNED lines = table_make(6);
    table_add(&lines,
              (const char *const[]){"VERSION", "PLATFORM", "CHANNEL", "MODULES", "PINNED", "SIZE"});
    json_array_foreach(releases, i, release)
    {
        add_cached(&lines, release);
    }
    table_print(&lines, "");
}

static void add_remote(table *lines, const json_t *release)
{
    char cached[NAMES], latest[NAMES], platforms[NAMES];
    join(cached, sizeof cached, json_object_get(release, "cached"));
    join(latest, sizeof latest, json_object_get(release, "latest_for"));
    join(platforms, sizeof platforms, json_object_get(release, "platforms"));
    table_add(lines, (const char *const[]){json_text(release, "version", "?"),
                                           channel_words(release), cached, latest, platforms});
}

/** A table for each source, since the same release may come from several. */
static void print_remote(const json_t *releases)
{
    const size_t count = json_array_size(releases);
    for (size_t first = 0, end; first < count; first = end) {
        const char *source = json_text(json_array_get(releases, first), "source", "?");
        TABLE_OWNED lines = table_make(5);
        table_add(&lines, (const char *const[]){"VERSION", "CHANNEL", "CACHED FOR", "LATEST FOR",
                                                "PLATFORMS"});
        for (end = first; end < count; end++) {
            const json_t *release = json_array_get(releases, end);
            if (!text_equal(json_text(release, "source", "?"), source))
                break;
            add_remote(&lines, release);
        }
        printf("%s%s\n", first ? "\n" : "", source);
        table_print(&lines, "");
    }
}

osb_status cmd_list(cli *self, osb_error *error)
{
    JSON_OWNED *result = NULL;
    const bool remote = self->words->remote;
    TRY(osb_list(self->context, remote, &result, error));
    if (self->words->json)
        return output_json(result, false, error);
    const json_t *releases = json_object_get(result, "releases");
    if (!json_array_size(releases))
        printf("no releases%s\n", remote ? "" : " in the cache; see: osbundle fetch");
    else if (remote)
        print_remote(releases);
    else
        print_cached(releases);
    return OSB_OK;
}
