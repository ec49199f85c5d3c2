#pragma once
/** A plan as a picture: modules, what they need, and the steps in their order. */
#include "base/buf.h"
#include "model/plan.h"

/**
 * Appends a Graphviz "dot" document. The same plan gives the same text.
 * @param state what the plan was made from; `wanted` likewise
 */
void plan_graph(const snapshot *state, const goal *wanted, const plan *steps, buf *target);
