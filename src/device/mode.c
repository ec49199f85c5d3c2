/*
 * Restarting a board, and asking for its mode. The ways into DFU mode are in enter_dfu.c.
 *
 * Invariant: after a mode change that failed on the way, the board is either held in the mode that
 * device_in_dfu tells, or detached; the next operation says so.
 */
#include "device/held.h"
#include "protocol/requests.h"
#include "protocol/result.h"

enum {
    /* A second after the answer, but an application may hold the reset back for half a minute. */
    RESET_LEAVE_MS = 40000,
    /* Half a second after the last status. */
    DFU_LEAVE_MS = 10000
};

/* The raw reset is not blocked by protection, and needs no control channel. */
static osb_status reset_normal(device *held, osb_error *error)
{
    osb_status status = request_reset(&held->channel, error);
    if (status == OSB_ERR_PROTECTED || status == OSB_ERR_STALL || status == OSB_ERR_DEVICE)
        return request_raw_reset(&held->link, error);
    return status;
}

osb_status device_restart(device *held, osb_error *error)
{
    TRY(held_require(held, held->in_dfu, error));
    TRY(held->in_dfu ? dfu_leave(&held->dfu, error) : reset_normal(held, error));
    TRY(held_rejoin(held, held->in_dfu ? DFU_LEAVE_MS : RESET_LEAVE_MS, error));
    if (held->in_dfu)
        return osb_fail(error, OSB_ERR_DEVICE, held->name,
                        "its LED blinks yellow, and it is safe there: run 'osbundle resume', else "
                        "restore it",
                        "the board stays in DFU mode: its bootloader found no system to start");
    return OSB_OK;
}

osb_status device_leave_listening(device *held, osb_error *error)
{
    TRY(held_require(held, false, error));
    return request_stop_listening(&held->channel, error);
}

osb_status device_mode_now(device *held, device_mode *mode, osb_error *error)
{
    request_mode told;
    TRY(held_require(held, held->in_dfu, error));
    *mode = MODE_DFU;
    if (held->in_dfu)
        return OSB_OK;
    *mode = MODE_UNKNOWN;
    osb_error refusal = {0};
    osb_status status = request_device_mode(&held->channel, &told, &refusal);
    /* Systems before 1.1.0 do not know the request, protected ones do not answer it. */
    if (status == OSB_ERR_PROTECTED || (status == OSB_ERR_DEVICE && refusal.device_code != 0))
        return OSB_OK;
    if (status != OSB_OK && error)
        *error = refusal;
    TRY(status);
    *mode = told == REQUEST_MODE_LISTENING ? MODE_LISTENING : MODE_NORMAL;
    return OSB_OK;
}
