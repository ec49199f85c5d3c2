/*
 * The facade's recordings: what goes over the bus is written to a file, or comes from one.
 *
 * The lines are transport/trace.c and transport/replay.c. Invariant: a recording that cannot be
 * written on never stops what is done to a board.
 */
#include "osbundle_context.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "transport/replay.h"
#include "transport/trace.h"

static void give_up(osb_context *self)
{
    log_line(&self->log, LOG_WARNING, "trace", "%s: %s; the trace ends here, the work goes on",
             self->trace, strerror(errno));
    fclose(self->trace_file);
    self->trace_file = NULL;
}

/* Whole lines at a time, so that a program that is killed leaves a trace that can be read. */
static bool write_whole(FILE *file, const char *text)
{
    return fprintf(file, "%s\n", text) > 0 && fflush(file) == 0;
}

static void write_line(void *context, const char *text)
{
    osb_context *self = context;
    pthread_mutex_lock(&self->trace_lock);
    if (self->trace_file && !write_whole(self->trace_file, text))
        give_up(self);
    pthread_mutex_unlock(&self->trace_lock);
}

/* For nobody else's eyes: firmware and device ids are in it. */
osb_status context_trace(osb_context *context, osb_error *error)
{
    FD_OWNED descriptor = -1;
    const trace_sink sink = {write_line, context};
    context->bus = context->wire;
    if (!context->trace)
        return OSB_OK;
    descriptor = open(context->trace, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return osb_fail_errno(error, "open", context->trace);
    context->trace_file = fdopen(descriptor, "w");
    if (!context->trace_file)
        return osb_fail_memory(error);
    descriptor = -1;
    return trace_make(context->wire, &sink, &context->bus, error);
}

osb_status context_replay(osb_context *context, osb_error *error)
{
    FILE *file = fopen(context->replay, "re");
    if (!file)
        return osb_fail_errno(error, "open", context->replay);
    return replay_make(file, context->replay, &context->wire, error);
}

void context_untrace(osb_context *context)
{
    if (context->bus != context->wire)
        transport_destroy(context->bus);
    if (context->trace_file)
        fclose(context->trace_file);
}

osb_status osb_replay_verdict(osb_context *context, osb_error *error)
{
    if (!context->replay || !context->wire)
        return OSB_OK;
    uint64_t rest = replay_rest(context->wire);
    if (rest)
        log_line(&context->log, LOG_WARNING, "replay",
                 "%s: more was recorded than was asked now, from line %llu on", context->replay,
                 (unsigned long long)rest);
    return replay_verdict(context->wire, error);
}
