/*
 * Device OS versions: reading and ordering them.
 *
 * Knows no release: which versions exist is the catalog's. Invariant: the order is total over
 * everything that version_parse accepts, and build data ("+lto") never takes part in it.
 */
#include "model/version.h"

#include <string.h>

#include "base/text.h"

static bool is_digit(char sign)
{
    return sign >= '0' && sign <= '9';
}

static bool is_identifier_sign(char sign)
{
    return is_digit(sign) || (sign >= 'a' && sign <= 'z') || (sign >= 'A' && sign <= 'Z') ||
           sign == '-' || sign == '.';
}

/** A decimal number at `*text`, which moves behind it. */
static bool take_number(const char **text, uint16_t *number)
{
    unsigned value = 0;
    const char *at = *text;
    if (!is_digit(*at))
        return false;
    for (; is_digit(*at); at++) {
        value = value * 10 + (unsigned)(*at - '0');
        if (value > UINT16_MAX)
            return false;
    }
    *number = (uint16_t)value;
    *text = at;
    return true;
}

static bool take_sign(const char **text, char sign)
{
    if (**text != sign)
        return false;
    (*text)++;
    return true;
}

/** Identifiers are separated by single dots; an empty one would make two texts equal. */
static bool has_empty_identifier(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '.' && (i == 0 || i + 1 == size || text[i + 1] == '.'))
            return true;
    }
    return false;
}

/** The identifiers behind '-' or '+', up to '+' or the end. */
static bool take_identifiers(const char **text, char *target, size_t capacity)
{
    size_t size = 0;
    while (is_identifier_sign((*text)[size]))
        size++;
    if (!size || size >= capacity || has_empty_identifier(*text, size))
        return false;
    memcpy(target, *text, size);
    target[size] = '\0';
    *text += size;
    return true;
}

bool version_parse(const char *text, version *parsed)
{
    char build[VERSION_SIZE];
    *parsed = (version){0};
    take_sign(&text, 'v');
    if (!take_number(&text, &parsed->major) || !take_sign(&text, '.') ||
        !take_number(&text, &parsed->minor) || !take_sign(&text, '.') ||
        !take_number(&text, &parsed->patch))
        return false;
    if (take_sign(&text, '-') &&
        !take_identifiers(&text, parsed->prerelease, sizeof parsed->prerelease))
        return false;
    if (take_sign(&text, '+') && !take_identifiers(&text, build, sizeof build))
        return false;
    return !*text;
}

static int sign_of(long difference)
{
    return (difference > 0) - (difference < 0);
}

static bool all_digits(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (!is_digit(text[i]))
            return false;
    }
    return size > 0;
}

/** Numbers by value and below words; words by their signs (semver.org, rule 11.4). */
static int compare_identifiers(const char *a, size_t a_size, const char *b, size_t b_size)
{
    bool a_number = all_digits(a, a_size), b_number = all_digits(b, b_size);
    if (a_number != b_number)
        return a_number ? -1 : 1;
    if (a_number) {
        for (; a_size > 1 && *a == '0'; a++)
            a_size--;
        for (; b_size > 1 && *b == '0'; b++)
            b_size--;
        if (a_size != b_size)
            return a_size < b_size ? -1 : 1;
    }
    int signs = memcmp(a, b, a_size < b_size ? a_size : b_size);
    return signs ? sign_of(signs) : sign_of((long)a_size - (long)b_size);
}

static int compare_prereleases(const char *a, const char *b)
{
    if (!*a || !*b)
        return !*a - !*b; /* a final release is newer than what led to it */
    while (*a && *b) {
        size_t a_size = strcspn(a, "."), b_size = strcspn(b, ".");
        int order = compare_identifiers(a, a_size, b, b_size);
        if (order)
            return order;
        a += a_size + (a[a_size] == '.');
        b += b_size + (b[b_size] == '.');
    }
    return !*b - !*a;
}

int version_compare(const version *a, const version *b)
{
    int order = sign_of((long)a->major - b->major);
    if (!order)
        order = sign_of((long)a->minor - b->minor);
    if (!order)
        order = sign_of((long)a->patch - b->patch);
    return order ? order : compare_prereleases(a->prerelease, b->prerelease);
}

int version_compare_text(const char *a, const char *b)
{
    version left, right;
    bool a_known = version_parse(a, &left), b_known = version_parse(b, &right);
    if (a_known && b_known)
        return version_compare(&left, &right);
    if (a_known != b_known)
        return a_known ? 1 : -1;
    return sign_of(strcmp(a, b));
}

bool version_matches(const char *text, const version *candidate)
{
    version whole;
    if (version_parse(text, &whole))
        return version_compare(&whole, candidate) == 0;
    uint16_t number;
    take_sign(&text, 'v');
    if (!take_number(&text, &number) || number != candidate->major)
        return false;
    if (!*text)
        return true;
    return take_sign(&text, '.') && take_number(&text, &number) && !*text &&
           number == candidate->minor;
}

bool version_listed(const char *text, const char *const *words, size_t count)
{
    version parsed;
    bool listed = false;
    for (size_t i = 0; i < count && !listed && version_parse(text, &parsed); i++)
        listed = version_matches(words[i], &parsed);
    return listed;
}
