#pragma once
/** Ctrl-C and its kin: asking the library to stop, and what a user is told meanwhile. */
#include <stdbool.h>

/**
 * From now on Ctrl-C, SIGTERM and SIGHUP ask to stop; a second one ends the program. What would
 * end it by surprise (a closed pipe while a board is written, a file size limit) becomes an error.
 */
void interrupts_watch(void);

/** An osb_hooks.cancelled. */
bool interrupts_asked(void *context);

/**
 * While a board is written the first signal asks to stop at the next safe point, the second says
 * what would be at stake, and only the third ends the program.
 */
void interrupts_guard(bool board_is_written);
