#pragma once
/** What options fall back to: environment variables and the user's folders. */
#include "cli/cli.h"

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

/** Fills the library's options from the words, else from the environment. */
void environment_apply(const options *words, environment *kept, osb_options *library);

/** Whether output to the terminal `descriptor` should have colour. */
bool environment_color(const options *words, int descriptor);
