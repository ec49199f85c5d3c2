#pragma once
/**
 * The settings of a board that may be changed: single bytes of its settings area (DCT). All others,
 * keys and network among them, belong to the owner and have no name here.
 */
#include <stdbool.h>
#include <stdint.h>

typedef enum board_setting {
    SETTING_UPDATE_FLAG, /**< told to the next system that starts: something is staged for it */
    SETTING_SETUP_DONE,  /**< nRF52840 systems before 4.0.0 wait in listening mode without it */
    SETTING_COUNT
} board_setting;

/** What is known of a setting. */
typedef enum setting_state {
    SETTING_STATE_UNKNOWN,
    SETTING_STATE_CLEAR,
    SETTING_STATE_SET
} setting_state;

/** What the bytes may become. */
enum setting_value {
    SETTING_CLEAR = 0xff,
    UPDATE_FLAG_SET = 0xa5,
    SETUP_DONE_SET = 0x01
};

/** "update_flag", "setup_done". */
const char *setting_name(board_setting which);
/** Byte in the settings area, which is DFU alternate setting 1. */
uint32_t setting_offset(board_setting which);
/** What sets it; SETTING_CLEAR clears any of them. */
uint8_t setting_set_value(board_setting which);
bool setting_from_text(const char *text, board_setting *which);
