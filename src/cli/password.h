#pragma once
/** Passwords of secret keys: from a file, or asked for on the terminal, never shown. */
#include "cli/cli.h"

/** OSB_ERR_USAGE where words about signing stand without --sign. */
osb_status password_check_words(const options *words, const char *command,
                                osb_error *error) OSB_MUST_CHECK;

/** The password of a key that is there; asked for once. */
osb_password password_known(const cli *self);

/** The password of a key that is made; asked for twice. With --no-password there is none. */
osb_password password_new(const cli *self);
