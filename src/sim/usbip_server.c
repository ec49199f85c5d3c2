/*
 * Greets USB/IP clients: lists boards, hands one over.
 *
 * Speaks no commands: an imported board is usbip_link.c. Invariant: a caller that says anything
 * but a whole request in time is closed without an answer.
 */
#include "sim/usbip_server.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cursor.h"
#include "base/file.h"
#include "base/text.h"
#include "sim/board.h"
#include "sim/usbip_wire.h"
#include "sim/world.h"

enum {
    HOST_SIZE = 64,
    PORT_SIZE = 8,
    BACKLOG = 16,
    CALLER_TIME_MS = 5000,
    REQUEST_MAX = USBIP_OPERATION_SIZE + USBIP_BUS_ID_SIZE,
    LIST_SIZE_MAX = 128 * 1024
};

/** Splits "ADDRESS:PORT" at the last colon and takes the brackets off "[::1]". */
static bool split_address(const char *words, char host[HOST_SIZE], char port[PORT_SIZE])
{
    uint64_t number;
    const char *colon = strrchr(words, ':');
    if (!colon || colon == words || !text_to_number(colon + 1, UINT16_MAX, &number))
        return false;
    size_t size = (size_t)(colon - words);
    if (*words == '[' && colon[-1] == ']') {
        words++;
        size -= 2;
    }
    if (size >= HOST_SIZE)
        return false;
    text_copy(host, size + 1, words);
    text_copy(port, PORT_SIZE, colon + 1);
    return true;
}

static void name_address(int listener, char address[USBIP_ADDRESS_SIZE])
{
    struct sockaddr_storage bound;
    socklen_t size = sizeof bound;
    char host[HOST_SIZE] = "?", port[PORT_SIZE] = "?";
    if (getsockname(listener, (struct sockaddr *)&bound, &size) == 0)
        getnameinfo((struct sockaddr *)&bound, size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV);
    text_format(address, USBIP_ADDRESS_SIZE, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
}

static osb_status bind_to(const struct addrinfo *where, const char *listen_on, int *listener,
                          osb_error *error)
{
    const int one = 1;
    int opened = socket(where->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (opened < 0)
        return osb_fail_errno(error, "open a socket for", listen_on);
    setsockopt(opened, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(opened, where->ai_addr, where->ai_addrlen) == 0 && listen(opened, BACKLOG) == 0) {
        *listener = opened;
        return OSB_OK;
    }
    const bool taken = errno == EADDRINUSE;
    osb_status status = osb_fail_errno(error, "listen on", listen_on);
    close(opened);
    if (taken)
        return osb_fail(error, OSB_ERR_BUSY, listen_on,
                        "choose another port with --listen ADDRESS:PORT",
                        "somebody else listens there");
    return status;
}

osb_status usbip_listen(const char *listen_on, int *listener, char address[USBIP_ADDRESS_SIZE],
                        osb_error *error)
{
    char host[HOST_SIZE], port[PORT_SIZE];
    struct addrinfo *found = NULL;
    const struct addrinfo wanted = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                                    .ai_socktype = SOCK_STREAM};
    if (!split_address(listen_on, host, port) || getaddrinfo(host, port, &wanted, &found) != 0)
        return osb_fail(error, OSB_ERR_USAGE, listen_on, "write it as 127.0.0.1:3240 or [::1]:3240",
                        "is no address and port to listen on");
    osb_status status = bind_to(found, listen_on, listener, error);
    freeaddrinfo(found);
    if (status == OSB_OK)
        name_address(*listener, address);
    return status;
}

bool usbip_accept(int listener, usbip_caller *caller)
{
    const int one = 1;
    int opened = accept(listener, NULL, NULL);
    if (opened < 0)
        return false;
    setsockopt(opened, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    *caller = (usbip_caller){.socket = opened,
                             .deadline_ms = clock_monotonic_ms() + CALLER_TIME_MS,
                             .in = buf_make(REQUEST_MAX)};
    return true;
}

void usbip_caller_close(usbip_caller *caller)
{
    file_close(&caller->socket);
    buf_free(&caller->in);
    caller->socket = -1;
}

/** An answer fits the empty buffer of a fresh connection; a client that does not read gets none. */
static bool answer(const usbip_caller *caller, const buf *reply)
{
    ssize_t sent = send(caller->socket, reply->data, reply->size, MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent == (ssize_t)reply->size;
}

static void answer_list(const usbip_caller *caller, const sim_world *world)
{
    BUF_OWNED reply = buf_make(LIST_SIZE_MAX);
    uint32_t count = 0;
    for (size_t i = 0; i < world->board_count; i++)
        count += board_on_bus(world->boards[i]);
    usbip_append_operation(&reply, OPERATION_REPLY_LIST, OPERATION_OK);
    buf_append_u32be(&reply, count);
    for (size_t i = 0; i < world->board_count; i++) {
        if (!board_on_bus(world->boards[i]))
            continue;
        usbip_append_board(&reply, world->boards[i], (uint32_t)i + 1);
        usbip_append_interfaces(&reply, world->boards[i]);
    }
    if (!reply.overflow)
        (void)answer(caller, &reply);
}

static sim_board *find_board(const sim_world *world, span bus_id, uint32_t *number)
{
    for (size_t i = 0; i < world->board_count; i++) {
        sim_board *board = world->boards[i];
        const size_t size = strlen(board->port) + 1;
        if (!board_on_bus(board) || memcmp(board->port, bus_id.data, size) != 0)
            continue;
        *number = (uint32_t)i + 1;
        return board;
    }
    return NULL;
}

static usbip_wish answer_import(const usbip_caller *caller, sim_board *found, uint32_t number,
                                bool taken)
{
    BUF_OWNED reply = buf_make(USBIP_OPERATION_SIZE + 512);
    if (!found || taken) {
        usbip_append_operation(&reply, OPERATION_REPLY_IMPORT,
                               found ? OPERATION_BUSY : OPERATION_NO_DEVICE);
        (void)answer(caller, &reply);
        return WISH_OVER;
    }
    usbip_append_operation(&reply, OPERATION_REPLY_IMPORT, OPERATION_OK);
    usbip_append_board(&reply, found, number);
    return answer(caller, &reply) ? WISH_IMPORTS : WISH_OVER;
}

/** Takes no byte behind the request: those are commands already. */
static bool receive_up_to(usbip_caller *caller, size_t size)
{
    uint8_t bytes[REQUEST_MAX];
    if (caller->in.size >= size)
        return true;
    ssize_t got = recv(caller->socket, bytes, size - caller->in.size, MSG_DONTWAIT);
    if (got > 0)
        buf_append(&caller->in, (span){bytes, (size_t)got});
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR));
}

usbip_wish usbip_caller_hear(usbip_caller *caller, const sim_world *world, usbip_is_taken is_taken,
                             const void *context, sim_board **board)
{
    uint32_t number = 0;
    if (!receive_up_to(caller, USBIP_OPERATION_SIZE))
        return WISH_OVER;
    if (caller->in.size < USBIP_OPERATION_SIZE)
        return WISH_WAITS;
    cursor reader = cursor_make(buf_span(&caller->in));
    const uint32_t head = cursor_u32be(&reader);
    if (head == ((uint32_t)USBIP_VERSION << 16 | OPERATION_LIST)) {
        answer_list(caller, world);
        return WISH_OVER;
    }
    if (head != ((uint32_t)USBIP_VERSION << 16 | OPERATION_IMPORT) ||
        !receive_up_to(caller, REQUEST_MAX))
        return WISH_OVER;
    if (caller->in.size < REQUEST_MAX)
        return WISH_WAITS;
    cursor_seek(&reader, USBIP_OPERATION_SIZE);
    reader.bytes = buf_span(&caller->in);
    *board = find_board(world, cursor_take(&reader, USBIP_BUS_ID_SIZE), &number);
    return answer_import(caller, *board, number, *board && is_taken(context, *board));
}
