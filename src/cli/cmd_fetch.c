/*
 * fetch: releases from the sources into the cache.
 */
#include <stdio.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/config.h"
#include "cli/output.h"
#include "cli/progress.h"

/** What the release itself lacks. */
static void print_older(const json_t *files)
{
    size_t i;
    json_t *file;
    json_array_foreach(files, i, file)
    {
        if (json_object_get(file, "older"))
            printf("  it lacks %s, which is taken from %s: %s\n", json_text(file, "slot", "?"),
                   json_text(file, "older", "?"), json_text(file, "file", "?"));
    }
}

static void print_fetched(const json_t *result)
{
    size_t i;
    json_t *release;
    char bytes[24];
    json_array_foreach(json_object_get(result, "releases"), i, release)
    {
        printf("%s for %s: %zu modules in the cache\n", json_text(release, "version", "?"),
               json_text(release, "platform", "?"),
               json_array_size(json_object_get(release, "files")));
        print_older(json_object_get(release, "files"));
    }
    text_bytes(bytes, sizeof bytes, (uint64_t)json_number(result, "downloaded_bytes", 0));
    printf("downloaded %u files, %s\n", (unsigned)json_number(result, "downloaded_files", 0),
           bytes);
}

/** All platforms that the catalog knows for a release, from the simulator's list of boards. */
static osb_status every_platform(cli *self, const char *version, json_t **boards,
                                 const char *names[LIST_MAX], size_t *count, osb_error *error)
{
    size_t i, k;
    json_t *board, *known;
    *count = 0;
    TRY(osb_sim_list(self->context, boards, error));
    json_array_foreach(json_object_get(*boards, "boards"), i, board)
    {
        json_array_foreach(json_object_get(board, "versions"), k, known)
        {
            if (text_equal(json_string_value(known), version) && *count < LIST_MAX)
                names[(*count)++] = json_text(board, "platform", "");
        }
    }
    if (*count)
        return OSB_OK;
    return osb_fail(error, OSB_ERR_NOT_FOUND, version, "name the platforms with -p",
                    "the catalog does not know this release");
}

static osb_status fetch_version(cli *self, const char *version, osb_error *error)
{
    const char *const *names = self->words->platforms.items;
    size_t count = self->words->platforms.count;
    const char *every[LIST_MAX];
    JSON_OWNED *boards = NULL;
    JSON_OWNED *result = NULL;
    if (self->words->all_platforms) {
        TRY(every_platform(self, version, &boards, every, &count, error));
        names = every;
    }
    const bool allow_incomplete = self->words->allow_incomplete || self->settings->allow_incomplete;
    TRY(osb_fetch(self->context, version, names, count, allow_incomplete, &result, error));
    progress_close(self->shown);
    if (self->words->json)
        return output_json(result, true, error);
    print_fetched(result);
    return OSB_OK;
}

osb_status cmd_fetch(cli *self, osb_error *error)
{
    for (size_t i = 0; i < self->words->arguments.count; i++)
        TRY(fetch_version(self, self->words->arguments.items[i], error));
    return OSB_OK;
}
