/*
 * Single settings of a board: bytes of its settings area (DCT), by name, in DFU mode; the one that
 * a running system tells and takes also by control request.
 *
 * Four bytes around the setting are read and written again, because Gen 2 bootloaders fill a block
 * up to four with 0xff. Invariant: only the byte of a named setting ever changes, and a setting
 * counts as written when it was read back.
 */
#include <string.h>

#include "base/text.h"
#include "device/held.h"
#include "protocol/requests.h"

enum {
    GROUP = 4
};

static osb_status settings_select(device *held, osb_error *error)
{
    TRY(held_require(held, true, error));
    for (size_t i = 0; i < held->board->memory_count; i++)
        if (text_equal(held->board->memories[i].name, "dct"))
            return held_select(held, held->board->memories[i].alternate, error);
    return osb_fail(error, OSB_ERR_REFUSED, held->name, NULL, "%s has no settings area",
                    held->board->name);
}

static osb_status group_read(device *held, board_setting which, uint8_t group[GROUP],
                             osb_error *error)
{
    TRY(settings_select(held, error));
    return dfu_read(&held->dfu, setting_offset(which) / GROUP * GROUP, GROUP, group, error);
}

static osb_status setup_read(device *held, uint8_t *value, osb_error *error)
{
    bool done;
    TRY(held_require(held, false, error));
    TRY(request_is_setup_done(&held->channel, &done, error));
    *value = done ? SETUP_DONE_SET : SETTING_CLEAR;
    return OSB_OK;
}

osb_status device_read_setting(device *held, board_setting which, uint8_t *value, osb_error *error)
{
    uint8_t group[GROUP];
    if (which == SETTING_SETUP_DONE && !held->in_dfu)
        return setup_read(held, value, error);
    TRY(group_read(held, which, group, error));
    *value = group[setting_offset(which) % GROUP];
    return OSB_OK;
}

static osb_status not_kept(const device *held, board_setting which, uint8_t value, uint8_t back,
                           osb_error *error)
{
    return osb_fail(error, OSB_ERR_UNPROVED, held->name,
                    "run the same command again; if it repeats, the board's flash is at fault",
                    "%s was set to 0x%02x and reads back as 0x%02x", setting_name(which), value,
                    back);
}

static osb_status setup_write(device *held, uint8_t value, osb_error *error)
{
    uint8_t back;
    TRY(held_require(held, false, error));
    TRY(request_set_setup_done(&held->channel, value == SETUP_DONE_SET, error));
    TRY(setup_read(held, &back, error));
    return back == value ? OSB_OK : not_kept(held, SETTING_SETUP_DONE, value, back, error);
}

osb_status device_write_setting(device *held, board_setting which, uint8_t value, osb_error *error)
{
    uint8_t group[GROUP], back[GROUP];
    const uint32_t offset = setting_offset(which);
    if (value != SETTING_CLEAR && value != setting_set_value(which))
        return osb_fail(error, OSB_ERR_REFUSED, held->name, NULL, "%s is never made 0x%02x",
                        setting_name(which), value);
    if (which == SETTING_SETUP_DONE && !held->in_dfu)
        return setup_write(held, value, error);
    TRY(group_read(held, which, group, error));
    group[offset % GROUP] = value;
    TRY(dfu_write(&held->dfu, offset / GROUP * GROUP, (span){group, GROUP}, error));
    TRY(group_read(held, which, back, error));
    return memcmp(back, group, GROUP) == 0
               ? OSB_OK
               : not_kept(held, which, value, back[offset % GROUP], error);
}
