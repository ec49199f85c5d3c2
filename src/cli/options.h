#pragma once
/** Parsing the command line into an `options`. */
#include "cli/cli.h"

typedef struct option_parser option_parser;

/**
 * Parses all words; options may stand before and after the command. OSB_ERR_USAGE otherwise.
 * @param parser keeps the texts alive; free it last
 * @param chosen the command named, or NULL when only options were given
 */
osb_status options_parse(int count, const char **words, option_parser **parser, options *parsed,
                         const command **chosen, osb_error *error) OSB_MUST_CHECK;
void options_free(option_parser *parser);

/** What `plan` and `restore` are asked for; the config file's policy holds where no option is
 * given. */
osb_goal options_goal(const cli *self);

/** Prints the options that `takes` allows (and the global ones), for help. */
void options_print(unsigned takes);
