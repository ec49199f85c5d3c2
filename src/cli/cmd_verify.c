/*
 * verify: every check on every file, each on its own line.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/json_list.h"
#include "cli/output.h"

enum {
    NAME_WIDTH = 18 /**< of the longest check */
};

typedef struct verification {
    cli *self;
    json_list documents;
    size_t files, failed, strays;
} verification;

static const char *mark_of(const char *result)
{
    if (text_equal(result, "passed"))
        return "ok";
    return text_equal(result, "failed") ? "FAILED" : "-";
}

static void print_line(const verification *run, const json_t *line)
{
    char detail[256], mark[32];
    const char *result = json_text(line, "result", "?");
    bool failed = text_equal(result, "failed");
    output_safe(detail, sizeof detail, json_text(line, "detail", ""));
    output_alarm(mark, sizeof mark, mark_of(result), failed && run->self->color);
    printf("  %s%*s%-*s %s\n", mark, (int)(8 - strlen(mark_of(result))), "", NAME_WIDTH,
           json_text(line, "check", "?"), detail);
}

static void print_checks(const verification *run, const osb_finding *found)
{
    size_t i;
    json_t *line;
    char name[512];
    output_safe(name, sizeof name, found->path);
    printf("%s\n", name);
    json_array_foreach(json_object_get(found->document, "checks"), i, line)
    {
        print_line(run, line);
    }
}

static void tell(void *context, const osb_finding *found)
{
    verification *run = context;
    const options *words = run->self->words;
    run->files += !found->stray;
    run->failed += found->problem && !found->stray;
    run->strays += found->stray;
    if (words->json)
        json_list_add(&run->documents, words, found);
    else if (found->document && !found->stray)
        print_checks(run, found);
    if (!found->document && !found->stray && !finding_is_alone(words, found))
        output_error(found->problem, false);
}

static void print_sum(const verification *run)
{
    if (!run->files)
        printf("no releases in the cache; see: osbundle fetch\n");
    else if (run->files > 1)
        printf("%zu files, %zu sound, %zu failed\n", run->files, run->files - run->failed,
               run->failed);
}

/** Whether one file is signed, and what the signature says of it. */
static osb_status verify_signature(cli *self, osb_error *error)
{
    char name[512];
    JSON_OWNED *found = NULL;
    const options *words = self->words;
    if (words->arguments.count != 1 || words->lock)
        return osb_fail(error, OSB_ERR_USAGE, "verify", "use: osbundle verify FILE -x SIGNATURE",
                        "a signature is checked of one file, by itself");
    TRY(osb_verify_signature(self->context, words->arguments.items[0], words->signature,
                             words->keys.items, words->keys.count, &found, error));
    if (words->json)
        return output_json(found, false, error);
    output_safe(name, sizeof name, words->arguments.items[0]);
    printf("%s is signed by key %s%s\n  %s\n", name, json_text(found, "key_id", "?"),
           json_true_at(found, "expired") ? "; the signature has expired" : "",
           json_text(found, "trusted_comment", ""));
    return OSB_OK;
}

osb_status cmd_verify(cli *self, osb_error *error)
{
    if (self->words->signature || self->words->keys.count)
        return verify_signature(self, error);
    const text_list *words = &self->words->arguments;
    verification run = {.self = self};
    osb_status status =
        osb_verify(self->context, words->items, words->count, self->words->lock, tell, &run, error);
    if (self->words->json)
        json_list_end(&run.documents);
    else if (status == OSB_OK || run.failed)
        print_sum(&run);
    output_strays(run.strays);
    self->json_is_whole = self->words->json && run.documents.count;
    if (run.failed && run.files > 1 && status != OSB_ERR_INTERRUPTED)
        return osb_fail(error, status, NULL, "get them again from where they were published",
                        "%zu of %zu files failed", run.failed, run.files);
    return status;
}
