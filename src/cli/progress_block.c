/*
 * A block of lines on stderr, for progress that needs more than one.
 *
 * Does not know what they say, nor when to draw. Invariant: what stands on the terminal is `drawn`
 * lines, with the cursor at the beginning of the line below.
 */
#include "cli/progress_block.h"

#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    ROWS_USUAL = 24, /* where the terminal does not tell */
    COLUMNS_USUAL = 80,
    ROWS_LEAST = 4,
    COLUMNS_LEAST = 20
};

void block_begin(progress_block *block)
{
    struct winsize size = {0};
    bool told = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row >= ROWS_LEAST &&
                size.ws_col >= COLUMNS_LEAST;
    block->rows = told ? size.ws_row : ROWS_USUAL;
    block->columns = told ? size.ws_col : COLUMNS_USUAL;
    block_clear(block);
}

void block_line(progress_block *block, const char *text)
{
    fprintf(stderr, "%.*s\033[K\n", (int)block->columns - 1, text);
    block->drawn++;
}

void block_clear(progress_block *block)
{
    if (block->drawn)
        fprintf(stderr, "\033[%zuA\r\033[J", block->drawn);
    block->drawn = 0;
}
