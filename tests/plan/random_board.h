#pragma once
/** Random boards, releases and wishes for the property test; the same seed gives the same ones. */
#include "model/plan.h"

enum {
    POOL_MAX = 4096
};

/** Releases of every platform, unpacked once. */
typedef struct release_pool {
    const platform_list *platforms;
    size_t count;
    release releases[POOL_MAX];
} release_pool;

enum {
    NAMED_MAX = 2
};

/** One thing to plan. `wanted` points into the same value, so it is not to be copied. */
typedef struct random_task {
    snapshot state;
    snapshot truth; /**< what the board has, whether its mode shows it or not */
    release set;
    release via; /**< of a task that task_find_way() has found one for */
    const release *via_list[1];
    release_module files[NAMED_MAX];
    release_module app;
    release lock;
    const char *approved[2];
    goal wanted;
    policy rules;
} random_task;

/** Fills the pool with all releases, or those that suit. False when there is no room for them. */
bool pool_fill(release_pool *pool, const platform_list *platforms, const catalog *known,
               bool (*suits)(const release *set));

void task_make(random_task *task, const release_pool *pool, uint64_t *seed);

/** Where the goal is not reached directly, by way of another release. False when there is none. */
bool task_find_way(random_task *task, const catalog *known);

/** The file that a step of the task's plan writes; NULL for a step that nobody asked for. */
const release_module *task_file(const random_task *task, const plan_step *step);
