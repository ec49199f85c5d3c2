/*
 * A firmware update by control requests: send, let the board check and restart, hold it again;
 * and the question whether an asset arrived.
 *
 * Does not look whether the module is installed afterwards. Invariant: an update that was not
 * finished is cancelled, or dropped by the board itself.
 */
#include "device/held.h"
#include "protocol/requests.h"
#include "protocol/result.h"

enum {
    LEAVE_MS = 60000,
    RESTART_LEAVE_MS = 40000,
    /* NCP firmware goes to the co-processor before the restart, while the board is still there. */
    NCP_LEAVE_MS = 240000
};

static osb_status send_all(device *held, span file, const device_progress *progress,
                           osb_error *error)
{
    uint32_t chunk_size;
    TRY(request_update_start(&held->channel, (uint32_t)file.size, &chunk_size, error));
    for (size_t done = 0; done < file.size;) {
        span chunk = span_slice(file, done, chunk_size);
        TRY(request_update_data(&held->channel, chunk, error));
        done += chunk.size;
        if (progress && progress->advance)
            progress->advance(progress->context, done, file.size);
    }
    return request_update_finish(&held->channel, error);
}

static bool application_forbids(const osb_error *refusal)
{
    return refusal->status == OSB_ERR_DEVICE && (refusal->device_code == RESULT_UPDATES_DISABLED ||
                                                 refusal->device_code == RESULT_NOT_ALLOWED);
}

static osb_status restart_in_safe_mode(device *held, osb_error *error)
{
    log_line(held->log, LOG_INFO, "device", "%s: its application forbids updates; trying safe mode",
             held->name);
    TRY(request_enter_safe_mode(&held->channel, error));
    TRY(held_rejoin(held, RESTART_LEAVE_MS, error));
    return held_require(held, false, error);
}

/* The board says no before the first byte, or takes all of them. */
static osb_status send_past_application(device *held, span file, const device_progress *progress,
                                        osb_error *error)
{
    osb_error refusal = {0};
    osb_status status = send_all(held, file, progress, &refusal);
    if (application_forbids(&refusal)) {
        TRY(restart_in_safe_mode(held, error));
        return send_all(held, file, progress, error);
    }
    if (status != OSB_OK && error)
        *error = refusal;
    return status;
}

/* A board that refused has dropped the update itself; one that is gone cannot be told. */
static bool needs_cancel(osb_status status)
{
    return status != OSB_OK && status != OSB_ERR_DEVICE && status != OSB_ERR_PROTECTED &&
           status != OSB_ERR_DISCONNECTED;
}

osb_status device_has_asset(device *held, const char *name, const uint8_t digest[SHA256_SIZE],
                            bool *has, osb_error *error)
{
    osb_error refusal = {0};
    TRY(held_require(held, false, error));
    osb_status status = request_asset_available(&held->channel, name, digest, has, &refusal);
    if (status == OSB_ERR_DEVICE && refusal.device_code == RESULT_NOT_SUPPORTED)
        return osb_fail(error, OSB_ERR_REFUSED, name, "restore Device OS 5.6.0 or newer",
                        "the board's Device OS cannot tell which assets it keeps");
    if (status != OSB_OK && error)
        *error = refusal;
    return status;
}

static uint32_t leave_time(span file)
{
    module parsed;
    bool is_ncp = module_parse(file, "module", &parsed, NULL) == OSB_OK &&
                  parsed.slot.function == MODULE_NCP_FIRMWARE;
    return is_ncp ? NCP_LEAVE_MS : LEAVE_MS;
}

osb_status device_update(device *held, span module_file, const device_progress *progress,
                         osb_error *error)
{
    TRY(held_require(held, false, error));
    if (module_file.size > MODULE_FILE_MAX)
        return osb_fail(error, OSB_ERR_REFUSED, held->name, "check the file",
                        "%zu bytes are more than any board takes", module_file.size);
    if (progress && progress->advance)
        progress->advance(progress->context, 0, module_file.size);
    osb_status status = send_past_application(held, module_file, progress, error);
    if (needs_cancel(status) && request_update_cancel(&held->channel, NULL) != OSB_OK)
        log_line(held->log, LOG_WARNING, "device", "%s: the update could not be cancelled",
                 held->name);
    TRY(status);
    return held_rejoin(held, leave_time(module_file), error);
}
