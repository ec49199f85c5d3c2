/*
 * bundle: one file with everything that a bench needs.
 */
#include <stdio.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "cli/password.h"
#include "cli/progress.h"

static osb_status usage(osb_error *error)
{
    return osb_fail(error, OSB_ERR_USAGE, "bundle", "see: osbundle help bundle",
                    "use export VERSION... -p PLATFORM... -o FILE, import FILE, verify FILE or "
                    "info FILE");
}

static void print_releases(const json_t *bundle)
{
    size_t i;
    json_t *release;
    TABLE_OWNED lines = table_make(4);
    table_add(&lines, (const char *const[]){"VERSION", "PLATFORM", "MODULES", "SIZE"});
    json_array_foreach(json_object_get(bundle, "releases"), i, release)
    {
        char size[24], count[16];
        text_bytes(size, sizeof size, (uint64_t)json_number(release, "bytes", 0));
        text_format(count, sizeof count, "%zu", json_array_size(json_object_get(release, "files")));
        table_add(&lines, (const char *const[]){json_text(release, "version", "?"),
                                                json_text(release, "platform", "?"), count, size});
    }
    if (lines.rows > 1)
        table_print(&lines, "  ");
}

static void print_files(const json_t *bundle, const char *member, const char *what)
{
    size_t i;
    json_t *file;
    json_array_foreach(json_object_get(bundle, member), i, file)
    {
        char size[24];
        text_bytes(size, sizeof size, (uint64_t)json_number(file, "size", 0));
        printf("  %-12s %s, %s\n", what, json_text(file, "file", "?"), size);
    }
}

/** Platform data is worth a line only where this program goes by other data. */
static void print_platforms(const json_t *bundle)
{
    size_t i;
    json_t *file;
    json_array_foreach(json_object_get(bundle, "platforms"), i, file)
    {
        const char *here = json_text(file, "here", "same");
        if (!text_equal(here, "same"))
            printf("  platform     %s is %s here\n", json_text(file, "file", "?"),
                   text_equal(here, "unknown") ? "not known" : "another, which is gone by");
    }
}

static void print_bundle(const json_t *bundle, const char *what)
{
    char packed[24], bytes[24];
    text_bytes(packed, sizeof packed, (uint64_t)json_number(bundle, "size", 0));
    text_bytes(bytes, sizeof bytes, (uint64_t)json_number(bundle, "bytes", 0));
    printf("%s: %s%s, %s (%s unpacked)\n", json_text(bundle, "file", "?"),
           json_true_at(bundle, "signed") ? "signed, " : "", what, packed, bytes);
    print_releases(bundle);
    print_files(bundle, "locks", "lock");
    print_files(bundle, "applications", "application");
    print_platforms(bundle);
}

static osb_status answer(cli *self, const json_t *bundle, const char *what, osb_error *error)
{
    progress_close(self->shown);
    if (self->words->json)
        return output_json(bundle, false, error);
    print_bundle(bundle, what);
    return OSB_OK;
}

static osb_status export_bundle(cli *self, osb_error *error)
{
    const options *words = self->words;
    JSON_OWNED *made = NULL;
    const osb_signing signing = {words->sign, words->expires, password_known(self)};
    const osb_cargo cargo = {.versions = words->arguments.items + 1,
                             .version_count = words->arguments.count - 1,
                             .platforms = words->platforms.items,
                             .platform_count = words->platforms.count,
                             .locks = &words->lock,
                             .lock_count = words->lock != NULL,
                             .apps = words->apps.items,
                             .app_count = words->apps.count,
                             .allow_incomplete = words->allow_incomplete,
                             .signing = words->sign ? &signing : NULL};
    TRY(password_check_words(words, "bundle", error));
    if (!words->output)
        return osb_fail(error, OSB_ERR_USAGE, "bundle export", "add -o NAME.tar.zst or -o NAME.zip",
                        "name the file that is to be made");
    TRY(osb_bundle_export(self->context, &cargo, words->output, &made, error));
    return answer(self, made, "exported", error);
}

/** A verb that opens a bundle, and what is said when it went well. */
typedef struct opening {
    const char *verb;
    osb_bundle_depth depth;
    const char *done;
} opening;

static const opening openings[] = {
    {"info", OSB_BUNDLE_INFO, "not verified"},
    {"verify", OSB_BUNDLE_VERIFY, "everything in it is as its index says"},
    {"import", OSB_BUNDLE_IMPORT, "verified, and taken into the cache"},
};

static osb_status open_bundle(cli *self, const opening *how, osb_error *error)
{
    const options *words = self->words;
    JSON_OWNED *told = NULL;
    if (words->arguments.count != 2 || words->platforms.count || words->lock || words->apps.count ||
        words->sign || words->expires || words->password_file ||
        (words->output && how->depth != OSB_BUNDLE_IMPORT))
        return usage(error);
    TRY(osb_bundle_open(self->context, words->arguments.items[1], how->depth, words->output,
                        words->allow_incomplete, &told, error));
    return answer(self, told, how->done, error);
}

osb_status cmd_bundle(cli *self, osb_error *error)
{
    const char *verb = self->words->arguments.items[0];
    if (text_equal(verb, "export"))
        return export_bundle(self, error);
    for (size_t i = 0; i < sizeof openings / sizeof *openings; i++)
        if (text_equal(verb, openings[i].verb))
            return open_bundle(self, &openings[i], error);
    return usage(error);
}
