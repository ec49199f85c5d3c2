/*
 * The config file: sources, trusted keys and policy as JSON.
 *
 * Decides nothing: who asks for a setting says what wins over it. Invariant: nothing in the file is
 * passed over; a word that is not understood is an error, since it may have been meant to protect.
 */
#include "cli/config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum {
    CONFIG_MAX = 1024 * 1024
};

/** The file being read. */
typedef struct reading {
    const char *path, *home;
    config *settings;
    osb_error *error;
} reading;

typedef struct setting {
    const char *name;
    bool is_list; /**< of texts; else true or false */
    size_t offset;
} setting;

static const setting at_top[] = {
    {"sources", true, offsetof(config, sources)},
    {"trusted_keys", true, offsetof(config, trusted_keys)},
    {NULL, false, 0},
};

static const setting in_policy[] = {
    {"allow_downgrade", false, offsetof(config, allow_downgrade)},
    {"allow_incomplete", false, offsetof(config, allow_incomplete)},
    {"approved", true, offsetof(config, approved)},
    {"prerelease", false, offsetof(config, prerelease)},
    {NULL, false, 0},
};

static osb_status fail(const reading *file, const char *name, const char *what, const char *hint)
{
    char shown[64];
    text_printable(shown, sizeof shown, name, strlen(name));
    return osb_fail(file->error, OSB_ERR_USAGE, file->path, hint, "\"%s\" %s", shown, what);
}

static osb_status take_list(const reading *file, const char *name, const json_t *value,
                            text_list *list)
{
    size_t i;
    json_t *item;
    bool is_good = json_is_array(value) && json_array_size(value) <= LIST_MAX;
    json_array_foreach(value, i, item)
    {
        is_good = is_good && json_is_string(item) && *json_string_value(item);
        if (is_good)
            list->items[list->count++] = json_string_value(item);
    }
    return is_good ? OSB_OK
                   : fail(file, name, "is no list of texts", "write [\"one\", \"another\"]");
}

static osb_status take_value(const reading *file, const setting *row, const json_t *value)
{
    void *member = (char *)file->settings + row->offset;
    if (row->is_list)
        return take_list(file, row->name, value, member);
    if (!json_is_boolean(value))
        return fail(file, row->name, "is neither true nor false", "write true or false");
    *(bool *)member = json_is_true(value);
    return OSB_OK;
}

static const setting *find(const setting *row, const char *name)
{
    while (row->name && !text_equal(row->name, name))
        row++;
    return row->name ? row : NULL;
}

static osb_status take_policy(const reading *file, json_t *policy)
{
    const char *name;
    json_t *value;
    if (!json_is_object(policy))
        return fail(file, "policy", "is no object", "write {\"approved\": [\"5.3\"]}");
    json_object_foreach(policy, name, value)
    {
        const setting *row = find(in_policy, name);
        if (!row)
            return fail(file, name, "is no setting of \"policy\"",
                        "it has allow_downgrade, allow_incomplete, approved and prerelease");
        TRY(take_value(file, row, value));
    }
    return OSB_OK;
}

static osb_status take_document(const reading *file, json_t *document)
{
    const char *name;
    json_t *value;
    if (!json_is_object(document))
        return osb_fail(file->error, OSB_ERR_USAGE, file->path, "write {} for no settings at all",
                        "is no JSON object");
    json_object_foreach(document, name, value)
    {
        const setting *row = find(at_top, name);
        if (row)
            TRY(take_value(file, row, value));
        else if (text_equal(name, "policy"))
            TRY(take_policy(file, value));
        else
            return fail(file, name, "is no setting",
                        "there are sources, trusted_keys and policy: see osbundle-config(5)");
    }
    return OSB_OK;
}

/** Relative paths start at the folder of the file. The document goes on owning the text. */
static osb_status make_absolute(const reading *file, const char *member, size_t index,
                                const char **text)
{
    const int folder = (int)(strrchr(file->path, '/') - file->path);
    json_t *absolute = NULL;
    if (**text == '/')
        return OSB_OK;
    if (text_starts_with(*text, "~/") && file->home)
        absolute = json_sprintf("%s%s", file->home, *text + 1);
    else
        absolute = json_sprintf("%.*s/%s", folder, file->path, *text);
    if (!absolute ||
        json_array_set_new(json_object_get(file->settings->document, member), index, absolute) != 0)
        return osb_fail_memory(file->error);
    *text = json_string_value(absolute);
    return OSB_OK;
}

static osb_status make_paths_absolute(const reading *file)
{
    config *settings = file->settings;
    for (size_t i = 0; i < settings->sources.count; i++)
        if (!strstr(settings->sources.items[i], "://"))
            TRY(make_absolute(file, "sources", i, &settings->sources.items[i]));
    for (size_t i = 0; i < settings->trusted_keys.count; i++)
        if (text_ends_with(settings->trusted_keys.items[i], ".pub"))
            TRY(make_absolute(file, "trusted_keys", i, &settings->trusted_keys.items[i]));
    return OSB_OK;
}

static void close_stream(FILE **stream)
{
    if (*stream)
        fclose(*stream);
}

/** Leaves `text` empty where there is no file. */
static osb_status read_text(const char *path, buf *text, osb_error *error)
{
    uint8_t block[4096];
    __attribute__((cleanup(close_stream))) FILE *stream = fopen(path, "rb");
    if (!stream && (errno == ENOENT || errno == ENOTDIR))
        return OSB_OK;
    if (!stream)
        return osb_fail_errno(error, "open", path);
    for (size_t size; (size = fread(block, 1, sizeof block, stream)) > 0;)
        buf_append(text, (span){block, size});
    if (ferror(stream))
        return osb_fail_errno(error, "read", path);
    if (text->overflow || !text->size)
        return osb_fail(error, OSB_ERR_USAGE, path, "write {} for no settings at all", "is %s",
                        text->overflow ? "larger than 1 MB" : "empty");
    return OSB_OK;
}

osb_status config_read(const char *path, const char *home, config *settings, osb_error *error)
{
    const reading file = {path, home, settings, error};
    BUF_OWNED text = buf_make(CONFIG_MAX);
    osb_error problem;
    *settings = (config){0};
    TRY(read_text(path, &text, error));
    if (!text.size)
        return OSB_OK;
    if (json_parse(buf_span(&text), path, &settings->document, &problem) != OSB_OK)
        return osb_fail(error, OSB_ERR_USAGE, path, "put it right, or move the file away", "%s",
                        problem.message);
    TRY(take_document(&file, settings->document));
    return make_paths_absolute(&file);
}

void config_free(config *settings)
{
    json_decref(settings->document);
}
