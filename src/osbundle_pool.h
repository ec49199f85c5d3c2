#pragma once
/**
 * Module files on their way to boards: each is in memory once, however many boards take it at the
 * moment. Private to osbundle*.c.
 */
#include <pthread.h>

#include "store/cache.h"

typedef struct pool_file pool_file;

typedef struct file_pool {
    pthread_mutex_t lock; /**< of the list and of `users` in it; bytes in it never change */
    pool_file *files;     /**< those that somebody uses */
} file_pool;

/**
 * Takes a file out of the cache, or shares it with who has it; hashed in either case. From any
 * thread.
 * @param content valid until the file is returned
 * @return as cas_read; OSB_ERR_INTEGRITY when the bytes changed in memory
 */
osb_status pool_take(file_pool *pool, cache *store, const uint8_t sha256[SHA256_SIZE],
                     pool_file **taken, span *content, osb_error *error) OSB_MUST_CHECK;
/** The last one to return it frees it. NULL is fine. */
void pool_return(file_pool *pool, pool_file *taken);
