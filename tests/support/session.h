#pragma once
/** A short visit to a board that uses every kind of operation: what traces are
 *  made of, and what replays are asked. */
#include "base/text.h"
#include "device/device.h"

enum {
    SESSION_WRITTEN = 5000 /**< bytes: no whole number of blocks or pages */
};

/** Where the board has room for an application; 0 where that is not known. */
static inline uint32_t session_address(const platform *board)
{
    for (size_t i = 0; i < board->slot_count; i++)
        if (board->slots[i].slot.function == MODULE_USER_PART)
            return board->slots[i].start;
    return 0;
}

static inline osb_status session_use(device *held, osb_error *error)
{
    snapshot state;
    uint8_t content[SESSION_WRITTEN];
    BUF_OWNED back = buf_make(SESSION_WRITTEN);
    TRY(device_inspect(held, &state, error));
    TRY(device_enter_dfu(held, error));
    uint32_t address = session_address(state.board);
    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (uint8_t)(i * 7);
    TRY(device_write_flash(held, 0, address, (span){content, sizeof content}, NULL, error));
    TRY(device_read_flash(held, 0, address, sizeof content, NULL, &back, error));
    TRY(device_restart(held, error));
    return device_inspect(held, &state, error);
}

/** `board` as device_select takes it; NULL for the only one. */
static inline osb_status session_run(transport *bus, const platform_list *platforms,
                                     const char *board, osb_error *error)
{
    device_entry entry;
    device *held;
    TRY(device_select(bus, platforms, board, &entry, error));
    TRY(device_open(bus, platforms, &entry, NULL, &held, error));
    osb_status status = session_use(held, error);
    device_close(held);
    return status;
}
