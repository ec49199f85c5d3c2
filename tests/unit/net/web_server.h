#pragma once
/**
 * A web server for one test program: on loopback, one process a connection, misbehaving exactly as
 * the test's handler tells it to.
 *
 * Include it first: it asks for features beyond POSIX.
 */
#define _DEFAULT_SOURCE
#define _XOPEN_SOURCE 700
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/** What the server saw, shared with the test. */
typedef struct web_seen {
    atomic_int requests;
    atomic_int open; /**< requests that wait in web_linger */
    atomic_int peak; /**< most of them at one time */
    char agent[100]; /**< of the last request */
} web_seen;

/** One request being answered. */
typedef struct web_request {
    int connection;
    unsigned port;
    char path[4000]; /**< with its query */
    char head[8192]; /**< request line and headers */
    web_seen *seen;
} web_request;

typedef void web_handler(const web_request *request);

typedef struct web_server {
    pid_t process;
    unsigned port;
    web_seen *seen;
} web_server;

static inline void web_send(const web_request *request, const void *bytes, size_t size)
{
    const char *rest = bytes;
    while (size) {
        ssize_t sent = send(request->connection, rest, size, MSG_NOSIGNAL);
        if (sent <= 0)
            _exit(0); /* the client hung up, as it may */
        rest += sent;
        size -= (size_t)sent;
    }
}

static inline void web_send_text(const web_request *request, const char *text)
{
    web_send(request, text, strlen(text));
}

/** A whole answer: status line, headers (each with CRLF, may be ""), body with its true length. */
static inline void web_answer(const web_request *request, const char *status, const char *headers,
                              const void *body, size_t size)
{
    char head[8192];
    snprintf(head, sizeof head, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\nConnection: close\r\n\r\n",
             status, headers, size);
    web_send_text(request, head);
    web_send(request, body, size);
}

/** Lets a request wait, and counts how many do: before it is answered, or the next is there. */
static inline void web_linger(const web_request *request, unsigned duration_ms)
{
    web_seen *seen = request->seen;
    int open = atomic_fetch_add(&seen->open, 1) + 1;
    for (int peak = atomic_load(&seen->peak);
         open > peak && !atomic_compare_exchange_weak(&seen->peak, &peak, open);)
        ;
    usleep(duration_ms * 1000);
    atomic_fetch_sub(&seen->open, 1);
}

static inline void web_redirect(const web_request *request, const char *target)
{
    char header[4000];
    snprintf(header, sizeof header, "Location: %s\r\n", target);
    web_answer(request, "302 Found", header, "", 0);
}

/** The value of a request header, or "". */
static inline void web_header(const web_request *request, const char *name, char *target,
                              size_t capacity)
{
    size_t size = strlen(name);
    *target = '\0';
    for (const char *line = request->head; (line = strstr(line, "\r\n"));) {
        line += 2;
        if (strncasecmp(line, name, size) == 0 && line[size] == ':') {
            snprintf(target, capacity, "%.*s", (int)strcspn(line + size + 2, "\r"),
                     line + size + 2);
            return;
        }
    }
}

static inline void web_serve_one(web_request *request, web_handler *handler)
{
    size_t size = 0;
    while (size + 1 < sizeof request->head && !strstr(request->head, "\r\n\r\n")) {
        ssize_t got =
            recv(request->connection, request->head + size, sizeof request->head - size - 1, 0);
        if (got <= 0)
            _exit(0);
        size += (size_t)got;
        request->head[size] = '\0';
    }
    if (sscanf(request->head, "GET %3999s", request->path) != 1)
        _exit(0);
    web_seen *seen = request->seen;
    atomic_fetch_add(&seen->requests, 1);
    web_header(request, "User-Agent", seen->agent, sizeof seen->agent);
    handler(request);
    shutdown(request->connection, SHUT_WR);
    char rest[256];
    while (recv(request->connection, rest, sizeof rest, 0) > 0)
        ;
    _exit(0);
}

static inline void web_accept_forever(int listener, const web_server *server, web_handler *handler)
{
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        web_request request = {.port = server->port, .seen = server->seen};
        request.connection = accept(listener, NULL, NULL);
        if (request.connection >= 0 && fork() == 0)
            web_serve_one(&request, handler);
        if (request.connection >= 0)
            close(request.connection);
    }
}

/** Starts on a free port. False when the machine has no loopback. */
static inline bool web_start(web_server *server, web_handler *handler)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) != 0 ||
        listen(listener, 64) != 0 || getsockname(listener, (struct sockaddr *)&address, &size) != 0)
        return false;
    server->port = ntohs(address.sin_port);
    server->seen =
        mmap(NULL, sizeof *server->seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (server->seen == MAP_FAILED)
        return false;
    server->process = fork();
    if (server->process == 0) {
        setpgid(0, 0);
        web_accept_forever(listener, server, handler);
    }
    close(listener);
    return server->process > 0 && setpgid(server->process, server->process) == 0;
}

static inline void web_stop(web_server *server)
{
    kill(-server->process, SIGKILL); /* with those that still answer */
    waitpid(server->process, NULL, 0);
    munmap(server->seen, sizeof *server->seen);
}
