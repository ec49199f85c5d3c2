/*
 * The machine's monotonic and wall clocks.
 *
 * No board protocol uses this file directly: simulated boards have a clock of their own.
 */
#include "base/clock.h"

#include <time.h>

uint64_t clock_monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t clock_monotonic_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void clock_sleep_ms(uint32_t duration_ms)
{
    struct timespec duration = {duration_ms / 1000, (long)(duration_ms % 1000) * 1000000};
    nanosleep(&duration, NULL);
}

void clock_utc_text(int64_t unix_seconds, char target[21])
{
    time_t moment = unix_seconds >= 0 ? (time_t)unix_seconds : time(NULL);
    struct tm parts;
    gmtime_r(&moment, &parts);
    strftime(target, 21, "%Y-%m-%dT%H:%M:%SZ", &parts);
}
