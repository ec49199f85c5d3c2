/*
 * Hands a graph to Graphviz's dot: the only place that starts another program.
 *
 * No shell is involved and no word of ours is taken for an option: the document comes from a
 * nameless temporary file as standard input, the picture goes to standard output. Invariant: a
 * picture that could not be drawn whole is not left behind.
 */
#include "cli/dot.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static osb_status not_drawn(const char *path, const char *why, osb_error *error)
{
    unlink(path);
    return osb_fail(error, OSB_ERR_IO, path, "give -o FILE.dot, and draw that elsewhere",
                    "cannot be drawn: %s", why);
}

/** The document in a file without a name, ready to be read. */
static FILE *document_file(const char *document)
{
    FILE *file = tmpfile();
    size_t size = strlen(document);
    if (file && fwrite(document, 1, size, file) == size && fflush(file) == 0 &&
        lseek(fileno(file), 0, SEEK_SET) == 0)
        return file;
    if (file)
        fclose(file);
    return NULL;
}

static int start(int input, const char *path, pid_t *child)
{
    extern char **environ;
    char *const words[] = {(char[]){"dot"}, (char[]){"-Tsvg"}, NULL};
    posix_spawn_file_actions_t actions;
    int failure = posix_spawn_file_actions_init(&actions);
    if (failure)
        return failure;
    failure = posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    if (!failure)
        failure = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, path,
                                                   O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (!failure)
        failure = posix_spawnp(child, words[0], &actions, NULL, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    return failure;
}

static osb_status finish(pid_t child, const char *path, osb_error *error)
{
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return not_drawn(path, strerror(errno), error);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return OSB_OK;
    return not_drawn(path, "dot failed", error);
}

osb_status dot_draw_svg(const char *document, const char *path, osb_error *error)
{
    pid_t child;
    FILE *file = document_file(document);
    if (!file)
        return osb_fail_errno(error, "write a temporary file for", path);
    int failure = start(fileno(file), path, &child);
    fclose(file);
    if (failure == ENOENT) {
        unlink(path);
        return osb_fail(error, OSB_ERR_NOT_FOUND, "dot",
                        "install graphviz, or give -o FILE.dot and draw that elsewhere",
                        "is not installed, and only it can draw %s", path);
    }
    if (failure)
        return not_drawn(path, strerror(failure), error);
    return finish(child, path, error);
}
