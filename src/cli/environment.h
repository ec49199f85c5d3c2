#pragma once
/** What options fall back to: environment variables, the config file and the user's folders. */
#include "cli/cli.h"
#include "cli/config.h"

enum {
    ENVIRONMENT_TEXT = 4096
};

/** Texts that the library options point to. */
typedef struct environment {
    char cache[ENVIRONMENT_TEXT];
    char state[ENVIRONMENT_TEXT];
    const char *source;
    const char *simulated;
} environment;

/** Reads the config file of the user's own folder. */
osb_status environment_settings(config *settings, osb_error *error) OSB_MUST_CHECK;

/** Fills the library's options from the words, else the environment, else the settings. */
void environment_apply(const options *words, const config *settings, environment *kept,
                       osb_options *library);

/** Whether output to the terminal `descriptor` should have colour. */
bool environment_color(const options *words, int descriptor);
