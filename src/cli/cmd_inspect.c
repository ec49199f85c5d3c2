/*
 * inspect: what module files hold. One file is shown in full, many as a table for each word.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/json_list.h"
#include "cli/output.h"
#include "cli/show_module.h"

typedef struct inspection {
    cli *self;
    json_list documents;
    table lines;
    size_t group; /**< the lines in the table are of this one */
    osb_error problem;
    size_t strays;
    bool failed; /**< `problem` waits to be told: by the next one, or by the caller */
} inspection;

/** Files that were named share one table; each folder has its own. */
enum {
    NO_FOLDER = LIST_MAX
};

static const char *word_of(const inspection *run, const osb_finding *found)
{
    return run->self->words->arguments.items[found->argument];
}

/** The path below the folder that was named; the path itself for a file that was named. */
static const char *short_name(const inspection *run, const osb_finding *found)
{
    const char *name = found->path;
    if (!finding_is_inside(run->self->words, found))
        return name;
    name += strlen(word_of(run, found));
    return name + (*name == '/');
}

static void flush_table(inspection *run)
{
    if (run->lines.rows)
        table_print(&run->lines, "");
    table_free(&run->lines);
    run->lines = (table){0};
}

static void begin_group(inspection *run, size_t group)
{
    bool first = run->group > NO_FOLDER;
    char name[TABLE_TEXT];
    flush_table(run);
    run->group = group;
    if (group == NO_FOLDER || run->self->words->arguments.count == 1)
        return;
    output_safe(name, sizeof name, run->self->words->arguments.items[group]);
    printf("%s%s:\n", first ? "" : "\n", name);
}

static void add_row(inspection *run, const osb_finding *found)
{
    char name[TABLE_TEXT];
    size_t group = finding_is_inside(run->self->words, found) ? found->argument : NO_FOLDER;
    if (run->group != group)
        begin_group(run, group);
    if (run->lines.rows == TABLE_ROWS)
        flush_table(run);
    if (!run->lines.rows)
        run->lines = show_module_table();
    output_safe(name, sizeof name, short_name(run, found));
    show_module_row(&run->lines, name, found->document);
}

/** Tells the problem before this one; the last one is told by the caller, as every error is. */
static void keep_problem(inspection *run, const osb_error *problem)
{
    if (run->failed)
        output_error(&run->problem, false);
    run->problem = *problem;
    run->failed = true;
}

static void tell(void *context, const osb_finding *found)
{
    inspection *run = context;
    const options *words = run->self->words;
    char name[TABLE_TEXT];
    run->strays += found->stray;
    if (found->problem && !found->stray)
        keep_problem(run, found->problem);
    if (words->json) {
        json_list_add(&run->documents, words, found);
    } else if (found->document && finding_is_alone(words, found)) {
        output_safe(name, sizeof name, found->path);
        show_module(name, found->document);
    } else if (found->document) {
        add_row(run, found);
    }
}

osb_status cmd_inspect(cli *self, osb_error *error)
{
    const text_list *words = &self->words->arguments;
    inspection run = {.self = self, .group = NO_FOLDER + 1};
    osb_status status =
        osb_inspect_all(self->context, words->items, words->count, tell, &run, error);
    if (self->words->json)
        json_list_end(&run.documents);
    flush_table(&run);
    output_strays(run.strays);
    self->json_is_whole = self->words->json && run.documents.count;
    if (run.failed && status != OSB_ERR_INTERRUPTED)
        *error = run.problem;
    return status;
}
