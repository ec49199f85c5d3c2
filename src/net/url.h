#pragma once
/** URLs as policy sees them: which may be asked, and where an answer may send us. */
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum {
    URL_SIZE = 8192, /**< signed download URLs run to a few thousand */
    URL_HOST_SIZE = 256
};

typedef struct url_parts {
    char scheme[8];           /**< "https", "http", "file" */
    char host[URL_HOST_SIZE]; /**< in small letters */
    char path[URL_SIZE];
    bool has_credentials; /**< user or password in the URL */
} url_parts;

/** Takes a URL apart. False for anything that is none, or does not fit. */
bool url_split(const char *url, url_parts *parts);

/** Replaces %XX. False when it does not fit, or would give a zero byte. */
bool url_decode(const char *text, char *target, size_t capacity);
/** Writes %XX for all but letters, digits and "-._~". False when it does not fit. */
bool url_encode(const char *text, char *target, size_t capacity);

/** Resolves `reference`, which may be relative, against `base`. False when it does not fit. */
bool url_resolve(const char *base, const char *reference, char target[URL_SIZE]);

/** Whether the server is this machine: localhost, 127.0.0.0/8, ::1. */
bool url_is_loopback(const url_parts *parts);

/**
 * Whether a URL may be asked: https always, plain http only of this machine or with `allow_http`,
 * nothing else, and never with credentials in it. OSB_ERR_USAGE or OSB_ERR_REFUSED.
 */
osb_status url_check(const char *url, bool allow_http, url_parts *parts,
                     osb_error *error) OSB_MUST_CHECK;

/**
 * Whether an answer from `from` may send us on to `target` (checked by url_check before): never
 * from https to http, and from another machine never to this one's plain http.
 */
bool url_may_redirect(const url_parts *from, const url_parts *target);
