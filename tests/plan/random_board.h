#pragma once
/** Random boards, releases and wishes for the property test; the same seed gives the same ones. */
#include "model/plan.h"

enum {
    POOL_MAX = 1024
};

/** Every release of every platform, unpacked once. */
typedef struct release_pool {
    const platform_list *platforms;
    size_t count;
    release releases[POOL_MAX];
} release_pool;

/** One thing to plan. `wanted` points into the same value, so it is not to be copied. */
typedef struct random_task {
    snapshot state;
    release set;
    release_module app;
    goal wanted;
    policy rules;
} random_task;

/** Fills the pool. False when a release cannot be read. */
bool pool_fill(release_pool *pool, const platform_list *platforms, const catalog *known);

void task_make(random_task *task, const release_pool *pool, uint64_t *seed);
