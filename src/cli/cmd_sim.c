/*
 * sim: simulated boards and synthetic releases.
 */
#include <stdio.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/output.h"

static osb_status usage(osb_error *error)
{
    return osb_fail(error, OSB_ERR_USAGE, "sim", "see: osbundle help sim",
                    "use list, new PLATFORM@VERSION DIR, info DIR, release PLATFORM@VERSION DIR "
                    "or serve SPEC...");
}

static void print_board(const json_t *board)
{
    size_t i;
    json_t *entry;
    TABLE_OWNED lines = table_make(4);
    printf("%s  simulated %s, %s mode (LED: %s)\n", json_text(board, "device_id", "?"),
           json_text(board, "platform", "?"), json_text(board, "mode", "?"),
           json_text(json_object_get(board, "led"), "text", "?"));
    table_add(&lines, (const char *const[]){"SLOT", "VERSION", "SIZE", "SHA-256"});
    json_array_foreach(json_object_get(board, "regions"), i, entry)
    {
        char version[16], size[16], hash[20];
        output_number(version, sizeof version, entry, "version");
        output_number(size, sizeof size, entry, "size");
        text_copy(hash, 17, json_text(entry, "sha256", "-"));
        table_add(&lines,
                  (const char *const[]){json_text(entry, "slot", "?"), version, size, hash});
    }
    table_print(&lines, "  ");
}

static osb_status answer(const cli *self, const json_t *document, void (*print)(const json_t *),
                         osb_error *error)
{
    if (self->words->json)
        return output_json(document, false, error);
    print(document);
    return OSB_OK;
}

static osb_status new_board(cli *self, const char *board, const char *folder, osb_error *error)
{
    const options *words = self->words;
    JSON_OWNED *made = NULL;
    osb_sim_recipe recipe = {.board = board,
                             .device_id = words->id,
                             .programmed = words->flash.items,
                             .programmed_count = words->flash.count,
                             .network_credentials = words->credentials};
    TRY(osb_sim_new(self->context, &recipe, folder, &made, error));
    return answer(self, made, print_board, error);
}

static osb_status show_board(cli *self, const char *folder, osb_error *error)
{
    JSON_OWNED *board = NULL;
    TRY(osb_sim_info(self->context, folder, &board, error));
    return answer(self, board, print_board, error);
}

static void print_list(const json_t *list)
{
    size_t i, k;
    json_t *board, *known;
    json_array_foreach(json_object_get(list, "boards"), i, board)
    {
        if (!json_array_size(json_object_get(board, "versions")))
            continue;
        printf("%-10s", json_text(board, "platform", "?"));
        json_array_foreach(json_object_get(board, "versions"), k, known)
        {
            printf(" %s", json_string_value(known));
        }
        printf("\n");
    }
}

static void print_release(const json_t *release)
{
    size_t i;
    json_t *file;
    printf("synthetic release %s for %s (no firmware inside, for simulated boards only)\n",
           json_text(release, "version", "?"), json_text(release, "platform", "?"));
    json_array_foreach(json_object_get(release, "files"), i, file)
    {
        printf("  %s\n", json_string_value(file));
    }
}

/** Told once, when boards can be used; whoever waits for that reads it from a pipe. */
static void show_served(void *context, const json_t *document)
{
    const cli *self = context;
    const char *listen = json_text(document, "listen", NULL);
    size_t i;
    json_t *board;
    if (self->words->json) {
        const osb_status printed = output_json(document, true, NULL);
        (void)printed; /* boards are served all the same; main finds out about stdout */
    } else {
        json_array_foreach(json_object_get(document, "boards"), i, board)
        {
            printf("%s  simulated %s, bus id 1-%zu\n", json_text(board, "device_id", "?"),
                   json_text(board, "platform", "?"), i + 1);
        }
        printf("%s%s; Ctrl-C ends it\n", listen ? "USB/IP on " : "plugged into this machine",
               listen ? listen : "");
    }
    fflush(stdout);
}

static osb_status serve_boards(cli *self, osb_error *error)
{
    const options *words = self->words;
    const osb_serve wanted = {.specs = words->arguments.items + 1,
                              .spec_count = words->arguments.count - 1,
                              .listen = words->listen,
                              .attach = words->attach,
                              .real_time = words->real_time,
                              .ready = show_served,
                              .ready_context = self};
    return osb_sim_serve(self->context, &wanted, error);
}

/** Options that another verb takes would be silently ignored otherwise. */
static osb_status check_options(const options *words, const char *verb, osb_error *error)
{
    const bool of_new = words->id || words->flash.count || words->credentials;
    const bool of_serve = words->listen || words->attach || words->real_time;
    if (of_new && !text_equal(verb, "new"))
        return osb_fail(error, OSB_ERR_USAGE, verb, "see: osbundle help sim",
                        "--id, --flash and --credentials are for sim new");
    if (of_serve && !text_equal(verb, "serve"))
        return osb_fail(error, OSB_ERR_USAGE, verb, "see: osbundle help sim",
                        "--listen, --attach and --real-time are for sim serve");
    return OSB_OK;
}

osb_status cmd_sim(cli *self, osb_error *error)
{
    const text_list *words = &self->words->arguments;
    const char *verb = words->items[0];
    JSON_OWNED *result = NULL;
    TRY(check_options(self->words, verb, error));
    if (text_equal(verb, "list") && words->count == 1) {
        TRY(osb_sim_list(self->context, &result, error));
        return answer(self, result, print_list, error);
    }
    if (text_equal(verb, "new") && words->count == 3)
        return new_board(self, words->items[1], words->items[2], error);
    if (text_equal(verb, "serve") && words->count >= 2)
        return serve_boards(self, error);
    if (text_equal(verb, "info") && words->count == 2)
        return show_board(self, words->items[1], error);
    if (text_equal(verb, "release") && words->count == 3) {
        TRY(osb_sim_release(self->context, words->items[1], words->items[2], &result, error));
        return answer(self, result, print_release, error);
    }
    return usage(error);
}
