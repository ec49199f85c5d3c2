/*
 * Where passwords come from: the first line of a file, else the terminal without echo.
 *
 * Never from the environment or the command line, which others can see. Invariant: the terminal is
 * as it was before, also when the question is interrupted.
 */
#define _DEFAULT_SOURCE
#include "cli/password.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/interrupts.h"

static void close_file(FILE **file)
{
    if (*file)
        fclose(*file);
}

#define FILE_OWNED __attribute__((cleanup(close_file))) FILE

/** One line without its end. False when there is none, or it is too long. */
static bool read_line(FILE *from, char password[OSB_PASSWORD_SIZE])
{
    if (!fgets(password, OSB_PASSWORD_SIZE, from))
        return false;
    size_t size = strcspn(password, "\r\n");
    bool whole = password[size] || feof(from);
    password[size] = '\0';
    return whole;
}

static osb_status read_file(const char *path, char password[OSB_PASSWORD_SIZE], osb_error *error)
{
    FILE_OWNED *file = fopen(path, "re");
    if (!file)
        return osb_fail_errno(error, "open", path);
    setvbuf(file, NULL, _IONBF, 0); /* no copy of it stays in a buffer */
    if (read_line(file, password) && *password)
        return OSB_OK;
    return osb_fail(error, OSB_ERR_USAGE, path, "put the password on the file's first line",
                    "has no password of 1 to %d bytes", OSB_PASSWORD_SIZE - 2);
}

/** Asks on a terminal whose echo is off. */
static osb_status ask(FILE *terminal, const char *question, const char *key,
                      char password[OSB_PASSWORD_SIZE], osb_error *error)
{
    struct termios before, silent;
    int descriptor = fileno(terminal);
    if (tcgetattr(descriptor, &before) != 0)
        return osb_fail_errno(error, "ask on", "/dev/tty");
    silent = before;
    silent.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
    tcsetattr(descriptor, TCSAFLUSH, &silent);
    fprintf(terminal, "%s %s: ", question, key);
    fflush(terminal);
    bool whole = read_line(terminal, password);
    tcsetattr(descriptor, TCSAFLUSH, &before);
    fputc('\n', terminal);
    if (interrupts_asked(NULL))
        return osb_fail(error, OSB_ERR_INTERRUPTED, key, "run the same command again",
                        "stopped before a password was given");
    return whole && *password
               ? OSB_OK
               : osb_fail(error, OSB_ERR_USAGE, key, "give a password of 1 to 1022 bytes",
                          "no password was given");
}

static osb_status open_terminal(const char *key, FILE **terminal, osb_error *error)
{
    *terminal = fopen("/dev/tty", "r+e");
    if (*terminal) {
        setvbuf(*terminal, NULL, _IONBF, 0);
        return OSB_OK;
    }
    return osb_fail(error, OSB_ERR_USAGE, key,
                    "give --password-file FILE, whose first line is the password",
                    "has a password, and there is no terminal to ask for it");
}

static osb_status ask_once(void *context, const char *key, char password[OSB_PASSWORD_SIZE],
                           osb_error *error)
{
    const cli *self = context;
    FILE_OWNED *terminal = NULL;
    if (self->words->password_file)
        return read_file(self->words->password_file, password, error);
    TRY(open_terminal(key, &terminal, error));
    return ask(terminal, "Password for", key, password, error);
}

static osb_status ask_twice(void *context, const char *key, char password[OSB_PASSWORD_SIZE],
                            osb_error *error)
{
    const cli *self = context;
    char again[OSB_PASSWORD_SIZE] = "";
    FILE_OWNED *terminal = NULL;
    if (self->words->password_file)
        return read_file(self->words->password_file, password, error);
    TRY(open_terminal(key, &terminal, error));
    TRY(ask(terminal, "New password for", key, password, error));
    osb_status status = ask(terminal, "Once more for", key, again, error);
    bool same = text_equal(password, again);
    explicit_bzero(again, sizeof again);
    if (status != OSB_OK || same)
        return status;
    return osb_fail(error, OSB_ERR_USAGE, key, "run the same command again",
                    "the two passwords are not the same");
}

osb_status password_check_words(const options *words, const char *command, osb_error *error)
{
    if (words->sign || (!words->expires && !words->password_file))
        return OSB_OK;
    return osb_fail(error, OSB_ERR_USAGE, command, "add --sign KEY, or leave them out",
                    "--expires and --password-file go with --sign");
}

osb_password password_known(const cli *self)
{
    return (osb_password){ask_once, (void *)self};
}

osb_password password_new(const cli *self)
{
    return (osb_password){self->words->no_password ? NULL : ask_twice, (void *)self};
}
