/*
 * lock: pins a release, and applications, by hash; signs what it pinned.
 */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/output.h"
#include "cli/password.h"
#include "cli/progress.h"

static osb_status check_words(const options *words, osb_error *error)
{
    static const char hint[] = "see: osbundle help lock";
    if (!words->platforms.count || words->all_platforms)
        return osb_fail(error, OSB_ERR_USAGE, "lock", "use: osbundle lock VERSION -p PLATFORM",
                        "name a platform, or several");
    if (words->sign && !words->output)
        return osb_fail(error, OSB_ERR_USAGE, "lock", hint,
                        "--sign needs -o FILE: the signature is put beside it");
    return password_check_words(words, "lock", error);
}

static osb_status save(const cli *self, const json_t *lock, osb_error *error)
{
    const options *words = self->words;
    const osb_signing signing = {words->sign, words->expires, password_known(self)};
    return words->sign ? osb_lock_sign(lock, words->output, &signing, error)
                       : output_json_file(lock, words->output, error);
}

/** What is pinned, a line a platform. `set` has the modules of one. */
static void print_set(const char *output, const char *platform, const json_t *lock,
                      const json_t *set)
{
    const json_t *application = json_object_get(set, "application");
    printf("%s pins %zu modules of %s for %s%s\n", output,
           json_object_size(json_object_get(set, "modules")), json_text(lock, "release", "?"),
           platform, application ? " and the application" : "");
}

static void print_lock(const options *words, json_t *lock)
{
    const char *platform;
    json_t *set, *several = json_object_get(lock, "platforms");
    json_object_foreach(several, platform, set)
    {
        print_set(words->output, platform, lock, set);
    }
    if (!several)
        print_set(words->output, json_text(lock, "platform", "?"), lock, lock);
    if (words->sign)
        printf("signed: %s.minisig\n", words->output);
}

osb_status cmd_lock(cli *self, osb_error *error)
{
    const options *words = self->words;
    JSON_OWNED *lock = NULL;
    TRY(check_words(words, error));
    TRY(osb_lock(self->context, words->arguments.items[0], words->platforms.items,
                 words->platforms.count, words->apps.items, words->apps.count, &lock, error));
    progress_close(self->shown);
    if (words->output)
        TRY(save(self, lock, error));
    if (!words->output || words->json)
        return output_json(lock, false, error);
    print_lock(words, lock);
    return OSB_OK;
}
