/*
 * Reading and writing the lines of minisign's files.
 *
 * Knows no key and no signature. Invariant: bytes have one spelling, so that no changed letter of a
 * line of base64 goes unnoticed; and nothing is read beyond a line's stated maximum.
 */
#include "trust/minisign_text.h"

#include <string.h>

enum {
    LINE_BYTES_MAX = 256 /**< in base64, of the longest line there is */
};

bool minisign_take_line(span *rest, size_t maximum, span *line)
{
    if (!rest->size)
        return false;
    const uint8_t *end = memchr(rest->data, '\n', rest->size);
    size_t size = end ? (size_t)(end - rest->data) : rest->size;
    *line = span_slice(*rest, 0, size);
    *rest = span_slice(*rest, end ? size + 1 : size, rest->size);
    if (end && size && line->data[size - 1] == '\r')
        line->size--;
    return line->size <= maximum && (!line->size || !memchr(line->data, '\0', line->size));
}

bool minisign_take_comment(span *rest, const char *begin, size_t maximum, span *comment)
{
    span line;
    size_t size = strlen(begin);
    if (!minisign_take_line(rest, maximum, &line) || line.size < size ||
        memcmp(line.data, begin, size) != 0)
        return false;
    *comment = span_slice(line, size, line.size);
    return true;
}

bool minisign_take_bytes(const sodium_library *sodium, span *rest, uint8_t *target, size_t size)
{
    span line;
    size_t found = 0;
    char again[LINE_BYTES_MAX + 1];
    if (!minisign_take_line(rest, LINE_BYTES_MAX, &line) || !line.size ||
        sodium->sodium_base642bin(target, size, (const char *)line.data, line.size, NULL, &found,
                                  NULL, sodium_base64_VARIANT_ORIGINAL) != 0 ||
        found != size)
        return false;
    /* libsodium 1.0.18 takes some bytes above 0x7f for letters. */
    sodium->sodium_bin2base64(again, sizeof again, target, size, sodium_base64_VARIANT_ORIGINAL);
    return strlen(again) == line.size && memcmp(again, line.data, line.size) == 0;
}

void minisign_append_bytes(const sodium_library *sodium, buf *text, span bytes)
{
    char line[LINE_BYTES_MAX + 1];
    sodium->sodium_bin2base64(line, sizeof line, bytes.data, bytes.size,
                              sodium_base64_VARIANT_ORIGINAL);
    buf_append_format(text, "%s\n", line);
}
