#pragma once
/** Firmware update by control requests: staging, validation, hand-over. Inside sim/ only. */
#include "base/buf.h"
#include "model/module.h"
#include "sim/control_device.h"
#include "sim/flash.h"

enum {
    UPDATE_MODULES_MAX = 2 /**< a combined file holds no more (device-os ota_flash_hal.cpp) */
};

/** The region that an update is staged in. */
typedef struct staging_room {
    flash *chip;
    uint32_t start; /**< offset in the chip */
    uint32_t size;
} staging_room;

typedef struct firmware_update {
    staging_room room;
    bool running;
    bool validated; /**< FINISH said yes; it is applied when the host has read that */
    uint32_t size;
    uint32_t received;
    buf chunk; /**< the data that flash is taking */
} firmware_update;

/** One module in the staging region. */
typedef struct staged_module {
    module header; /**< header, image and offset only */
    uint32_t offset;
    const platform_slot *slot; /**< NULL for assets */
} staged_module;

typedef struct staged_list {
    size_t count;
    staged_module modules[UPDATE_MODULES_MAX];
} staged_list;

int32_t update_start(sim_board *board, uint16_t request_id, span payload, buf *reply);
int32_t update_data(sim_board *board, uint16_t request_id, span payload);
/** Sets `action` when the update is to be applied once the host has read the reply. */
int32_t update_finish(sim_board *board, span payload, control_action *action);
void update_cancel(sim_board *board);
/** Hands the validated modules to who puts them in place, and restarts the board. */
void update_apply(sim_board *board);
/** Queues what puts the modules in place, at once or at the next start. */
void update_put_in_place(sim_board *board, const staged_list *list);

/* update_check.c */
/** Finds the modules in the first `size` staged bytes and judges them as the device does. */
int32_t update_check(const sim_board *board, uint32_t size, staged_list *list);
/** Chooses where the update is staged. False when the board has no such region. */
bool update_choose_room(sim_board *board, bool flagged);

/* update_flagged.c */
/** What a system does with the update flag when it starts. */
void update_flagged(sim_board *board);
