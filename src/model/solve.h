#pragma once
/**
 * The rooms of the planner, in the order solve() walks through them. Private to model/solve*.c.
 *
 * solve_goal   may this goal be had at all (platform, protection, downgrade, completeness)
 * solve_select which slots must be written, and which are right already
 * solve_order  in which order and on which roads, so that every prefix boots or can be recovered
 * solve_check  is what the board ends up with coherent
 */
#include "model/plan.h"

/** What is to become of one slot. */
typedef struct solve_slot {
    const platform_slot *place;
    const release_module *wanted; /**< what the goal puts here; NULL: left as it is */
    bool write;
    bool compare_first;
    bool placed; /**< its step is in the plan */
} solve_slot;

/** A module as the board will have it after the steps placed so far. */
typedef struct solve_module {
    module_slot slot;
    uint16_t version;
    module_dependency dependencies[SNAPSHOT_DEPENDENCIES_MAX];
    size_t dependency_count;
} solve_module;

typedef struct solver {
    const snapshot *state;
    const goal *wanted;
    const policy *rules;
    plan *result;
    size_t slot_count;
    solve_slot slots[RELEASE_MODULES_MAX + 1];
    size_t module_count;
    solve_module modules[SNAPSHOT_MODULES_MAX + RELEASE_MODULES_MAX];
} solver;

void solve_goal(solver *work);
void solve_select(solver *work);
void solve_order(solver *work);
void solve_check(solver *work);

/** Fills the reasons of a write step: why this module, who needs it, why now. */
void solve_explain(const solver *work, const solve_slot *entry, plan_step *step);

/** Expected duration of a step on a board of that family, milliseconds. */
uint32_t solve_cost_ms(const platform *board, const plan_step *step);

/** The module in a slot after the steps placed so far; NULL when absent or unknown. */
const solve_module *solve_installed(const solver *work, module_slot slot);
/** Whether a need is met after the steps placed so far; unknown counts as met if `optimistic`. */
bool solve_meets(const solver *work, module_dependency need, bool optimistic);
/** Notes that a step has put `wanted` into its slot. */
void solve_install(solver *work, const release_module *wanted);

void solve_refuse(solver *work, const char *format, ...) __attribute__((format(printf, 2, 3)));
void solve_warn(solver *work, const char *format, ...) __attribute__((format(printf, 2, 3)));
