/*
 * Runs the declarative planner cases: a board, a goal, and what must come out of solve().
 *
 * See README.md beside this file for the form of a case. Prints each case that fails with what was
 * expected and what came out; exits 1 then.
 */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/path.h"
#include "base/text.h"
#include "model/plan.h"

enum {
    LINES_MAX = 48,
    LINE_SIZE = 128
};

typedef struct fixture {
    const platform_list *platforms;
    const catalog *known;
} fixture;

typedef struct test_case {
    const char *name;
    const json_t *text;
    snapshot state;
    release set;
    release_module app;
    plan result;
} test_case;

/** What a module of that version needs, as the first release that has it says. */
static void look_up_needs(const fixture *world, const platform *board, snapshot_module *entry)
{
    for (size_t i = 0; i < world->known->count; i++) {
        release set;
        if (catalog_release(world->known, catalog_version(world->known, i), board, &set, NULL) !=
            OSB_OK)
            continue;
        const release_module *there = release_find(&set, entry->slot);
        if (!there || there->version != entry->version)
            continue;
        for (size_t d = 0; d < 2; d++)
            if (there->dependencies[d].slot.function != MODULE_NONE)
                entry->dependencies[entry->dependency_count++] = there->dependencies[d];
        return;
    }
}

static bool listed(const json_t *list, const char *slot)
{
    size_t i;
    json_t *entry;
    json_array_foreach(list, i, entry)
    {
        if (text_equal(json_string_value(entry), slot))
            return true;
    }
    return false;
}

static bool read_board(const fixture *world, test_case *self)
{
    const json_t *board = json_object_get(self->text, "board");
    const char *mode = json_text(board, "mode", "normal");
    snapshot *state = &self->state;
    const char *slot;
    json_t *number;
    state->board = platform_by_name(world->platforms, json_text(board, "platform", ""));
    if (!state->board)
        return false;
    text_copy(state->device_id, sizeof state->device_id, "0123456789abcdef01234567");
    state->mode = text_equal(mode, "dfu")         ? MODE_DFU
                  : text_equal(mode, "listening") ? MODE_LISTENING
                                                  : MODE_NORMAL;
    state->guard = json_true_at(board, "protected") ? PROTECTION_PROTECTED : PROTECTION_OPEN;
    state->modules_known = !json_true_at(board, "unknown");
    json_object_foreach(json_object_get((json_t *)board, "modules"), slot, number)
    {
        snapshot_module *entry = &state->modules[state->module_count++];
        if (!slot_from_text(slot, &entry->slot))
            return false;
        entry->version = (uint16_t)json_integer_value(number);
        entry->checked = CHECK_INTEGRITY | CHECK_DEPENDENCIES;
        entry->passed = listed(json_object_get(board, "damaged"), slot) ? 0 : entry->checked;
        entry->has_identity = listed(json_object_get(board, "identity"), slot);
        look_up_needs(world, state->board, entry);
    }
    return true;
}

static void drop_slot(release *set, const char *text)
{
    module_slot slot;
    for (size_t i = 0; i < set->module_count && slot_from_text(text, &slot); i++)
        if (slot_equal(set->modules[i].slot, slot))
            set->modules[i--] = set->modules[--set->module_count];
}

/** Gives catalog entries what only real files tell, so that the plan has sizes and hashes. */
static void complete_release(test_case *self)
{
    for (size_t i = 0; i < self->set.module_count; i++) {
        release_module *entry = &self->set.modules[i];
        entry->size = entry->size ? entry->size : 40960;
        memset(entry->identity, (int)i + 1, sizeof entry->identity);
        for (size_t k = 0; k < self->state.module_count; k++)
            if (slot_equal(self->state.modules[k].slot, entry->slot))
                memset(self->state.modules[k].identity, (int)i + 1, SHA256_SIZE);
    }
}

static bool read_goal(const fixture *world, test_case *self)
{
    const json_t *goal_text = json_object_get(self->text, "goal");
    const json_t *app = json_object_get(goal_text, "app");
    size_t i;
    json_t *slot;
    if (catalog_release(world->known, json_text(goal_text, "version", ""), self->state.board,
                        &self->set, NULL) != OSB_OK)
        return false;
    json_array_foreach(json_object_get(goal_text, "without"), i, slot)
    {
        drop_slot(&self->set, json_string_value(slot));
    }
    complete_release(self);
    if (!app)
        return true;
    self->app.version = 6;
    self->app.size = 12288;
    text_copy(self->app.file, sizeof self->app.file, "app.bin");
    memset(self->app.identity, 0xaa, SHA256_SIZE);
    self->app.dependencies[0].slot = (module_slot){MODULE_SYSTEM_PART, 1};
    self->app.dependencies[0].version = (uint16_t)json_number(app, "needs", 0);
    return slot_from_text(json_text(app, "slot", "user_part/1"), &self->app.slot);
}

static void describe_step(const plan_step *step, char line[LINE_SIZE])
{
    char slot[MODULE_SLOT_TEXT] = "", from[16] = "?";
    if (step->slot)
        slot_text(step->slot->slot, slot);
    if (step->from_known)
        text_format(from, sizeof from, step->from ? "%u" : "-", step->from);
    switch (step->operation) {
    case STEP_MODE:
        text_copy(line, LINE_SIZE, "mode");
        return;
    case STEP_BOOT:
        text_copy(line, LINE_SIZE, "boot");
        return;
    case STEP_INVALIDATE:
        text_format(line, LINE_SIZE, "blank %s", slot);
        return;
    case STEP_WRITE:
        text_format(line, LINE_SIZE, "%s %s %s -> %u%s%s", route_name(step->via), slot, from,
                    step->to, step->compare_first ? " (compare)" : "",
                    step->critical ? " (critical)" : "");
        return;
    }
}

static bool steps_match(const test_case *self)
{
    const json_t *wanted = json_object_get(self->text, "steps");
    bool same = json_array_size(wanted) == self->result.step_count;
    char line[LINE_SIZE];
    for (size_t i = 0; i < self->result.step_count && same; i++) {
        describe_step(&self->result.steps[i], line);
        same = text_equal(line, json_string_value(json_array_get(wanted, i)));
    }
    if (same)
        return true;
    printf("%s: steps are\n", self->name);
    for (size_t i = 0; i < self->result.step_count; i++) {
        describe_step(&self->result.steps[i], line);
        printf("    %s\n", line);
    }
    for (size_t i = 0; i < self->result.refusal_count; i++)
        printf("    refused: %s\n", self->result.refusals[i]);
    return false;
}

static bool contains(const char (*texts)[PLAN_TEXT], size_t count, const char *part)
{
    for (size_t i = 0; i < count; i++)
        if (strstr(texts[i], part))
            return true;
    return false;
}

static bool texts_match(const test_case *self)
{
    const plan *result = &self->result;
    const char *refusal = json_text(self->text, "refusal", NULL);
    const char *warning = json_text(self->text, "warning", NULL);
    const char *reason = json_text(self->text, "reason", NULL);
    bool reason_found = !reason;
    for (size_t i = 0; i < result->step_count && !reason_found; i++)
        reason_found = contains(result->steps[i].reasons, result->steps[i].reason_count, reason);
    bool good = reason_found &&
                (refusal ? contains(result->refusals, result->refusal_count, refusal)
                         : result->refusal_count == 0) &&
                (!warning || contains(result->warnings, result->warning_count, warning));
    if (good)
        return true;
    printf("%s: texts are\n", self->name);
    for (size_t i = 0; i < result->refusal_count; i++)
        printf("    refusal: %s\n", result->refusals[i]);
    for (size_t i = 0; i < result->warning_count; i++)
        printf("    warning: %s\n", result->warnings[i]);
    for (size_t i = 0; i < result->step_count; i++)
        for (size_t k = 0; k < result->steps[i].reason_count; k++)
            printf("    reason: %s\n", result->steps[i].reasons[k]);
    return false;
}

static bool run_case(const fixture *world, const char *name, const json_t *text)
{
    static test_case self; /* large; one at a time */
    self = (test_case){.name = name, .text = text};
    if (!read_board(world, &self) || !read_goal(world, &self)) {
        printf("%s: board or goal cannot be read\n", name);
        return false;
    }
    const json_t *rules = json_object_get(text, "policy");
    const json_t *goal_text = json_object_get(text, "goal");
    policy allowed = {.allow_downgrade = json_true_at(rules, "allow_downgrade"),
                      .allow_incomplete = json_true_at(rules, "allow_incomplete"),
                      .full_rewrite = json_true_at(rules, "full"),
                      .simulated = !json_true_at(rules, "real_board")};
    self.app.synthetic = json_true_at(rules, "real_board");
    goal wanted = {.set = &self.set, .app = json_object_get(goal_text, "app") ? &self.app : NULL};
    solve(&self.state, &wanted, &allowed, &self.result);
    bool steps = steps_match(&self), texts = texts_match(&self);
    return steps && texts;
}

static osb_status run_file(const fixture *world, const char *folder, const char *name,
                           size_t *failed, osb_error *error)
{
    char path[PATH_SIZE];
    BUF_OWNED text = buf_make(64 * 1024);
    JSON_OWNED *parsed = NULL;
    TRY(path_join(path, folder, name, error));
    TRY(file_read(path, &text, error));
    TRY(json_parse(buf_span(&text), name, &parsed, error));
    *failed += !run_case(world, name, parsed);
    return OSB_OK;
}

static osb_status run_all(const char *folder, size_t *count, size_t *failed, osb_error *error)
{
    ARENA_OWNED memory = {0};
    platform_list platforms;
    catalog known = {0};
    const char *const *names;
    TRY(platform_load_all(&memory, &platforms, error));
    TRY(catalog_load(&known, error));
    fixture world = {&platforms, &known};
    osb_status status = folder_list(folder, &memory, &names, count, error);
    for (size_t i = 0; i < *count && status == OSB_OK; i++)
        status = run_file(&world, folder, names[i], failed, error);
    catalog_free(&known);
    return status;
}

int main(int count, char **words)
{
    osb_error error = {0};
    size_t cases = 0, failed = 0;
    osb_status status = run_all(count > 1 ? words[1] : "cases", &cases, &failed, &error);
    if (status != OSB_OK)
        printf("%s: %s\n", error.subject, error.message);
    printf("%zu passed, %zu failed\n", cases - failed, failed);
    return status != OSB_OK || failed || !cases;
}
