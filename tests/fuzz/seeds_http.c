/*
 * What web servers say: the first inputs of fuzz_http.c, in which 0x1E ends an answer.
 */
#include "fuzz/seeds.h"

#include <string.h>

#define END "\x1E"
#define BODY                                                                                       \
    "0123456789abcdef0123456789abcdef"                                                             \
    "0123456789abcdef0123456789abcdef"
#define ASSET                                                                                      \
    "{\"name\":\"p2-bootloader@5.3.1.bin\",\"size\":11,\"state\":\"uploaded\",\"digest\":"         \
    "\"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\","                 \
    "\"browser_download_url\":\"https://example.org/p2-bootloader%405.3.1.bin\"}"

/** First byte of the input: what is asked for. */
#define FILE_OF     "0"
#define RELEASE_OF  "1"
#define RELEASES_OF "2"
#define RANGE_OF    "3"

static const struct {
    const char *name, *input;
} seeds[] = {
    {"file-whole", FILE_OF "HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n" BODY},
    {"file-resumed", FILE_OF "HTTP/1.1 200 OK\r\nETag: \"a\"\r\nContent-Length: 64\r\n\r\n"
                             "0123456789abcdef" END
                             "HTTP/1.1 206 Partial Content\r\nETag: \"a\"\r\nContent-Range: bytes "
                             "16-63/64\r\nContent-Length: 48\r\n\r\n"
                             "0123456789abcdef0123456789abcdef0123456789abcdef"},
    {"file-wrong-range", FILE_OF "HTTP/1.1 200 OK\r\nETag: \"a\"\r\nContent-Length: 64\r\n\r\n0" END
                                 "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes "
                                 "0-63/64\r\nContent-Length: 64\r\n\r\n" BODY},
    {"file-no-such-range", FILE_OF "HTTP/1.1 200 OK\r\nLast-Modified: Tue, 15 Nov 1994 12:45:26 "
                                   "GMT\r\nDate: Tue, 15 Nov 1994 12:45:27 GMT\r\n"
                                   "Content-Length: 64\r\n\r\n01234567" END
                                   "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes "
                                   "*/4\r\nContent-Length: 0\r\n\r\n"},
    {"file-too-large", FILE_OF "HTTP/1.1 200 OK\r\n\r\n" BODY BODY},
    {"file-chunked",
     FILE_OF "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n" BODY "\r\n0\r\n\r\n"},
    {"file-packed", FILE_OF "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 64\r\n"
                            "\r\n" BODY},
    {"file-web-page", FILE_OF "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
                              "<!DOCTYPE html><p>log in"},
    {"file-redirected", FILE_OF "HTTP/1.1 302 Found\r\nLocation: /other?signature=%20\r\n"
                                "Content-Length: 0\r\n\r\n" END
                                "HTTP/1.1 301 Moved\r\nLocation: http://198.51.100.1/\r\n\r\n"},
    {"file-rate-limit", FILE_OF "HTTP/1.1 403 Forbidden\r\nX-RateLimit-Remaining: 0\r\n"
                                "X-RateLimit-Reset: 4102444800\r\nContent-Length: 0\r\n\r\n"},
    {"file-later", FILE_OF "HTTP/1.1 503 Unavailable\r\nRetry-After: Fri, 31 Dec 2100 23:59:59 "
                           "GMT\r\nContent-Length: 0\r\n\r\n"},
    {"file-early-hints", FILE_OF "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                                 "HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n" BODY},
    {"release", RELEASE_OF "HTTP/1.1 200 OK\r\nETag: W/\"a\"\r\n\r\n"
                           "{\"tag_name\":\"v5.3.1\",\"draft\":false,\"prerelease\":false,"
                           "\"assets\":[" ASSET "]}"},
    {"release-without-v", RELEASE_OF "HTTP/1.1 404 Not Found\r\n\r\n{}" END
                                     "HTTP/1.1 200 OK\r\n\r\n{\"tag_name\":\"5.3.1\","
                                     "\"assets\":[]}"},
    {"releases", RELEASES_OF "HTTP/1.1 200 OK\r\nLink: <http://127.0.0.1/?page=2>; rel=\"next\"\r\n"
                             "\r\n[{\"tag_name\":\"v5.3.1\",\"assets\":[" ASSET "]},"
                             "{\"tag_name\":\"v6.0.0-rc.1\",\"prerelease\":true},"
                             "{\"tag_name\":\"photon_043\"}]" END "HTTP/1.1 200 OK\r\n\r\n[]"},
    {"range", RANGE_OF "bytes 16-63/64"},
    {"range-of-unknown-total", RANGE_OF "bytes 0-9223372036854775807/*"},
};

void seed_http(void)
{
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++)
        seed_keep("http", seeds[i].name,
                  (span){(const uint8_t *)seeds[i].input, strlen(seeds[i].input)});
}
