/*
 * The facade's keys: a pair is made, shown, and opened to sign with.
 *
 * How keys look is trust/'s. Invariant: a secret key leaves this file only as an open key that is
 * wiped, or encrypted as its user asked; no key file is ever overwritten.
 */
#define _DEFAULT_SOURCE
#include "osbundle_trust.h"

#include <string.h>
#include <unistd.h>

enum {
    SECRET_MODE = 0600,
    PUBLIC_MODE = 0644
};

typedef struct password_text {
    char text[OSB_PASSWORD_SIZE];
} password_text;

static void wipe_password(password_text *password)
{
    explicit_bzero(password, sizeof *password);
}

#define PASSWORD_OWNED __attribute__((cleanup(wipe_password))) password_text

static osb_status ask(const osb_password *password, const char *path, password_text *answer,
                      osb_error *error)
{
    answer->text[0] = '\0';
    if (!password->ask)
        return osb_fail(error, OSB_ERR_USAGE, path, "say where its password comes from",
                        "is encrypted by a password");
    return password->ask(password->context, path, answer->text, error);
}

static osb_status open_text(span text, const char *path, const osb_password *password,
                            bool *encrypted, secret_key *key, osb_error *error)
{
    SECRET_KEY_FILE_OWNED file;
    PASSWORD_OWNED answer = {0};
    TRY(secret_key_parse(text, path, &file, error));
    *encrypted = file.encrypted;
    if (file.encrypted)
        TRY(ask(password, path, &answer, error));
    return secret_key_open(&file, answer.text, path, key, error);
}

osb_status key_open(const char *path, const osb_password *password, secret_key *key,
                    osb_error *error)
{
    bool ignored;
    BUF_OWNED text = buf_make(SECRET_KEY_FILE);
    TRY(file_read(path, &text, error));
    return open_text(buf_span(&text), path, password, &ignored, key, error);
}

/** @param encrypted NULL: it is the public half alone */
static osb_status describe(const public_key *key, const char *public_path, const char *secret_path,
                           const bool *encrypted, json_t **result, osb_error *error)
{
    char id[KEY_ID_TEXT], words[PUBLIC_KEY_WORDS];
    key_id_text(key->id, id);
    TRY(public_key_words(key, words, error));
    *result =
        json_pack("{s:s, s:i, s:s, s:s, s:o, s:o, s:o}", "type", "osbundle-key", "schema", 1, "id",
                  id, "public_key", words, "public_file", json_text_or_null(public_path),
                  "secret_file", json_text_or_null(secret_path), "encrypted",
                  encrypted ? json_boolean(*encrypted) : json_null());
    return OSB_OK;
}

static osb_status write_pair(const secret_key *key, const char *password, const char *secret_path,
                             const char *public_path, osb_error *error)
{
    BUF_OWNED secret_text = buf_make(SECRET_KEY_FILE);
    BUF_OWNED public_text = buf_make(PUBLIC_KEY_FILE);
    const public_key shown = secret_key_public(key);
    TRY(public_key_write(&shown, &public_text, error));
    TRY(secret_key_write(key, password, secret_key_cost_usual(), &secret_text, error));
    TRY(file_write_new(secret_path, buf_span(&secret_text), SECRET_MODE, error));
    osb_status status = file_write_new(public_path, buf_span(&public_text), PUBLIC_MODE, error);
    if (status != OSB_OK)
        unlink(secret_path);
    return status;
}

/** Before a password is thought up for nothing. */
static osb_status check_is_free(const char *path, osb_error *error)
{
    if (access(path, F_OK) != 0)
        return OSB_OK;
    return osb_fail(error, OSB_ERR_REFUSED, path, "choose another name, or move it away first",
                    "is there already, and is never overwritten");
}

osb_status osb_key_generate(const char *secret_path, const char *public_path,
                            const osb_password *password, json_t **result, osb_error *error)
{
    SECRET_KEY_OWNED key;
    PASSWORD_OWNED answer = {0};
    const bool encrypted = password->ask != NULL;
    *result = NULL;
    TRY(check_is_free(secret_path, error));
    TRY(check_is_free(public_path, error));
    if (encrypted)
        TRY(ask(password, secret_path, &answer, error));
    TRY(secret_key_generate(&key, error));
    TRY(write_pair(&key, encrypted ? answer.text : NULL, secret_path, public_path, error));
    const public_key shown = secret_key_public(&key);
    return describe(&shown, public_path, secret_path, &encrypted, result, error);
}

osb_status osb_key_show(const char *path, const osb_password *password, json_t **result,
                        osb_error *error)
{
    SECRET_KEY_OWNED key;
    public_key shown;
    bool encrypted;
    BUF_OWNED text = buf_make(SECRET_KEY_FILE);
    *result = NULL;
    TRY(file_read(path, &text, error));
    if (public_key_parse(buf_span(&text), path, &shown, NULL) == OSB_OK)
        return describe(&shown, path, NULL, NULL, result, error);
    TRY(open_text(buf_span(&text), path, password, &encrypted, &key, error));
    shown = secret_key_public(&key);
    return describe(&shown, NULL, path, &encrypted, result, error);
}
