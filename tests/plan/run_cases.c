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

typedef struct tally {
    size_t cases;
    size_t failed;
} tally;

typedef struct test_case {
    const char *name;
    const json_t *text;
    snapshot state;
    release set;
    bool has_set;
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

/** What the board looks like in DFU mode: only what can be read back from flash is known. */
static bool is_seen(const snapshot *state, const platform_slot *place)
{
    return place && place->route != ROUTE_NEVER &&
           (state->mode != MODE_DFU || place->route == ROUTE_DFU);
}

/** All modules of a release as a sound board has them; no application. */
static bool fill_from_release(const fixture *world, const char *os, snapshot *state)
{
    release set;
    if (catalog_release(world->known, os, state->board, &set, NULL) != OSB_OK)
        return false;
    for (size_t i = 0; i < set.module_count; i++) {
        const release_module *from = &set.modules[i];
        const platform_slot *place = platform_find_slot(state->board, from->slot);
        if (from->slot.function == MODULE_USER_PART || !is_seen(state, place))
            continue;
        snapshot_module *entry = &state->modules[state->module_count++];
        *entry = (snapshot_module){.slot = from->slot, .version = from->version};
        for (size_t d = 0; d < 2; d++)
            if (from->dependencies[d].slot.function != MODULE_NONE)
                entry->dependencies[entry->dependency_count++] = from->dependencies[d];
    }
    return true;
}

/** One line of `modules`: null takes the module away, a number puts that version there. */
static void set_module(const fixture *world, snapshot *state, module_slot slot, const json_t *value)
{
    size_t at = 0;
    while (at < state->module_count && !slot_equal(state->modules[at].slot, slot))
        at++;
    if (json_is_null(value)) {
        if (at < state->module_count)
            state->modules[at] = state->modules[--state->module_count];
        return;
    }
    if (at == state->module_count)
        state->module_count++;
    snapshot_module *entry = &state->modules[at];
    *entry = (snapshot_module){.slot = slot, .version = (uint16_t)json_integer_value(value)};
    look_up_needs(world, state->board, entry);
}

static device_mode mode_from(const char *name)
{
    static const device_mode modes[] = {MODE_LISTENING, MODE_SAFE, MODE_DFU};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (text_equal(name, device_mode_name(modes[i])))
            return modes[i];
    return MODE_NORMAL;
}

static protection protection_from(const char *name)
{
    return text_equal(name, "protected") ? PROTECTION_PROTECTED
           : text_equal(name, "service") ? PROTECTION_SERVICE
                                         : PROTECTION_OPEN;
}

/**
 * What the board says of each module. In DFU mode nobody checks it: only a header is read, and a
 * failed integrity is noticed, but a good one is not shown.
 */
static void mark_modules(test_case *self, const json_t *board)
{
    snapshot *state = &self->state;
    uint32_t checks = state->mode == MODE_DFU ? CHECK_RANGE | CHECK_PLATFORM
                                              : CHECK_INTEGRITY | CHECK_DEPENDENCIES;
    for (size_t i = 0; i < state->module_count; i++) {
        snapshot_module *entry = &state->modules[i];
        char slot[MODULE_SLOT_TEXT];
        slot_text(entry->slot, slot);
        bool damaged = listed(json_object_get(board, "damaged"), slot);
        entry->checked = checks | (damaged ? CHECK_INTEGRITY : 0);
        entry->passed = damaged ? 0 : checks;
        entry->has_identity = listed(json_object_get(board, "identity"), slot) ||
                              listed(json_object_get(board, "other_build"), slot);
    }
}

static bool read_board(const fixture *world, test_case *self)
{
    const json_t *board = json_object_get(self->text, "board");
    const char *os = json_text(board, "os", NULL), *slot_name;
    snapshot *state = &self->state;
    json_t *number;
    state->board = platform_by_name(world->platforms, json_text(board, "platform", ""));
    if (!state->board)
        return false;
    text_copy(state->device_id, sizeof state->device_id, "0123456789abcdef01234567");
    state->mode = mode_from(json_text(board, "mode", "normal"));
    state->guard = protection_from(json_text(board, "protection", "open"));
    state->modules_known = !json_true_at(board, "unknown") && (!os || state->mode != MODE_DFU);
    if (os && !fill_from_release(world, os, state))
        return false;
    json_object_foreach(json_object_get(board, "modules"), slot_name, number)
    {
        module_slot slot;
        if (!slot_from_text(slot_name, &slot))
            return false;
        set_module(world, state, slot, number);
    }
    mark_modules(self, board);
    return true;
}

static void drop_slot(release *set, const char *text)
{
    module_slot slot;
    for (size_t i = 0; i < set->module_count && slot_from_text(text, &slot); i++)
        if (slot_equal(set->modules[i].slot, slot))
            set->modules[i--] = set->modules[--set->module_count];
}

/** A module that the catalog does not list with the release, or lists in another version. */
static bool add_slot(release *set, const char *text, const json_t *number)
{
    module_slot slot;
    size_t at = 0;
    if (!slot_from_text(text, &slot))
        return false;
    while (at < set->module_count && !slot_equal(set->modules[at].slot, slot))
        at++;
    release_module *entry = &set->modules[at];
    if (at == set->module_count) {
        set->module_count++;
        *entry = (release_module){.slot = slot, .file = "extra.bin"};
    }
    entry->version = (uint16_t)json_integer_value(number);
    return true;
}

/** Gives catalog entries what only real files tell, so that the plan has sizes and hashes. */
static void complete_release(test_case *self)
{
    const json_t *others = json_object_get(json_object_get(self->text, "board"), "other_build");
    for (size_t i = 0; i < self->set.module_count; i++) {
        release_module *entry = &self->set.modules[i];
        char slot[MODULE_SLOT_TEXT];
        slot_text(entry->slot, slot);
        int build = (int)i + (listed(others, slot) ? 101 : 1);
        entry->size = entry->size ? entry->size : 40960;
        memset(entry->identity, (int)i + 1, sizeof entry->identity);
        for (size_t k = 0; k < self->state.module_count; k++)
            if (slot_equal(self->state.modules[k].slot, entry->slot))
                memset(self->state.modules[k].identity, build, SHA256_SIZE);
    }
}

static bool read_application(test_case *self, const json_t *app)
{
    release_module *entry = &self->app;
    *entry = (release_module){.version = 6, .size = 12288};
    text_copy(entry->file, sizeof entry->file, "app.bin");
    memset(entry->identity, 0xaa, SHA256_SIZE);
    if (!slot_from_text(json_text(app, "on", "system_part/1"), &entry->dependencies[0].slot) ||
        !slot_from_text(json_text(app, "slot", "user_part/1"), &entry->slot))
        return false;
    entry->dependencies[0].version = (uint16_t)json_number(app, "needs", 0);
    const platform_slot *place = platform_find_slot(self->state.board, entry->slot);
    if (place)
        entry->start = place->grows_left ? place->end - entry->size : place->start;
    return true;
}

static bool read_goal(const fixture *world, test_case *self)
{
    const json_t *goal_text = json_object_get(self->text, "goal");
    const json_t *app = json_object_get(goal_text, "app");
    const char *version = json_is_string(goal_text) ? json_string_value(goal_text)
                                                    : json_text(goal_text, "version", NULL);
    const char *extra;
    json_t *value;
    size_t i;
    const platform *board = platform_by_name(
        world->platforms, json_text(goal_text, "platform", self->state.board->name));
    self->has_set = version != NULL;
    if (version && catalog_release(world->known, version, board, &self->set, NULL) != OSB_OK)
        return false;
    json_array_foreach(json_object_get(goal_text, "without"), i, value)
    {
        drop_slot(&self->set, json_string_value(value));
    }
    json_object_foreach(json_object_get(goal_text, "with"), extra, value)
    {
        if (!add_slot(&self->set, extra, value))
            return false;
    }
    complete_release(self);
    return !app || read_application(self, app);
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

/** Versions that the plan promises; only those that the case lists are looked at. */
static bool after_matches(const test_case *self)
{
    const char *slot;
    json_t *number;
    json_object_foreach(json_object_get(self->text, "after"), slot, number)
    {
        module_slot wanted;
        int64_t version = -1;
        if (!slot_from_text(slot, &wanted))
            return false;
        for (size_t i = 0; i < self->result.after_count; i++)
            if (slot_equal(self->result.after[i].slot, wanted))
                version = self->result.after[i].version;
        if (json_is_null(number) ? version < 0 : version == json_integer_value(number))
            continue;
        printf("%s: %s would be %lld\n", self->name, slot, (long long)version);
        return false;
    }
    return true;
}

/** A plan that is saved is read again as it was. */
static bool reads_back(const fixture *world, const test_case *self)
{
    static plan read; /* large */
    osb_error error = {0};
    JSON_OWNED *saved = plan_to_json(&self->result);
    if (plan_from_json(saved, self->name, world->platforms, &read, &error) == OSB_OK)
        return true;
    printf("%s: the plan cannot be read back: %s\n", self->name, error.message);
    return false;
}

static bool run_case(const fixture *world, const json_t *text)
{
    static test_case self; /* large; one at a time */
    self = (test_case){.name = json_text(text, "title", "(without a title)"), .text = text};
    if (!read_board(world, &self) || !read_goal(world, &self)) {
        printf("%s: board or goal cannot be read\n", self.name);
        return false;
    }
    const json_t *rules = json_object_get(text, "policy");
    const json_t *goal_text = json_object_get(text, "goal");
    policy allowed = {.allow_downgrade = json_true_at(rules, "allow_downgrade"),
                      .allow_incomplete = json_true_at(rules, "allow_incomplete"),
                      .full_rewrite = json_true_at(rules, "full"),
                      .simulated = !json_true_at(rules, "real_board")};
    self.app.synthetic = json_true_at(rules, "real_board");
    goal wanted = {.set = self.has_set ? &self.set : NULL,
                   .app = json_object_get(goal_text, "app") ? &self.app : NULL,
                   .heal = json_true_at(goal_text, "heal")};
    solve(&self.state, &wanted, &allowed, &self.result);
    bool steps = steps_match(&self), texts = texts_match(&self), after = after_matches(&self);
    return steps && texts && after && reads_back(world, &self);
}

/** A file holds the cases of one subject. */
static osb_status run_file(const fixture *world, const char *path, tally *counted, osb_error *error)
{
    BUF_OWNED text = buf_make(256 * 1024);
    JSON_OWNED *parsed = NULL;
    size_t i;
    json_t *entry;
    TRY(file_read(path, &text, error));
    TRY(json_parse(buf_span(&text), path, &parsed, error));
    if (!json_is_array(parsed))
        return osb_fail(error, OSB_ERR_USAGE, path, "see README.md", "is no list of cases");
    json_array_foreach(parsed, i, entry)
    {
        counted->cases++;
        counted->failed += !run_case(world, entry);
    }
    return OSB_OK;
}

static osb_status run_all(const char *folder, tally *counted, osb_error *error)
{
    ARENA_OWNED memory = {0};
    platform_list platforms;
    catalog known = {0};
    const char *const *names;
    size_t count;
    char path[PATH_SIZE];
    TRY(platform_load_all(&memory, &platforms, error));
    TRY(catalog_load(&known, error));
    fixture world = {&platforms, &known};
    osb_status status = folder_list(folder, &memory, &names, &count, error);
    for (size_t i = 0; status == OSB_OK && i < count; i++) {
        status = path_join(path, folder, names[i], error);
        if (status == OSB_OK)
            status = run_file(&world, path, counted, error);
    }
    catalog_free(&known);
    return status;
}

int main(int count, char **words)
{
    osb_error error = {0};
    tally counted = {0};
    osb_status status = run_all(count > 1 ? words[1] : "cases", &counted, &error);
    if (status != OSB_OK)
        printf("%s: %s\n", error.subject, error.message);
    printf("%zu passed, %zu failed\n", counted.cases - counted.failed, counted.failed);
    return status != OSB_OK || counted.failed || !counted.cases;
}
