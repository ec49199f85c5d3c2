/*
 * The facade's files: inspect.
 *
 * Reads what a user names, without trusting its name; contacts nobody.
 */
#include "osbundle_context.h"

#include "base/path.h"

osb_status osb_inspect(osb_context *context, const char *path, json_t **result, osb_error *error)
{
    module parsed;
    BUF_OWNED content = buf_make(MODULE_FILE_MAX);
    *result = NULL;
    TRY(file_read(path, &content, error));
    TRY(module_parse(buf_span(&content), path, &parsed, error));
    const platform *board = platform_by_id(&context->platforms, parsed.platform_id);
    const char *os_version =
        board ? catalog_os_version(&context->known, board, parsed.slot, parsed.version) : NULL;
    *result = module_to_json(&parsed, path_name(path), board ? board->name : NULL, os_version);
    return OSB_OK;
}
