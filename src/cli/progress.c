/*
 * Progress on stderr: a bar redrawn at most ten times a second, or one line a step.
 *
 * With --json every event is a line on stdout instead. Invariant: an answer never starts behind
 * an open bar.
 */
#include "cli/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/output.h"

enum {
    REDRAW_MS = 100,
    BAR_WIDTH = 28
};

uint64_t progress_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void progress_open(progress *shown, const options *words)
{
    *shown = (progress){.json = words->json, .quiet = words->quiet, .terminal = isatty(2) == 1};
}

void progress_open_boards(progress *shown)
{
    shown->boards = board_lines_make(shown->terminal);
}

void progress_free(progress *shown)
{
    progress_close(shown);
    board_lines_free(shown->boards);
    file_lines_free(shown->files);
    shown->boards = NULL;
    shown->files = NULL;
}

void progress_close(progress *shown)
{
    if (shown->bar_open)
        fprintf(stderr, "\r\033[K");
    shown->bar_open = false;
    board_lines_clear(shown->boards);
    file_lines_clear(shown->files);
}

static bool is_about_download(const osb_event *event)
{
    return text_equal(event->phase, "download") || text_equal(event->phase, "retry");
}

static void add_download(json_t *line, const osb_event *event)
{
    json_object_set_new(line, "file_done", json_integer((json_int_t)event->file_done));
    json_object_set_new(line, "file_total", json_integer((json_int_t)event->file_total));
    json_object_set_new(line, "reason", json_text_or_null(event->reason));
    json_object_set_new(line, "wait_ms", json_integer((json_int_t)event->wait_ms));
}

static void print_event(const osb_event *event)
{
    osb_error ignored;
    JSON_OWNED *line = json_pack(
        "{s:s, s:i, s:s, s:I, s:I, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "type",
        "osbundle-event", "schema", 1, "phase", event->phase, "step", (json_int_t)event->step,
        "steps", (json_int_t)event->steps, "slot", json_text_or_null(event->slot), "file",
        json_text_or_null(event->file), "done", (json_int_t)event->done, "total",
        (json_int_t)event->total, "cost_ms", (json_int_t)event->cost_ms, "elapsed_ms",
        (json_int_t)event->elapsed_ms, "cost_total_ms", (json_int_t)event->cost_total_ms, "device",
        json_text_or_null(event->device), "label", json_text_or_null(event->label));
    if (line && is_about_download(event))
        add_download(line, event);
    if (line && output_json(line, true, &ignored) != OSB_OK)
        fprintf(stderr, "osbundle: %s\n", ignored.message);
}

void progress_describe(const osb_event *event, char *target, size_t capacity)
{
    const char *what = event->slot ? event->slot : event->file ? event->file : "board";
    if (event->step)
        text_format(target, capacity, "[%zu/%zu] %-8s %s", event->step, event->steps, event->phase,
                    what);
    else
        text_format(target, capacity, "%-8s %s", event->phase, what);
}

/** Time left: by the plan's costs in a run, by the rate so far in a download. */
static uint64_t time_left_ms(const osb_event *event, uint64_t phase_ms)
{
    if (event->cost_total_ms) {
        uint64_t share =
            event->total ? event->cost_ms * event->done / event->total : event->cost_ms / 2;
        uint64_t spent = event->cost_before_ms + share;
        return spent < event->cost_total_ms ? event->cost_total_ms - spent : 0;
    }
    return event->done ? (event->total - event->done) * phase_ms / event->done : 0;
}

void progress_fill_bar(char *bar, size_t width, uint64_t done, uint64_t total)
{
    size_t filled = total ? (size_t)(done * width / total) : 0;
    for (size_t i = 0; i < width; i++)
        bar[i] = i < filled ? '#' : '.';
    bar[width] = '\0';
}

/** Restarts the clock of the rate when the bar is about something else. */
static uint64_t phase_time_ms(progress *shown, const char *phase, uint64_t now)
{
    if (!text_equal(shown->phase, phase)) {
        text_copy(shown->phase, sizeof shown->phase, phase);
        shown->started_ms = now;
        shown->drawn_ms = 0;
    }
    return now - shown->started_ms;
}

static void draw_bar(progress *shown, const osb_event *event)
{
    char text[96], done[24], total[24], rate[24], left[32], bar[BAR_WIDTH + 1];
    uint64_t now = progress_now_ms();
    progress_describe(event, text, sizeof text);
    uint64_t phase_ms = phase_time_ms(shown, text, now);
    if (now - shown->drawn_ms < REDRAW_MS)
        return;
    shown->drawn_ms = now;
    shown->bar_open = true;
    if (!event->total) {
        fprintf(stderr, "\r\033[K%s", text);
        return;
    }
    progress_fill_bar(bar, BAR_WIDTH, event->done, event->total);
    text_bytes(done, sizeof done, event->done);
    text_bytes(total, sizeof total, event->total);
    text_bytes(rate, sizeof rate, phase_ms ? event->done * 1000 / phase_ms : 0);
    output_duration(left, sizeof left, time_left_ms(event, phase_ms));
    fprintf(stderr, "\r\033[K%-32s %s %s of %s, %s/s, %s left", text, bar, done, total, rate, left);
}

/** One line when a step begins. */
static void print_line(progress *shown, const osb_event *event)
{
    char text[160];
    if (!event->step || event->step == shown->told_step)
        return;
    shown->told_step = event->step;
    progress_describe(event, text, sizeof text);
    fprintf(stderr, "%s\n", text);
}

/** Files that are on their way, or have to be waited for. */
static void show_file(progress *shown, const osb_event *event)
{
    if (!shown->files)
        shown->files = file_lines_make(shown->terminal);
    board_lines_clear(shown->boards);
    if (shown->bar_open)
        progress_close(shown);
    file_lines_event(shown->files, event);
}

/** Boards that are waited for: all that changes is how many are there. */
static void show_wait(progress *shown, const osb_event *event)
{
    fprintf(stderr, "%swaiting for boards: %llu of %llu are there%s",
            shown->terminal ? "\r\033[K" : "", (unsigned long long)event->done,
            (unsigned long long)event->total, shown->terminal ? "" : "\n");
    shown->bar_open = shown->terminal;
}

/** Boards, and what is done with them. */
static void show_work(progress *shown, const osb_event *event)
{
    file_lines_clear(shown->files);
    if (text_equal(event->phase, "wait"))
        show_wait(shown, event);
    else if (shown->boards && event->device)
        board_lines_event(shown->boards, event);
    else if (shown->terminal)
        draw_bar(shown, event);
    else
        print_line(shown, event);
}

void progress_silence(progress *shown)
{
    shown->quiet = shown->quiet || shown->json;
    shown->json = false;
}

void progress_event(void *context, const osb_event *event)
{
    progress *shown = context;
    if (shown->json)
        print_event(event);
    else if (shown->quiet)
        return;
    else if (is_about_download(event))
        show_file(shown, event);
    else
        show_work(shown, event);
}
