#pragma once
/** Where the library says what it does: a hook that its user sets. Without one it is silent. */
#include <stdarg.h>

typedef enum log_level {
    LOG_WARNING,
    LOG_INFO,
    LOG_DEBUG
} log_level;

typedef struct log_sink {
    void (*write)(void *context, log_level level, const char *topic, const char *line);
    void *context;
    log_level level; /**< nothing more detailed than this is written */
} log_sink;

/** One line on a topic ("usb", "http", "cas"). `sink` may be NULL. */
void log_line(const log_sink *sink, log_level level, const char *topic, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
