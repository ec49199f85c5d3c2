/*
 * Runs the declarative planner cases: a board, a goal, and what must come out of solve().
 *
 * See README.md beside this file for the form of a case. Prints each case that fails with what was
 * expected and what came out; exits 1 then.
 */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "base/text.h"
#include "case_read.h"

enum {
    LINE_SIZE = 128
};

typedef struct tally {
    size_t cases;
    size_t failed;
} tally;

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
        text_copy(line, LINE_SIZE, step->critical ? "boot (critical)" : "boot");
        return;
    case STEP_SETTINGS:
        text_format(line, LINE_SIZE, "%s %s", step->value == SETTING_CLEAR ? "clear" : "set",
                    setting_name(step->setting));
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
    bool same = json_array_size(wanted) == self->result.step_count &&
                json_true_at(self->text, "looks_again") == self->result.looks_again;
    char line[LINE_SIZE];
    for (size_t i = 0; i < self->result.step_count && same; i++) {
        describe_step(&self->result.steps[i], line);
        same = text_equal(line, json_string_value(json_array_get(wanted, i)));
    }
    if (same)
        return true;
    printf("%s: steps%s are\n", self->name, self->result.looks_again ? " to look" : "");
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
                (!warning || contains(result->warnings, result->warning_count, warning)) &&
                !(json_true_at(self->text, "no_warning") && result->warning_count);
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

static void make_plan(const fixture *world, test_case *self)
{
    static release passed; /* large */
    const release *via[] = {&passed};
    char name[VERSION_SIZE];
    goal wanted = self->wanted;
    if (solve_via(&self->state, &wanted, &self->rules, world->known, name) &&
        catalog_release(world->known, name, self->state.board, &passed, NULL) == OSB_OK) {
        wanted.via = via;
        wanted.via_count = 1;
    }
    solve(&self->state, &wanted, &self->rules, &self->result);
    solve_advise(&self->state, &self->wanted, &self->rules, world->known, &self->result);
}

static bool via_matches(const test_case *self)
{
    const char *wanted = json_text(self->text, "via", "");
    const char *found = self->result.via_count ? self->result.via[0] : "";
    if (text_equal(wanted, found))
        return true;
    printf("%s: goes by way of \"%s\"\n", self->name, found);
    return false;
}

/** A refusal has facts; where a case lists them, those and no others. */
static bool facts_match(const test_case *self)
{
    const plan *result = &self->result;
    const json_t *wanted = json_object_get(self->text, "facts");
    const char *remedy = json_text(self->text, "remedy", NULL);
    bool same = !wanted || json_array_size(wanted) == result->fact_count;
    for (size_t i = 0; same && wanted && i < result->fact_count; i++)
        same = contains(result->facts, result->fact_count,
                        json_string_value(json_array_get(wanted, i)));
    if (same && (!remedy || contains(result->remedies, result->remedy_count, remedy)) &&
        (result->refusal_count > 0) == (result->fact_count > 0))
        return true;
    printf("%s: the refusal rests on\n", self->name);
    for (size_t i = 0; i < result->fact_count; i++)
        printf("    fact: %s\n", result->facts[i]);
    for (size_t i = 0; i < result->remedy_count; i++)
        printf("    remedy: %s\n", result->remedies[i]);
    return false;
}

static bool run_case(const fixture *world, const json_t *text)
{
    static test_case self; /* large; one at a time */
    self = (test_case){.name = json_text(text, "title", "(without a title)"), .text = text};
    if (!case_read(world, &self)) {
        printf("%s: board or goal cannot be read\n", self.name);
        return false;
    }
    make_plan(world, &self);
    bool steps = steps_match(&self), texts = texts_match(&self), after = after_matches(&self);
    return steps && texts && after && via_matches(&self) && facts_match(&self) &&
           reads_back(world, &self);
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
