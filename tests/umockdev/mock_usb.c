/*
 * Runs a program on a machine that has simulated boards on its USB, and no others.
 *
 *     umockdev-wrapper mock_usb [--stall N | --hang N | --vanish N] [--forbidden] [--held]
 *                               [--dfu] [--real-time] FOLDER... -- PROGRAM [ARGUMENT...]
 *
 * FOLDER is a board that `osbundle sim new` made. Its exit status is the program's.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "umockdev/testbed.h"

enum {
    FAILED = 125, /* exit status: the program was not run */
    STEP_MS = 5
};

static int usage(void)
{
    fprintf(stderr, "usage: mock_usb [--stall N] [--hang N] [--vanish N] [--forbidden] [--held] "
                    "[--dfu] [--real-time] FOLDER... -- PROGRAM [ARGUMENT...]\n");
    return FAILED;
}

static bool read_words(int count, char **words, conditions *wanted)
{
    static const struct option known[] = {
        {"stall", required_argument, NULL, 's'},  {"hang", required_argument, NULL, 'h'},
        {"vanish", required_argument, NULL, 'v'}, {"forbidden", no_argument, NULL, 'f'},
        {"held", no_argument, NULL, 'b'},         {"dfu", no_argument, NULL, 'd'},
        {"real-time", no_argument, NULL, 'r'},    {0}};
    int letter;
    while ((letter = getopt_long(count, words, "+", known, NULL)) != -1) {
        if (letter == 's')
            wanted->stall_at = strtoul(optarg, NULL, 10);
        else if (letter == 'h')
            wanted->hang_at = strtoul(optarg, NULL, 10);
        else if (letter == 'v')
            wanted->vanish_at = strtoul(optarg, NULL, 10);
        else if (letter == 'f')
            wanted->forbidden = true;
        else if (letter == 'b')
            wanted->held = true;
        else if (letter == 'd')
            wanted->in_dfu = true;
        else if (letter == 'r')
            wanted->real_time = true;
        else
            return false;
    }
    return true;
}

/** Opens the folders up to "--"; returns the first word behind it, NULL when there is none. */
static char **plug_in(char **words, bool in_dfu, sim_world *world)
{
    osb_error error;
    sim_board *board;
    for (; *words; words++) {
        if ((*words)[0] == '-' && (*words)[1] == '-')
            return words[1] ? words + 1 : NULL;
        if (sim_board_open(world, *words, &board, &error) != OSB_OK) {
            fprintf(stderr, "mock_usb: %s: %s\n", error.subject, error.message);
            return NULL;
        }
        if (in_dfu)
            sim_board_hold_button(board);
    }
    return NULL;
}

static int run(testbed *self, char **words)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        execvp(words[0], words);
        perror(words[0]);
        _exit(FAILED);
    }
    while (child > 0 && waitpid(child, &status, WNOHANG) == 0) {
        testbed_step(self);
        clock_sleep_ms(STEP_MS);
    }
    return child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : FAILED;
}

static int serve(int count, char **words, sim_world *world)
{
    conditions wanted = {0};
    char **program = NULL;
    if (read_words(count, words, &wanted))
        program = plug_in(words + optind, wanted.in_dfu, world);
    if (!program)
        return usage();
    testbed *self = testbed_open(world, &wanted);
    int status = run(self, program);
    testbed_close(self);
    return status;
}

int main(int count, char **words)
{
    ARENA_OWNED memory = {0};
    platform_list platforms;
    catalog known = {0};
    sim_world *world;
    if (platform_load_all(&memory, &platforms, NULL) != OSB_OK ||
        catalog_load(&known, NULL) != OSB_OK ||
        sim_world_make(&known, &platforms, &world, NULL) != OSB_OK)
        return FAILED;
    int status = serve(count, words, world);
    sim_world_free(world);
    catalog_free(&known);
    return status;
}
