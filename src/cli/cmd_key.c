/*
 * key: makes key pairs, and shows public keys.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "cli/password.h"

enum {
    NAME_SIZE = 4096
};

static void print_key(const json_t *key)
{
    char file[NAME_SIZE];
    const char *secret = json_text(key, "secret_file", NULL);
    const char *public = json_text(key, "public_file", NULL);
    output_safe(file, sizeof file, secret ? secret : "");
    if (secret)
        printf("secret key  %s, %s\n", file,
               json_true_at(key, "encrypted") ? "encrypted" : "not encrypted");
    output_safe(file, sizeof file, public ? public : "");
    if (public)
        printf("public key  %s\n", file);
    printf("key id      %s\n%s\n", json_text(key, "id", "?"), json_text(key, "public_key", "?"));
}

/** .pub in place of .key, or behind what ends otherwise. */
static osb_status public_name(const char *secret, char name[NAME_SIZE], osb_error *error)
{
    size_t size = strlen(secret) - (text_ends_with(secret, ".key") ? 4 : 0);
    if (text_format(name, NAME_SIZE, "%.*s.pub", (int)size, secret))
        return OSB_OK;
    return osb_fail(error, OSB_ERR_USAGE, secret, "use a shorter path", "path is too long");
}

static osb_status generate(cli *self, const char *secret, json_t **key, osb_error *error)
{
    char public[NAME_SIZE];
    const osb_password password = password_new(self);
    if (self->words->no_password && self->words->password_file)
        return osb_fail(error, OSB_ERR_USAGE, "key generate", "leave one of them out",
                        "--no-password and --password-file contradict each other");
    TRY(public_name(secret, public, error));
    return osb_key_generate(secret, public, &password, key, error);
}

osb_status cmd_key(cli *self, osb_error *error)
{
    JSON_OWNED *key = NULL;
    const text_list *words = &self->words->arguments;
    const char *verb = words->items[0], *file = words->count > 1 ? words->items[1] : NULL;
    const osb_password password = password_known(self);
    if (text_equal(verb, "generate"))
        TRY(generate(self, file ? file : "osbundle.key", &key, error));
    else if (text_equal(verb, "show") && file && !self->words->no_password)
        TRY(osb_key_show(file, &password, &key, error));
    else
        return osb_fail(error, OSB_ERR_USAGE, "key", "see: osbundle help key",
                        "use: osbundle key generate [FILE], or: osbundle key show FILE");
    if (self->words->json)
        return output_json(key, false, error);
    print_key(key);
    return OSB_OK;
}
