/*
 * Module files shared by the boards that are being sent them.
 *
 * Keeps nothing that nobody uses. Invariant: whoever takes a file has seen its hash computed from
 * the very bytes that he gets, after he asked for them.
 */
#include "osbundle_pool.h"

#include <stdlib.h>
#include <string.h>

#include "model/module.h"

struct pool_file {
    pool_file *next;
    size_t users;
    uint8_t hash[SHA256_SIZE];
    buf content;
};

static void file_free(pool_file *file)
{
    buf_free(&file->content);
    free(file);
}

/** With the lock held: a file that is there already. */
static pool_file *find(const file_pool *pool, const uint8_t hash[SHA256_SIZE])
{
    for (pool_file *file = pool->files; file; file = file->next)
        if (!memcmp(file->hash, hash, SHA256_SIZE))
            return file;
    return NULL;
}

/** With the lock held, so that those who want the same file wait for it instead of reading it. */
static osb_status read_new(file_pool *pool, cache *store, const uint8_t hash[SHA256_SIZE],
                           pool_file **made, osb_error *error)
{
    pool_file *file = calloc(1, sizeof *file);
    if (!file)
        return osb_fail_memory(error);
    file->content = buf_make(MODULE_FILE_MAX);
    osb_status status = cas_read(store, hash, &file->content, error);
    if (status != OSB_OK) {
        file_free(file);
        return status;
    }
    memcpy(file->hash, hash, SHA256_SIZE);
    file->next = pool->files;
    pool->files = file;
    *made = file;
    return OSB_OK;
}

static osb_status check_again(const pool_file *file, osb_error *error)
{
    uint8_t now[SHA256_SIZE];
    sha256(buf_span(&file->content), now);
    if (!memcmp(now, file->hash, SHA256_SIZE))
        return OSB_OK;
    return osb_fail(error, OSB_ERR_INTEGRITY, NULL, "test this machine's memory",
                    "a module changed in memory");
}

osb_status pool_take(file_pool *pool, cache *store, const uint8_t hash[SHA256_SIZE],
                     pool_file **taken, span *content, osb_error *error)
{
    osb_status status = OSB_OK;
    *taken = NULL;
    pthread_mutex_lock(&pool->lock);
    pool_file *file = find(pool, hash);
    const bool shared = file != NULL;
    if (!shared)
        status = read_new(pool, store, hash, &file, error);
    if (status == OSB_OK)
        file->users++;
    pthread_mutex_unlock(&pool->lock);
    if (status == OSB_OK && shared)
        status = check_again(file, error);
    if (status != OSB_OK) {
        pool_return(pool, file);
        return status;
    }
    *taken = file;
    *content = buf_span(&file->content);
    return OSB_OK;
}

void pool_return(file_pool *pool, pool_file *taken)
{
    if (!taken)
        return;
    pthread_mutex_lock(&pool->lock);
    const bool last = --taken->users == 0;
    pool_file **place = &pool->files;
    while (last && *place != taken)
        place = &(*place)->next;
    if (last)
        *place = taken->next;
    pthread_mutex_unlock(&pool->lock);
    if (last)
        file_free(taken);
}
