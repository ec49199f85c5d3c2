/*
 * What may be asked over the network, judged by the URL alone.
 *
 * Opens no socket. Invariant: libcurl's own parser takes URLs apart, so that what is judged here is
 * what will be connected to.
 */
#include "net/url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <string.h>

#include "base/text.h"

static void url_release(CURLU **handle)
{
    curl_url_cleanup(*handle);
}

/** Copies one part; an absent one is empty. False when it does not fit. */
static bool take_part(CURLU *handle, CURLUPart part, unsigned flags, char *target, size_t capacity)
{
    char *text = NULL;
    target[0] = '\0';
    if (curl_url_get(handle, part, &text, flags) != CURLUE_OK)
        return true;
    bool fits = strlen(text) < capacity;
    text_copy(target, capacity, text);
    curl_free(text);
    return fits;
}

bool url_split(const char *url, url_parts *parts)
{
    char user[2], password[2];
    *parts = (url_parts){0};
    __attribute__((cleanup(url_release))) CURLU *handle = curl_url();
    if (!handle || curl_url_set(handle, CURLUPART_URL, url, 0) != CURLUE_OK)
        return false;
    bool user_fits = take_part(handle, CURLUPART_USER, 0, user, sizeof user);
    bool password_fits = take_part(handle, CURLUPART_PASSWORD, 0, password, sizeof password);
    parts->has_credentials = !user_fits || !password_fits || *user || *password;
    bool whole = take_part(handle, CURLUPART_SCHEME, 0, parts->scheme, sizeof parts->scheme) &&
                 take_part(handle, CURLUPART_HOST, 0, parts->host, sizeof parts->host) &&
                 take_part(handle, CURLUPART_PATH, 0, parts->path, sizeof parts->path);
    for (char *letter = parts->host; *letter; letter++)
        if (*letter >= 'A' && *letter <= 'Z')
            *letter = (char)(*letter - 'A' + 'a');
    return whole;
}

bool url_resolve(const char *base, const char *reference, char target[URL_SIZE])
{
    __attribute__((cleanup(url_release))) CURLU *handle = curl_url();
    return handle && curl_url_set(handle, CURLUPART_URL, base, 0) == CURLUE_OK &&
           curl_url_set(handle, CURLUPART_URL, reference, 0) == CURLUE_OK &&
           take_part(handle, CURLUPART_URL, 0, target, URL_SIZE) && *target;
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
    bool known = url_split(url, parts);
    bool plain = known && text_equal(parts->scheme, "http");
    if (!known || (!plain && !text_equal(parts->scheme, "https")) || !*parts->host)
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
