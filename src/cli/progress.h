#pragma once
/** Showing what is going on: a bar on a terminal, a line a step elsewhere, JSON Lines on demand. */
#include "cli/cli.h"
#include "cli/progress_boards.h"
#include "cli/progress_files.h"

struct progress {
    bool json, quiet, terminal;
    uint64_t drawn_ms;   /**< when the bar was last drawn */
    uint64_t started_ms; /**< when the phase of the bar began */
    char phase[96];      /**< what the bar is about: a change starts the rate anew */
    bool bar_open;       /**< the cursor stands behind a bar */
    size_t told_step;    /**< step whose line has been printed */
    file_lines *files;   /**< on their way; NULL until the first */
    board_lines *boards; /**< NULL: at most one board is worked on */
};

void progress_open(progress *shown, const options *words);
/** Many boards will be worked on: each gets a line. */
void progress_open_boards(progress *shown);
/** Shows nothing from now on, where the answer is to be one JSON document. */
void progress_silence(progress *shown);
void progress_free(progress *shown);
/** An osb_hooks.event; `context` is a progress. */
void progress_event(void *context, const osb_event *event);
/** Removes an open bar, so that other output starts on a clean line. */
void progress_close(progress *shown);

/** "[2/9] write    bootloader/0" */
void progress_describe(const osb_event *event, char *target, size_t capacity);
/** `width` characters and NUL: as many of them filled as `done` is of `total`. */
void progress_fill_bar(char *bar, size_t width, uint64_t done, uint64_t total);
uint64_t progress_now_ms(void);
