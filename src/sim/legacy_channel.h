#pragma once
/** Control requests of Device OS 0.6.0 to 0.8.0-rc.1, device side. Inside sim/ only. */
#include "base/buf.h"
#include "sim/usb_device.h"

typedef struct legacy_channel {
    bool taken; /**< a request was taken; its reply waits, or it ended without one */
    uint16_t type;
    bool failed;
    uint64_t ready_us; /**< when the system thread is through with it */
    buf reply;
} legacy_channel;

/** RAM is lost. */
void legacy_forget(legacy_channel *channel);
/** A raw vendor request (0x50): OUT asks, IN fetches. */
usb_answer legacy_request(sim_board *board, const usb_setup *setup, uint8_t *data, size_t *moved);
