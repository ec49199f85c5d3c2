/*
 * What the user of the library hears and is asked: events, log lines, whether to stop.
 *
 * Workers call this from threads of their own. Invariant: one hook runs at a time, and never while
 * its thread holds anything else.
 */
#include "osbundle_context.h"

static void write_log(void *context, log_level level, const char *topic, const char *line)
{
    osb_context *self = context;
    pthread_mutex_lock(&self->telling);
    self->hooks.log(self->hooks.context, (int)level, topic, line);
    pthread_mutex_unlock(&self->telling);
}

void context_take_hooks(osb_context *context, const osb_hooks *hooks)
{
    context->hooks = *hooks;
    if (hooks->log)
        context->log = (log_sink){write_log, context, (log_level)hooks->log_level};
}

void context_tell(osb_context *context, const osb_event *event)
{
    if (!context->hooks.event)
        return;
    pthread_mutex_lock(&context->telling);
    context->hooks.event(context->hooks.context, event);
    pthread_mutex_unlock(&context->telling);
}

bool context_is_cancelled(osb_context *context)
{
    if (!context->hooks.cancelled)
        return false;
    pthread_mutex_lock(&context->telling);
    const bool cancelled = context->hooks.cancelled(context->hooks.context);
    pthread_mutex_unlock(&context->telling);
    return cancelled;
}

void context_tell_board(osb_context *context, const osb_fleet *listener, const osb_board *board)
{
    if (!listener->tell)
        return;
    pthread_mutex_lock(&context->telling);
    listener->tell(listener->context, board);
    pthread_mutex_unlock(&context->telling);
}
