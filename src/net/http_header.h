#pragma once
/** What stands in headers, as far as libcurl does not read it for us; and what a web page is. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

/** "bytes 100-199/1000" */
typedef struct content_range {
    uint64_t first, last;
    uint64_t total; /**< 0: "*", the server does not say */
} content_range;

/** Takes a Content-Range apart. False for anything but a range of bytes that lies in its total. */
bool content_range_parse(const char *text, content_range *range);

/**
 * The validator that an answer may be gone on by (RFC 9110, 8.8 and 13.1.5): its ETag unless that
 * is weak, else a Last-Modified that is older than the answer. All may be NULL; NULL for none.
 */
const char *strong_validator(const char *etag, const char *last_modified, const char *date);

/** When a GitHub-like API answers again: the Unix time in x-ratelimit-reset; 0 for none. */
int64_t rate_limit_reset(const char *remaining, const char *reset);

/** Whether bytes begin as an HTML page does. */
bool is_web_page(span content);
