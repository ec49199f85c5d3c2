/*
 * The JSON side of bundles: the environment inside, and the object that describes one to scripts.
 *
 * Invariant: text from inside a bundle goes out as UTF-8 or made printable; variables are told by
 * name only, since their values may be secrets.
 */
#include "model/bundle.h"

#include <string.h>

#include "model/names_json.h"

enum {
    ENVIRONMENT_MAX = 16 * 1024, /**< bytes that boards take */
    VARIABLES_MAX = 100,
    VARIABLE_NAME_MAX = 128
};

static bool is_upper(char c)
{
    return (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_variable_name(const char *name)
{
    size_t size = strlen(name);
    if (size > VARIABLE_NAME_MAX || !is_upper(*name))
        return false;
    for (size_t i = 1; i < size; i++) {
        if (!is_upper(name[i]) && !(name[i] >= '0' && name[i] <= '9'))
            return false;
    }
    return true;
}

static osb_status bad_environment(const char *name, const char *what, osb_error *error)
{
    return osb_fail(error, OSB_ERR_INTEGRITY, name,
                    "write it as one JSON object of texts, with names like MY_NAME_1",
                    "not environment variables that a board takes: %s", what);
}

osb_status bundle_check_environment(span content, const char *name, osb_error *error)
{
    JSON_OWNED *variables = NULL;
    const char *member;
    json_t *value;
    if (content.size > ENVIRONMENT_MAX)
        return bad_environment(name, "more than 16 KiB", error);
    TRY(json_parse(content, name, &variables, error));
    if (!json_is_object(variables))
        return bad_environment(name, "no JSON object", error);
    if (json_object_size(variables) > VARIABLES_MAX)
        return bad_environment(name, "more than 100 of them", error);
    json_object_foreach(variables, member, value)
    {
        if (!is_variable_name(member))
            return bad_environment(name, "a name of other letters than A-Z, 0-9 and _", error);
        if (!json_is_string(value))
            return bad_environment(name, "a value that is no text", error);
    }
    return OSB_OK;
}

/** Names of the variables; null without an environment. */
static json_t *environment_to_json(const bundle *opened)
{
    JSON_OWNED *variables = NULL;
    const char *member;
    json_t *value;
    if (!opened->environment || json_parse(opened->environment->content, opened->environment->name,
                                           &variables, NULL) != OSB_OK)
        return json_null();
    json_t *names = json_array();
    json_object_foreach(variables, member, value) json_array_append_new(names, json_string(member));
    return names;
}

static json_t *assets_to_json(const bundle *opened)
{
    json_t *list = json_array();
    for (size_t i = 0; i < opened->asset_count; i++) {
        const asset *item = &opened->assets[i].item;
        json_t *object = json_object();
        json_object_set_new(object, "name", json_foreign_name(item->name));
        json_object_set_new(object, "size", json_integer((json_int_t)item->content.size));
        json_object_set_new(object, "sha256", json_hex((span){item->sha256, SHA256_SIZE}));
        json_object_set_new(object, "asset_type", json_integer(item->type));
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *findings_to_json(const bundle *opened)
{
    json_t *list = json_array();
    for (size_t i = 0; i < opened->finding_count; i++) {
        json_t *object =
            json_pack("{s:s}", "finding", bundle_finding_name(opened->findings[i].kind));
        json_object_set_new(object, "asset", json_foreign_name(opened->findings[i].asset));
        json_array_append_new(list, object);
    }
    return list;
}

json_t *bundle_to_json(const bundle *opened, const char *name, const char *platform_name)
{
    json_t *object = json_pack("{s:s, s:i}", "type", "osbundle-application-bundle", "schema", 1);
    json_object_set_new(object, "file", json_foreign_name(name));
    json_object_set_new(
        object, "application",
        module_to_json(&opened->application, opened->application_file->name, platform_name, NULL));
    json_object_set_new(object, "assets", assets_to_json(opened));
    json_object_set_new(object, "environment", environment_to_json(opened));
    json_object_set_new(object, "findings", findings_to_json(opened));
    return object;
}
