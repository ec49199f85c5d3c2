/*
 * help and version: what the program can do, from the tables of commands and options.
 */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/options.h"
#include "cli/output.h"

static void print_overview(void)
{
    printf("osbundle manages Particle Device OS releases: fetches, verifies, plans, applies.\n\n"
           "Usage: osbundle [options] COMMAND [options] [arguments]\n\nCommands:\n");
    for (size_t i = 0; i < command_count; i++)
        printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
    printf("\n");
    options_print(0);
    printf("\nStart with: osbundle diagnose\n");
}

osb_status cmd_help(cli *self, osb_error *error)
{
    if (!self->words->arguments.count) {
        print_overview();
        return OSB_OK;
    }
    const command *chosen = command_find(self->words->arguments.items[0]);
    if (!chosen)
        return osb_fail(error, OSB_ERR_USAGE, self->words->arguments.items[0], "see: osbundle help",
                        "no such command");
    printf("Usage: osbundle %s %s\n\n%s.\n\n%s\n\n", chosen->name, chosen->arguments,
           chosen->summary, chosen->details);
    if (chosen->takes)
        printf("Options of %s:\n", chosen->name);
    options_print(chosen->takes);
    return OSB_OK;
}

osb_status cmd_version(cli *self, osb_error *error)
{
    if (!self->words->json) {
        printf("osbundle %s\n", OSB_VERSION);
        return OSB_OK;
    }
    JSON_OWNED *object = json_pack("{s:s, s:i, s:s}", "type", "osbundle-version", "schema", 1,
                                   "version", OSB_VERSION);
    return output_json(object, false, error);
}
