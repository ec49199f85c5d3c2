/*
 * Bounded text helpers: copying, formatting, hexadecimal, numbers.
 *
 * Never allocates, never depends on the locale. Invariant: every target is NUL-terminated.
 */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void text_copy(char *target, size_t capacity, const char *source)
{
    size_t size = strnlen(source, capacity - 1);
    memcpy(target, source, size);
    target[size] = '\0';
}

bool text_format(char *target, size_t capacity, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(target, capacity, format, arguments);
    va_end(arguments);
    return size >= 0 && (size_t)size < capacity;
}

bool text_append(char *target, size_t capacity, const char *format, ...)
{
    size_t used = strnlen(target, capacity - 1);
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(target + used, capacity - used, format, arguments);
    va_end(arguments);
    return size >= 0 && (size_t)size < capacity - used;
}

bool text_equal(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

bool text_starts_with(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

bool text_ends_with(const char *text, const char *ending)
{
    size_t size = strlen(text), tail = strlen(ending);
    return size >= tail && strcmp(text + size - tail, ending) == 0;
}

void text_hex(char *target, span bytes)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.size; i++) {
        target[2 * i] = digits[bytes.data[i] >> 4];
        target[2 * i + 1] = digits[bytes.data[i] & 15];
    }
    target[2 * bytes.size] = '\0';
}

int text_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool text_unhex(uint8_t *target, size_t size, const char *digits)
{
    if (strnlen(digits, 2 * size + 1) != 2 * size)
        return false;
    for (size_t i = 0; i < size; i++) {
        int high = text_hex_digit(digits[2 * i]), low = text_hex_digit(digits[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        target[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

bool text_to_number(const char *text, uint64_t maximum, uint64_t *number)
{
    uint64_t value = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        uint64_t digit = (uint64_t)(*text - '0');
        if (digit > maximum || value > (maximum - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *number = value;
    return true;
}

void text_printable(char *target, size_t capacity, const char *source, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < size && source[i] && used + 1 < capacity; i++)
        target[used++] = source[i] >= 0x20 && source[i] < 0x7f ? source[i] : '?';
    target[used] = '\0';
}

void text_bytes(char *target, size_t capacity, uint64_t bytes)
{
    static const char *const units[] = {"KB", "MB", "GB", "TB"};
    if (bytes < 1000) {
        text_format(target, capacity, "%u B", (unsigned)bytes);
        return;
    }
    double value = (double)bytes / 1000;
    size_t unit = 0;
    for (; value >= 999.95 && unit < 3; unit++)
        value /= 1000;
    text_format(target, capacity, "%.1f %s", value, units[unit]);
}
