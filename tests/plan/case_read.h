#pragma once
/** One declarative case, read: what is planned, and what the text expects. See README.md. */
#include "base/json.h"
#include "model/plan.h"

enum {
    APPROVED_MAX = 8
};

typedef struct fixture {
    const platform_list *platforms;
    const catalog *known;
} fixture;

/** Large; the goal points into it, so it is not to be copied. */
typedef struct test_case {
    const char *name;
    const json_t *text;
    snapshot state;
    release set;
    bool has_set;
    release_module files[PLAN_FILES_MAX];
    size_t file_count;
    release_module app;
    release lock;
    const char *approved[APPROVED_MAX];
    size_t approved_count;
    goal wanted;
    policy rules;
    plan result;
} test_case;

/** Reads board, goal and policy of `self->text`. False when they make no sense. */
bool case_read(const fixture *world, test_case *self);
