/*
 * Prints an array of documents, or one document alone, as output_json would print the whole.
 *
 * Keeps nothing. Invariant: what stands on stdout after json_list_end is one JSON document.
 */
#include "cli/json_list.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/output.h"

enum {
    DOCUMENT_MAX = 1024 * 1024
};

/** Each line behind two blanks, the last one without its line feed. */
static void print_indented(span text)
{
    while (text.size) {
        const uint8_t *feed = memchr(text.data, '\n', text.size);
        size_t size = feed ? (size_t)(feed - text.data) : text.size;
        printf("  ");
        fwrite(text.data, 1, size, stdout);
        text = span_slice(text, size + 1, text.size);
        if (text.size)
            putchar('\n');
    }
}

static void print_document(json_list *list, const json_t *document)
{
    BUF_OWNED text = buf_make(DOCUMENT_MAX);
    osb_error problem;
    if (json_to_text(document, &text, &problem) != OSB_OK) {
        output_error(&problem, false);
        return;
    }
    if (list->single) {
        fwrite(text.data, 1, text.size, stdout);
    } else {
        printf("%s", list->count ? ",\n" : "[\n");
        print_indented(buf_span(&text));
    }
    list->count++;
}

bool finding_is_inside(const options *words, const osb_finding *found)
{
    return !words->arguments.count ||
           !text_equal(words->arguments.items[found->argument], found->path);
}

bool finding_is_alone(const options *words, const osb_finding *found)
{
    return words->arguments.count == 1 && !finding_is_inside(words, found);
}

void json_list_add(json_list *list, const options *words, const osb_finding *found)
{
    list->single = finding_is_alone(words, found);
    if (found->document) {
        print_document(list, found->document);
    } else if (!list->single) {
        JSON_OWNED *problem = output_error_document(found->problem);
        json_object_set_new(problem, "path", json_string(found->path));
        if (found->stray)
            json_object_set_new(problem, "stray", json_true());
        print_document(list, problem);
    }
}

void json_list_end(json_list *list)
{
    if (!list->single)
        printf("%s", list->count ? "\n]\n" : "[]\n");
    fflush(stdout);
}
