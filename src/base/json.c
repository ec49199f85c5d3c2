/*
 * JSON reading and writing, on jansson.
 *
 * Knows no document of ours. Invariant: output is canonical, the same value gives the same bytes.
 */
#include "base/json.h"

#include <string.h>

#include "base/text.h"

void json_release(json_t **value)
{
    json_decref(*value);
}

osb_status json_parse(span text, const char *subject, json_t **value, osb_error *error)
{
    json_error_t problem;
    *value = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, &problem);
    if (*value)
        return OSB_OK;
    char detail[160];
    text_printable(detail, sizeof detail, problem.text, sizeof problem.text);
    return osb_fail(error, OSB_ERR_INTEGRITY, subject, "check that this is the file you mean",
                    "not valid JSON: line %d: %s", problem.line, detail);
}

static int append_piece(const char *piece, size_t size, void *target)
{
    buf *text = target;
    buf_append(text, (span){(const uint8_t *)piece, size});
    return text->overflow ? -1 : 0;
}

static osb_status dump(const json_t *value, size_t flags, buf *text, osb_error *error)
{
    if (json_dump_callback(value, append_piece, text, flags) != 0 && !text->overflow)
        return osb_fail(error, OSB_ERR_INTERNAL, NULL, NULL, "cannot write JSON");
    return buf_check(text, "JSON text", error);
}

osb_status json_to_text(const json_t *value, buf *text, osb_error *error)
{
    TRY(dump(value, JSON_INDENT(2) | JSON_ENSURE_ASCII | JSON_ENCODE_ANY, text, error));
    buf_append_text(text, "\n");
    return buf_check(text, "JSON text", error);
}

osb_status json_to_line(const json_t *value, buf *text, osb_error *error)
{
    return dump(value, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ENCODE_ANY, text, error);
}

const char *json_text(const json_t *object, const char *member, const char *fallback)
{
    const json_t *value = json_object_get(object, member);
    return json_is_string(value) ? json_string_value(value) : fallback;
}

int64_t json_number(const json_t *object, const char *member, int64_t fallback)
{
    const json_t *value = json_object_get(object, member);
    return json_is_integer(value) ? json_integer_value(value) : fallback;
}

bool json_true_at(const json_t *object, const char *member)
{
    return json_is_true(json_object_get(object, member));
}

static bool hex_address(const char *text, uint32_t *address)
{
    char padded[9] = "00000000";
    uint8_t bytes[4];
    if (!text_starts_with(text, "0x") || strlen(text) < 3 || strlen(text) > 10)
        return false;
    memcpy(padded + (10 - strlen(text)), text + 2, strlen(text) - 2);
    if (!text_unhex(bytes, sizeof bytes, padded))
        return false;
    *address =
        (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
    return true;
}

bool json_to_address(const json_t *value, uint32_t *address)
{
    if (json_is_string(value))
        return hex_address(json_string_value(value), address);
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        json_integer_value(value) > UINT32_MAX)
        return false;
    *address = (uint32_t)json_integer_value(value);
    return true;
}

bool json_address(const json_t *object, const char *member, uint32_t *address)
{
    return json_to_address(json_object_get(object, member), address);
}

bool json_has_only(json_t *object, const char *const *members, size_t count)
{
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value)
    {
        bool known = false;
        for (size_t i = 0; i < count; i++)
            known = known || text_equal(name, members[i]);
        if (!known)
            return false;
    }
    return json_is_object(object);
}

json_t *json_text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}
