/*
 * The ways into DFU mode, the gentlest first: a control request, a baud rate on the serial port
 * (touch.c), somebody's hands.
 *
 * Writes nothing. Invariant: each way is bounded in time, and when all fail the error says what
 * became of each; the board is then held in normal mode, or detached.
 */
#include "device/held.h"
#include "protocol/requests.h"

enum {
    /* A second after the answer, but an application may hold the reset back for half a minute. */
    RESET_LEAVE_MS = 40000
};

const char held_hint_button[] =
    "hold MODE (SETUP on some boards), tap RESET, let go of MODE when the LED blinks yellow, then "
    "run the same command again";

void device_set_button_wait(device *held, uint32_t wait_ms)
{
    held->button_wait_ms = wait_ms;
}

static osb_status must_be_in_dfu(const device *held, osb_error *error)
{
    if (held->in_dfu)
        return OSB_OK;
    return osb_fail(error, OSB_ERR_DEVICE, held->name, held_hint_button,
                    "the board came back in normal mode instead of DFU mode");
}

static osb_status touch_into_dfu(device *held, osb_error *error)
{
    TRY(held_touch(held, error));
    return must_be_in_dfu(held, error);
}

/*
 * Systems before 0.6.0 stall, an application may forbid requests, and one that hangs keeps them
 * waiting. A protected board is let be: its bootloader refuses all that it would be wanted for.
 */
static bool is_deaf(osb_status refusal)
{
    return refusal == OSB_ERR_STALL || refusal == OSB_ERR_DEVICE || refusal == OSB_ERR_PROTOCOL ||
           refusal == OSB_ERR_TIMEOUT;
}

static osb_status pass_on(const osb_error *from, osb_error *error)
{
    if (error)
        *error = *from;
    return from->status;
}

static void ask_for_button(const device *held, uint64_t left_ms)
{
    log_line(held->log, LOG_WARNING, "device",
             "%s: hold MODE (SETUP on some boards), tap RESET, let go when the LED blinks yellow; "
             "waiting %u s",
             held->name, (unsigned)((left_ms + 999) / 1000));
}

/* Waits for the board to be brought into DFU mode by hand; asks again when it was only restarted.
 */
static osb_status await_button(device *held, osb_error *error)
{
    const uint64_t deadline_ms = transport_now_ms(held->bus) + held->button_wait_ms;
    for (uint64_t now; (now = transport_now_ms(held->bus)) < deadline_ms;) {
        ask_for_button(held, deadline_ms - now);
        osb_status status = held_rejoin(held, (uint32_t)(deadline_ms - now), error);
        if (status == OSB_OK && held->in_dfu)
            return OSB_OK;
        if (status != OSB_OK && status != OSB_ERR_TIMEOUT)
            return status;
    }
    return osb_fail(error, OSB_ERR_TIMEOUT, held->name, held_hint_button,
                    "nobody brought the board into DFU mode within %u s",
                    held->button_wait_ms / 1000);
}

/* What keeps the serial port shut can be cured; else only the button is left. */
static osb_status no_way_fail(const device *held, const osb_error *refusal,
                              const osb_error *obstacle, osb_error *error)
{
    const bool curable = obstacle->status == OSB_ERR_PERMISSION || obstacle->status == OSB_ERR_BUSY;
    return osb_fail(
        error, curable ? obstacle->status : refusal->status,
        curable ? obstacle->subject : held->name, curable ? obstacle->hint : held_hint_button,
        "no way into DFU mode: %s; by serial port: %s", refusal->message, obstacle->message);
}

/* What is left when the board does not do as requests say. */
static osb_status go_other_ways(device *held, const osb_error *refusal, osb_error *error)
{
    osb_error obstacle = {0};
    log_line(held->log, LOG_INFO, "device", "%s: %s; setting 14400 baud on its serial port",
             held->name, refusal->message);
    osb_status status = touch_into_dfu(held, &obstacle);
    if (status == OSB_OK)
        return OSB_OK;
    if (status == OSB_ERR_INTERRUPTED)
        return pass_on(&obstacle, error);
    log_line(held->log, LOG_INFO, "device", "%s: %s", held->name, obstacle.message);
    return held->button_wait_ms ? await_button(held, error)
                                : no_way_fail(held, refusal, &obstacle, error);
}

osb_status device_enter_dfu(device *held, osb_error *error)
{
    osb_error refusal = {0};
    if (held->link.handle && held->in_dfu)
        return OSB_OK;
    TRY(held_require(held, false, error));
    osb_status status = request_enter_dfu(&held->channel, &refusal);
    if (status != OSB_OK)
        return is_deaf(status) ? go_other_ways(held, &refusal, error) : pass_on(&refusal, error);
    TRY(held_rejoin(held, RESET_LEAVE_MS, error));
    return must_be_in_dfu(held, error);
}
