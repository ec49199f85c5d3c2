/*
 * The command line: one table of all options, read by popt, with the commands that take them.
 *
 * Acts on nothing. Invariant: an option that a command does not take is an error, never ignored.
 */
#include "cli/options.h"

#include <popt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "cli/config.h"

typedef enum option_kind {
    KIND_FLAG,
    KIND_TEXT,
    KIND_LIST
} option_kind;

typedef struct option_row {
    const char *name;
    char letter; /**< 0 for none */
    option_kind kind;
    unsigned group; /**< enum option_group; 0: global */
    size_t offset;  /**< of the member in `options` */
    const char *value;
    const char *help;
} option_row;

#define AT(member) offsetof(options, member)

static const option_row rows[] = {
    {"cache", 0, KIND_TEXT, 0, AT(cache), "FOLDERS", "cache folders, the first is written"},
    {"source", 0, KIND_LIST, 0, AT(sources), "URL", "where releases come from (repeatable)"},
    {"sim", 0, KIND_LIST, 0, AT(simulated), "SPEC",
     "use a simulated board: PLATFORM@VERSION or a folder (repeatable)"},
    {"trace", 0, KIND_TEXT, 0, AT(trace), "FILE", "write down all that goes over the bus"},
    {"replay", 0, KIND_TEXT, 0, AT(replay), "FILE", "let such a file answer instead of boards"},
    {"device", 'd', KIND_TEXT, 0, AT(device), "DEVICE",
     "device id, usb:BUS-PORT, serial:PATH or label"},
    {"label", 0, KIND_LIST, 0, AT(labels), "PORT=NAME",
     "what the board on a USB port is called (repeatable)"},
    {"offline", 0, KIND_FLAG, 0, AT(offline), NULL, "open no network connection"},
    {"allow-http", 0, KIND_FLAG, 0, AT(allow_http), NULL, "allow sources without TLS"},
    {"retry", 0, KIND_TEXT, 0, AT(retry), "N", "ask a failing server N times more (default 3)"},
    {"retry-delay", 0, KIND_TEXT, 0, AT(retry_delay), "SECONDS",
     "pause before the first of them (default 0.5), doubled with each"},
    {"stall-timeout", 0, KIND_TEXT, 0, AT(stall_timeout), "SECONDS",
     "break off transfers that crawl for so long (default 20)"},
    {"max-wait", 0, KIND_TEXT, 0, AT(max_wait), "SECONDS",
     "wait at most so long when a server asks for it (default 60)"},
    {"json", 0, KIND_FLAG, 0, AT(json), NULL, "print JSON (see osbundle-json(5))"},
    {"quiet", 'q', KIND_FLAG, 0, AT(quiet), NULL, "show no progress"},
    {"verbose", 'v', KIND_FLAG, 0, AT(verbose), NULL, "tell what is done underneath"},
    {"color", 0, KIND_TEXT, 0, AT(color), "WHEN", "auto, always or never"},
    {"help", 'h', KIND_FLAG, 0, AT(help), NULL, "show help for the command"},
    {"platform", 'p', KIND_LIST, TAKES_PLATFORM, AT(platforms), "PLATFORM",
     "which platform (fetch, lock: repeatable)"},
    {"all-platforms", 0, KIND_FLAG, TAKES_PLATFORM, AT(all_platforms), NULL,
     "all platforms that the catalog knows for the release"},
    {"watch", 0, KIND_FLAG, TAKES_WATCH, AT(watch), NULL, "tell who comes and goes, until Ctrl-C"},
    {"remote", 0, KIND_FLAG, TAKES_REMOTE, AT(remote), NULL, "ask the sources, not the cache"},
    {"app", 0, KIND_LIST, TAKES_GOAL | TAKES_PINS | TAKES_BUNDLE, AT(apps), "FILE",
     "application to put on afterwards (lock, bundle: repeatable)"},
    {"module", 'm', KIND_LIST, TAKES_GOAL, AT(modules), "FILE",
     "another module, before the release's own (repeatable)"},
    {"approved", 0, KIND_LIST, TAKES_GOAL, AT(approved), "VERSION",
     "restore no other releases than these: 5.3.1, 5.3 or 5 (repeatable)"},
    {"prerelease", 0, KIND_FLAG, TAKES_GOAL | TAKES_PLATFORM, AT(prerelease), NULL,
     "latest, lts, 5 or 5.3 may be a pre-release"},
    {"full", 0, KIND_FLAG, TAKES_GOAL, AT(full), NULL, "write also what is right already"},
    {"via", 0, KIND_TEXT, TAKES_GOAL, AT(via), "ROAD",
     "auto, control (requests only) or dfu (DFU mode only)"},
    {"heal", 0, KIND_FLAG, TAKES_GOAL, AT(heal), NULL,
     "write only what the board cannot do without"},
    {"allow-downgrade", 0, KIND_FLAG, TAKES_GOAL, AT(allow_downgrade), NULL,
     "accept an older release than the board has"},
    {"allow-incomplete", 0, KIND_FLAG, TAKES_INCOMPLETE, AT(allow_incomplete), NULL,
     "accept a release that lacks a module"},
    {"output", 'o', KIND_TEXT, TAKES_PLAN | TAKES_PINS | TAKES_BUNDLE, AT(output), "FILE",
     "save the JSON there; bundle: the file to export to, the folder to import to"},
    {"prune", 0, KIND_FLAG, TAKES_MIRROR, AT(prune), NULL,
     "also remove files that the mirror's index does not list"},
    {"graph", 0, KIND_FLAG, TAKES_PLAN, AT(graph), NULL,
     "print modules, needs and steps for Graphviz's dot"},
    {"exit-code", 0, KIND_FLAG, TAKES_PLAN, AT(exit_code), NULL,
     "exit 10 when there is something to do"},
    {"lock", 0, KIND_TEXT, TAKES_LOCK, AT(lock), "FILE", "hold to the files that this lock pins"},
    {"sign", 0, KIND_TEXT, TAKES_SIGN, AT(sign), "KEY",
     "sign it with this secret key: a .minisig is put beside it"},
    {"expires", 0, KIND_TEXT, TAKES_SIGN, AT(expires), "DATE",
     "the last day on which the signature holds: 2027-01-31"},
    {"password-file", 0, KIND_TEXT, TAKES_SIGN | TAKES_KEY, AT(password_file), "FILE",
     "take the secret key's password from its first line, and do not ask"},
    {"no-password", 'W', KIND_FLAG, TAKES_KEY, AT(no_password), NULL,
     "do not encrypt the new secret key"},
    {"signature", 'x', KIND_TEXT, TAKES_SIGNATURE, AT(signature), "FILE",
     "check this signature of a file, not what is in the file"},
    {"key", 'k', KIND_LIST, TAKES_SIGNATURE, AT(keys), "KEY",
     "by this public key or its file, not the trusted ones (repeatable)"},
    {"all", 0, KIND_FLAG, TAKES_BOARDS, AT(all), NULL, "every board that is there"},
    {"jobs", 'j', KIND_TEXT, TAKES_BOARDS, AT(jobs), "N", "N boards at once (default: all)"},
    {"wait", 0, KIND_TEXT, TAKES_BOARDS, AT(wait), "N", "wait until N boards are there"},
    {"timeout", 0, KIND_TEXT, TAKES_BOARDS, AT(timeout), "SECONDS", "wait at most so long"},
    {"yes", 'y', KIND_FLAG, TAKES_YES, AT(yes), NULL, "do not ask"},
    {"plan", 0, KIND_TEXT, TAKES_RESTORE, AT(plan), "FILE",
     "do what this saved plan says, if the board is still as it was"},
    {"dry-run", 'n', KIND_FLAG, TAKES_RESTORE | TAKES_PRUNE, AT(dry_run), NULL,
     "everything but the writes"},
    {"older-than", 0, KIND_TEXT, TAKES_PRUNE, AT(older_than), "AGE",
     "remove releases that were not used for so long: 12h, 90d, 8w, 1y"},
    {"max-size", 0, KIND_TEXT, TAKES_PRUNE, AT(max_size), "SIZE",
     "remove those used least recently until it fits: 500M, 2G"},
    {"keep-lock", 0, KIND_LIST, TAKES_PRUNE, AT(keep_locks), "FILE",
     "keep what this lock file names (repeatable)"},
    {"from", 0, KIND_TEXT, TAKES_FROM, AT(from), "FILE",
     "a saved snapshot or cloud describe instead of a board"},
    {"id", 0, KIND_TEXT, TAKES_SIM, AT(id), "DEVICE-ID", "device id of the new board"},
    {"flash", 0, KIND_LIST, TAKES_SIM, AT(flash), "FILE",
     "put a module into its slot unchecked, as a programmer would (repeatable)"},
    {"credentials", 0, KIND_FLAG, TAKES_SIM, AT(credentials), NULL,
     "the board has network credentials"},
    {"listening", 0, KIND_FLAG, TAKES_SERIAL, AT(listening), NULL,
     "bring the board into listening mode for it, and out again (0.5.0 to 5.9.0)"},
    {"listen", 0, KIND_TEXT, TAKES_SERVE, AT(listen), "ADDRESS:PORT",
     "serve there (default 127.0.0.1:3240)"},
    {"attach", 0, KIND_FLAG, TAKES_SERVE, AT(attach), NULL,
     "plug the boards into this machine's vhci_hcd instead (root)"},
    {"real-time", 0, KIND_FLAG, TAKES_SERVE, AT(real_time), NULL,
     "flash work and starts take as long as on a real board"},
};

enum {
    ROW_COUNT = sizeof rows / sizeof *rows
};

struct option_parser {
    poptContext context;
    struct poptOption table[ROW_COUNT + 1];
    char *texts[LIST_MAX * 4]; /**< option values that popt handed over */
    size_t text_count;
};

void options_free(option_parser *parser)
{
    if (!parser)
        return;
    for (size_t i = 0; i < parser->text_count; i++)
        free(parser->texts[i]);
    poptFreeContext(parser->context);
    free(parser);
}

static osb_status usage(osb_error *error, const char *subject, const char *message)
{
    return osb_fail(error, OSB_ERR_USAGE, subject, "see: osbundle help", "%s", message);
}

static osb_status store(option_parser *parser, const option_row *row, options *parsed,
                        osb_error *error)
{
    char *member = (char *)parsed + row->offset;
    if (row->kind == KIND_FLAG) {
        *(bool *)member = true;
        return OSB_OK;
    }
    char *value = poptGetOptArg(parser->context);
    if (!value || parser->text_count == sizeof parser->texts / sizeof *parser->texts)
        return usage(error, row->name, "option has no value, or is given too often");
    parser->texts[parser->text_count++] = value;
    if (row->kind == KIND_TEXT) {
        *(const char **)(void *)member = value;
        return OSB_OK;
    }
    text_list *list = (text_list *)(void *)member;
    if (list->count == LIST_MAX)
        return usage(error, row->name, "option is given too often");
    list->items[list->count++] = value;
    return OSB_OK;
}

static osb_status take_arguments(option_parser *parser, options *parsed, const command **chosen,
                                 osb_error *error)
{
    const char *name = poptGetArg(parser->context);
    *chosen = name ? command_find(name) : NULL;
    if (name && !*chosen)
        return usage(error, name, "no such command");
    for (const char *word; (word = poptGetArg(parser->context));) {
        if (parsed->arguments.count == LIST_MAX)
            return usage(error, word, "too many arguments");
        parsed->arguments.items[parsed->arguments.count++] = word;
    }
    return OSB_OK;
}

static osb_status check_taken(const command *chosen, const bool given[ROW_COUNT],
                              const options *parsed, osb_error *error)
{
    const char *color = parsed->color ? parsed->color : "auto";
    if (!text_equal(color, "auto") && !text_equal(color, "always") && !text_equal(color, "never"))
        return usage(error, color, "--color takes auto, always or never");
    if (parsed->help || !chosen)
        return OSB_OK;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (!given[i] || !rows[i].group || rows[i].group & chosen->takes)
            continue;
        osb_fail(error, OSB_ERR_USAGE, rows[i].name, NULL, "%s takes no option --%s", chosen->name,
                 rows[i].name);
        osb_error_set_hint(error, "see: osbundle help %s", chosen->name);
        return OSB_ERR_USAGE;
    }
    size_t count = parsed->arguments.count;
    if (count >= chosen->least && count <= chosen->most)
        return OSB_OK;
    osb_fail(error, OSB_ERR_USAGE, chosen->name, NULL, "too %s arguments",
             count < chosen->least ? "few" : "many");
    osb_error_set_hint(error, "use: osbundle %s %s", chosen->name, chosen->arguments);
    return OSB_ERR_USAGE;
}

osb_status options_parse(int count, const char **words, option_parser **parser, options *parsed,
                         const command **chosen, osb_error *error)
{
    bool given[ROW_COUNT] = {0};
    option_parser *made = calloc(1, sizeof *made);
    *parser = made;
    *parsed = (options){0};
    *chosen = NULL;
    if (!made)
        return osb_fail_memory(error);
    for (size_t i = 0; i < ROW_COUNT; i++)
        made->table[i] = (struct poptOption){.longName = rows[i].name,
                                             .shortName = rows[i].letter,
                                             .argInfo = rows[i].kind == KIND_FLAG ? POPT_ARG_NONE
                                                                                  : POPT_ARG_STRING,
                                             .val = (int)i + 1};
    made->context = poptGetContext("osbundle", count, words, made->table, 0);
    int next;
    while ((next = poptGetNextOpt(made->context)) > 0) {
        given[next - 1] = true;
        TRY(store(made, &rows[next - 1], parsed, error));
    }
    if (next < -1)
        return usage(error, poptBadOption(made->context, 0), poptStrerror(next));
    TRY(take_arguments(made, parsed, chosen, error));
    return check_taken(*chosen, given, parsed, error);
}

osb_goal options_goal(const cli *self)
{
    const options *words = self->words;
    const config *settings = self->settings;
    const text_list *approved = words->approved.count ? &words->approved : &settings->approved;
    return (osb_goal){.device = words->device,
                      .version = words->arguments.count ? words->arguments.items[0] : NULL,
                      .app = words->apps.count ? words->apps.items[words->apps.count - 1] : NULL,
                      .via = words->via,
                      .modules = words->modules.items,
                      .module_count = words->modules.count,
                      .approved = approved->items,
                      .approved_count = approved->count,
                      .prerelease = words->prerelease || settings->prerelease,
                      .lock = words->lock,
                      .allow_downgrade = words->allow_downgrade || settings->allow_downgrade,
                      .allow_incomplete = words->allow_incomplete || settings->allow_incomplete,
                      .full = words->full,
                      .heal = words->heal};
}

static void print_row(const option_row *row)
{
    char left[64] = "";
    if (row->letter)
        text_append(left, sizeof left, "-%c, ", row->letter);
    text_append(left, sizeof left, "--%s%s%s", row->name, row->value ? " " : "",
                row->value ? row->value : "");
    printf("  %-24s %s\n", left, row->help);
}

void options_print(unsigned takes)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (rows[i].group & takes)
            print_row(&rows[i]);
    printf("Global options:\n");
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (!rows[i].group)
            print_row(&rows[i]);
}
