/*
 * A bump allocator: take many, free once.
 *
 * No single object can be given back. Invariant: blocks form a list, each is filled upwards only.
 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_SIZE = 16 * 1024
};

struct arena_block {
    arena_block *older;
    size_t used;
    size_t capacity;
    alignas(max_align_t) unsigned char bytes[];
};

static arena_block *add_block(arena *memory, size_t capacity)
{
    arena_block *block = calloc(1, sizeof *block + capacity);
    if (!block)
        return NULL;
    block->older = memory->newest;
    block->capacity = capacity;
    memory->newest = block;
    return block;
}

void *arena_take(arena *memory, size_t count, size_t size)
{
    if (size && count > (SIZE_MAX / 2) / size)
        return NULL;
    const size_t unit = alignof(max_align_t);
    size_t total = (count * size + unit - 1) / unit * unit;
    if (!total)
        total = unit;
    arena_block *block = memory->newest;
    if (!block || total > block->capacity - block->used)
        block = add_block(memory, total > BLOCK_SIZE ? total : BLOCK_SIZE);
    if (!block)
        return NULL;
    void *taken = block->bytes + block->used;
    block->used += total;
    return taken;
}

void *arena_copy(arena *memory, const void *bytes, size_t size)
{
    void *copy = arena_take(memory, 1, size);
    if (copy && size)
        memcpy(copy, bytes, size);
    return copy;
}

char *arena_text(arena *memory, const char *text)
{
    return arena_copy(memory, text, strlen(text) + 1);
}

void arena_free(arena *memory)
{
    while (memory->newest) {
        arena_block *older = memory->newest->older;
        free(memory->newest);
        memory->newest = older;
    }
}
