/*
 * The facade's explanations of what boards show and say.
 *
 * Needs no board and no context. Invariant: words that name nothing lead to what is near.
 */
#include "osbundle.h"

#include "base/text.h"
#include "model/topics.h"

static osb_status unknown_fail(const char *words, osb_error *error)
{
    const topic *near[3];
    char hint[160] = "`osbundle explain` lists all topics";
    const size_t count = topics_near(words, near);
    for (size_t i = 0; i < count; i++)
        if (i)
            text_append(hint, sizeof hint, ", \"%s\"", near[i]->name);
        else
            text_format(hint, sizeof hint, "did you mean \"%s\"", near[i]->name);
    if (count)
        text_append(hint, sizeof hint, "?");
    return osb_fail(error, OSB_ERR_NOT_FOUND, words, hint, "no such topic");
}

osb_status osb_explain(const char *words, json_t **result, osb_error *error)
{
    const topic *found = words ? topic_find(words) : NULL;
    *result = NULL;
    if (words && !found)
        return unknown_fail(words, error);
    json_t *list = json_array();
    for (size_t i = 0; i < topic_count; i++)
        if (!found || found == &topics[i])
            json_array_append_new(list, topic_to_json(&topics[i]));
    *result =
        json_pack("{s:s, s:i, s:o}", "type", "osbundle-explanation", "schema", 1, "topics", list);
    return *result ? OSB_OK : osb_fail_memory(error);
}
