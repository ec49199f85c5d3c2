/*
 * Ages and sizes on the command line.
 *
 * Invariant: an amount is a number without sign, with at most one unit behind it, and fits.
 */
#include "cli/amounts.h"

#include <stddef.h>
#include <string.h>

#include "base/text.h"

enum {
    DIGITS_MAX = 12,
    FRACTION_MAX = 3
};

/** Cuts a number with up to three decimals off, as thousandths of one. */
static bool take_number(const char **rest, uint64_t *thousandths)
{
    uint64_t value = 0;
    size_t digits = 0, decimals = 0;
    for (; **rest >= '0' && **rest <= '9' && digits <= DIGITS_MAX; ++*rest, digits++)
        value = value * 10 + (uint64_t)(**rest - '0');
    if (!digits || digits > DIGITS_MAX)
        return false;
    if (**rest == '.')
        for (++*rest; **rest >= '0' && **rest <= '9' && decimals < FRACTION_MAX;
             ++*rest, decimals++)
            value = value * 10 + (uint64_t)(**rest - '0');
    for (; decimals < FRACTION_MAX; decimals++)
        value *= 10;
    *thousandths = value;
    return true;
}

static bool scale(uint64_t thousandths, uint64_t unit, int64_t *amount)
{
    if (unit > 1000 && thousandths > INT64_MAX / unit)
        return false;
    *amount = (int64_t)(thousandths * unit / 1000);
    return true;
}

bool amount_age(const char *words, int64_t *seconds)
{
    static const struct {
        char letter;
        uint64_t seconds;
    } units[] = {{'h', 3600}, {'d', 86400}, {'w', 7 * 86400}, {'y', 365 * (uint64_t)86400}};
    uint64_t number;
    if (!take_number(&words, &number) || strlen(words) != 1)
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (*words == units[i].letter)
            return scale(number, units[i].seconds, seconds);
    return false;
}

bool amount_size(const char *words, int64_t *bytes)
{
    static const char letters[] = "kMGT";
    uint64_t number, unit = 1;
    if (!take_number(&words, &number))
        return false;
    if (!*words)
        return scale(number, unit, bytes);
    const char *letter = *words == 'K' ? letters : strchr(letters, *words);
    const uint64_t base = words[1] == 'i' ? 1024 : 1000;
    if (!letter || words[1 + (base == 1024)])
        return false;
    for (const char *next = letters; next <= letter; next++)
        unit *= base;
    return scale(number, unit, bytes);
}
