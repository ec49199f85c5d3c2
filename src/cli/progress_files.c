/*
 * Files on their way: how far each is, how far they are together, how fast, and how long still.
 *
 * Invariant: bytes that were there before the download began do not count for its rate.
 */
#include "cli/progress_files.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/progress_block.h"

enum {
    FILES_MAX = 64,
    NAME_WIDTH = 34, /**< with the bar and the bytes, a line fits 80 columns */
    BAR_WIDTH = 20
};

typedef struct file_line {
    char name[128];
    char waiting[160]; /**< why it waits; "" while it does not */
    uint64_t done, total;
} file_line;

struct file_lines {
    bool terminal;
    size_t count; /**< that were heard of */
    file_line lines[FILES_MAX];
    uint64_t done, total;     /**< of all files */
    uint64_t begun_ms, begun; /**< when this download began, and what was there then */
    uint64_t drawn_ms;
    progress_block block;
};

file_lines *file_lines_make(bool terminal)
{
    file_lines *files = calloc(1, sizeof *files);
    if (files)
        files->terminal = terminal;
    return files;
}

void file_lines_free(file_lines *files)
{
    free(files);
}

static bool is_through(const file_line *line)
{
    return line->total && line->done >= line->total;
}

/** The line of a name; a new one takes the place of one that is through when there are many. */
static file_line *line_of(file_lines *files, const char *name, bool *is_new)
{
    file_line *free_line = files->count < FILES_MAX ? &files->lines[files->count] : NULL;
    *is_new = false;
    for (size_t i = 0; i < files->count; i++) {
        if (text_equal(files->lines[i].name, name))
            return &files->lines[i];
        if (!free_line && is_through(&files->lines[i]))
            free_line = &files->lines[i];
    }
    if (!free_line)
        return NULL;
    files->count += free_line == &files->lines[files->count];
    *free_line = (file_line){0};
    output_safe(free_line->name, sizeof free_line->name, name);
    *is_new = true;
    return free_line;
}

/** A download of other files than before has a rate of its own. */
static void follow_total(file_lines *files, const osb_event *event, uint64_t now_ms)
{
    if (!files->begun_ms || event->total != files->total) {
        files->begun_ms = now_ms;
        files->begun = event->done;
    }
    files->done = event->done;
    files->total = event->total;
}

static void describe_wait(const osb_event *event, char *target, size_t capacity)
{
    char duration[32];
    *target = '\0';
    if (!event->reason)
        return;
    output_duration(duration, sizeof duration, event->wait_ms);
    text_format(target, capacity, "again in %s: %s", duration, event->reason);
}

static void format_amount(uint64_t done, uint64_t total, char *target, size_t capacity)
{
    char bar[BAR_WIDTH + 1], done_text[24], total_text[24];
    text_bytes(done_text, sizeof done_text, done);
    text_bytes(total_text, sizeof total_text, total);
    progress_fill_bar(bar, BAR_WIDTH, done, total);
    if (total)
        text_append(target, capacity, "%s %s of %s", bar, done_text, total_text);
    else
        text_append(target, capacity, "%s", done_text);
}

static void draw_file(file_lines *files, const file_line *line)
{
    char text[BLOCK_LINE_MAX] = "";
    text_format(text, sizeof text, "%-*s ", NAME_WIDTH, line->name);
    if (*line->waiting)
        text_append(text, sizeof text, "%s", line->waiting);
    else
        format_amount(line->done, line->total, text, sizeof text);
    block_line(&files->block, text);
}

static void draw_total(file_lines *files, uint64_t now_ms)
{
    char text[BLOCK_LINE_MAX] = "", head[96], rate[24], left[32];
    uint64_t spent_ms = now_ms - files->begun_ms;
    uint64_t gained = files->done > files->begun ? files->done - files->begun : 0;
    uint64_t missing = files->total > files->done ? files->total - files->done : 0;
    text_bytes(rate, sizeof rate, spent_ms ? gained * 1000 / spent_ms : 0);
    text_format(head, sizeof head, "total, %s/s", rate);
    if (files->total && gained) {
        output_duration(left, sizeof left, missing * spent_ms / gained);
        text_append(head, sizeof head, ", %s left", left);
    }
    text_format(text, sizeof text, "%-*s ", NAME_WIDTH, head);
    format_amount(files->done, files->total, text, sizeof text);
    block_line(&files->block, text);
}

static void draw(file_lines *files, uint64_t now_ms)
{
    block_begin(&files->block);
    for (size_t i = 0; i < files->count && files->block.drawn + 2 < files->block.rows; i++)
        if (!is_through(&files->lines[i]))
            draw_file(files, &files->lines[i]);
    draw_total(files, now_ms);
    files->drawn_ms = now_ms;
}

/** Elsewhere than on a terminal: what begins, and what has to wait. */
static void tell(const file_line *line, const osb_event *event, bool is_new)
{
    if (event->reason)
        fprintf(stderr, "%s: %s\n", line->name, line->waiting);
    else if (is_new)
        fprintf(stderr, "download %s\n", line->name);
}

void file_lines_event(file_lines *files, const osb_event *event)
{
    bool is_new = false;
    uint64_t now_ms = progress_now_ms();
    file_line *line = files ? line_of(files, event->file, &is_new) : NULL;
    if (!line)
        return;
    line->done = event->file_done;
    line->total = event->file_total;
    describe_wait(event, line->waiting, sizeof line->waiting);
    follow_total(files, event, now_ms);
    if (!files->terminal)
        tell(line, event, is_new);
    else if (event->reason || now_ms - files->drawn_ms >= BLOCK_REDRAW_MS)
        draw(files, now_ms);
}

void file_lines_clear(file_lines *files)
{
    if (files)
        block_clear(&files->block);
}
