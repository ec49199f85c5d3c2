/*
 * STM32F2 boards (Gen 2): Photon, P1, Electron.
 *
 * Numbers and bounds only; facts from device-os v3.3.1 platform/MCU/STM32F2xx and its USB driver.
 * Flash times are typical ones of the data sheet: 16 KiB in 0.4 s, 128 KiB in 1.3 s. The bootloader
 * is overwritten in place, so replacing it does not survive a power cut.
 */
#include "sim/family.h"

#include "base/cursor.h"
#include "sim/board.h"
#include "sim/usb_descriptors.h"

enum {
    VECTOR_TABLE_SIZE = 0x184,
    FACTORY_PHOTON = 0x080e0000,
    FACTORY_ELECTRON = 0x080a0000,
    ELECTRON_USER = 0x08080000,
    STAGING = 0x080c0000,
    STAGING_PHOTON_SIZE = 256 * 1024,
    STAGING_ELECTRON_SIZE = 128 * 1024
};

static const module_slot listed[] = {
    {MODULE_BOOTLOADER, 0},  {MODULE_SYSTEM_PART, 1},         {MODULE_SYSTEM_PART, 2},
    {MODULE_SYSTEM_PART, 3}, {MODULE_USER_PART, LISTED_USER}, {MODULE_USER_PART, LISTED_FACTORY},
};

static void append_interfaces(const usb_manners *usb, buf *descriptor)
{
    usb_append_cdc(descriptor, usb);
    usb_append_vendor(descriptor, 2);
}

/** A vector table begins with a stack pointer into RAM. */
static uint32_t prefix_offset(span image)
{
    cursor reader = cursor_make(image);
    return (cursor_u32le(&reader) & 0x2ff10000) == 0x20000000 ? VECTOR_TABLE_SIZE : 0;
}

static bool is_electron(const sim_board *board)
{
    const platform_slot *user = platform_find_slot(board->kind, (module_slot){MODULE_USER_PART, 1});
    return user && user->start == ELECTRON_USER;
}

static bool factory_image(const sim_board *board, const flash **chip, uint32_t *offset)
{
    *chip = board_memory(board, "internal");
    return *chip &&
           flash_offset_of(*chip, is_electron(board) ? FACTORY_ELECTRON : FACTORY_PHOTON, offset);
}

static void staging(const sim_board *board, bool flagged, staging_area *area)
{
    (void)flagged;
    *area = (staging_area){"internal", STAGING,
                           is_electron(board) ? STAGING_ELECTRON_SIZE : STAGING_PHOTON_SIZE};
}

const sim_family family_stm32f2 = {
    .mcu = MCU_STM32F2,
    .internal = {.erase_us = 270000, .erase_us_per_kib = 8000, .program_us_per_256 = 1024},
    .external = {.erase_us = 60000, .program_us_per_256 = 700},
    .settings = {.erase_us = 0, .program_us_per_256 = 1024},
    .boot = {.bootloader_us = 350000, .system_us = 1150000, .safe_self_update = UINT16_MAX},
    .dfu = {.first_alternate_string = 6,
            .configuration_string = 2,
            .silent_errors = true,
            .erase_sets_pointer = true,
            .state_always_answers = true,
            .upload_outside_is_zeros = true,
            .leave_state = DFU_DNLOAD_IDLE,
            .refused_start = 0x08000000,
            .refused_end = 0x08020000,
            .settings_erase_poll_ms = 500,
            .settings_write_poll_ms = 1},
    .usb = {.normal_release = 0x0250,
            .dfu_release = 0x0250,
            .bus_reset_drops_requests = true,
            .line_interface = 0,
            .endpoints = {.interrupt = 0x81, .in = 0x83, .out = 0x01},
            .attributes = 0x80,
            .power = 0x32,
            .interface_count = 3,
            .configuration_string = 4},
    .listed = listed,
    .listed_count = sizeof listed / sizeof *listed,
    .append_interfaces = append_interfaces,
    .prefix_offset = prefix_offset,
    .factory_image = factory_image,
    .staging = staging,
};
