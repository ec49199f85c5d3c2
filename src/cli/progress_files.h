#pragma once
/** Progress of downloads: on a terminal a line for each file that is on its way, with a total
 * below; elsewhere a line for each that begins.
 */
#include "cli/cli.h"

typedef struct file_lines file_lines;

/** NULL when memory ran out: nothing is shown then. */
file_lines *file_lines_make(bool terminal);
void file_lines_free(file_lines *files);

/** News of a file: a download or retry event. */
void file_lines_event(file_lines *files, const osb_event *event);
/** Takes the lines off the terminal; the next event puts them back. */
void file_lines_clear(file_lines *files);
