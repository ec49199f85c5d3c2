/*
 * explain: LED patterns, SOS codes and error codes, with cause and cure.
 */
#include <stdio.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/output.h"

static void print_topic(const json_t *topic)
{
    printf("%s: %s\n", json_text(topic, "topic", "?"), json_text(topic, "title", "?"));
    printf("  cause  %s\n", json_text(topic, "cause", "?"));
    printf("  cure   %s\n", json_text(topic, "cure", "?"));
}

static void print_list(const json_t *topics)
{
    static const char *const groups[][2] = {{"led", "LED patterns"},
                                            {"sos", "SOS: red, and then so many blinks"},
                                            {"error", "error codes of boards"}};
    for (size_t group = 0; group < sizeof groups / sizeof *groups; group++) {
        size_t i;
        json_t *topic;
        TABLE_OWNED lines = table_make(2);
        json_array_foreach(topics, i, topic)
        {
            if (text_equal(json_text(topic, "group", ""), groups[group][0]))
                table_add(&lines, (const char *const[]){json_text(topic, "topic", "?"),
                                                        json_text(topic, "title", "?")});
        }
        printf("%s%s\n", group ? "\n" : "", groups[group][1]);
        table_print(&lines, "  ");
    }
}

osb_status cmd_explain(cli *self, osb_error *error)
{
    char words[128] = "";
    const text_list *given = &self->words->arguments;
    JSON_OWNED *result = NULL;
    for (size_t i = 0; i < given->count; i++)
        text_append(words, sizeof words, "%s%s", i ? " " : "", given->items[i]);
    TRY(osb_explain(given->count ? words : NULL, &result, error));
    const json_t *topics = json_object_get(result, "topics");
    if (self->words->json)
        return output_json(result, false, error);
    if (given->count)
        print_topic(json_array_get(topics, 0));
    else
        print_list(topics);
    return OSB_OK;
}
