#pragma once
/** The machine's own clocks. Whoever talks to a board takes time from its transport instead. */
#include <stdint.h>

/** Milliseconds of a clock that never goes back. */
uint64_t clock_monotonic_ms(void);
/** The same in microseconds. */
uint64_t clock_monotonic_us(void);
/** Sleeps; a signal ends it early. */
void clock_sleep_ms(uint32_t duration_ms);
/** "2026-11-21T01:30:49Z" for `unix_seconds`; for this moment when that is negative. */
void clock_utc_text(int64_t unix_seconds, char target[21]);
