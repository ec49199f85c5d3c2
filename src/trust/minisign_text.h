#pragma once
/**
 * The lines that minisign's files consist of: comments, and bytes in base64. Shared by the files of
 * trust that read and write signatures and keys.
 */
#include <stdbool.h>

#include "base/buf.h"
#include "base/span.h"
#include "trust/sodium_library.h"

enum {
    MINISIGN_COMMENT_MAX = 1024 /**< bytes of an untrusted comment, with what begins its line */
};

#define MINISIGN_UNTRUSTED "untrusted comment: "
#define MINISIGN_TRUSTED   "trusted comment: "

/**
 * Takes the next line off `rest`, without its end (LF or CR LF).
 * @return false when there is none, or it is longer than `maximum` or has a NUL in it
 */
bool minisign_take_line(span *rest, size_t maximum, span *line);

/** Takes a line that begins with `begin`, and gives what follows. False for any other line. */
bool minisign_take_comment(span *rest, const char *begin, size_t maximum, span *comment);

/** Takes a line that holds exactly `size` bytes in base64, in its only form: padded, no spaces. */
bool minisign_take_bytes(const sodium_library *sodium, span *rest, uint8_t *target, size_t size);

/** Appends such a line. */
void minisign_append_bytes(const sodium_library *sodium, buf *text, span bytes);
