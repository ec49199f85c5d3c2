/*
 * lock: pins a release for one platform, and an application, by hash.
 */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/output.h"
#include "cli/progress.h"

osb_status cmd_lock(cli *self, osb_error *error)
{
    const options *words = self->words;
    JSON_OWNED *lock = NULL;
    if (words->platforms.count != 1)
        return osb_fail(error, OSB_ERR_USAGE, "lock", "use: osbundle lock VERSION -p PLATFORM",
                        "name one platform");
    TRY(osb_lock(self->context, words->arguments.items[0], words->platforms.items[0], words->app,
                 &lock, error));
    progress_close(self->shown);
    if (words->output)
        TRY(output_json_file(lock, words->output, error));
    if (!words->output || words->json)
        return output_json(lock, false, error);
    printf("%s pins %zu modules of %s for %s%s\n", words->output,
           json_object_size(json_object_get(lock, "modules")), json_text(lock, "release", "?"),
           json_text(lock, "platform", "?"),
           json_object_get(lock, "application") ? " and the application" : "");
    return OSB_OK;
}
