#pragma once
/** Showing what is going on: a bar on a terminal, a line a step elsewhere, JSON Lines on demand. */
#include "cli/cli.h"

struct progress {
    bool json, quiet, terminal;
    uint64_t drawn_ms;   /**< when the bar was last drawn */
    uint64_t started_ms; /**< when the phase of the bar began */
    char phase[96];      /**< what the bar is about: a change starts the rate anew */
    bool bar_open;       /**< the cursor stands behind a bar */
    size_t told_step;    /**< step whose line has been printed */
    char told_file[64];  /**< download whose line has been printed */
};

void progress_open(progress *shown, const options *words);
/** An osb_hooks.event; `context` is a progress. */
void progress_event(void *context, const osb_event *event);
/** Removes an open bar, so that other output starts on a clean line. */
void progress_close(progress *shown);
