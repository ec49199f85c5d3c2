/*
 * What a web server sends: the first byte says what is asked for (a file, a release, the list of
 * releases); then the raw answers to one connection after the other, each ending with 0x1E. The
 * server runs in a thread of this program; https leads to a proxy that nobody runs.
 */
#define _DEFAULT_SOURCE
#include "fuzz/fuzz.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/path.h"
#include "base/text.h"
#include "model/version.h"
#include "net/http.h"
#include "net/http_header.h"

enum {
    ANSWER_ENDS = 0x1E,
    FILE_SIZE = 64,
    HEAD_MAX = 16 * 1024
};

/** The server: what it has left to say is guarded by the lock. */
static struct {
    pthread_mutex_t lock;
    int listener;
    unsigned port;
    span rest;
} server = {.lock = PTHREAD_MUTEX_INITIALIZER};

/** The input lives as long as the lock is held: an answer is sent before it is let go. */
static void send_next(int connection)
{
    pthread_mutex_lock(&server.lock);
    const uint8_t *end =
        server.rest.size ? memchr(server.rest.data, ANSWER_ENDS, server.rest.size) : NULL;
    size_t size = end ? (size_t)(end - server.rest.data) : server.rest.size;
    span answer = span_slice(server.rest, 0, size);
    server.rest = span_slice(server.rest, size + (end != NULL), server.rest.size);
    if (answer.size)
        (void)!send(connection, answer.data, answer.size, MSG_NOSIGNAL | MSG_DONTWAIT);
    pthread_mutex_unlock(&server.lock);
}

static void answer_one(int connection)
{
    char head[HEAD_MAX];
    size_t size = 0;
    ssize_t got = 1;
    while (got > 0 && size + 1 < sizeof head) {
        got = recv(connection, head + size, sizeof head - size - 1, 0);
        size += got > 0 ? (size_t)got : 0;
        head[size] = '\0';
        if (strstr(head, "\r\n\r\n"))
            break;
    }
    send_next(connection);
    shutdown(connection, SHUT_WR);
    close(connection);
}

static void *serve(void *unused)
{
    int connection;
    while ((connection = accept(server.listener, NULL, NULL)) >= 0)
        answer_one(connection);
    return unused;
}

static void server_start(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    pthread_t thread;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server.listener = socket(AF_INET, SOCK_STREAM, 0);
    PROMISE(server.listener >= 0);
    PROMISE(bind(server.listener, (struct sockaddr *)&address, size) == 0);
    PROMISE(listen(server.listener, 16) == 0);
    PROMISE(getsockname(server.listener, (struct sockaddr *)&address, &size) == 0);
    PROMISE(pthread_create(&thread, NULL, serve, NULL) == 0);
    server.port = ntohs(address.sin_port);
}

/** Two attempts, and no patience at all. */
static const net_options options = {
    .proxy = "http://127.0.0.1:1",
    .patience = {.attempts = 2, .retry_delay_ms = 1, .stall_timeout_s = 1, .wait_max_ms = 1}};

static void promise_told(osb_status status, const osb_error *error)
{
    PROMISE(status == OSB_OK || (error->status == status && *error->message && *error->hint));
}

static void get_file(void)
{
    char url[64];
    http *client;
    osb_error error = {0};
    BUF_OWNED content = buf_make(FILE_SIZE);
    text_format(url, sizeof url, "http://127.0.0.1:%u/file", server.port);
    http_request request = {.url = url, .name = "file", .size = FILE_SIZE, .content = &content};
    PROMISE(http_open(&options, &http_limits_default, &client, NULL) == OSB_OK);
    osb_status status = http_get(client, &request, 1, NULL, &error);
    http_close(client);
    promise_told(status, &error);
    PROMISE(content.size <= FILE_SIZE);
    PROMISE(status != OSB_OK || content.size == FILE_SIZE);
}

static source *open_source(void)
{
    char url[64];
    source *opened;
    text_format(url, sizeof url, "github+http://127.0.0.1:%u/repos/o/n", server.port);
    PROMISE(source_open(url, &options, &opened, NULL) == OSB_OK);
    return opened;
}

static void find_release(void)
{
    ARENA_OWNED memory = {0};
    source_listing listing;
    osb_error error = {0};
    source *site = open_source();
    osb_status status = source_find(site, "5.3.1", &memory, &listing, &error);
    promise_told(status, &error);
    for (size_t i = 0; status == OSB_OK && i < listing.count; i++) {
        PROMISE(path_is_plain_name(listing.files[i].name));
        PROMISE(*listing.files[i].location);
    }
    source_close(site);
}

static void list_releases(void)
{
    ARENA_OWNED memory = {0};
    const source_listing *listings;
    size_t count;
    version parsed;
    osb_error error = {0};
    source *site = open_source();
    osb_status status = source_list(site, &memory, &listings, &count, &error);
    promise_told(status, &error);
    for (size_t i = 0; i < count; i++) {
        PROMISE(version_parse(listings[i].version, &parsed));
        PROMISE(path_is_plain_name(listings[i].version));
    }
    source_close(site);
}

/** A range is whole, or none. */
static void read_range(span input)
{
    char text[128];
    content_range range;
    size_t size = input.size < sizeof text ? input.size : sizeof text - 1;
    memcpy(text, input.data, size);
    text[size] = '\0';
    if (!content_range_parse(text, &range))
        return;
    PROMISE(range.first <= range.last && range.last <= INT64_MAX);
    PROMISE(!range.total || range.last < range.total);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    if (!server.listener)
        server_start();
    pthread_mutex_lock(&server.lock);
    server.rest = (span){data + 1, size - 1};
    pthread_mutex_unlock(&server.lock);
    switch (data[0] % 4) {
    case 0:
        get_file();
        break;
    case 1:
        find_release();
        break;
    case 2:
        list_releases();
        break;
    case 3:
        read_range((span){data + 1, size - 1});
        break;
    }
    pthread_mutex_lock(&server.lock);
    server.rest = (span){0};
    pthread_mutex_unlock(&server.lock);
    return 0;
}
