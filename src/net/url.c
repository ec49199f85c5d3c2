/*
 * What may be asked over the network, judged by the URL alone.
 *
 * Opens no socket. Invariant: libcurl's own parser takes URLs apart, so that what is judged here is
 * what will be connected to.
 */
#include "net/url.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/text.h"
#include "net/curl_library.h"

/** A URL taken apart. The library is opened with each: after the first time that costs nothing. */
typedef struct opened_url {
    curl_library curl;
    CURLU *handle;
} opened_url;

static void opened_url_close(opened_url *opened)
{
    if (opened->handle)
        opened->curl.curl_url_cleanup(opened->handle);
}
#define URL_OWNED __attribute__((cleanup(opened_url_close))) opened_url

static bool opened_url_set(opened_url *opened, const char *url)
{
    return opened->curl.curl_url_set(opened->handle, CURLUPART_URL, url, 0) == CURLUE_OK;
}

static osb_status opened_url_make(opened_url *opened, osb_error *error)
{
    TRY(curl_library_open(&opened->curl, error));
    opened->handle = opened->curl.curl_url();
    return opened->handle ? OSB_OK : osb_fail_memory(error);
}

/** Copies one part; an absent one is empty. False when it does not fit. */
static bool take_part(const opened_url *opened, CURLUPart part, char *target, size_t capacity)
{
    char *text = NULL;
    target[0] = '\0';
    if (opened->curl.curl_url_get(opened->handle, part, &text, 0) != CURLUE_OK)
        return true;
    bool fits = strlen(text) < capacity;
    text_copy(target, capacity, text);
    opened->curl.curl_free(text);
    return fits;
}

static bool take_parts(const opened_url *opened, url_parts *parts)
{
    char user[2], password[2];
    bool user_fits = take_part(opened, CURLUPART_USER, user, sizeof user);
    bool password_fits = take_part(opened, CURLUPART_PASSWORD, password, sizeof password);
    parts->has_credentials = !user_fits || !password_fits || *user || *password;
    bool whole = take_part(opened, CURLUPART_SCHEME, parts->scheme, sizeof parts->scheme) &&
                 take_part(opened, CURLUPART_HOST, parts->host, sizeof parts->host) &&
                 take_part(opened, CURLUPART_PATH, parts->path, sizeof parts->path);
    for (char *letter = parts->host; *letter; letter++)
        if (*letter >= 'A' && *letter <= 'Z')
            *letter = (char)(*letter - 'A' + 'a');
    return whole;
}

static osb_status split(const char *url, url_parts *parts, bool *is_url, osb_error *error)
{
    URL_OWNED opened = {0};
    *parts = (url_parts){0};
    TRY(opened_url_make(&opened, error));
    *is_url = opened_url_set(&opened, url) && take_parts(&opened, parts);
    return OSB_OK;
}

bool url_split(const char *url, url_parts *parts)
{
    bool is_url = false;
    return split(url, parts, &is_url, NULL) == OSB_OK && is_url;
}

bool url_resolve(const char *base, const char *reference, char target[URL_SIZE])
{
    URL_OWNED opened = {0};
    return opened_url_make(&opened, NULL) == OSB_OK && opened_url_set(&opened, base) &&
           opened_url_set(&opened, reference) &&
           take_part(&opened, CURLUPART_URL, target, URL_SIZE) && *target;
}

bool url_decode(const char *text, char *target, size_t capacity)
{
    size_t size = 0;
    for (; *text; text++) {
        uint8_t byte = (uint8_t)*text;
        if (byte == '%') {
            char digits[3] = {text[1], text[1] ? text[2] : '\0', '\0'};
            if (!text_unhex(&byte, 1, digits) || !byte)
                return false;
            text += 2;
        }
        if (size + 1 >= capacity)
            return false;
        target[size++] = (char)byte;
    }
    target[size] = '\0';
    return true;
}

bool url_encode(const char *text, char *target, size_t capacity)
{
    target[0] = '\0';
    for (; *text; text++) {
        bool plain = (*text >= '0' && *text <= '9') || (*text >= 'A' && *text <= 'Z') ||
                     (*text >= 'a' && *text <= 'z') || strchr("-._~", *text);
        if (!text_append(target, capacity, plain ? "%c" : "%%%02X", (unsigned char)*text))
            return false;
    }
    return true;
}

bool url_is_loopback(const url_parts *parts)
{
    struct in_addr address;
    if (inet_pton(AF_INET, parts->host, &address) == 1)
        return ntohl(address.s_addr) >> 24 == 127;
    return text_equal(parts->host, "localhost") || text_equal(parts->host, "[::1]");
}

osb_status url_check(const char *url, bool allow_http, url_parts *parts, osb_error *error)
{
    bool is_url = false;
    TRY(split(url, parts, &is_url, error));
    bool plain = is_url && text_equal(parts->scheme, "http");
    if (!is_url || (!plain && !text_equal(parts->scheme, "https")) || !*parts->host)
        return osb_fail(error, OSB_ERR_USAGE, url, "use an https URL", "not a URL of a web server");
    if (parts->has_credentials)
        return osb_fail(error, OSB_ERR_USAGE, parts->host, "take user and password out of the URL",
                        "the URL carries credentials");
    if (plain && !allow_http && !url_is_loopback(parts))
        return osb_fail(error, OSB_ERR_REFUSED, url,
                        "use https, or allow plain http with --allow-http",
                        "plain http is only for servers on this machine");
    return OSB_OK;
}

bool url_may_redirect(const url_parts *from, const url_parts *target)
{
    bool plain = text_equal(target->scheme, "http");
    if (plain && text_equal(from->scheme, "https"))
        return false;
    return !plain || !url_is_loopback(target) || url_is_loopback(from);
}
