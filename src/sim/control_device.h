#pragma once
/** The control-request channel of a running system, device side. Inside sim/ only. */
#include "base/buf.h"
#include "sim/usb_device.h"

enum {
    CONTROL_ACTIVE_MAX = 4,
    CONTROL_PAYLOAD_MAX = UINT16_MAX,
    CONTROL_REPLY_MAX = 128 * 1024
};

typedef enum control_state {
    CONTROL_FREE,
    CONTROL_ALLOC_PENDING, /**< the system thread has to find memory for the payload */
    CONTROL_RECEIVING,
    CONTROL_QUEUED,
    CONTROL_RUNNING,
    CONTROL_DONE
} control_state;

/** What happens once the host has read the final reply. */
typedef enum control_action {
    ACTION_NONE,
    ACTION_RESET,
    ACTION_DFU,
    ACTION_SAFE_MODE,
    ACTION_APPLY_UPDATE
} control_action;

typedef struct control_slot {
    control_state state;
    uint16_t id;
    uint16_t type;
    bool orphaned; /**< RESET came while the handler ran */
    uint64_t since_us;
    uint64_t order; /**< the system thread takes the lowest first */
    uint16_t payload_size;
    uint16_t received;
    uint8_t *payload;
    int32_t result;
    buf reply;
    size_t reply_read;
    control_action action;
} control_slot;

typedef struct control_device {
    uint16_t last_id;
    uint64_t last_order;
    control_slot slots[CONTROL_ACTIVE_MAX];
} control_device;

/** RAM is lost: forgets all requests, without their actions. */
void control_forget(control_device *device);
/** The bus was reset: requests end as a family's USB driver has it. */
void control_bus_reset(sim_board *board);

/** A vendor request in normal mode. */
usb_answer control_request(sim_board *board, const usb_setup *setup, uint8_t *data, size_t *moved);

/** When the system thread gets to the next request; NEVER when there is none. */
uint64_t control_next_due(const sim_board *board);
/** The system thread handles one request. */
void control_fire(sim_board *board);
/** A handler that took its time is done. */
void control_finish(sim_board *board, uint16_t id, int32_t result);
/** The active request of that id, or NULL. */
control_slot *control_find(control_device *device, uint16_t id);
