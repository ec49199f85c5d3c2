/*
 * The requests of a firmware update: start, data, finish, cancel.
 *
 * Does not wait for the restart that follows a good finish.
 * Invariant: a data request never carries more than the board's own chunk size allows.
 */
#include "protocol/request_types.h"
#include "protocol/requests.h"
#include "protocol/result.h"
#include "wire/control.pb-c.h"

enum {
    START_TIMEOUT_MS = 60000, /* erases up to 1.5 MB before it answers */
    DATA_TIMEOUT_MS = 30000,
    FINISH_TIMEOUT_MS = 240000, /* Device OS 2.x applies first, and answers then */
    CANCEL_TIMEOUT_MS = 10000,
    SMALL_REPLY_MAX = 512,
    /* Field tag and length in front of the chunk: 1 byte, and up to 3. */
    CHUNK_FRAME_MAX = 4
};

/* Replaces the board's chunk size where the channel could not carry such a payload. */
static uint32_t usable_chunk_size(const control_channel *channel, uint32_t chunk_size)
{
    uint32_t most =
        (channel->single_transfer ? (uint32_t)USB_CONTROL_MAX : (uint32_t)CONTROL_PAYLOAD_MAX) -
        CHUNK_FRAME_MAX;
    return chunk_size < most ? chunk_size : most;
}

osb_status request_update_start(const control_channel *channel, uint32_t size, uint32_t *chunk_size,
                                osb_error *error)
{
    uint8_t payload[16];
    Wire__StartFirmwareUpdateRequest question = WIRE__START_FIRMWARE_UPDATE_REQUEST__INIT;
    question.size = size;
    BUF_OWNED reply = buf_make(SMALL_REPLY_MAX);
    size_t payload_size = wire__start_firmware_update_request__pack(&question, payload);
    control_call call = {.type = REQUEST_TYPE_START_UPDATE,
                         .purpose = "start the firmware update",
                         .payload = {payload, payload_size},
                         .timeout_ms = START_TIMEOUT_MS,
                         .reply = &reply};
    TRY(control_run(channel, &call, error));
    Wire__StartFirmwareUpdateReply *answer =
        wire__start_firmware_update_reply__unpack(NULL, reply.size, reply.data);
    uint32_t offered = answer ? answer->chunk_size : 0;
    if (answer)
        wire__start_firmware_update_reply__free_unpacked(answer, NULL);
    if (offered == 0)
        return osb_fail(error, OSB_ERR_PROTOCOL, channel->link->subject,
                        "restart the board and try again",
                        "the board accepts a firmware update, but names no chunk size");
    *chunk_size = usable_chunk_size(channel, offered);
    return OSB_OK;
}

osb_status request_update_data(const control_channel *channel, span chunk, osb_error *error)
{
    Wire__FirmwareUpdateDataRequest question = WIRE__FIRMWARE_UPDATE_DATA_REQUEST__INIT;
    /* protobuf-c's struct has no const, but packing only reads. */
    question.data.data = (uint8_t *)(uintptr_t)chunk.data;
    question.data.len = chunk.size;
    BUF_OWNED payload = buf_make(CONTROL_PAYLOAD_MAX);
    buf_append_fill(&payload, 0, wire__firmware_update_data_request__get_packed_size(&question));
    TRY(buf_check(&payload, channel->link->subject, error));
    wire__firmware_update_data_request__pack(&question, payload.data);
    control_call call = {.type = REQUEST_TYPE_UPDATE_DATA,
                         .purpose = "send firmware data",
                         .payload = buf_span(&payload),
                         .timeout_ms = DATA_TIMEOUT_MS};
    return control_run(channel, &call, error);
}

osb_status request_update_finish(const control_channel *channel, osb_error *error)
{
    /* validate_only = false, spelled out as the vendor's tools do; proto3 would leave it out. */
    static const uint8_t payload[] = {0x08, 0x00};
    control_call call = {.type = REQUEST_TYPE_FINISH_UPDATE,
                         .purpose = "finish the firmware update",
                         .payload = {payload, sizeof payload},
                         .timeout_ms = FINISH_TIMEOUT_MS};
    osb_status status = control_run(channel, &call, error);
    /* It took the data, so it is in service mode: what came does not keep its protection. */
    if (status == OSB_ERR_PROTECTED && error)
        osb_error_set_hint(error, "%s", result_service_hint);
    return status;
}

osb_status request_update_cancel(const control_channel *channel, osb_error *error)
{
    control_call call = {.type = REQUEST_TYPE_CANCEL_UPDATE,
                         .purpose = "cancel the firmware update",
                         .timeout_ms = CANCEL_TIMEOUT_MS};
    return control_run(channel, &call, error);
}
