/*
 * DfuSe requests, the states behind them, and runs of blocks.
 *
 * An operation runs on the board only when its status is asked for: each is DNLOAD, then GETSTATUS
 * until the board is no longer busy, obeying its poll timeout and adding no pause of our own.
 * Invariant: `activity` is UNKNOWN whenever an operation did not end as it should.
 */
#include "protocol/dfu.h"

#include <string.h>

#include "base/cursor.h"
#include "base/text.h"
#include "protocol/descriptor.h"
#include "protocol/result.h"

enum dfu_request {
    DFU_DNLOAD = 1,
    DFU_UPLOAD = 2,
    DFU_GETSTATUS = 3,
    DFU_CLRSTATUS = 4,
    DFU_ABORT = 6
};

enum {
    COMMAND_SET_ADDRESS = 0x21,
    COMMAND_ERASE = 0x41,
    COMMAND_BLOCK = 0, /* wValue of a command; 1 is invalid, memory begins at 2 */
    FIRST_BLOCK = 2,
    STATUS_SIZE = 6,
    STATUS_VENDOR = 11, /* what a protected board answers */
    /* A status may be held back until a whole flash operation is over (STM32F2: 128K sectors). */
    STATUS_TIMEOUT_MS = 20000,
    BUSY_TIMEOUT_MS = 30000,
    IDLE_ATTEMPTS = 3
};

static const char hint_retry[] = "bring the board into DFU mode again and retry";

const char *dfu_status_name(uint8_t status)
{
    static const char *const names[] = {
        "OK",      "errTARGET", "errFILE",    "errWRITE",     "errERASE",    "errCHECK_ERASED",
        "errPROG", "errVERIFY", "errADDRESS", "errNOTDONE",   "errFIRMWARE", "errVENDOR",
        "errUSBR", "errPOR",    "errUNKNOWN", "errSTALLEDPKT"};
    return status < sizeof names / sizeof *names ? names[status] : "unknown status";
}

static osb_status request_bare(const dfu_port *port, uint8_t request, const char *purpose,
                               osb_error *error)
{
    link_transfer transfer = {
        .setup = {USB_CLASS_INTERFACE_OUT, request, 0, port->interface_number, 0},
        .timeout_ms = LINK_TIMEOUT_MS,
        .purpose = purpose};
    return link_run(port->link, &transfer, error);
}

osb_status dfu_clear_status(const dfu_port *port, osb_error *error)
{
    return request_bare(port, DFU_CLRSTATUS, "clear the DFU error", error);
}

osb_status dfu_abort(const dfu_port *port, osb_error *error)
{
    return request_bare(port, DFU_ABORT, "return to DFU idle", error);
}

osb_status dfu_get_status(const dfu_port *port, dfu_status *status, osb_error *error)
{
    uint8_t bytes[STATUS_SIZE];
    link_transfer transfer = {
        .setup = {USB_CLASS_INTERFACE_IN, DFU_GETSTATUS, 0, port->interface_number, sizeof bytes},
        .data = bytes,
        .timeout_ms = STATUS_TIMEOUT_MS,
        .purpose = "read the DFU status"};
    TRY(link_run(port->link, &transfer, error));
    if (transfer.moved != sizeof bytes)
        return osb_fail(error, OSB_ERR_PROTOCOL, port->link->subject, hint_retry,
                        "DFU status of %zu bytes is cut short", transfer.moved);
    *status = (dfu_status){.status = bytes[0],
                           .poll_timeout_ms = (uint32_t)(bytes[1] | bytes[2] << 8 | bytes[3] << 16),
                           .state = bytes[4],
                           .text_index = bytes[5]};
    return OSB_OK;
}

/* Fills the error for a status that is not OK, with the board's own explanation where it has one.
 */
static osb_status status_fail(const dfu_port *port, const dfu_status *status, const char *purpose,
                              osb_error *error)
{
    char text[STRING_TEXT_SIZE] = "";
    if (status->text_index != 0 &&
        descriptor_read_string(port->link, status->text_index, text, NULL) != OSB_OK)
        text[0] = '\0';
    /* Protected boards are known by their layouts and not written to: this one is in service mode.
     */
    bool guarded = status->status == STATUS_VENDOR;
    return osb_fail(error, guarded ? OSB_ERR_PROTECTED : OSB_ERR_DEVICE, port->link->subject,
                    guarded ? result_service_hint : hint_retry,
                    "cannot %s: the bootloader reports %s%s%s", purpose,
                    dfu_status_name(status->status), text[0] ? ", " : "", text);
}

static bool is_busy(const dfu_status *status)
{
    return status->state == DFU_DOWNLOAD_BUSY || status->state == DFU_DOWNLOAD_SYNC;
}

/* Waits as the board asked. A board that stays busy without asking for time is polled ever slower,
 * so that it cannot keep this host spinning; the first repeat comes at once. */
static osb_status busy_pause(const dfu_port *port, const dfu_status *status, uint64_t began_ms,
                             bool first, osb_error *error)
{
    uint64_t waited = link_now_ms(port->link) - began_ms;
    if (waited >= BUSY_TIMEOUT_MS)
        return osb_fail(error, OSB_ERR_TIMEOUT, port->link->subject, hint_retry,
                        "the bootloader is still busy after %d s", BUSY_TIMEOUT_MS / 1000);
    uint64_t left = BUSY_TIMEOUT_MS - waited;
    if (first && status->poll_timeout_ms == 0)
        return OSB_OK;
    uint32_t pause = status->poll_timeout_ms ? status->poll_timeout_ms : poll_pause(waited);
    return link_wait(port->link, left < pause ? (uint32_t)left : pause, error);
}

/* Asks for the status until the operation is over; it has to end in `wanted`. */
static osb_status operation_end(dfu_port *port, uint8_t wanted, const char *purpose,
                                osb_error *error)
{
    const uint64_t began_ms = link_now_ms(port->link);
    dfu_status status;
    for (bool first = true;; first = false) {
        TRY(dfu_get_status(port, &status, error));
        if (status.status != 0 || status.state == DFU_ERROR)
            return status_fail(port, &status, purpose, error);
        if (!is_busy(&status))
            break;
        TRY(busy_pause(port, &status, began_ms, first, error));
    }
    if (status.state != wanted)
        return osb_fail(error, OSB_ERR_PROTOCOL, port->link->subject, hint_retry,
                        "cannot %s: the bootloader is in state %u, not %u", purpose, status.state,
                        wanted);
    return OSB_OK;
}

osb_status dfu_go_idle(dfu_port *port, osb_error *error)
{
    port->run_open = false;
    /* ABORT comes first: asking for the status would run what a previous host left pending. */
    for (int attempt = 0; attempt < IDLE_ATTEMPTS; attempt++) {
        dfu_status status = {.state = DFU_ERROR};
        osb_status aborted = dfu_abort(port, error);
        if (aborted != OSB_OK && aborted != OSB_ERR_STALL)
            return aborted;
        osb_status asked = dfu_get_status(port, &status, error);
        if (asked != OSB_OK && asked != OSB_ERR_STALL)
            return asked;
        if (asked == OSB_OK && status.state == DFU_IDLE && status.status == 0) {
            port->activity = DFU_ACTIVITY_NONE;
            return OSB_OK;
        }
        osb_status cleared = status.state == DFU_ERROR ? dfu_clear_status(port, error) : OSB_OK;
        if (cleared != OSB_OK && cleared != OSB_ERR_STALL)
            return cleared;
    }
    port->activity = DFU_ACTIVITY_UNKNOWN;
    return osb_fail(error, OSB_ERR_PROTOCOL, port->link->subject, hint_retry,
                    "the bootloader does not return to DFU idle");
}

static osb_status download(dfu_port *port, uint16_t block, span bytes, const char *purpose,
                           osb_error *error)
{
    uint8_t data[USB_CONTROL_MAX];
    if (bytes.size > port->transfer_size)
        return osb_fail(error, OSB_ERR_INTERNAL, port->link->subject, NULL,
                        "DFU block of %zu bytes is larger than %u", bytes.size,
                        port->transfer_size);
    if (bytes.size)
        memcpy(data, bytes.data, bytes.size);
    link_transfer transfer = {.setup = {USB_CLASS_INTERFACE_OUT, DFU_DNLOAD, block,
                                        port->interface_number, (uint16_t)bytes.size},
                              .data = data,
                              .timeout_ms = LINK_TIMEOUT_MS,
                              .purpose = purpose};
    TRY(link_run(port->link, &transfer, error));
    if (transfer.moved != bytes.size)
        return osb_fail(error, OSB_ERR_PROTOCOL, port->link->subject, hint_retry,
                        "cannot %s: the bootloader took %zu of %zu bytes", purpose, transfer.moved,
                        bytes.size);
    return OSB_OK;
}

/* Downloads are taken in dfuIDLE and dfuDNLOAD_IDLE. */
static osb_status ready_to_download(dfu_port *port, osb_error *error)
{
    if (port->activity == DFU_ACTIVITY_NONE || port->activity == DFU_ACTIVITY_DOWNLOAD)
        return OSB_OK;
    return dfu_go_idle(port, error);
}

/* One download with all its states. */
static osb_status operation_run(dfu_port *port, uint16_t block, span bytes, const char *purpose,
                                osb_error *error)
{
    TRY(ready_to_download(port, error));
    port->activity = DFU_ACTIVITY_UNKNOWN;
    TRY(download(port, block, bytes, purpose, error));
    TRY(operation_end(port, DFU_DOWNLOAD_IDLE, purpose, error));
    port->activity = DFU_ACTIVITY_DOWNLOAD;
    return OSB_OK;
}

static osb_status command_run(dfu_port *port, uint8_t command, uint32_t address, const char *verb,
                              osb_error *error)
{
    char purpose[64];
    text_format(purpose, sizeof purpose, "%s 0x%08x", verb, address);
    const uint8_t bytes[] = {command, (uint8_t)address, (uint8_t)(address >> 8),
                             (uint8_t)(address >> 16), (uint8_t)(address >> 24)};
    port->run_open = false; /* STM32F2 moves the pointer when it erases */
    return operation_run(port, COMMAND_BLOCK, (span){bytes, sizeof bytes}, purpose, error);
}

osb_status dfu_set_address(dfu_port *port, uint32_t address, osb_error *error)
{
    TRY(command_run(port, COMMAND_SET_ADDRESS, address, "set the address", error));
    port->run_open = true;
    port->run_address = address;
    port->run_block = FIRST_BLOCK;
    return OSB_OK;
}

osb_status dfu_erase_page(dfu_port *port, uint32_t address, osb_error *error)
{
    return command_run(port, COMMAND_ERASE, address, "erase the page at", error);
}

/* After a short block the board's own count no longer points behind it: the run is over. */
static void run_advance(dfu_port *port, size_t moved)
{
    port->run_open = moved == port->transfer_size && port->run_block < UINT16_MAX;
    port->run_address += (uint32_t)moved;
    port->run_block++;
}

osb_status dfu_write(dfu_port *port, uint32_t address, span block, osb_error *error)
{
    char purpose[64];
    text_format(purpose, sizeof purpose, "write at 0x%08x", address);
    if (!port->run_open || port->run_address != address || port->activity != DFU_ACTIVITY_DOWNLOAD)
        TRY(dfu_set_address(port, address, error));
    TRY(operation_run(port, port->run_block, block, purpose, error));
    run_advance(port, block.size);
    return OSB_OK;
}

/* The pointer survives ABORT, and uploads are taken in dfuIDLE only. */
static osb_status ready_to_upload(dfu_port *port, uint32_t address, osb_error *error)
{
    if (port->run_open && port->run_address == address && port->activity == DFU_ACTIVITY_UPLOAD)
        return OSB_OK;
    TRY(dfu_set_address(port, address, error));
    TRY(dfu_go_idle(port, error));
    port->run_open = true;
    return OSB_OK;
}

/* A refused upload: the reason is in the status. */
static osb_status upload_fail(dfu_port *port, const char *purpose, size_t moved, osb_error *error)
{
    dfu_status status;
    TRY(dfu_get_status(port, &status, error));
    if (status.status != 0)
        return status_fail(port, &status, purpose, error);
    return osb_fail(error, OSB_ERR_PROTOCOL, port->link->subject, hint_retry,
                    "cannot %s: the bootloader sent only %zu bytes", purpose, moved);
}

osb_status dfu_read(dfu_port *port, uint32_t address, uint16_t size, uint8_t *block,
                    osb_error *error)
{
    char purpose[64];
    text_format(purpose, sizeof purpose, "read at 0x%08x", address);
    if (size == 0 || size > port->transfer_size)
        return osb_fail(error, OSB_ERR_INTERNAL, port->link->subject, NULL,
                        "DFU block of %u bytes is not within 1 to %u", size, port->transfer_size);
    TRY(ready_to_upload(port, address, error));
    port->activity = DFU_ACTIVITY_UNKNOWN;
    link_transfer transfer = {.setup = {USB_CLASS_INTERFACE_IN, DFU_UPLOAD, port->run_block,
                                        port->interface_number, size},
                              .data = block,
                              .timeout_ms = LINK_TIMEOUT_MS,
                              .purpose = purpose};
    osb_status status = link_run(port->link, &transfer, error);
    if (status == OSB_ERR_STALL || (status == OSB_OK && transfer.moved != size))
        return upload_fail(port, purpose, transfer.moved, error);
    TRY(status);
    port->activity = DFU_ACTIVITY_UPLOAD;
    run_advance(port, size);
    return OSB_OK;
}

osb_status dfu_leave(dfu_port *port, osb_error *error)
{
    static const char purpose[] = "leave DFU mode";
    TRY(dfu_go_idle(port, error));
    port->activity = DFU_ACTIVITY_UNKNOWN;
    TRY(download(port, FIRST_BLOCK, (span){0}, purpose, error));
    dfu_status status;
    osb_status asked = dfu_get_status(port, &status, error);
    if (asked == OSB_ERR_DISCONNECTED)
        return OSB_OK;
    TRY(asked);
    if (status.status != 0)
        return status_fail(port, &status, purpose, error);
    /* STM32F2 reports dfuDNLOAD_IDLE while it is manifesting. */
    if (status.state != DFU_MANIFEST && status.state != DFU_DOWNLOAD_IDLE &&
        status.state != DFU_MANIFEST_SYNC && status.state != DFU_MANIFEST_WAIT_RESET)
        return osb_fail(error, OSB_ERR_PROTOCOL, port->link->subject, hint_retry,
                        "cannot %s: the bootloader is in state %u", purpose, status.state);
    return OSB_OK;
}
