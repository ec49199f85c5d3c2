/*
 * Progress of many boards. On a terminal the lines are drawn over each other, at most ten times a
 * second and no more of them than fit; elsewhere each step is one line.
 *
 * Invariant: a board is told about under one name, whatever else is known of it.
 */
#include "cli/progress_boards.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/progress_block.h"

enum {
    BOARDS_MAX = 128,
    BAR_WIDTH = 20
};

typedef struct board_line {
    char name[64];
    char text[64]; /**< what it is doing */
    size_t told_step;
    uint64_t spent_ms, cost_ms; /**< of its plan, by expected costs */
    bool over, failed;
} board_line;

struct board_lines {
    bool terminal;
    size_t expected; /**< boards of the whole run */
    size_t count;    /**< that were heard of */
    board_line lines[BOARDS_MAX];
    progress_block block;
    uint64_t drawn_ms;
};

board_lines *board_lines_make(bool terminal)
{
    board_lines *boards = calloc(1, sizeof *boards);
    if (boards)
        boards->terminal = terminal;
    return boards;
}

void board_lines_free(board_lines *boards)
{
    free(boards);
}

const char *board_name(const char *device, const char *label)
{
    return label ? label : device ? device : "board";
}

static board_line *line_of(board_lines *boards, const char *name)
{
    for (size_t i = 0; i < boards->count; i++)
        if (text_equal(boards->lines[i].name, name))
            return &boards->lines[i];
    if (boards->count == BOARDS_MAX)
        return NULL;
    board_line *line = &boards->lines[boards->count++];
    text_copy(line->name, sizeof line->name, name);
    return line;
}

/** How much of its step is behind a board. Writing takes about twice as long as reading back. */
static uint64_t share_ms(const osb_event *event)
{
    uint64_t third = event->cost_ms / 3;
    uint64_t done = event->total ? event->done * third / event->total : 0;
    if (text_equal(event->phase, "write"))
        return 2 * done;
    if (text_equal(event->phase, "prove"))
        return 2 * third + done;
    return text_equal(event->phase, "step") ? event->cost_ms : 0;
}

static void follow(board_line *line, const osb_event *event)
{
    progress_describe(event, line->text, sizeof line->text);
    if (!event->cost_total_ms)
        return;
    line->cost_ms = event->cost_total_ms;
    line->spent_ms = event->cost_before_ms + share_ms(event);
}

static void format_line(const board_line *line, char *target, size_t capacity)
{
    char bar[BAR_WIDTH + 1];
    uint64_t whole = line->cost_ms ? line->cost_ms : 1;
    uint64_t spent = line->spent_ms < whole ? line->spent_ms : whole;
    if (line->over)
        spent = whole;
    progress_fill_bar(bar, BAR_WIDTH, spent, whole);
    text_format(target, capacity, "%-24s %s %3u %%  %s", line->name, bar,
                (unsigned)(spent * 100 / whole),
                !line->over    ? line->text
                : line->failed ? "failed"
                               : "done");
}

/** Boards at work end together with the slowest of them; others follow in their places. */
static uint64_t time_left_ms(const board_lines *boards)
{
    uint64_t longest = 0, usual = 0;
    size_t working = 0;
    for (size_t i = 0; i < boards->count; i++) {
        const board_line *line = &boards->lines[i];
        uint64_t left = line->cost_ms > line->spent_ms ? line->cost_ms - line->spent_ms : 0;
        usual = line->cost_ms > usual ? line->cost_ms : usual;
        if (line->over)
            continue;
        working++;
        longest = left > longest ? left : longest;
    }
    size_t waiting = boards->expected > boards->count ? boards->expected - boards->count : 0;
    return longest + (working ? (waiting + working - 1) / working * usual : 0);
}

static void format_total(const board_lines *boards, char *target, size_t capacity)
{
    char left[32];
    size_t done = 0, failed = 0;
    for (size_t i = 0; i < boards->count; i++) {
        done += boards->lines[i].over && !boards->lines[i].failed;
        failed += boards->lines[i].failed;
    }
    size_t all = boards->expected > boards->count ? boards->expected : boards->count;
    output_duration(left, sizeof left, time_left_ms(boards));
    text_format(target, capacity, "%zu boards: %zu done, %zu failed, %zu to go, %s left", all, done,
                failed, all - done - failed, left);
}

/** As many boards as fit; those that are through give way first. */
static void draw(board_lines *boards)
{
    char text[BLOCK_LINE_MAX];
    block_begin(&boards->block);
    size_t room = boards->block.rows - 2;
    size_t hidden = boards->count > room ? boards->count - room : 0;
    for (size_t i = 0; i < boards->count && boards->block.drawn < room; i++) {
        if (hidden && boards->lines[i].over) {
            hidden--;
            continue;
        }
        format_line(&boards->lines[i], text, sizeof text);
        block_line(&boards->block, text);
    }
    format_total(boards, text, sizeof text);
    block_line(&boards->block, text);
}

void board_lines_event(board_lines *boards, const osb_event *event)
{
    board_line *line = boards ? line_of(boards, board_name(event->device, event->label)) : NULL;
    if (!line)
        return;
    if (event->boards)
        boards->expected = event->boards;
    follow(line, event);
    uint64_t now_ms = progress_now_ms();
    if (boards->terminal && now_ms - boards->drawn_ms >= BLOCK_REDRAW_MS) {
        draw(boards);
        boards->drawn_ms = now_ms;
    } else if (!boards->terminal && event->step && event->step != line->told_step) {
        fprintf(stderr, "%s: %s\n", line->name, line->text);
        line->told_step = event->step;
    }
}

void board_lines_done(board_lines *boards, const char *name, bool failed)
{
    board_line *line = boards ? line_of(boards, name) : NULL;
    if (!line)
        return;
    line->over = true;
    line->failed = failed;
}

void board_lines_clear(board_lines *boards)
{
    if (boards)
        block_clear(&boards->block);
}
