/*
 * The journal of one board on the disk: its lock, its file, and who may begin or end it.
 *
 * Lines are journal_lines.c; what they say is known to pinned_goal.c and the executor. Invariant:
 * whatever happens while it is written, the file holds a whole old journal or a whole new one,
 * with at most one torn line at its end.
 */
#include "store/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/lock.h"
#include "base/path.h"
#include "base/text.h"
#include "store/journal_lines.h"

#define FOLDER  "journal"
#define ENDING  ".jsonl"
#define LOCKING ".lock"

struct journal {
    char path[PATH_SIZE];
    int lock;
    int file; /**< open for appending; -1 until something is written */
    journal_lines lines;
};

static osb_status folder_of(char target[PATH_SIZE], const char *state_folder, osb_error *error)
{
    return path_join(target, state_folder, FOLDER, error);
}

static osb_status file_of(char target[PATH_SIZE], const char *state_folder, const char *name,
                          const char *ending, osb_error *error)
{
    char folder[PATH_SIZE], file[256];
    if (!path_is_plain_name(name) || !text_format(file, sizeof file, "%s%s", name, ending))
        return osb_fail(error, OSB_ERR_USAGE, name, "name the board by its device id",
                        "is no name for a journal");
    TRY(folder_of(folder, state_folder, error));
    return path_join(target, folder, file, error);
}

/** Says whose lock it is in words about the board, not about the file. */
static osb_status say_busy(osb_status status, const char *name, osb_error *error)
{
    if (status != OSB_ERR_BUSY || !error)
        return status;
    text_copy(error->subject, sizeof error->subject, name);
    osb_error_set_hint(error, "wait until it has finished, then run the same command again");
    return status;
}

static void close_unready(journal **unready)
{
    journal_close(*unready);
}

osb_status journal_open(const char *state_folder, const char *name, journal **opened,
                        osb_error *error)
{
    char folder[PATH_SIZE], lock[PATH_SIZE];
    __attribute__((cleanup(close_unready))) journal *made = calloc(1, sizeof *made);
    *opened = NULL;
    if (!made)
        return osb_fail_memory(error);
    made->lock = made->file = -1;
    TRY(folder_of(folder, state_folder, error));
    TRY(file_of(made->path, state_folder, name, ENDING, error));
    TRY(file_of(lock, state_folder, name, LOCKING, error));
    TRY(folder_make(folder, error));
    TRY(say_busy(lock_try(lock, &made->lock, error), name, error));
    TRY(journal_lines_read(made->path, &made->lines, error));
    *opened = made;
    made = NULL;
    return OSB_OK;
}

void journal_close(journal *opened)
{
    if (!opened)
        return;
    file_close(&opened->file);
    file_close(&opened->lock);
    journal_lines_free(&opened->lines);
    free(opened);
}

osb_status journal_check_free(const char *state_folder, const char *name, osb_error *error)
{
    char lock[PATH_SIZE];
    FD_OWNED descriptor = -1;
    TRY(file_of(lock, state_folder, name, LOCKING, error));
    if (!file_exists(lock))
        return OSB_OK;
    return say_busy(lock_try(lock, &descriptor, error), name, error);
}

osb_status journal_goal(const journal *opened, const json_t **goal, osb_error *error)
{
    *goal = NULL;
    if (opened->lines.damaged_line)
        return osb_fail(error, OSB_ERR_INTEGRITY, opened->path,
                        "run 'osbundle restore' with the release you want: it inspects the board "
                        "and needs no journal",
                        "the journal is damaged in line %zu", opened->lines.damaged_line);
    if (!opened->lines.finished)
        *goal = opened->lines.first;
    return OSB_OK;
}

osb_status journal_peek(const char *state_folder, const char *name, json_t **goal, osb_error *error)
{
    char path[PATH_SIZE];
    journal_lines lines = {0};
    *goal = NULL;
    TRY(file_of(path, state_folder, name, ENDING, error));
    osb_status status = journal_lines_read(path, &lines, error);
    if (status == OSB_OK && !lines.damaged_line && !lines.finished)
        *goal = json_incref(lines.first);
    journal_lines_free(&lines);
    return status;
}

static osb_status set_damaged_aside(const journal *opened, osb_error *error)
{
    char aside[PATH_SIZE];
    if (!opened->lines.damaged_line)
        return OSB_OK;
    if (!text_format(aside, sizeof aside, "%s.damaged", opened->path))
        return osb_fail(error, OSB_ERR_USAGE, opened->path, "use a shorter path",
                        "path is too long");
    return rename(opened->path, aside) == 0 ? OSB_OK
                                            : osb_fail_errno(error, "set aside", opened->path);
}

/** The record as it is written: numbered, dated, sealed. */
static osb_status line_of(const journal *opened, json_t *record, buf *line, osb_error *error)
{
    char now[21];
    clock_utc_text(-1, now);
    json_object_set_new(record, "seq", json_integer((json_int_t)opened->lines.count + 1));
    json_object_set_new(record, "when", json_string(now));
    return journal_line_write(record, line, error);
}

osb_status journal_begin(journal *opened, const json_t *goal, osb_error *error)
{
    BUF_OWNED line = buf_make(JOURNAL_LINE_MAX);
    JSON_OWNED *record = json_deep_copy(goal);
    if (!record)
        return osb_fail_memory(error);
    TRY(set_damaged_aside(opened, error));
    file_close(&opened->file);
    opened->file = -1;
    journal_lines_free(&opened->lines);
    TRY(line_of(opened, record, &line, error));
    TRY(file_write_atomic(opened->path, buf_span(&line), 0644, error));
    opened->lines.first = json_incref(record);
    opened->lines.count = 1;
    opened->lines.whole_bytes = line.size;
    return OSB_OK;
}

/** Opens the file for appending, behind its last whole line. */
static osb_status make_ready(journal *opened, osb_error *error)
{
    if (opened->file >= 0)
        return OSB_OK;
    int descriptor = open(opened->path, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (descriptor < 0)
        return osb_fail_errno(error, "open", opened->path);
    if (ftruncate(descriptor, (off_t)opened->lines.whole_bytes) != 0) {
        osb_status status = osb_fail_errno(error, "write", opened->path);
        close(descriptor);
        return status;
    }
    opened->file = descriptor;
    return OSB_OK;
}

static osb_status append(journal *opened, span line, osb_error *error)
{
    osb_status status = file_write_all(opened->file, line, opened->path, error);
    if (status == OSB_OK && fsync(opened->file) != 0)
        status = osb_fail_errno(error, "write", opened->path);
    if (status != OSB_OK) /* a half line would be dropped by the reader too */
        (void)!ftruncate(opened->file, (off_t)opened->lines.whole_bytes);
    return status;
}

osb_status journal_add(journal *opened, json_t *record, osb_error *error)
{
    BUF_OWNED line = buf_make(JOURNAL_LINE_MAX);
    if (!opened->lines.first || opened->lines.finished || opened->lines.damaged_line)
        return osb_fail(error, OSB_ERR_INTERNAL, opened->path, NULL, "the journal is not begun");
    TRY(make_ready(opened, error));
    TRY(line_of(opened, record, &line, error));
    TRY(append(opened, buf_span(&line), error));
    opened->lines.count++;
    opened->lines.whole_bytes += line.size;
    return OSB_OK;
}

osb_status journal_finish(journal *opened, osb_error *error)
{
    JSON_OWNED *record = json_pack("{s:s}", "record", JOURNAL_LAST_RECORD);
    if (!record)
        return osb_fail_memory(error);
    TRY(journal_add(opened, record, error));
    opened->lines.finished = true;
    return OSB_OK;
}

static osb_status is_open_end(const char *path, bool *open_end, osb_error *error)
{
    journal_lines lines = {0};
    osb_status status = journal_lines_read(path, &lines, error);
    *open_end = lines.damaged_line || (lines.first && !lines.finished);
    journal_lines_free(&lines);
    return status;
}

osb_status journal_list(const char *state_folder, arena *memory, const char *const **names,
                        size_t *count, osb_error *error)
{
    char folder[PATH_SIZE], path[PATH_SIZE];
    const char *const *files = NULL;
    size_t total = 0;
    *count = 0;
    TRY(folder_of(folder, state_folder, error));
    if (folder_exists(folder))
        TRY(folder_list(folder, memory, &files, &total, error));
    const char **kept = arena_take(memory, total, sizeof *kept);
    if (total && !kept)
        return osb_fail_memory(error);
    for (size_t i = 0; i < total; i++) {
        bool open_end;
        if (!text_ends_with(files[i], ENDING))
            continue;
        TRY(path_join(path, folder, files[i], error));
        TRY(is_open_end(path, &open_end, error));
        char *name = arena_copy(memory, files[i], strlen(files[i]) + 1);
        if (!name)
            return osb_fail_memory(error);
        name[strlen(name) - strlen(ENDING)] = '\0';
        if (open_end)
            kept[(*count)++] = name;
    }
    *names = (const char *const *)kept;
    return OSB_OK;
}
