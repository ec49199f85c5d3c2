/*
 * inspect: what module files hold.
 */
#include <stdio.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/output.h"

static void print_extensions(const json_t *parsed)
{
    size_t i;
    json_t *extension;
    json_array_foreach(json_object_get(parsed, "extensions"), i, extension)
    {
        printf("  %s extension %u %s\n", json_text(extension, "where", "?"),
               (unsigned)json_number(extension, "type", 0),
               json_text(extension, "name", "unknown"));
    }
}

static void print_module(const json_t *parsed)
{
    char needs[256];
    const json_t *board = json_object_get(parsed, "platform");
    const json_t *function = json_object_get(parsed, "function");
    const json_t *crc = json_object_get(parsed, "crc32");
    const char *release = json_text(parsed, "os_version", NULL);
    output_needs(needs, sizeof needs, json_object_get(parsed, "dependencies"));
    printf("%s\n", json_text(parsed, "file", "?"));
    printf("  %s/%u version %u for %s (platform %u)%s%s\n", json_text(function, "name", "unknown"),
           (unsigned)json_number(parsed, "index", 0), (unsigned)json_number(parsed, "version", 0),
           json_text(board, "name", "an unknown platform"), (unsigned)json_number(board, "id", 0),
           release ? ", Device OS " : "", release ? release : "");
    printf("  needs     %s\n", needs);
    printf("  address   0x%08llx to 0x%08llx, %llu bytes, prefix at 0x%llx\n",
           (unsigned long long)json_number(parsed, "start", 0),
           (unsigned long long)json_number(parsed, "end", 0),
           (unsigned long long)json_number(parsed, "module_size", 0),
           (unsigned long long)json_number(parsed, "prefix_offset", 0));
    printf("  CRC-32    %s, %s\n", json_text(crc, "stored", "?"),
           json_true_at(crc, "ok") ? "right" : "WRONG");
    printf("  SHA-256   %s\n", json_text(parsed, "sha256", "?"));
    if (json_true_at(parsed, "synthetic"))
        printf("  synthetic: true header and numbers, no firmware; for simulated boards only\n");
    print_extensions(parsed);
}

/** One object for a file, an array for several; a bad file does not hide the others. */
osb_status cmd_inspect(cli *self, osb_error *error)
{
    JSON_OWNED *all = json_array();
    osb_status worst = OSB_OK;
    osb_error problem;
    const text_list *files = &self->words->arguments;
    for (size_t i = 0; i < files->count; i++) {
        json_t *parsed = NULL;
        osb_status status = osb_inspect(self->context, files->items[i], &parsed, &problem);
        if (status != OSB_OK) {
            if (worst != OSB_OK)
                output_error(error, false);
            *error = problem;
            worst = status;
            continue;
        }
        if (!self->words->json)
            print_module(parsed);
        json_array_append_new(all, parsed);
    }
    if (!self->words->json || !json_array_size(all))
        return worst;
    TRY(output_json(files->count == 1 ? json_array_get(all, 0) : all, false, error));
    return worst;
}
