/*
 * What modules need, in the words of a board.
 *
 * Looks up names and releases; whether a need is met is the planner's question. Invariant: a need
 * that is not known to the board or the catalog is still told, with its numbers.
 */
#include "osbundle_needs.h"

#include "base/text.h"

static json_t *need_to_json(const catalog *known, const platform *board, module_dependency need)
{
    char slot[MODULE_SLOT_TEXT];
    const platform_slot *place = board ? platform_find_slot(board, need.slot) : NULL;
    const char *since = board ? catalog_first_with(known, board, need.slot, need.version) : NULL;
    /* The catalog begins somewhere: what its first release has may be older than that. */
    bool or_earlier = since && text_equal(since, catalog_first_with(known, board, need.slot, 0));
    slot_text(need.slot, slot);
    json_t *object = json_pack("{s:s, s:i}", "slot", slot, "version", need.version);
    json_object_set_new(object, "name", json_text_or_null(place ? place->name : NULL));
    json_object_set_new(object, "since", json_text_or_null(since));
    json_object_set_new(object, "or_earlier", json_boolean(or_earlier));
    return object;
}

json_t *needs_to_json(const catalog *known, const platform *board, const module_dependency needs[2])
{
    json_t *list = json_array();
    for (size_t i = 0; i < 2; i++)
        if (needs[i].slot.function != MODULE_NONE)
            json_array_append_new(list, need_to_json(known, board, needs[i]));
    return list;
}
