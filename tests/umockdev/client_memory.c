/*
 * Finds the process behind a device node, and reads and writes its memory.
 *
 * umockdev does not tell who asks. Its requests come over a socket that is named after the node,
 * and a socket knows its peer. Linux only.
 */
#define _GNU_SOURCE
#include "umockdev/client_memory.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

enum {
    FILES_MAX = 1024 /* open files that are looked at */
};

static bool ends_with(const char *text, const char *ending)
{
    const size_t size = strlen(text), wanted = strlen(ending);
    return size >= wanted && memcmp(text + size - wanted, ending, wanted) == 0;
}

/** The process at the other end of an accepted socket of this node; 0. */
static pid_t peer_of(int file, const char *node)
{
    struct sockaddr_un name = {0};
    struct ucred peer = {0};
    socklen_t size = sizeof name - 1, peer_size = sizeof peer;
    int listens = 0;
    socklen_t listens_size = sizeof listens;
    if (getsockname(file, (struct sockaddr *)&name, &size) || name.sun_family != AF_UNIX ||
        !ends_with(name.sun_path, node))
        return 0;
    if (getsockopt(file, SOL_SOCKET, SO_ACCEPTCONN, &listens, &listens_size) || listens)
        return 0;
    return getsockopt(file, SOL_SOCKET, SO_PEERCRED, &peer, &peer_size) ? 0 : peer.pid;
}

static client *find_socket(client_list *list, int socket)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->clients[i].socket == socket)
            return &list->clients[i];
    return NULL;
}

/** A client that asks for the first time: behind a socket that nobody has yet, else behind one
 *  whose number was used before. */
static pid_t meet(client_list *list, const void *key, const char *node)
{
    client *reused = NULL;
    for (int file = 0; file < FILES_MAX && list->count < CLIENTS_MAX; file++) {
        const pid_t process = peer_of(file, node);
        if (!process)
            continue;
        client *known = find_socket(list, file);
        if (known) {
            reused = known;
            continue;
        }
        client *place = &list->clients[list->count++];
        *place = (client){key, file, process};
        return process;
    }
    if (!reused)
        return 0;
    *reused = (client){key, reused->socket, peer_of(reused->socket, node)};
    return reused->process;
}

pid_t client_process(client_list *list, const void *key, const char *node)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->clients[i].key == key)
            return list->clients[i].process;
    return meet(list, key, node);
}

void client_forget(client_list *list, const void *key)
{
    for (size_t i = list->count; i-- > 0;)
        if (list->clients[i].key == key)
            list->clients[i] = list->clients[--list->count];
}

bool client_read(pid_t process, const void *address, void *bytes, size_t size)
{
    const struct iovec here = {bytes, size}, there = {(void *)(size_t)address, size};
    return process_vm_readv(process, &here, 1, &there, 1, 0) == (ssize_t)size;
}

bool client_write(pid_t process, void *address, const void *bytes, size_t size)
{
    const struct iovec here = {(void *)(size_t)bytes, size}, there = {address, size};
    return process_vm_writev(process, &here, 1, &there, 1, 0) == (ssize_t)size;
}
