/*
 * Environment variables and default folders: the only file that reads the environment.
 *
 * Words on the command line win over variables, those over the config file, and that over defaults.
 */
#include "cli/environment.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"

/** A variable's value; NULL when it is unset or empty. */
static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static const char *first_of(const char *a, const char *b)
{
    return a ? a : b;
}

/** Our folder in one of the user's base folders, or where that is by default below HOME. */
static void default_folder(const char *base, const char *below_home, char target[ENVIRONMENT_TEXT])
{
    const char *home = variable("HOME");
    if (base)
        text_format(target, ENVIRONMENT_TEXT, "%s/osbundle", base);
    else
        text_format(target, ENVIRONMENT_TEXT, "%s/%s/osbundle", home ? home : ".", below_home);
}

osb_status environment_settings(config *settings, osb_error *error)
{
    char folder[ENVIRONMENT_TEXT], path[ENVIRONMENT_TEXT + 16];
    default_folder(variable("XDG_CONFIG_HOME"), ".config", folder);
    text_format(path, sizeof path, "%s/config.json", folder);
    return config_read(path, variable("HOME"), settings, error);
}

static void apply_sources(const options *words, const config *settings, environment *kept,
                          osb_options *library)
{
    kept->source = variable("OSBUNDLE_SOURCE");
    library->sources = settings->sources.items;
    library->source_count = settings->sources.count;
    if (words->sources.count) {
        library->sources = words->sources.items;
        library->source_count = words->sources.count;
    } else if (kept->source) {
        library->sources = &kept->source;
        library->source_count = 1;
    }
    library->trusted_keys = settings->trusted_keys.items;
    library->trusted_key_count = settings->trusted_keys.count;
}

void environment_apply(const options *words, const config *settings, environment *kept,
                       osb_options *library)
{
    const char *cache = first_of(words->cache, variable("OSBUNDLE_CACHE"));
    if (cache)
        text_copy(kept->cache, sizeof kept->cache, cache);
    else
        default_folder(variable("XDG_CACHE_HOME"), ".cache", kept->cache);
    default_folder(variable("XDG_STATE_HOME"), ".local/state", kept->state);
    apply_sources(words, settings, kept, library);
    kept->simulated = words->replay ? NULL : variable("OSBUNDLE_SIM");
    library->cache = kept->cache;
    library->state = kept->state;
    library->simulated = words->simulated.count ? words->simulated.items : &kept->simulated;
    library->simulated_count =
        words->simulated.count ? words->simulated.count : kept->simulated != NULL;
    library->trace = words->trace;
    library->replay = words->replay;
    library->labels = words->labels.items;
    library->label_count = words->labels.count;
    library->manifests = variable("OSBUNDLE_MANIFESTS");
    library->prerelease = words->prerelease || settings->prerelease;
    library->offline = words->offline || variable("OSBUNDLE_OFFLINE");
    library->allow_http = words->allow_http;
    library->github_token = variable("GITHUB_TOKEN");
    library->particle_token = variable("PARTICLE_TOKEN");
    library->ca_file = first_of(variable("CURL_CA_BUNDLE"), variable("SSL_CERT_FILE"));
    library->proxy = first_of(variable("https_proxy"), variable("HTTPS_PROXY"));
    library->no_proxy = first_of(variable("no_proxy"), variable("NO_PROXY"));
    library->hooks.log_level = words->verbose ? 2 : variable("OSBUNDLE_LOG") ? 1 : 0;
}

bool environment_color(const options *words, int descriptor)
{
    if (words->color && text_equal(words->color, "always"))
        return true;
    if (words->color && text_equal(words->color, "never"))
        return false;
    return isatty(descriptor) && !variable("NO_COLOR");
}
