/*
 * The small JSON pieces that modules, releases and snapshots have in common, so that one thing is
 * written one way everywhere.
 *
 * Reads nothing. Invariant: every function returns a value that can go into an object, whatever
 * bytes it was given.
 */
#include "model/names_json.h"

#include <string.h>

#include "base/text.h"

enum {
    HEX_BYTES_MAX = 4096,
    FOREIGN_TEXT_MAX = 1024
};

json_t *json_function(uint8_t function)
{
    const char *name = module_function_name(function);
    return json_pack("{s:i, s:s}", "id", function, "name", name ? name : "unknown");
}

json_t *json_dependencies(const module_dependency *needs, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        if (needs[i].slot.function == MODULE_NONE)
            continue;
        json_array_append_new(list, json_pack("{s:o, s:i, s:i}", "function",
                                              json_function(needs[i].slot.function), "index",
                                              needs[i].slot.index, "version", needs[i].version));
    }
    return list;
}

json_t *json_hex(span bytes)
{
    char digits[2 * HEX_BYTES_MAX + 1];
    text_hex(digits, span_slice(bytes, 0, HEX_BYTES_MAX));
    return json_string(digits);
}

json_t *json_foreign_text(span text)
{
    json_t *value = json_stringn((const char *)text.data, text.size);
    if (value)
        return value;
    char printable[FOREIGN_TEXT_MAX];
    text_printable(printable, sizeof printable, (const char *)text.data, text.size);
    return json_string(printable);
}

json_t *json_foreign_name(const char *text)
{
    return text ? json_foreign_text((span){(const uint8_t *)text, strlen(text)}) : json_null();
}
