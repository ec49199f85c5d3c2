/*
 * The facade's files: inspect.
 *
 * Reads what a user names, without trusting its name, and adds what the catalog and the board's
 * own description say about it; contacts nobody. Invariant: members are only added to what the
 * module says of itself, and null stands for what nobody knows.
 */
#include "osbundle_context.h"

#include "base/path.h"
#include "base/text.h"
#include "model/bundle.h"
#include "model/module_combined.h"
#include "model/names_json.h"
#include "osbundle_crew.h"
#include "osbundle_files.h"
#include "osbundle_needs.h"

enum {
    RELEASES_MAX = 256 /**< that share one number; the catalog has fewer */
};

/** A module with the board that it was built for; NULL where that is not known. */
typedef struct subject {
    const osb_context *context;
    const module *parsed;
    const platform *board;
} subject;

/** Where on the board it goes; null where the board has no such slot, or is not known. */
static json_t *place_to_json(const subject *about)
{
    const platform_slot *place =
        about->board ? platform_find_slot(about->board, about->parsed->slot) : NULL;
    if (!place)
        return json_null();
    json_t *object = json_pack("{s:s, s:I, s:I, s:s, s:b}", "name", place->name, "start",
                               (json_int_t)place->start, "end", (json_int_t)place->end, "route",
                               route_name(place->route), "required", place->required);
    json_object_set_new(object, "reason", json_text_or_null(place->reason));
    return object;
}

/** All releases whose module in this slot has this number, oldest first. */
static json_t *releases_to_json(const subject *about)
{
    json_t *list = json_array();
    const char *names[RELEASES_MAX];
    /* An application's number is that of its interface to the system, and tells no release. */
    bool numbered = about->board && about->parsed->slot.function != MODULE_USER_PART;
    size_t count =
        numbered ? catalog_releases_with(&about->context->known, about->board, about->parsed->slot,
                                         about->parsed->version, names, RELEASES_MAX)
                 : 0;
    for (size_t i = 0; i < count && i < RELEASES_MAX; i++)
        json_array_append_new(list, json_string(names[i]));
    return list;
}

/** Whether the board would ever be given it: null where the board is not known. */
static void add_verdict(const subject *about, json_t *document)
{
    osb_error refusal = {0};
    osb_status status =
        about->board ? platform_accepts(about->board, about->parsed, NULL, &refusal) : OSB_OK;
    json_object_set_new(document, "flashable",
                        about->board ? json_boolean(status == OSB_OK) : json_null());
    json_object_set_new(document, "refusal",
                        json_text_or_null(status == OSB_OK ? NULL : refusal.message));
}

/** What people call the board; assets are for any board, and have the Core's number. */
static json_t *title_to_json(const subject *about)
{
    if (about->parsed->slot.function == MODULE_ASSET)
        return json_null();
    return json_text_or_null(about->board ? about->board->display_name
                                          : platform_title_of_other(about->parsed->platform_id));
}

static json_t *describe(const osb_context *context, const module *parsed, const char *path)
{
    subject about = {context, parsed, platform_by_id(&context->platforms, parsed->platform_id)};
    const char *os_version = about.board ? catalog_os_version(&context->known, about.board,
                                                              parsed->slot, parsed->version)
                                         : NULL;
    json_t *document =
        module_to_json(parsed, path_name(path), about.board ? about.board->name : NULL, os_version);
    json_object_set_new(document, "path", json_foreign_name(path));
    json_object_set_new(document, "platform_title", title_to_json(&about));
    json_object_set_new(document, "releases", releases_to_json(&about));
    json_object_set_new(document, "needs",
                        needs_to_json(&context->known, about.board, about.parsed->dependencies));
    json_object_set_new(document, "place", place_to_json(&about));
    add_verdict(&about, document);
    return document;
}

/** Says in the error what a damaged file would be: its header may well have survived. */
static void name_damaged(const osb_context *context, const module *parsed, osb_error *error)
{
    char slot[MODULE_SLOT_TEXT];
    const platform *board = platform_by_id(&context->platforms, parsed->platform_id);
    if (!error || error->status != OSB_ERR_INTEGRITY || !board)
        return;
    slot_text(parsed->slot, slot);
    text_append(error->message, sizeof error->message,
                " (a %s of version %u for %s, by its header)", slot, parsed->version, board->name);
}

/** The modules behind the first one of a combined file, described as it is. */
static osb_status add_followers(const osb_context *context, const module *first, const char *path,
                                json_t *document, osb_error *error)
{
    ARENA_OWNED memory = {0};
    const module *modules;
    size_t count;
    if (!(first->flags & MODULE_COMBINED))
        return OSB_OK;
    TRY(module_split(first->file, path, &memory, &modules, &count, error));
    json_t *list = json_array();
    for (size_t i = 1; i < count; i++)
        json_array_append_new(list, describe(context, &modules[i], path));
    json_object_set_new(document, "followed_by", list);
    return OSB_OK;
}

static osb_status inspect_module(const osb_context *context, span file, const char *path,
                                 json_t **result, osb_error *error)
{
    module parsed;
    osb_status status = module_parse(file, path, &parsed, error);
    if (status != OSB_OK) {
        name_damaged(context, &parsed, error);
        return status;
    }
    *result = describe(context, &parsed, path);
    return add_followers(context, &parsed, path, *result, error);
}

/** The bundle is described even when it is not sound: which asset is wrong is the answer. */
static osb_status inspect_bundle(const osb_context *context, span file, const char *path,
                                 json_t **result, osb_error *error)
{
    ARENA_OWNED memory = {0};
    bundle opened;
    TRY(files_open_bundle(file, path, &memory, &opened, error));
    *result = bundle_to_json(&opened, path_name(path), NULL);
    json_object_set_new(*result, "application",
                        describe(context, &opened.application, opened.application_file->name));
    json_object_set_new(*result, "path", json_foreign_name(path));
    return bundle_require_assets(&opened, path, error);
}

static osb_status inspect(const osb_context *context, const char *path, buf *content,
                          json_t **result, osb_error *error)
{
    TRY(files_read(path, content, error));
    span file = buf_span(content);
    return file_is_zip(file) ? inspect_bundle(context, file, path, result, error)
                             : inspect_module(context, file, path, result, error);
}

typedef struct inspection {
    const osb_context *context;
    file_list files;
} inspection;

static void inspect_file(const void *shared, size_t index, buf *content, crew_answer *answer)
{
    const inspection *self = shared;
    const named_file *file = &self->files.items[index];
    answer->argument = file->argument;
    answer->path = file->path;
    if (file->problem) {
        answer->status = file->problem->status;
        answer->error = *file->problem;
        return;
    }
    answer->status = inspect(self->context, file->path, content, &answer->document, &answer->error);
    answer->stray = file_is_stray(file->path, file->inside, answer->status);
}

osb_status osb_inspect_all(osb_context *context, const char *const *paths, size_t count,
                           osb_tell tell, void *tell_context, osb_error *error)
{
    ARENA_OWNED memory = {0};
    inspection self = {.context = context};
    TRY(files_find(paths, count, &memory, &self.files, error));
    crew_job job = {.count = self.files.count,
                    .work = inspect_file,
                    .shared = &self,
                    .content_max = MODULE_FILE_MAX};
    return crew_run(context, &job, tell, tell_context, error);
}
