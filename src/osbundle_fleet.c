/*
 * A fleet of boards: found, inspected, told about, and judged together.
 *
 * The workers are osbundle_fleet_each.c. Invariant: a member belongs to one thread at a time: to a
 * worker while it works on it, else to the caller.
 */
#include "osbundle_fleet.h"

#include <stdlib.h>

#include "base/text.h"

static osb_status same_id_fail(const fleet_member *a, const fleet_member *b, osb_error *error)
{
    return osb_fail(error, OSB_ERR_DEVICE, a->work.entry.device_id,
                    "unplug one of them and run the same command again",
                    "two boards report the same device id: on usb:%s and usb:%s",
                    a->work.entry.usb.port, b->work.entry.usb.port);
}

/** Which of the two is meant would be a guess. */
static void refuse_same_ids(fleet *boards)
{
    for (size_t i = 0; i < boards->count; i++)
        for (size_t k = i + 1; k < boards->count; k++) {
            fleet_member *a = &boards->members[i], *b = &boards->members[k];
            if (!a->work.entry.device_id[0] ||
                !text_equal(a->work.entry.device_id, b->work.entry.device_id))
                continue;
            a->status = same_id_fail(a, b, &a->problem);
            b->status = same_id_fail(a, b, &b->problem);
        }
}

static void add_member(fleet *boards, const osb_goal *goal, const device_entry *entry, size_t all)
{
    fleet_member *member = &boards->members[boards->count++];
    member->work = request_for(boards->context, goal, entry);
    member->work.boards = all;
    if (entry->device_id[0])
        census_note(boards->known, &entry->usb, entry->device_id);
}

osb_status fleet_find(osb_context *context, const osb_goal *goal, const osb_fleet *wanted,
                      fleet *found, osb_error *error)
{
    device_entry entries[USB_DEVICES_MAX];
    size_t count;
    *found = (fleet){.context = context, .wanted = wanted};
    TRY(context_bus(context, &found->bus, error));
    TRY(device_discover(found->bus, &context->platforms, entries, USB_DEVICES_MAX, &count, error));
    if (!count) /* says so in the words that it has for one */
        return device_select(found->bus, &context->platforms, NULL, &entries[0], error);
    TRY(census_make(&found->known, error));
    found->members = calloc(count, sizeof *found->members);
    if (!found->members)
        return osb_fail_memory(error);
    for (size_t i = 0; i < count; i++)
        add_member(found, goal, &entries[i], count);
    refuse_same_ids(found);
    return OSB_OK;
}

void fleet_free(fleet *boards)
{
    for (size_t i = 0; i < boards->count; i++)
        request_free(&boards->members[i].work);
    free(boards->members);
    census_free(boards->known);
}

osb_status fleet_inspect(fleet *boards, fleet_member *member, transport *bus, osb_error *error)
{
    request *work = &member->work;
    TRY(request_open(work, bus, boards->known, error));
    osb_status status = request_inspect(work, error);
    if (status == OSB_OK && work->aim != AIM_LOOK)
        status = request_look_inside(work, error);
    request_let_go(work);
    return status;
}

void fleet_reserve(fleet *boards, request_aim aim)
{
    for (size_t i = 0; i < boards->count; i++) {
        fleet_member *member = &boards->members[i];
        if (member->status == OSB_OK)
            member->status = request_reserve(&member->work, aim, &member->problem);
    }
}

void fleet_plan(fleet *boards, fleet_member *member)
{
    if (member->status != OSB_OK)
        return;
    for (const fleet_member *other = boards->members; other < member; other++)
        if (other->status == OSB_OK && other->work.state.board == member->work.state.board)
            member->work.like = &other->work;
    member->status = request_plan(&member->work, &member->problem);
}

void fleet_tell(fleet *boards, fleet_member *member, const json_t *document)
{
    char name[USB_PORT_SIZE + 4];
    const osb_board told = {.device = request_name(&member->work, name),
                            .label = member->work.label,
                            .document = document,
                            .problem = member->status == OSB_OK ? NULL : &member->problem};
    text_copy(member->outcome, sizeof member->outcome, json_text(document, "outcome", ""));
    member->bytes_written = (uint64_t)json_number(document, "bytes_written", 0);
    context_tell_board(boards->context, boards->wanted, &told);
    member->over = true;
}

/** Place in the documented order of exit codes; the lower, the worse. */
static size_t rank_of(osb_status status)
{
    static const int order[] = {8, 1, 4, 7, 5, 6, 3, 2};
    size_t rank = 0;
    while (rank < sizeof order / sizeof *order && order[rank] != osb_status_exit_code(status))
        rank++;
    return rank;
}

osb_status fleet_verdict(const fleet *boards, osb_error *error)
{
    const fleet_member *worst = NULL;
    size_t failed = 0;
    for (size_t i = 0; i < boards->count; i++) {
        const fleet_member *member = &boards->members[i];
        if (member->status == OSB_OK)
            continue;
        failed++;
        if (!worst || rank_of(member->status) < rank_of(worst->status))
            worst = member;
    }
    if (!worst)
        return OSB_OK;
    char name[USB_PORT_SIZE + 4];
    const char *label = worst->work.label;
    const char *hint = worst->status == OSB_ERR_INTERRUPTED ? "continue with: osbundle resume --all"
                                                            : worst->problem.hint;
    return osb_fail(error, worst->status, label ? label : request_name(&worst->work, name), hint,
                    "%zu of %zu boards failed; this one: %s", failed, boards->count,
                    worst->problem.message);
}
