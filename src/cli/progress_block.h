#pragma once
/** Lines on the terminal that are drawn over each other. */
#include <stddef.h>

enum {
    BLOCK_REDRAW_MS = 100, /**< not more often */
    BLOCK_LINE_MAX = 256   /**< bytes */
};

typedef struct progress_block {
    size_t drawn; /**< lines that stand on the terminal; the cursor is behind the last of them */
    size_t rows, columns;
} progress_block;

/** Takes the old lines off and measures the terminal anew. */
void block_begin(progress_block *block);
/** One line, cut to the terminal's width. */
void block_line(progress_block *block, const char *text);
/** Takes the lines off. */
void block_clear(progress_block *block);
