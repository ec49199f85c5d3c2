/*
 * The facade's restore and resume for all boards: inspect all, plan for each, ask once, run all.
 *
 * Invariant: nothing is written to any board before the one question is answered, and every board
 * gets a report, whatever becomes of the others.
 */
#include "osbundle_fleet.h"

#include "base/text.h"
#include "store/journal.h"

/** Reports a member with which nothing was begun. */
static void report_unbegun(fleet *boards, fleet_member *member)
{
    bool failed = member->status != OSB_OK;
    JSON_OWNED *report = request_report(&member->work, failed ? &member->problem : NULL);
    fleet_tell(boards, member, report);
}

static void plan_member(fleet *boards, bool resumes, fleet_member *member)
{
    bool nothing = false;
    if (member->status == OSB_OK && resumes)
        member->status = request_plan_resume(&member->work, &nothing, &member->problem);
    else
        fleet_plan(boards, member);
    if (member->status == OSB_OK && !nothing)
        member->status = request_check_plan(&member->work, &member->problem);
    if (member->status != OSB_OK || nothing)
        report_unbegun(boards, member);
}

static osb_status ask_once(const fleet *boards, bool (*confirm)(void *, const json_t *),
                           osb_error *error)
{
    char name[32];
    JSON_OWNED *plans = json_array();
    for (size_t i = 0; i < boards->count; i++) {
        const fleet_member *member = &boards->members[i];
        json_t *shown = member->over ? NULL : plan_to_json(&member->work.steps);
        if (!shown)
            continue;
        json_object_set_new(shown, "label", json_text_or_null(member->work.label));
        json_array_append_new(plans, shown);
    }
    if (!json_array_size(plans))
        return OSB_OK;
    text_format(name, sizeof name, "%zu boards", json_array_size(plans));
    return request_ask(boards->context, name, plans, confirm, error);
}

/** Starts a board whose plan depends on what it cannot show in DFU mode. */
static osb_status look_at_member(fleet *boards, fleet_member *member, transport *bus,
                                 osb_error *error)
{
    request *work = &member->work;
    if (!work->steps.looks_again)
        return OSB_OK;
    TRY(request_open(work, bus, boards->known, error));
    osb_status status = request_look(work, &member->looked, error);
    request_let_go(work);
    return status;
}

static osb_status plan_all(fleet *boards, bool resumes, osb_error *error)
{
    for (size_t i = 0; i < boards->count; i++)
        plan_member(boards, resumes, &boards->members[i]);
    TRY(fleet_each(boards, look_at_member, error));
    for (size_t i = 0; i < boards->count; i++) {
        fleet_member *member = &boards->members[i];
        if (!member->over && (member->looked || member->status != OSB_OK))
            plan_member(boards, resumes, member);
    }
    return OSB_OK;
}

static osb_status run_member(fleet *boards, bool begins, fleet_member *member, transport *bus,
                             osb_error *error)
{
    request *work = &member->work;
    JSON_OWNED *report = NULL;
    osb_status status = request_open(work, bus, boards->known, error);
    if (status == OSB_OK)
        status = request_run(work, begins, &report, error);
    request_let_go(work);
    member->status = status;
    if (report)
        fleet_tell(boards, member, report);
    else
        report_unbegun(boards, member);
    return status;
}

static osb_status begin_member(fleet *boards, fleet_member *member, transport *bus,
                               osb_error *error)
{
    return run_member(boards, true, member, bus, error);
}

static osb_status resume_member(fleet *boards, fleet_member *member, transport *bus,
                                osb_error *error)
{
    return run_member(boards, false, member, bus, error);
}

static size_t count_outcome(const fleet *boards, const char *outcome)
{
    size_t count = 0;
    for (size_t i = 0; i < boards->count; i++)
        count += text_equal(boards->members[i].outcome, outcome);
    return count;
}

static json_t *results_to_json(const fleet *boards)
{
    json_t *results = json_array();
    for (size_t i = 0; i < boards->count; i++) {
        const fleet_member *member = &boards->members[i];
        char name[USB_PORT_SIZE + 4];
        const char *code = member->status == OSB_OK ? NULL : osb_status_name(member->status);
        json_array_append_new(results,
                              json_pack("{s:s, s:o, s:s, s:s, s:o}", "device",
                                        request_name(&member->work, name), "label",
                                        json_text_or_null(member->work.label), "port",
                                        member->work.entry.usb.port, "outcome", member->outcome,
                                        "error", json_text_or_null(code)));
    }
    return results;
}

static json_t *summary_to_json(const fleet *boards, uint64_t elapsed_ms)
{
    static const char *const outcomes[] = {"done", "nothing_to_do", "checked", "interrupted",
                                           "failed"};
    json_t *summary = json_pack("{s:s, s:i, s:I}", "type", "osbundle-summary", "schema", 1,
                                "boards", (json_int_t)boards->count);
    uint64_t written = 0;
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++)
        json_object_set_new(summary, outcomes[i],
                            json_integer((json_int_t)count_outcome(boards, outcomes[i])));
    for (size_t i = 0; i < boards->count; i++)
        written += boards->members[i].bytes_written;
    json_object_set_new(summary, "bytes_written", json_integer((json_int_t)written));
    json_object_set_new(summary, "elapsed_ms", json_integer((json_int_t)elapsed_ms));
    json_object_set_new(summary, "results", results_to_json(boards));
    return summary;
}

static osb_status run_all(fleet *boards, request_aim aim, bool (*confirm)(void *, const json_t *),
                          osb_error *error)
{
    const bool resumes = aim == AIM_RESUME;
    fleet_reserve(boards, aim);
    TRY(fleet_each(boards, fleet_inspect, error));
    TRY(plan_all(boards, resumes, error));
    TRY(ask_once(boards, confirm, error));
    TRY(fleet_each(boards, resumes ? resume_member : begin_member, error));
    return fleet_verdict(boards, error);
}

osb_status osb_restore_all(osb_context *context, const osb_goal *goal, const osb_fleet *wanted,
                           bool (*confirm)(void *, const json_t *), json_t **result,
                           osb_error *error)
{
    FLEET_OWNED boards;
    *result = NULL;
    TRY(fleet_find(context, goal, wanted, &boards, error));
    const uint64_t began_ms = transport_now_ms(boards.bus);
    osb_status status = run_all(&boards, goal->dry_run ? AIM_LOOK : AIM_RESTORE, confirm, error);
    *result = summary_to_json(&boards, transport_now_ms(boards.bus) - began_ms);
    return status;
}

/** Boards that began something and are not there: known only by their journals. */
static osb_status warn_of_absent(const fleet *boards, osb_error *error)
{
    ARENA_OWNED memory = {0};
    const char *const *names;
    char present[JOURNAL_NAME_SIZE];
    size_t count;
    TRY(journal_list(boards->context->state, &memory, &names, &count, error));
    for (size_t i = 0; i < count; i++) {
        bool there = false;
        for (size_t k = 0; k < boards->count && !there; k++) {
            const device_entry *entry = &boards->members[k].work.entry;
            journal_name(entry->device_id, entry->usb.port, present);
            there = text_equal(names[i], present);
        }
        if (!there)
            log_line(&boards->context->log, LOG_WARNING, "journal",
                     "%s has an unfinished restore, but is not there", names[i]);
    }
    return OSB_OK;
}

osb_status osb_resume_all(osb_context *context, const osb_fleet *wanted,
                          bool (*confirm)(void *, const json_t *), json_t **result,
                          osb_error *error)
{
    const osb_goal nothing = {0};
    FLEET_OWNED boards;
    *result = NULL;
    TRY(fleet_find(context, &nothing, wanted, &boards, error));
    TRY(warn_of_absent(&boards, error));
    const uint64_t began_ms = transport_now_ms(boards.bus);
    osb_status status = run_all(&boards, AIM_RESUME, confirm, error);
    *result = summary_to_json(&boards, transport_now_ms(boards.bus) - began_ms);
    return status;
}
