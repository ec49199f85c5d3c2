/*
 * cache: care of what was fetched.
 *
 * Every verb is a row of `verbs`; which of them takes what is said there, and nothing else is
 * accepted.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/amounts.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "cli/progress.h"

/** The day of a moment, "-" where there is none. */
static void day_of(char target[11], const json_t *object, const char *member)
{
    text_copy(target, 11, json_text(object, member, "-"));
}

static void bytes_of(char target[24], const json_t *object)
{
    text_bytes(target, 24, (uint64_t)json_number(object, "bytes", 0));
}

static unsigned count_of(const json_t *object, const char *member)
{
    return (unsigned)json_number(object, member, 0);
}

static osb_status answer(cli *self, const json_t *document, void (*print)(const json_t *document),
                         osb_error *error)
{
    progress_close(self->shown);
    if (!self->words->json) {
        print(document);
        return OSB_OK;
    }
    self->json_is_whole = true;
    return output_json(document, false, error);
}

static void state_of(char target[TABLE_TEXT], const json_t *release)
{
    const unsigned missing = count_of(release, "missing");
    text_copy(target, TABLE_TEXT, "ok");
    if (json_text(release, "problem", NULL))
        text_copy(target, TABLE_TEXT, "unreadable");
    else if (missing)
        text_format(target, TABLE_TEXT, "%u missing", missing);
    else if (json_true_at(release, "hidden"))
        text_copy(target, TABLE_TEXT, "hidden by another");
}

static void print_list(const json_t *document)
{
    size_t i;
    json_t *release;
    TABLE_OWNED lines = table_make(8);
    const json_t *releases = json_object_get(document, "releases");
    if (!json_array_size(releases)) {
        printf("the cache is empty; see: osbundle fetch\n");
        return;
    }
    table_add(&lines, (const char *const[]){"VERSION", "PLATFORM", "MODULES", "SIZE", "FETCHED",
                                            "USED", "STATE", "FOLDER"});
    json_array_foreach(releases, i, release)
    {
        char count[16], size[24], fetched[11], used[11], state[TABLE_TEXT];
        text_format(count, sizeof count, "%u", count_of(release, "modules"));
        bytes_of(size, release);
        day_of(fetched, release, "fetched");
        day_of(used, release, "used");
        state_of(state, release);
        table_add(&lines,
                  (const char *const[]){json_text(release, "version", "?"),
                                        json_text(release, "platform", "?"), count, size, fetched,
                                        used, state, json_text(release, "folder", "?")});
    }
    table_print(&lines, "");
}

static osb_status run_list(cli *self, osb_error *error)
{
    JSON_OWNED *result = NULL;
    TRY(osb_cache_list(self->context, &result, error));
    return answer(self, result, print_list, error);
}

static void print_sum(const json_t *folder, const char *member, const char *label, const char *what)
{
    char size[24];
    const json_t *sum = json_object_get(folder, member);
    bytes_of(size, sum);
    if (count_of(sum, "files") || !*what)
        printf("  %-10s  %u, %s%s\n", label, count_of(sum, "files"), size, what);
}

static void print_stat(const json_t *document)
{
    size_t i;
    json_t *folder;
    json_array_foreach(json_object_get(document, "folders"), i, folder)
    {
        printf("%s%s\n", json_text(folder, "folder", "?"),
               json_true_at(folder, "written") ? "" : " (only read)");
        printf("  %-10s  %u\n", "releases", count_of(folder, "releases"));
        print_sum(folder, "objects", "objects", "");
        print_sum(folder, "unnamed", "unnamed", " of them in no release");
        print_sum(folder, "damaged", "damaged", ", set aside");
        print_sum(folder, "temporary", "unfinished", ", of downloads and copies");
        print_sum(folder, "lists", "lists", ", as servers sent them");
    }
}

static osb_status run_stat(cli *self, osb_error *error)
{
    JSON_OWNED *result = NULL;
    TRY(osb_cache_stat(self->context, &result, error));
    return answer(self, result, print_stat, error);
}

static void print_path(const json_t *document)
{
    size_t i;
    json_t *file;
    const json_t *files = json_object_get(document, "files");
    if (!files)
        printf("%s\n", json_text(document, "folder", "?"));
    json_array_foreach(files, i, file)
    {
        printf("%s  %s\n", json_text(file, "path", "?"), json_text(file, "file", "?"));
    }
}

static osb_status run_path(cli *self, osb_error *error)
{
    const options *words = self->words;
    const bool named = words->arguments.count == 2;
    JSON_OWNED *result = NULL;
    if (named != (words->platforms.count == 1))
        return osb_fail(error, OSB_ERR_USAGE, "cache path",
                        "use: osbundle cache path [VERSION -p PLATFORM]",
                        "name a release and one platform, or neither");
    TRY(osb_cache_path(self->context, named ? words->arguments.items[1] : NULL,
                       named ? words->platforms.items[0] : NULL, &result, error));
    return answer(self, result, print_path, error);
}

static void print_problem(const json_t *problem)
{
    size_t i;
    json_t *user;
    char path[512], message[512];
    output_safe(path, sizeof path, json_text(problem, "path", "?"));
    output_safe(message, sizeof message, json_text(problem, "message", "?"));
    printf("%s: %s\n", path, message);
    if (json_true_at(problem, "set_aside"))
        printf("  moved to the folder damaged\n");
    json_array_foreach(json_object_get(problem, "used_by"), i, user)
    {
        const char *name = json_string_value(user), *slash = strchr(name, '/');
        if (slash)
            printf("  osbundle fetch %.*s -p %s\n", (int)(slash - name), name, slash + 1);
    }
}

static void print_verified(const json_t *document)
{
    size_t i;
    json_t *problem;
    char size[24];
    const json_t *problems = json_object_get(document, "problems");
    json_array_foreach(problems, i, problem)
    {
        print_problem(problem);
    }
    bytes_of(size, document);
    printf("%u objects with %s, %u releases: ", count_of(document, "objects"), size,
           count_of(document, "releases"));
    if (json_true_at(document, "sound"))
        printf("all sound\n");
    else
        printf("%zu %s\n", json_array_size(problems),
               json_array_size(problems) == 1 ? "problem" : "problems");
}

static osb_status run_verify(cli *self, osb_error *error)
{
    JSON_OWNED *result = NULL;
    progress_silence(self->shown);
    osb_status status = osb_cache_verify(self->context, &result, error);
    if (result)
        TRY(answer(self, result, print_verified, error));
    return status;
}

static void print_removed(const json_t *document, const char *member, const char *what, bool dry)
{
    char size[24];
    const json_t *sum = json_object_get(document, member);
    bytes_of(size, sum);
    if (count_of(sum, "files"))
        printf("%s %u %s, %s\n", dry ? "would remove" : "removed", count_of(sum, "files"), what,
               size);
}

static void print_fate(const json_t *release, bool dry)
{
    char size[24], used[11];
    const char *kept_by = json_text(release, "kept_by", NULL);
    bytes_of(size, release);
    day_of(used, release, "used");
    printf("%s %s for %s",
           kept_by ? "kept"
           : dry   ? "would remove"
                   : "removed",
           json_text(release, "version", "?"), json_text(release, "platform", "?"));
    if (kept_by)
        printf(": %s needs it\n", kept_by);
    else
        printf(", %s, last used %s\n", size, used);
}

static void print_pruned(const json_t *document)
{
    size_t i;
    json_t *release;
    char left[24];
    const bool dry = json_true_at(document, "dry_run");
    json_array_foreach(json_object_get(document, "releases"), i, release)
    {
        print_fate(release, dry);
    }
    print_removed(document, "objects", "objects", dry);
    print_removed(document, "temporary", "unfinished files", dry);
    print_removed(document, "damaged", "damaged files", dry);
    text_bytes(left, sizeof left, (uint64_t)json_number(document, "bytes_left", 0));
    printf("%s %s in the cache%s\n", left, dry ? "would be left" : "left",
           json_true_at(document, "over_limit") ? ", which is more than was asked for" : "");
}

static osb_status amount(const char *words, bool (*read)(const char *words, int64_t *value),
                         const char *hint, int64_t *value, osb_error *error)
{
    *value = -1;
    if (!words || read(words, value))
        return OSB_OK;
    return osb_fail(error, OSB_ERR_USAGE, words, hint, "is no such amount");
}

/** Whether a prune that is only shown so far would remove releases: the rest nobody misses. */
static bool removes_releases(const json_t *document)
{
    size_t i;
    json_t *release;
    json_array_foreach(json_object_get(document, "releases"), i, release)
    {
        if (!json_text(release, "kept_by", NULL))
            return true;
    }
    return false;
}

/** Releases go only with the user's word; whoever is offline cannot fetch them again. */
static osb_status confirm_prune(cli *self, const osb_prune *wish, osb_error *error)
{
    JSON_OWNED *shown = NULL;
    osb_prune trial = *wish;
    trial.dry_run = true;
    if (wish->dry_run || self->words->yes)
        return OSB_OK;
    TRY(osb_cache_prune(self->context, &trial, &shown, error));
    if (!removes_releases(shown))
        return OSB_OK;
    if (self->words->json || !isatty(STDIN_FILENO))
        return osb_fail(error, OSB_ERR_USAGE, "cache prune",
                        "give --yes to remove releases without being asked, or see with --dry-run "
                        "which would go",
                        "there is no terminal to ask on");
    progress_close(self->shown);
    print_pruned(shown);
    fflush(stdout);
    if (output_asks("Remove this from the cache?"))
        return OSB_OK;
    return osb_fail(error, OSB_ERR_INTERRUPTED, "cache prune", "run it again to be asked again",
                    "nothing was removed");
}

static osb_status run_prune(cli *self, osb_error *error)
{
    const options *words = self->words;
    JSON_OWNED *result = NULL;
    osb_prune wish = {.versions = words->arguments.items + 1,
                      .version_count = words->arguments.count - 1,
                      .platforms = words->platforms.items,
                      .platform_count = words->platforms.count,
                      .keep_locks = words->keep_locks.items,
                      .keep_lock_count = words->keep_locks.count,
                      .dry_run = words->dry_run};
    TRY(amount(words->older_than, amount_age, "write 12h, 90d, 8w or 1y", &wish.older_than_s,
               error));
    TRY(amount(words->max_size, amount_size, "write 500M, 2G or 2Gi", &wish.max_bytes, error));
    TRY(confirm_prune(self, &wish, error));
    TRY(osb_cache_prune(self->context, &wish, &result, error));
    return answer(self, result, print_pruned, error);
}

static void print_imported(const json_t *document)
{
    size_t i;
    json_t *release;
    char size[24];
    json_array_foreach(json_object_get(document, "releases"), i, release)
    {
        printf("%s for %s: %zu modules%s\n", json_text(release, "version", "?"),
               json_text(release, "platform", "?"),
               json_array_size(json_object_get(release, "files")),
               json_true_at(release, "already_cached") ? ", in the cache already" : "");
    }
    json_array_foreach(json_object_get(document, "skipped"), i, release)
    {
        char subject[256], message[512];
        output_safe(subject, sizeof subject, json_text(release, "subject", "?"));
        output_safe(message, sizeof message, json_text(release, "message", "?"));
        printf("%s for %s: skipped: %s: %s\n", json_text(release, "version", "?"),
               json_text(release, "platform", "?"), subject, message);
    }
    text_bytes(size, sizeof size, (uint64_t)json_number(document, "downloaded_bytes", 0));
    printf("imported %u files, %s\n", count_of(document, "downloaded_files"), size);
}

static osb_status run_import(cli *self, osb_error *error)
{
    const options *words = self->words;
    JSON_OWNED *result = NULL;
    const osb_import wanted = {.sources = words->arguments.items + 1,
                               .source_count = words->arguments.count - 1,
                               .platforms = words->platforms.items,
                               .platform_count = words->platforms.count,
                               .allow_incomplete = words->allow_incomplete};
    osb_status status = osb_cache_import(self->context, &wanted, &result, error);
    progress_close(self->shown);
    self->json_is_whole = words->json && result;
    if (result && words->json)
        TRY(output_json(result, true, error)); /* the last of the lines */
    else if (result)
        print_imported(result);
    return status;
}

/** Options that not every verb takes. */
enum taken {
    PLATFORMS = 1,
    INCOMPLETE = 2,
    LIMITS = 4 /**< --older-than --max-size --keep-lock --dry-run --yes */
};

static const struct verb {
    const char *name, *use;
    size_t least, most; /**< words behind it */
    unsigned takes;
    osb_status (*run)(cli *self, osb_error *error);
} verbs[] = {
    {"list", "list", 0, 0, 0, run_list},
    {"stat", "stat", 0, 0, 0, run_stat},
    {"path", "path [VERSION -p PLATFORM]", 0, 1, PLATFORMS, run_path},
    {"verify", "verify", 0, 0, 0, run_verify},
    {"prune", "prune [VERSION]... [-p PLATFORM]... [--older-than AGE] [--max-size SIZE]", 0,
     LIST_MAX, PLATFORMS | LIMITS, run_prune},
    {"import", "import SOURCE... [-p PLATFORM]...", 1, LIST_MAX, PLATFORMS | INCOMPLETE,
     run_import},
};

static unsigned given(const options *words)
{
    unsigned taken = 0;
    if (words->platforms.count)
        taken |= PLATFORMS;
    if (words->allow_incomplete)
        taken |= INCOMPLETE;
    if (words->older_than || words->max_size || words->keep_locks.count || words->dry_run ||
        words->yes)
        taken |= LIMITS;
    return taken;
}

osb_status cmd_cache(cli *self, osb_error *error)
{
    const char *name = self->words->arguments.items[0];
    const size_t words = self->words->arguments.count - 1;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        const struct verb *verb = &verbs[i];
        if (!text_equal(name, verb->name))
            continue;
        if (words >= verb->least && words <= verb->most && !(given(self->words) & ~verb->takes) &&
            !self->words->all_platforms)
            return verb->run(self, error);
        osb_fail(error, OSB_ERR_USAGE, "cache", NULL, "%s does not take these words or options",
                 name);
        osb_error_set_hint(error, "use: osbundle cache %s", verb->use);
        return OSB_ERR_USAGE;
    }
    return osb_fail(error, OSB_ERR_USAGE, "cache", "see: osbundle help cache",
                    "use list, stat, path, verify, prune or import");
}
