/*
 * Reading headers by hand.
 *
 * Pure functions on texts from strangers: they sit here alone so that they can be fuzzed.
 * Invariant: what does not read exactly as the standard has it is not read at all.
 */
#include "net/http_header.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

enum {
    NUMBER_TEXT = 21,
    SNIFFED_MAX = 16 /**< longer than any of the beginnings */
};

/** Cuts the number before `end` off; `*text` then stands behind `end`. */
static bool take_number(const char **text, char end, uint64_t *number)
{
    char digits[NUMBER_TEXT];
    const char *stop = strchr(*text, end);
    size_t size = stop ? (size_t)(stop - *text) : strlen(*text);
    if ((!stop && end) || size >= sizeof digits)
        return false;
    memcpy(digits, *text, size);
    digits[size] = '\0';
    *text += size + (end != '\0');
    return text_to_number(digits, INT64_MAX, number);
}

bool content_range_parse(const char *text, content_range *range)
{
    static const char unit[] = "bytes ";
    *range = (content_range){0};
    if (strncasecmp(text, unit, strlen(unit)) != 0)
        return false;
    text += strlen(unit);
    if (!take_number(&text, '-', &range->first) || !take_number(&text, '/', &range->last))
        return false;
    bool total_known = !text_equal(text, "*");
    if (total_known && (!take_number(&text, '\0', &range->total) || range->last >= range->total))
        return false;
    return range->first <= range->last;
}

const char *strong_validator(const char *etag, const char *last_modified, const char *date)
{
    if (etag && etag[0] == '"' && strlen(etag) >= 2)
        return etag;
    /* A file that changed twice within a second has the same Last-Modified for both. */
    return last_modified && *last_modified && date && !text_equal(date, last_modified)
               ? last_modified
               : NULL;
}

int64_t rate_limit_reset(const char *remaining, const char *reset)
{
    uint64_t moment = 0;
    bool used_up = remaining && text_equal(remaining, "0");
    return used_up && reset && text_to_number(reset, UINT32_MAX, &moment) ? (int64_t)moment : 0;
}

bool is_web_page(span content)
{
    static const char *const beginnings[] = {"<!doctype html", "<html", "<head", "<!--"};
    char text[SNIFFED_MAX];
    span rest = content;
    while (rest.size && strchr(" \t\r\n\xEF\xBB\xBF", rest.data[0]) && rest.data[0])
        rest = span_slice(rest, 1, rest.size);
    size_t size = rest.size < sizeof text - 1 ? rest.size : sizeof text - 1;
    memcpy(text, rest.data ? (const char *)rest.data : "", size);
    text[size] = '\0';
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
        if (strncasecmp(text, beginnings[i], strlen(beginnings[i])) == 0)
            return true;
    return false;
}
