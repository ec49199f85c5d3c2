/*
 * The facade's upgrades: plan and restore.
 *
 * Brings together what solve() and restore_run() need: the board's snapshot, the release with its
 * real headers, the application, and the bytes of every step from the cache, hashed again.
 */
#include "osbundle_context.h"

#include <string.h>

#include "base/path.h"
#include "base/text.h"
#include "model/plan.h"
#include "model/plan_graph.h"
#include "restore/restore.h"

/** Everything one plan is made from. `content` of the application lives as long as this. */
typedef struct request {
    osb_context *context;
    const osb_goal *goal;
    device *held;
    snapshot state;
    release set;
    release_module app;
    buf app_content;
    buf file_content;
    plan steps;
} request;

static void request_free(request *work)
{
    context_device_close(&work->held);
    buf_free(&work->app_content);
    buf_free(&work->file_content);
}
#define REQUEST_OWNED __attribute__((cleanup(request_free))) request

static osb_status read_application(request *work, osb_error *error)
{
    const char *path = work->goal->app;
    module parsed;
    TRY(file_read(path, &work->app_content, error));
    TRY(module_parse(buf_span(&work->app_content), path, &parsed, error));
    TRY(platform_accepts(work->state.board, &parsed, path, error));
    release_module_from(&work->app, &parsed, path_name(path));
    return OSB_OK;
}

/** Whether the release satisfies the application and is not older than what the board has. */
static bool release_suits(const request *work, const release *set)
{
    module_slot system = {MODULE_SYSTEM_PART, 1};
    const release_module *offered = release_find(set, system);
    const snapshot_module *now = snapshot_find(&work->state, system);
    if (!offered || (now && offered->version < now->version))
        return false;
    for (size_t i = 0; i < 2; i++) {
        module_dependency need = work->app.dependencies[i];
        const release_module *there = release_find(set, need.slot);
        if (need.slot.function != MODULE_NONE && (!there || there->version < need.version))
            return false;
    }
    return true;
}

/** The oldest known release that will do; "latest" when no application is given. */
static osb_status choose_version(request *work, char chosen[VERSION_SIZE], osb_error *error)
{
    osb_context *context = work->context;
    if (work->goal->heal && !work->goal->version && work->state.os_version[0]) {
        text_copy(chosen, VERSION_SIZE, work->state.os_version);
        return OSB_OK;
    }
    if (work->goal->version || !work->goal->app) {
        const char *words = work->goal->version ? work->goal->version : "latest";
        context_resolve(context, work->state.board, words, chosen);
        return OSB_OK;
    }
    for (size_t i = 0; i < context->known.count; i++) {
        release candidate;
        version parsed;
        const char *named = catalog_version(&context->known, i);
        if (!version_parse(named, &parsed) || parsed.prerelease[0] ||
            catalog_release(&context->known, named, work->state.board, &candidate, NULL) !=
                OSB_OK ||
            !release_suits(work, &candidate))
            continue;
        text_copy(chosen, VERSION_SIZE, named);
        return OSB_OK;
    }
    return osb_fail(error, OSB_ERR_NOT_FOUND, work->app.file, "name a release yourself",
                    "no known release for %s satisfies this application", work->state.board->name);
}

static goal goal_of(const request *work)
{
    return (goal){
        .set = &work->set, .app = work->goal->app ? &work->app : NULL, .heal = work->goal->heal};
}

static osb_status make_plan(request *work, osb_error *error)
{
    const osb_goal *asked = work->goal;
    char chosen[VERSION_SIZE];
    TRY(context_board(work->context, asked->device, &work->held, &work->state, error));
    if (asked->app)
        TRY(read_application(work, error));
    TRY(choose_version(work, chosen, error));
    TRY(context_release(work->context, chosen, work->state.board, asked->allow_incomplete,
                        &work->set, error));
    goal wanted = goal_of(work);
    policy rules = {.allow_downgrade = asked->allow_downgrade,
                    .allow_incomplete = asked->allow_incomplete,
                    .full_rewrite = asked->full,
                    .simulated = device_is_simulated(work->held)};
    solve(&work->state, &wanted, &rules, &work->steps);
    return OSB_OK;
}

static request request_make(osb_context *context, const osb_goal *goal)
{
    return (request){.context = context,
                     .goal = goal,
                     .app_content = buf_make(MODULE_FILE_MAX),
                     .file_content = buf_make(MODULE_FILE_MAX)};
}

osb_status osb_plan(osb_context *context, const osb_goal *goal, json_t **result, osb_error *error)
{
    REQUEST_OWNED work = request_make(context, goal);
    *result = NULL;
    TRY(make_plan(&work, error));
    *result = plan_to_json(&work.steps);
    return OSB_OK;
}

osb_status osb_plan_graph(osb_context *context, const osb_goal *goal, json_t **result,
                          osb_error *error)
{
    REQUEST_OWNED work = request_make(context, goal);
    BUF_OWNED text = buf_make(256 * 1024);
    *result = NULL;
    TRY(make_plan(&work, error));
    struct goal wanted = goal_of(&work);
    plan_graph(&work.state, &wanted, &work.steps, &text);
    TRY(buf_check(&text, "graph", error));
    *result = json_stringn((const char *)text.data, text.size);
    return *result ? OSB_OK : osb_fail(error, OSB_ERR_INTERNAL, "graph", NULL, "is no UTF-8 text");
}

/** Bytes of a step, hashed right before they are sent: a restore_files function. */
static osb_status load_file(void *context, const plan_step *step, span *file, osb_error *error)
{
    request *work = context;
    uint8_t digest[SHA256_SIZE];
    if (work->goal->app && memcmp(step->sha256, work->app.sha256, SHA256_SIZE) == 0) {
        sha256(buf_span(&work->app_content), digest);
        if (memcmp(digest, step->sha256, SHA256_SIZE) != 0)
            return osb_fail(error, OSB_ERR_INTEGRITY, step->file, "run the command again",
                            "the application changed in memory");
        *file = buf_span(&work->app_content);
        return OSB_OK;
    }
    buf_free(&work->file_content);
    TRY(cas_read(work->context->store, step->sha256, &work->file_content, error));
    *file = buf_span(&work->file_content);
    return OSB_OK;
}

static const char *phase_name(restore_phase phase)
{
    switch (phase) {
    case PHASE_INSPECT:
        return "inspect";
    case PHASE_READ:
        return "read";
    case PHASE_WRITE:
        return "write";
    case PHASE_PROVE:
        return "prove";
    case PHASE_BOOT:
        return "boot";
    case PHASE_STEP_DONE:
        return "step";
    }
    return "unknown";
}

/** What the steps before `step` were expected to take. */
static uint64_t cost_before(const request *work, const plan_step *step)
{
    uint64_t cost_ms = 0;
    for (const plan_step *done = work->steps.steps; step && done < step; done++)
        cost_ms += done->cost_ms;
    return cost_ms;
}

static void forward_event(void *context, const restore_event *from)
{
    request *work = context;
    const osb_hooks *hooks = &work->context->hooks;
    char slot[MODULE_SLOT_TEXT] = "";
    if (!hooks->event)
        return;
    const plan_step *step = from->step;
    if (step && step->slot)
        slot_text(step->slot->slot, slot);
    osb_event event = {.phase = phase_name(from->phase),
                       .slot = slot[0] ? slot : NULL,
                       .file = step && step->file[0] ? step->file : NULL,
                       .step = step ? (size_t)(step - work->steps.steps) + 1 : 0,
                       .steps = work->steps.step_count,
                       .done = from->done,
                       .total = from->total,
                       .cost_ms = step ? step->cost_ms : 0,
                       .elapsed_ms = from->elapsed_ms,
                       .cost_before_ms = cost_before(work, step),
                       .cost_total_ms = plan_cost_ms(&work->steps)};
    hooks->event(hooks->context, &event);
}

static bool forward_cancelled(void *context)
{
    request *work = context;
    const osb_hooks *hooks = &work->context->hooks;
    return hooks->cancelled && hooks->cancelled(hooks->context);
}

static osb_status ask(request *work, bool (*confirm)(void *, const json_t *), osb_error *error)
{
    if (!confirm)
        return OSB_OK;
    JSON_OWNED *shown = plan_to_json(&work->steps);
    if (confirm(work->context->hooks.context, shown))
        return OSB_OK;
    return osb_fail(error, OSB_ERR_INTERRUPTED, work->steps.device_id,
                    "run the command again and answer yes, or give --yes",
                    "nothing was written, as you asked");
}

osb_status osb_restore(osb_context *context, const osb_goal *goal,
                       bool (*confirm)(void *, const json_t *), json_t **result, osb_error *error)
{
    REQUEST_OWNED work = request_make(context, goal);
    restore_report report;
    osb_error problem = {0};
    *result = NULL;
    TRY(make_plan(&work, error));
    if (work.steps.refusal_count)
        return osb_fail(error, OSB_ERR_NO_PLAN, work.state.device_id,
                        "see all reasons with: osbundle plan", "%s", work.steps.refusals[0]);
    TRY(ask(&work, confirm, error));
    restore_files files = {load_file, &work};
    restore_hooks hooks = {forward_event, forward_cancelled, &work};
    osb_status status = restore_run(work.held, &work.steps, &files, &hooks, &report, &problem);
    *result = restore_report_to_json(&report, &work.steps, &problem);
    if (error)
        *error = problem;
    return status;
}
