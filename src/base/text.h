#pragma once
/** Small, bounded text helpers. Nothing here allocates. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

/** Copies `source`, cut to fit, always terminated. `capacity` is at least 1. */
void text_copy(char *target, size_t capacity, const char *source);

/** printf into a fixed buffer, cut to fit. Returns false when something was cut. */
bool text_format(char *target, size_t capacity, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** printf behind what `target` already holds, cut to fit. Returns false when something was cut. */
bool text_append(char *target, size_t capacity, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

bool text_equal(const char *a, const char *b);
bool text_starts_with(const char *text, const char *beginning);
bool text_ends_with(const char *text, const char *ending);

/** Lower-case hexadecimal, NUL-terminated: `target` holds 2 * bytes.size + 1. */
void text_hex(char *target, span bytes);

/** The value of a hexadecimal digit, -1 for anything else. */
int text_hex_digit(char c);

/** Reads exactly 2 * size hexadecimal digits. False for anything else. */
bool text_unhex(uint8_t *target, size_t size, const char *digits);

/** A whole decimal number from 0 to `maximum`, nothing before or behind it. */
bool text_to_number(const char *text, uint64_t maximum, uint64_t *number);

/** Copies untrusted text with control bytes and non-ASCII replaced by '?': safe on a terminal. */
void text_printable(char *target, size_t capacity, const char *source, size_t size);

/** Formats a byte count for people: "980 B", "47.1 KB", "1.0 MB" (powers of 1000). */
void text_bytes(char *target, size_t capacity, uint64_t bytes);
