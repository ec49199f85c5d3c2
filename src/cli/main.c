/*
 * The program: finds the command, opens the library's context, runs, and turns the status into an
 * exit code.
 *
 * Does no work of its own. Invariant: one return path, one place where errors are printed.
 */
#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/boards.h"
#include "cli/cli.h"
#include "cli/environment.h"
#include "cli/interrupts.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/patience.h"
#include "cli/progress.h"

enum {
    BUTTON_WAIT_MS = 60000, /**< for somebody at the terminal to get hold of the board */
    /* Threads wait for boards and hardly for each other's memory; with an arena for each, 32 boards
     * take 3 MB more. */
    ARENAS = 2
};

static void print_log(void *context, int level, const char *topic, const char *line)
{
    (void)level;
    progress_close(context);
    fprintf(stderr, "%s: %s\n", topic, line);
}

/** A recording that does not fit outweighs whatever the command made of it. */
static osb_status judge(cli *self, osb_status status, osb_error *error)
{
    osb_error difference;
    osb_status verdict = osb_replay_verdict(self->context, &difference);
    if (verdict == OSB_OK)
        return status;
    *error = difference;
    return verdict;
}

static osb_status run_command(const command *chosen, cli *self, osb_error *error)
{
    if (chosen->takes & TAKES_BOARDS)
        TRY(boards_await(self, error));
    return chosen->run(self, error);
}

static osb_status run_with_context(const command *chosen, cli *self, osb_error *error)
{
    environment kept;
    CONFIG_OWNED settings = {0};
    const bool attended = isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
    osb_options library = {.button_wait_ms = attended ? BUTTON_WAIT_MS : 0,
                           .hooks = {.event = progress_event,
                                     .log = print_log,
                                     .cancelled = interrupts_asked,
                                     .context = self->shown}};
    TRY(environment_settings(&settings, error));
    self->settings = &settings;
    environment_apply(self->words, &settings, &kept, &library);
    TRY(patience_apply(self->words, &library, error));
    osb_status status = osb_open(&library, &self->context, error);
    if (status == OSB_OK)
        status = judge(self, run_command(chosen, self, error), error);
    progress_free(self->shown);
    osb_close(self->context);
    return status;
}

static osb_status run(const command *chosen, cli *self, osb_error *error)
{
    if (!chosen)
        return cmd_help(self, error);
    if (self->words->help) {
        options about = {.arguments = {.items = {chosen->name}, .count = 1}};
        cli helper = {.words = &about};
        return cmd_help(&helper, error);
    }
    self->shown->json = self->words->json && chosen->tells_events;
    if (chosen->without_context)
        return chosen->run(self, error);
    return run_with_context(chosen, self, error);
}

int main(int count, char **words)
{
    option_parser *parser;
    options parsed;
    progress shown;
    const command *chosen;
    osb_error error = {0};
    (void)mallopt(M_ARENA_MAX, ARENAS); /* Linux only, as is malloc.h */
    interrupts_watch();
    osb_status status =
        options_parse(count, (const char **)words, &parser, &parsed, &chosen, &error);
    cli self = {.words = &parsed, .shown = &shown, .color = environment_color(&parsed, 1)};
    progress_open(&shown, &parsed);
    if (status == OSB_OK)
        status = run(chosen, &self, &error);
    int exit_code = osb_status_exit_code(status);
    if (status != OSB_OK)
        output_error(&error, parsed.json && !self.json_is_whole);
    else if (self.something_to_do)
        exit_code = 10;
    if (fflush(stdout) != 0 && exit_code == 0)
        exit_code = 1;
    options_free(parser);
    return exit_code;
}
