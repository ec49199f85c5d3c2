/*
 * The facade's info and plan for all boards, and the wait for boards to come.
 *
 * Writes nothing. Boards are inspected at the same time and told in the order of their ports.
 */
#include "osbundle_fleet.h"

enum {
    LOOK_AGAIN_MS = 250,
    /* Nobody plugs anything in on a simulated bus; a board that starts is there by then. */
    SIMULATED_WAIT_MS = 120000
};

osb_status osb_info_all(osb_context *context, const osb_fleet *wanted, osb_error *error)
{
    const osb_goal nothing = {0};
    FLEET_OWNED boards;
    TRY(fleet_find(context, &nothing, wanted, &boards, error));
    fleet_reserve(&boards, AIM_LOOK);
    TRY(fleet_each(&boards, fleet_inspect, error));
    for (size_t i = 0; i < boards.count; i++) {
        fleet_member *member = &boards.members[i];
        JSON_OWNED *shown =
            member->status == OSB_OK ? context_snapshot(context, &member->work.state) : NULL;
        fleet_tell(&boards, member, shown);
    }
    return fleet_verdict(&boards, error);
}

osb_status osb_plan_all(osb_context *context, const osb_goal *goal, const osb_fleet *wanted,
                        osb_error *error)
{
    FLEET_OWNED boards;
    TRY(fleet_find(context, goal, wanted, &boards, error));
    fleet_reserve(&boards, AIM_LOOK);
    TRY(fleet_each(&boards, fleet_inspect, error));
    for (size_t i = 0; i < boards.count; i++) {
        fleet_member *member = &boards.members[i];
        fleet_plan(&boards, member);
        JSON_OWNED *shown = member->status == OSB_OK ? plan_to_json(&member->work.steps) : NULL;
        if (member->status == OSB_OK)
            member->status = request_check_plan(&member->work, &member->problem);
        fleet_tell(&boards, member, shown);
    }
    return fleet_verdict(&boards, error);
}

static osb_status count_boards(osb_context *context, transport *bus, size_t *there,
                               osb_error *error)
{
    usb_identity devices[USB_DEVICES_MAX];
    size_t count;
    *there = 0;
    TRY(transport_list(bus, devices, USB_DEVICES_MAX, &count, error));
    for (size_t i = 0; i < count; i++)
        *there += platform_by_usb(&context->platforms, devices[i].vendor_id, devices[i].product_id,
                                  NULL) != NULL;
    return OSB_OK;
}

static osb_status too_few_fail(size_t there, size_t wanted, uint64_t waited_ms, osb_error *error)
{
    return osb_fail(error, OSB_ERR_TIMEOUT, NULL,
                    "check cables, hubs and power, or name fewer boards",
                    "only %zu of %zu boards are there after %llu s", there, wanted,
                    (unsigned long long)waited_ms / 1000);
}

static osb_status stopped_fail(size_t there, size_t wanted, osb_error *error)
{
    return osb_fail(error, OSB_ERR_INTERRUPTED, NULL, "run the same command again",
                    "stopped while %zu of %zu boards were there", there, wanted);
}

osb_status osb_wait_for_boards(osb_context *context, size_t wanted, uint64_t timeout_ms,
                               osb_error *error)
{
    transport *bus;
    size_t there, told = SIZE_MAX;
    TRY(context_bus(context, &bus, error));
    const uint64_t began_ms = transport_now_ms(bus);
    if (!timeout_ms && bus->simulated)
        timeout_ms = SIMULATED_WAIT_MS;
    for (;;) {
        TRY(count_boards(context, bus, &there, error));
        osb_event event = {.phase = "wait", .done = there, .total = wanted};
        if (there != told)
            context_tell(context, &event);
        told = there;
        if (there >= wanted)
            return OSB_OK;
        if (context_is_cancelled(context))
            return stopped_fail(there, wanted, error);
        uint64_t waited_ms = transport_now_ms(bus) - began_ms;
        if (timeout_ms && waited_ms >= timeout_ms)
            return too_few_fail(there, wanted, waited_ms, error);
        osb_status status = transport_wait_change(bus, LOOK_AGAIN_MS, error);
        if (status == OSB_ERR_INTERRUPTED)
            return stopped_fail(there, wanted, error);
        TRY(status);
    }
}
