#pragma once
/**
 * Memory that lives and dies together: everything a catalog, plan or snapshot points to.
 * Zeroed. Never moves what it handed out.
 */
#include <stddef.h>

typedef struct arena_block arena_block;

typedef struct arena {
    arena_block *newest;
} arena;

/** `count * size` zeroed bytes, aligned for anything; NULL when memory ran out. */
void *arena_take(arena *memory, size_t count, size_t size);
/** A copy of `text`; NULL when memory ran out. */
char *arena_text(arena *memory, const char *text);
/** A copy of `size` bytes; NULL when memory ran out. */
void *arena_copy(arena *memory, const void *bytes, size_t size);
void arena_free(arena *memory);
#define ARENA_OWNED __attribute__((cleanup(arena_free))) arena
