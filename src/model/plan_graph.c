/*
 * Draws a plan for Graphviz: boxes are modules, thin arrows their needs, ellipses the steps.
 *
 * Decides nothing. Invariant: every text that comes from outside is escaped, so a file name cannot
 * break out of its label.
 */
#include "model/plan_graph.h"

#include "base/text.h"

enum {
    NODES_MAX = SNAPSHOT_MODULES_MAX + RELEASE_MODULES_MAX + PLAN_FILES_MAX + 1
};

/** A module as it will be. */
typedef struct graph_node {
    module_slot slot;
    uint16_t before; /**< 0: absent or unknown */
    uint16_t after;  /**< 0: not known to be there */
    const module_dependency *needs;
    size_t need_count;
} graph_node;

typedef struct graph {
    const plan *steps;
    size_t count;
    graph_node nodes[NODES_MAX];
} graph;

static graph_node *node_of(graph *self, module_slot slot)
{
    for (size_t i = 0; i < self->count; i++)
        if (slot_equal(self->nodes[i].slot, slot))
            return &self->nodes[i];
    return NULL;
}

static graph_node *add_node(graph *self, module_slot slot)
{
    graph_node *node = node_of(self, slot);
    if (node || self->count == NODES_MAX)
        return node;
    node = &self->nodes[self->count++];
    *node = (graph_node){.slot = slot};
    return node;
}

static void take_board(graph *self, const snapshot *state)
{
    for (size_t i = 0; i < state->module_count; i++) {
        const snapshot_module *entry = &state->modules[i];
        graph_node *node = entry->store == STORE_MAIN ? add_node(self, entry->slot) : NULL;
        if (!node)
            continue;
        node->before = node->after = entry->version;
        node->needs = entry->dependencies;
        node->need_count = entry->dependency_count;
    }
}

/** What a module needs that is written, or that the board has in this very version. */
static void take_file(graph *self, const release_module *file)
{
    bool written = false;
    for (size_t i = 0; i < self->steps->step_count; i++) {
        const plan_step *step = &self->steps->steps[i];
        written |= step->operation == STEP_WRITE && slot_equal(step->slot->slot, file->slot);
    }
    graph_node *node = written ? add_node(self, file->slot) : NULL;
    if (!node)
        return;
    node->after = file->version;
    node->needs = file->dependencies;
    node->need_count = 2;
}

static void append_text(buf *target, const char *text)
{
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            buf_append_u8(target, '\\');
        buf_append_u8(target, (uint8_t)*text);
    }
}

static void draw_module(const graph_node *node, buf *target)
{
    char slot[MODULE_SLOT_TEXT];
    slot_text(node->slot, slot);
    buf_append_format(target, "  \"%s\" [shape=box, label=\"%s\\n", slot, slot);
    if (node->before == node->after)
        buf_append_format(target, "%u\"];\n", node->after);
    else if (!node->before)
        buf_append_format(target, "%u\", style=bold];\n", node->after);
    else
        buf_append_format(target, "%u to %u\", style=bold];\n", node->before, node->after);
}

/** A need that the board will not meet stands out. */
static void draw_needs(graph *self, const graph_node *node, buf *target)
{
    char slot[MODULE_SLOT_TEXT], needed[MODULE_SLOT_TEXT];
    slot_text(node->slot, slot);
    for (size_t i = 0; i < node->need_count; i++) {
        module_dependency need = node->needs[i];
        if (need.slot.function == MODULE_NONE)
            continue;
        const graph_node *there = node_of(self, need.slot);
        bool met = there && there->after >= need.version;
        slot_text(need.slot, needed);
        buf_append_format(target, "  \"%s\" -> \"%s\" [label=\"at least %u\"%s];\n", slot, needed,
                          need.version, met ? "" : ", color=red, style=dashed");
    }
}

static void draw_step(const plan_step *step, size_t number, buf *target)
{
    char slot[MODULE_SLOT_TEXT] = "";
    if (step->slot)
        slot_text(step->slot->slot, slot);
    buf_append_format(target, "  step%zu [shape=ellipse%s, label=\"%zu. %s %s", number,
                      step->critical ? ", color=red" : "", number,
                      step_operation_name(step->operation), slot);
    if (step->operation == STEP_WRITE) {
        buf_append_format(target, " %u\\nby %s, ", step->to, route_name(step->via));
        append_text(target, step->file);
    }
    buf_append_text(target, "\"];\n");
    if (number > 1)
        buf_append_format(target, "  step%zu -> step%zu [style=bold];\n", number - 1, number);
    if (step->operation == STEP_WRITE)
        buf_append_format(target, "  step%zu -> \"%s\" [style=dotted, constraint=false];\n", number,
                          slot);
}

static void draw_refusals(const plan *steps, buf *target)
{
    for (size_t i = 0; i < steps->refusal_count; i++) {
        buf_append_format(target, "  refusal%zu [shape=note, color=red, label=\"", i + 1);
        append_text(target, steps->refusals[i]);
        buf_append_text(target, "\"];\n");
    }
}

void plan_graph(const snapshot *state, const goal *wanted, const plan *steps, buf *target)
{
    graph self = {.steps = steps};
    take_board(&self, state);
    for (size_t i = 0; wanted->set && i < wanted->set->module_count; i++)
        if (wanted->set->modules[i].slot.function != MODULE_USER_PART)
            take_file(&self, &wanted->set->modules[i]);
    for (size_t i = 0; i < wanted->file_count; i++)
        take_file(&self, &wanted->files[i]);
    if (wanted->app)
        take_file(&self, wanted->app);
    buf_append_format(target, "digraph plan {\n  rankdir=LR;\n  label=\"%s to ",
                      state->board->name);
    append_text(target, steps->goal_version[0] ? steps->goal_version : steps->goal_app);
    buf_append_text(target, "\";\n");
    for (size_t i = 0; i < self.count; i++)
        draw_module(&self.nodes[i], target);
    for (size_t i = 0; i < self.count; i++)
        draw_needs(&self, &self.nodes[i], target);
    for (size_t i = 0; i < steps->step_count; i++)
        draw_step(&steps->steps[i], i + 1, target);
    draw_refusals(steps, target);
    buf_append_text(target, "}\n");
}
