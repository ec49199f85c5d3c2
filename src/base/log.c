/*
 * The log hook. Formats a bounded line and hands it over; prints nothing itself.
 */
#include "base/log.h"

#include <stdio.h>

void log_line(const log_sink *sink, log_level level, const char *topic, const char *format, ...)
{
    if (!sink || !sink->write || level > sink->level)
        return;
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    sink->write(sink->context, level, topic, line);
}
