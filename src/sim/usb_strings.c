/*
 * What each string says, by mode and by the version of the firmware that answers.
 *
 * In DFU mode the bootloader answers, in normal mode the system: two versions, never mixed.
 * Invariant: a descriptor is at most 255 bytes, as its length byte demands.
 */
#include "sim/usb_strings.h"

#include <string.h>

#include "base/text.h"
#include "sim/board.h"
#include "sim/usb_descriptors.h"

enum {
    STRING_LANGUAGES = 0,
    STRING_MANUFACTURER = 1,
    STRING_CONTROL_INTERFACE = 5,
    SECURITY_UNITS = 8, /**< "sm=o" and 4 NULs */
    NRF52840_BOOTLOADER_4_0_0 = 1101,
    RTL872X_BOOTLOADER_5_0_1 = 2001,
    FIRMWARE_6_2_0_BOOTLOADER = 3100,
    FIRMWARE_6_2_0_SYSTEM = 6200,
    TEXT_SIZE = 127
};

static void append_text(buf *descriptor, const char *text, size_t units)
{
    size_t length = strlen(text);
    buf_append_u8(descriptor, (uint8_t)(2 + 2 * units));
    buf_append_u8(descriptor, DESCRIPTOR_STRING);
    for (size_t i = 0; i < units; i++)
        buf_append_u16le(descriptor, i < length ? (uint8_t)text[i] : 0);
}

static bool append_whole_text(buf *descriptor, const char *text)
{
    append_text(descriptor, text, strlen(text) < 126 ? strlen(text) : 126);
    return true;
}

/** "Boron" of "Boron CDC Mode": nRF52840 boards name the mode in their product string. */
static void base_name(const sim_board *board, char name[TEXT_SIZE])
{
    text_copy(name, TEXT_SIZE, board->shown->product_string);
    char *mode = strstr(name, " CDC Mode");
    if (mode)
        *mode = '\0';
}

static bool append_named(const sim_board *board, buf *descriptor, const char *behind)
{
    char name[TEXT_SIZE];
    base_name(board, name);
    text_append(name, sizeof name, "%s", behind);
    return append_whole_text(descriptor, name);
}

/** A protected board shows every segment as erasable only. */
static void close_segments(char *layout)
{
    char *at = strchr(layout, '/');
    for (; at && *at; at++) {
        bool segment_end = at[1] == ',' || at[1] == '\0';
        if (segment_end && *at >= 'a' && *at <= 'g')
            *at = 'b';
    }
}

/** "DCD" instead of "DCT", as published bootloaders of the nRF52840 and of Gen 2 have it. */
static bool has_old_settings_name(const sim_board *board)
{
    const uint16_t version = board->running.bootloader_version;
    switch (board->kind->mcu) {
    case MCU_STM32F2:
        return false;
    case MCU_NRF52840:
        return version < NRF52840_BOOTLOADER_4_0_0;
    case MCU_RTL872X:
        return version < RTL872X_BOOTLOADER_5_0_1;
    }
    return false;
}

static bool append_layout(const sim_board *board, const flash *chip, buf *descriptor)
{
    char layout[TEXT_SIZE];
    text_copy(layout, sizeof layout, chip->memory->layout);
    if (has_old_settings_name(board) && text_starts_with(layout, "@DCT"))
        layout[3] = 'D';
    if (protection_of(board) == PROTECTION_PROTECTED)
        close_segments(layout);
    return append_whole_text(descriptor, layout);
}

static bool append_security(const sim_board *board, buf *descriptor)
{
    const char *text = "sm=o";
    switch (protection_of(board)) {
    case PROTECTION_PROTECTED:
        text = "sm=p";
        break;
    case PROTECTION_SERVICE:
        text = "sm=s";
        break;
    case PROTECTION_OPEN:
    case PROTECTION_UNKNOWN:
        break;
    }
    append_text(descriptor, text, SECURITY_UNITS);
    return true;
}

static bool dfu_string(const sim_board *board, uint8_t index, buf *descriptor)
{
    const dfu_manners *dfu = &board->family->dfu;
    if (index >= dfu->first_alternate_string) {
        const flash *chip =
            board_memory_by_alternate(board, (uint8_t)(index - dfu->first_alternate_string));
        if (chip)
            return append_layout(board, chip, descriptor);
    }
    if (index == STRING_PRODUCT || (index && index == dfu->interface_string) ||
        (index && index == dfu->configuration_string))
        return append_named(board, descriptor, " DFU Mode");
    if (index && index == dfu->error_string)
        return append_whole_text(descriptor, "Device is in protected mode");
    if (index == STRING_SECURITY)
        return board->running.bootloader_version >= FIRMWARE_6_2_0_BOOTLOADER &&
               append_security(board, descriptor);
    return false;
}

static bool normal_string(const sim_board *board, uint8_t index, buf *descriptor)
{
    if (index == STRING_PRODUCT || index == board->family->usb.configuration_string)
        return append_whole_text(descriptor, board->shown->product_string);
    if (index == STRING_CONTROL_INTERFACE)
        return append_named(board, descriptor, " Control Interface");
    if (index == STRING_SECURITY)
        return board->family->usb.security_string &&
               board->running.system_version >= FIRMWARE_6_2_0_SYSTEM &&
               append_security(board, descriptor);
    return false;
}

bool usb_string(const sim_board *board, uint8_t index, buf *descriptor)
{
    static const uint8_t languages[] = {4, DESCRIPTOR_STRING, 0x09, 0x04};
    static const uint8_t microsoft[] = {0x12, 3,   'M', 0,   'S', 0,   'F', 0,    'T',
                                        0,    '1', 0,   '0', 0,   '0', 0,   0xee, 0};
    switch (index) {
    case STRING_LANGUAGES:
        buf_append(descriptor, (span){languages, sizeof languages});
        return true;
    case STRING_MANUFACTURER:
        /* The one string that differs from a real board's: hosts know by it what they hold. */
        return append_whole_text(descriptor, "Particle (osbundle simulator)");
    case STRING_SERIAL:
        return append_whole_text(descriptor, board->device_id);
    case STRING_MICROSOFT:
        buf_append(descriptor, (span){microsoft, sizeof microsoft});
        return true;
    }
    return board->mode == BOARD_DFU ? dfu_string(board, index, descriptor)
                                    : normal_string(board, index, descriptor);
}
