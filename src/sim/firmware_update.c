/*
 * START, DATA, FINISH, CANCEL of a firmware update (device-os system/src/control/storage.cpp,
 * firmware_update.cpp).
 *
 * Whether a module may come in is update_check.c; putting it in place after the reset is
 * boot_copy.c. Invariant: any failure ends the update, and nothing outside the staging region
 * changes before FINISH has said yes.
 */
#include "sim/firmware_update.h"

#include "sim/assets.h"
#include "sim/board.h"
#include "sim/control_requests.h"
#include "sim/personality.h"
#include "sim/update_slots.h"
#include "wire/control.pb-c.h"

enum {
    SYSTEM_3_0_0 = 3000, /**< FINISH answers first and applies after; before, the other way round */
    RESET_AFTER_UPDATE_MS = 1000,
    NCP_US_PER_KIB = 120000, /**< an ESP32 takes its image over a serial line */
    ASSET_US_PER_KIB = 12000
};

bool update_choose_room(sim_board *board, bool flagged)
{
    staging_area area;
    staging_room *room = &board->update.room;
    board->family->staging(board, flagged, &area);
    room->chip = board_memory(board, area.memory);
    room->size = area.size;
    return room->chip && flash_offset_of(room->chip, area.address, &room->start) &&
           flash_holds(room->chip, room->start, area.size);
}

static void flash_done(sim_board *board, uint32_t request_id)
{
    control_finish(board, (uint16_t)request_id, SYSTEM_NONE);
}

static int32_t begin(sim_board *board, uint16_t request_id, uint32_t size)
{
    const staging_room *room = &board->update.room;
    if (!update_choose_room(board, false) || size == 0 || size > room->size)
        return SYSTEM_OTA_INVALID_SIZE;
    update_slots_drop_all(board);
    assets_overwritten(board, room->chip, room->start + size);
    board->update = (firmware_update){.room = *room, .running = true, .size = size};
    work_erase(board, room->chip, room->start, size);
    work_then(board, flash_done, request_id);
    return HANDLER_GOES_ON;
}

int32_t update_start(sim_board *board, uint16_t request_id, span payload, buf *reply)
{
    update_cancel(board);
    Wire__StartFirmwareUpdateRequest *request =
        wire__start_firmware_update_request__unpack(NULL, payload.size, payload.data);
    if (!request)
        return SYSTEM_BAD_DATA;
    uint32_t size = request->size, format = request->format;
    wire__start_firmware_update_request__free_unpacked(request, NULL);
    if (format != 0)
        return SYSTEM_NOT_SUPPORTED;
    if (board->defects.forbids_updates && !board->running.safe)
        return SYSTEM_OTA_UPDATES_DISABLED;
    Wire__StartFirmwareUpdateReply message = WIRE__START_FIRMWARE_UPDATE_REPLY__INIT;
    uint8_t bytes[8];
    message.chunk_size = personality_chunk(board);
    buf_append(reply, (span){bytes, wire__start_firmware_update_reply__pack(&message, bytes)});
    return begin(board, request_id, size);
}

/** Keeps the bytes of field 1 until flash has them. False when the message cannot be read. */
static bool take_chunk(firmware_update *update, span payload)
{
    Wire__FirmwareUpdateDataRequest *request =
        wire__firmware_update_data_request__unpack(NULL, payload.size, payload.data);
    if (!request)
        return false;
    buf_free(&update->chunk);
    update->chunk = buf_make(CONTROL_PAYLOAD_MAX);
    buf_append(&update->chunk, (span){request->data.data, request->data.len});
    wire__firmware_update_data_request__free_unpacked(request, NULL);
    return !update->chunk.overflow;
}

int32_t update_data(sim_board *board, uint16_t request_id, span payload)
{
    firmware_update *update = &board->update;
    if (!update->running || update->validated)
        return SYSTEM_INVALID_STATE;
    if (!take_chunk(update, payload)) {
        update_cancel(board);
        return SYSTEM_BAD_DATA;
    }
    span data = buf_span(&update->chunk);
    if (!data.size || data.size > update->size - update->received) {
        update_cancel(board);
        return SYSTEM_OUT_OF_RANGE;
    }
    work_program(board, update->room.chip, update->room.start + update->received, data);
    work_then(board, flash_done, request_id);
    update->received += (uint32_t)data.size;
    return HANDLER_GOES_ON;
}

/** False when the message cannot be read; no message at all means no. */
static bool read_validate_only(span payload, bool *validate_only)
{
    Wire__FinishFirmwareUpdateRequest *request =
        wire__finish_firmware_update_request__unpack(NULL, payload.size, payload.data);
    if (!request)
        return false;
    *validate_only = request->validate_only;
    wire__finish_firmware_update_request__free_unpacked(request, NULL);
    return true;
}

int32_t update_finish(sim_board *board, span payload, control_action *action)
{
    firmware_update *update = &board->update;
    staged_list list;
    bool validate_only = false;
    if (!update->running || update->validated)
        return SYSTEM_INVALID_STATE;
    int32_t result = SYSTEM_BAD_DATA;
    if (read_validate_only(payload, &validate_only))
        result = update->received == update->size ? update_check(board, update->size, &list)
                                                  : SYSTEM_INVALID_STATE;
    if (result != SYSTEM_NONE || validate_only) {
        update_cancel(board);
        return result;
    }
    update->validated = true;
    if (board->running.system_version >= SYSTEM_3_0_0)
        *action = ACTION_APPLY_UPDATE;
    else
        update_apply(board);
    return SYSTEM_NONE;
}

void update_cancel(sim_board *board)
{
    buf_free(&board->update.chunk);
    board->update = (firmware_update){0};
}

static void restart(sim_board *board, uint32_t delay_ms)
{
    board_reset_later(board, delay_ms, BOOT_NORMALLY);
}

static void ncp_written(sim_board *board, uint32_t version)
{
    board->keeps.ncp_version = (uint16_t)version;
    board_save(board);
}

static void queue_copy(sim_board *board, const staged_module *staged)
{
    const update_slot slot = {.from_external =
                                  board->update.room.chip == board_memory(board, "external"),
                              .drop_info = staged->header.flags & MODULE_DROP_INFO,
                              .function = staged->header.slot.function,
                              .index = staged->header.slot.index,
                              .source = staged->offset,
                              .target = staged->header.start,
                              .size = (uint32_t)staged->header.image.size};
    update_slot_queue(board, &slot);
}

static void apply_one(sim_board *board, const staged_module *staged)
{
    const uint32_t size = (uint32_t)staged->header.image.size;
    if (board->defects.lies)
        return;
    if (staged->header.slot.function == MODULE_NCP_FIRMWARE) {
        work_pause(board, (uint64_t)NCP_US_PER_KIB * (size / 1024 + 1));
        work_then(board, ncp_written, staged->header.version);
    } else if (staged->header.slot.function == MODULE_ASSET) {
        work_pause(board, (uint64_t)ASSET_US_PER_KIB * (size / 1024 + 1));
        asset_store(board, staged);
    } else {
        queue_copy(board, staged);
    }
}

void update_put_in_place(sim_board *board, const staged_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        apply_one(board, &list->modules[i]);
}

void update_apply(sim_board *board)
{
    staged_list list;
    if (!board->update.validated)
        return;
    if (update_check(board, board->update.size, &list) == SYSTEM_NONE)
        update_put_in_place(board, &list);
    update_cancel(board);
    if (work_active(board))
        work_then(board, restart, RESET_AFTER_UPDATE_MS);
    else
        restart(board, RESET_AFTER_UPDATE_MS);
}
