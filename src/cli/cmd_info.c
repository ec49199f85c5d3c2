/*
 * info and diagnose: what a board holds, what is wrong with it, and why.
 */
#include <stdio.h>

#include "base/text.h"
#include "cli/boards.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "cli/progress.h"

static const char *selector(const cli *self)
{
    return self->words->arguments.count ? self->words->arguments.items[0] : self->words->device;
}

static void add_module(table *lines, const json_t *entry)
{
    char slot[48], version[16], size[16], needs[TABLE_TEXT];
    text_format(slot, sizeof slot, "%s/%u",
                json_text(json_object_get(entry, "function"), "name", "function"),
                (unsigned)json_number(entry, "index", 0));
    output_number(version, sizeof version, entry, "version");
    output_number(size, sizeof size, entry, "size");
    output_needs(needs, sizeof needs, json_object_get(entry, "dependencies"));
    table_add(lines, (const char *const[]){slot, version, size, needs,
                                           json_text(entry, "verdict", "unknown")});
}

static void print_snapshot(const json_t *state)
{
    size_t i;
    json_t *entry;
    TABLE_OWNED lines = table_make(5);
    const json_t *device = json_object_get(state, "device");
    const char *label = json_text(device, "label", NULL);
    printf("%s%s%s  %s, Device OS %s, %s mode, %s\n", label ? label : "", label ? "  " : "",
           json_text(device, "id", "(no id)"), json_text(device, "platform", "?"),
           json_text(state, "os_version", "unknown"), json_text(state, "mode", "unknown"),
           json_text(state, "protection", "unknown"));
    table_add(&lines, (const char *const[]){"SLOT", "VERSION", "SIZE", "NEEDS", "VERDICT"});
    json_array_foreach(json_object_get(state, "modules"), i, entry)
    {
        add_module(&lines, entry);
    }
    table_print(&lines, "  ");
}

static void print_board(void *context, const osb_board *board)
{
    cli *self = context;
    progress_close(self->shown);
    if (board->document)
        print_snapshot(board->document);
    else
        boards_print_problem(board);
}

static void keep_document(void *context, const osb_board *board)
{
    json_array_append_new(context, boards_document(board));
}

static osb_status info_all(cli *self, osb_error *error)
{
    if (!self->words->json) {
        const osb_fleet boards = boards_fleet(self->words, print_board, self);
        return osb_info_all(self->context, &boards, error);
    }
    JSON_OWNED *documents = json_array();
    const osb_fleet boards = boards_fleet(self->words, keep_document, documents);
    osb_status status = osb_info_all(self->context, &boards, error);
    if (!json_array_size(documents))
        return status;
    self->json_is_whole = true;
    osb_error ignored;
    return output_json(documents, false, &ignored) == OSB_OK ? status : OSB_ERR_INTERNAL;
}

osb_status cmd_info(cli *self, osb_error *error)
{
    JSON_OWNED *state = NULL;
    TRY(boards_check_device(self->words, selector(self), error));
    if (self->words->all)
        return info_all(self, error);
    TRY(osb_info(self->context, selector(self), &state, error));
    progress_close(self->shown);
    if (self->words->json)
        return output_json(state, false, error);
    print_snapshot(state);
    return OSB_OK;
}

static void print_diagnosis(const json_t *judged, bool color)
{
    char mark[32];
    size_t i;
    json_t *entry;
    const char *cure = json_text(judged, "cure", NULL);
    const json_t *findings = json_object_get(judged, "findings");
    printf("%s  %s, Device OS %s, %s mode (LED: %s)\n", json_text(judged, "device", ""),
           json_text(judged, "platform", "?"), json_text(judged, "os_version", "unknown"),
           json_text(judged, "mode", "unknown"), json_text(judged, "led", "unknown"));
    if (!json_array_size(findings))
        printf("nothing wrong: every module is sound and every need is met\n");
    json_array_foreach(findings, i, entry)
    {
        bool required = text_equal(json_text(entry, "level", ""), "required");
        printf("%s %s\n     %s\n",
               output_alarm(mark, sizeof mark, required ? "[!!]" : "[  ]", color && required),
               json_text(entry, "what", ""), json_text(entry, "why", ""));
    }
    if (cure)
        printf("cure: %s\n", cure);
}

osb_status cmd_diagnose(cli *self, osb_error *error)
{
    JSON_OWNED *judged = NULL;
    TRY(osb_diagnose(self->context, selector(self), self->words->from, &judged, error));
    progress_close(self->shown);
    if (self->words->json)
        return output_json(judged, false, error);
    print_diagnosis(judged, self->color);
    return OSB_OK;
}
