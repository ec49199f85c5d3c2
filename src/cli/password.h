#pragma once
/** Passwords of secret keys: from a file, or asked for on the terminal, never shown. */
#include "cli/cli.h"

/** The password of a key that is there; asked for once. */
osb_password password_known(const cli *self);

/** The password of a key that is made; asked for twice. With --no-password there is none. */
osb_password password_new(const cli *self);
