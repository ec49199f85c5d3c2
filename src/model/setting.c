/*
 * Names and places of the settings that may be changed.
 *
 * Offsets and values as Device OS platform/MCU/<family>/inc/dct.h has them, the same in all.
 */
#include "model/setting.h"

#include "base/text.h"

const char *setting_name(board_setting which)
{
    switch (which) {
    case SETTING_UPDATE_FLAG:
        return "update_flag";
    case SETTING_SETUP_DONE:
        return "setup_done";
    case SETTING_COUNT:
        break;
    }
    return "unknown";
}

uint32_t setting_offset(board_setting which)
{
    return which == SETTING_UPDATE_FLAG ? 1753 : 8134;
}

uint8_t setting_set_value(board_setting which)
{
    return which == SETTING_UPDATE_FLAG ? UPDATE_FLAG_SET : SETUP_DONE_SET;
}

bool setting_from_text(const char *text, board_setting *which)
{
    for (*which = 0; *which < SETTING_COUNT; (*which)++)
        if (text_equal(text, setting_name(*which)))
            return true;
    return false;
}
