/*
 * Signals: turned into a question that the library asks at its safe points.
 *
 * The library itself installs no handler. Invariant: while a board is written, nothing but a third
 * signal ends the program in the middle of a step.
 */
#include "cli/interrupts.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

/* The mutable variables of the program: set by the handler, read at the library's safe points. */
static volatile sig_atomic_t times_asked;
static volatile sig_atomic_t guarded;

static const char told_first[] = "\nosbundle: will stop at the next safe point\n"
                                 "  leave the board plugged in: a step is under way\n";
static const char told_second[] =
    "\nosbundle: has not stopped yet: a step is under way\n"
    "  a third Ctrl-C ends at once and leaves it half done: 'osbundle resume' would put that "
    "right;\n"
    "  but while the LED is dark a bootloader may be copied, and without power then the board may "
    "be lost\n";

/* Only what a signal handler may call. */
static void tell(const char *text, size_t size)
{
    (void)!write(STDERR_FILENO, text, size);
}

static void end_by(int number)
{
    signal(number, SIG_DFL);
    raise(number);
}

static void ask_to_stop(int number)
{
    times_asked = times_asked + 1;
    if (guarded && times_asked == 1)
        tell(told_first, sizeof told_first - 1);
    else if (guarded && times_asked == 2)
        tell(told_second, sizeof told_second - 1);
    else if (times_asked > 1)
        end_by(number);
}

static void handle(int flags)
{
    struct sigaction action = {.sa_handler = ask_to_stop, .sa_flags = flags};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

void interrupts_watch(void)
{
    handle(0); /* a question on the terminal is cut short */
    signal(SIGXFSZ, SIG_IGN);
}

bool interrupts_asked(void *context)
{
    (void)context;
    return times_asked != 0;
}

void interrupts_guard(bool board_is_written)
{
    guarded = board_is_written;
    handle(board_is_written ? SA_RESTART : 0); /* what is being written is written to its end */
    if (board_is_written)
        signal(SIGPIPE, SIG_IGN); /* for good: the report comes after */
}
