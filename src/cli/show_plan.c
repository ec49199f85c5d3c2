/*
 * Plans and reports as text: each step with its numbers and, below it, its reasons.
 *
 * Shows the JSON document and nothing else, so that text and JSON agree.
 */
#include "cli/show_plan.h"

#include <stdio.h>

#include "base/text.h"
#include "cli/output.h"

static void describe_step(const json_t *step, char *target, size_t capacity)
{
    char from[16], to[16], bytes[24];
    const char *operation = json_text(step, "op", "?");
    const char *slot = json_text(step, "slot", "");
    const char *via = json_text(step, "via", "?");
    output_number(from, sizeof from, step, "from");
    output_number(to, sizeof to, step, "to");
    text_bytes(bytes, sizeof bytes, (uint64_t)json_number(step, "bytes", 0));
    if (text_equal(operation, "write"))
        text_format(target, capacity, "%-15s %5s -> %-5s  %s%s, %s, %s", slot, from, to,
                    text_equal(via, "staged") ? "" : "by ", via, bytes,
                    json_text(step, "file", "?"));
    else if (text_equal(operation, "invalidate"))
        text_format(target, capacity, "%-15s blank its first page%s", slot,
                    json_true_at(step, "only_if_needed") ? ", if the next module is written" : "");
    else if (text_equal(operation, "settings"))
        text_format(target, capacity, "%-15s becomes 0x%02x    by %s",
                    json_text(step, "setting", "?"), (unsigned)json_number(step, "value", 0), via);
    else if (text_equal(operation, "mode"))
        text_copy(target, capacity, "enter DFU mode");
    else
        text_copy(target, capacity, "start the system");
}

static void show_step(const json_t *step)
{
    size_t i;
    json_t *reason;
    char text[256];
    describe_step(step, text, sizeof text);
    printf("%3u. %s%s\n", (unsigned)json_number(step, "n", 0), text,
           json_true_at(step, "critical") ? "  [do not unplug]" : "");
    json_array_foreach(json_object_get(step, "why"), i, reason)
    {
        printf("       %s\n", json_string_value(reason));
    }
}

static void show_notes(const json_t *plan, const char *member, const char *label)
{
    size_t i;
    json_t *note;
    json_array_foreach(json_object_get(plan, member), i, note)
    {
        printf("%s: %s\n", label, json_string_value(note));
    }
}

static void show_names(const json_t *names, const char *before)
{
    size_t i;
    json_t *name;
    json_array_foreach(names, i, name)
    {
        printf("%s%s", i ? ", " : before, json_string_value(name));
    }
}

/** "... boron to Device OS 5.3.1 with app.bin, named.bin by way of 5.0.1". */
static void show_goal(const json_t *plan)
{
    const json_t *goal = json_object_get(plan, "goal"), *files = json_object_get(goal, "modules");
    const char *app = json_text(goal, "app", NULL), *version = json_text(goal, "version", NULL);
    printf("%s  %s", json_text(plan, "device", ""), json_text(plan, "platform", "?"));
    if (version)
        printf(" to Device OS %s", version);
    if (app)
        printf(" with %s", app);
    show_names(files, app ? ", " : " with ");
    show_names(json_object_get(goal, "via"), " by way of ");
    printf("\n");
}

void show_plan(const json_t *plan)
{
    size_t i;
    json_t *step;
    char bytes[24], duration[32];
    const json_t *steps = json_object_get(plan, "steps");
    show_goal(plan);
    show_notes(plan, "refusals", "refused");
    show_notes(plan, "facts", "because");
    show_notes(plan, "remedies", "possible");
    show_notes(plan, "warnings", "note");
    if (json_array_size(json_object_get(plan, "refusals")))
        return;
    if (!json_array_size(steps)) {
        printf("nothing to do: the board has this set already\n");
        return;
    }
    json_array_foreach(steps, i, step)
    {
        show_step(step);
    }
    text_bytes(bytes, sizeof bytes, (uint64_t)json_number(plan, "bytes", 0));
    output_duration(duration, sizeof duration, (uint64_t)json_number(plan, "cost_ms", 0));
    printf("%s in about %s\n", bytes, duration);
    if (json_true_at(plan, "looks_again"))
        printf("then the board is looked at again, and the rest is planned\n");
}

static const char *name_of(const json_t *plan)
{
    return json_text(plan, "label", json_text(plan, "device", "board"));
}

/** Whether two boards get the same in the same way. */
static bool same_plan(const json_t *a, const json_t *b)
{
    static const char *const own[] = {"device", "label", "fingerprint"};
    JSON_OWNED *left = json_copy((json_t *)a);
    JSON_OWNED *right = json_copy((json_t *)b);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        json_object_del(left, own[i]);
        json_object_del(right, own[i]);
    }
    return json_equal(left, right) == 1;
}

static bool is_shown_already(const json_t *plans, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (same_plan(json_array_get(plans, i), json_array_get(plans, index)))
            return true;
    return false;
}

/** The plan at `index` with the names of all boards that have it. */
static void show_group(const json_t *plans, size_t index)
{
    const json_t *first = json_array_get(plans, index);
    char heading[64];
    size_t count = 0;
    for (size_t i = index; i < json_array_size(plans); i++)
        count += same_plan(first, json_array_get(plans, i));
    text_format(heading, sizeof heading, "%zu boards, each", count);
    JSON_OWNED *shown = json_copy((json_t *)first);
    json_object_set_new(shown, "device", json_string(count > 1 ? heading : name_of(first)));
    show_plan(shown);
    const char *between = "for ";
    for (size_t i = index; count > 1 && i < json_array_size(plans); i++) {
        if (!same_plan(first, json_array_get(plans, i)))
            continue;
        printf("%s%s", between, name_of(json_array_get(plans, i)));
        between = ", ";
    }
    printf("%s", count > 1 ? "\n" : "");
}

void show_plans(const json_t *plans)
{
    for (size_t i = 0; i < json_array_size(plans); i++)
        if (text_equal(json_text(json_array_get(plans, i), "type", ""), "osbundle-plan") &&
            !is_shown_already(plans, i))
            show_group(plans, i);
}

void show_summary(const json_t *summary)
{
    static const char *const outcomes[][2] = {{"done", "done"},
                                              {"nothing_to_do", "with nothing to do"},
                                              {"checked", "checked"},
                                              {"interrupted", "interrupted"},
                                              {"failed", "failed"}};
    char written[24], duration[32];
    printf("%u boards:", (unsigned)json_number(summary, "boards", 0));
    const char *between = " ";
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
        unsigned count = (unsigned)json_number(summary, outcomes[i][0], 0);
        if (count)
            printf("%s%u %s", between, count, outcomes[i][1]);
        between = count ? ", " : between;
    }
    text_bytes(written, sizeof written, (uint64_t)json_number(summary, "bytes_written", 0));
    output_duration(duration, sizeof duration, (uint64_t)json_number(summary, "elapsed_ms", 0));
    printf("; wrote %s in %s\n", written, duration);
}

void show_board_report(const json_t *report)
{
    char written[24], skipped[24], duration[32];
    text_bytes(written, sizeof written, (uint64_t)json_number(report, "bytes_written", 0));
    text_bytes(skipped, sizeof skipped, (uint64_t)json_number(report, "bytes_skipped", 0));
    output_duration(duration, sizeof duration, (uint64_t)json_number(report, "elapsed_ms", 0));
    printf("%s: %s: wrote %s, left %s as it was, %s\n", name_of(report),
           json_text(report, "outcome", "?"), written, skipped, duration);
}

void show_report(const json_t *report)
{
    size_t i;
    json_t *step;
    char written[24], skipped[24], duration[32];
    json_array_foreach(json_object_get(report, "steps"), i, step)
    {
        const char *outcome = json_text(step, "outcome", "?");
        const char *slot = json_text(step, "slot", json_text(step, "op", ""));
        if (!text_equal(outcome, "pending"))
            printf("  %-15s %-9s %s\n", slot, outcome, json_text(step, "evidence", ""));
    }
    json_array_foreach(json_object_get(report, "assets"), i, step)
    {
        if (!text_equal(json_text(step, "outcome", ""), "pending"))
            printf("  %-15s %-9s %s\n", json_text(step, "name", "?"),
                   json_text(step, "outcome", "?"), json_text(step, "evidence", ""));
    }
    text_bytes(written, sizeof written, (uint64_t)json_number(report, "bytes_written", 0));
    text_bytes(skipped, sizeof skipped, (uint64_t)json_number(report, "bytes_skipped", 0));
    output_duration(duration, sizeof duration, (uint64_t)json_number(report, "elapsed_ms", 0));
    printf("%s: wrote %s, left %s as it was, %s\n", json_text(report, "outcome", "?"), written,
           skipped, duration);
}
