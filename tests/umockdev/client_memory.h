#pragma once
/**
 * The memory of the program that has opened a made-up device, as its kernel would reach it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum {
    CLIENTS_MAX = 64 /**< open files at a time */
};

/** An open file of a program, known by a key of the caller's. */
typedef struct client {
    const void *key;
    int socket; /**< over which it asks */
    pid_t process;
} client;

typedef struct client_list {
    size_t count;
    client clients[CLIENTS_MAX];
} client_list;

/** The process of a client that has opened this device node; 0 when it cannot be told. */
pid_t client_process(client_list *list, const void *key, const char *node);
void client_forget(client_list *list, const void *key);

/** Copies `size` bytes from or to an address of that process; false when it has none there, or when
 *  this process may not look into it. */
bool client_read(pid_t process, const void *address, void *bytes, size_t size);
bool client_write(pid_t process, void *address, const void *bytes, size_t size);
