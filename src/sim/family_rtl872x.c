/*
 * RTL872x boards: P2 / Photon 2, M-SoM, Tracker-M.
 *
 * Numbers and bounds only; facts from device-os hal/src/rtl872x, bootloader/src/rtl872x and
 * build/arm/linker/rtl872x/platform_flash.ld. One NOR chip holds everything; its times are typical
 * ones of such chips. The first stage (KM0 MBR) copies bootloader, MBR and part 1, so replacing
 * them survives a power cut whatever bootloader is there.
 */
#include "sim/family.h"

#include <string.h>

#include "sim/board.h"
#include "sim/installed.h"
#include "sim/usb_descriptors.h"

enum {
    REALTEK_HEADER_SIZE = 0x20,
    OS_5_5_0 = 5500, /**< gave system part, assets and staging fixed places */
    SYSTEM_START = 0x08060000,
    SYSTEM_MAX = 0x180000,
    ASSETS_SIZE = 0x120000,
    SECTOR = 0x1000,
    STAGING_SIZE = 0x180000,
    FORMER_STAGING_SIZE = 0x200000
};

static const module_slot listed[] = {
    {MODULE_BOOTLOADER, 0},  {MODULE_BOOTLOADER, 1},          {MODULE_BOOTLOADER, 2},
    {MODULE_SYSTEM_PART, 1}, {MODULE_USER_PART, LISTED_USER},
};

static void append_interfaces(const usb_manners *usb, buf *descriptor)
{
    usb_append_vendor(descriptor, 0);
    usb_append_cdc(descriptor, usb);
}

static uint32_t prefix_offset(span image)
{
    static const uint8_t signature[] = {0x99, 0x99, 0x96, 0x96, 0x3f, 0xcc, 0x66, 0xfc};
    bool has_header =
        image.size >= sizeof signature && memcmp(image.data, signature, sizeof signature) == 0;
    return has_header ? REALTEK_HEADER_SIZE : 0;
}

/**
 * Behind the system part, which has no fixed end before 5.5.0 (core_hal.c). Those releases move an
 * update of their own that would overwrite itself; here it is kept where newer ones keep it.
 */
static void staging(const sim_board *board, bool flagged, staging_area *area)
{
    installed system = {0};
    *area = (staging_area){"internal", SYSTEM_START + SYSTEM_MAX + ASSETS_SIZE, STAGING_SIZE};
    if (!flagged || board->running.system_version >= OS_5_5_0)
        return;
    installed_find(board, (module_slot){MODULE_SYSTEM_PART, 1}, &system);
    area->address = (SYSTEM_START + system.size) / SECTOR * SECTOR + SECTOR;
    area->size = FORMER_STAGING_SIZE;
}

const sim_family family_rtl872x = {
    .mcu = MCU_RTL872X,
    .internal = {.erase_us = 40000, .program_us_per_256 = 600},
    .external = {.erase_us = 40000, .program_us_per_256 = 600},
    .settings = {.erase_us = 0, .program_us_per_256 = 1000},
    .boot = {.bootloader_us = 350000,
             .system_us = 1150000,
             .first_stage_size = 0x4000,
             .safe_self_update = 0},
    .dfu = {.first_alternate_string = 5,
            .error_string = 7,
            .configuration_string = 4,
            .stray_clear_stalls = true,
            .stray_abort_stalls = true,
            .leave_state = DFU_MANIFEST},
    .usb = {.normal_release = 0x0251,
            .dfu_release = 0x0252,
            .small_send_unchecked = true,
            .security_string = true,
            .line_interface = 1,
            .endpoints = {.interrupt = 0x81, .in = 0x83, .out = 0x02},
            .attributes = 0x80,
            .power = 0xfa,
            .interface_count = 3,
            .configuration_string = 4},
    .listed = listed,
    .listed_count = sizeof listed / sizeof *listed,
    .append_interfaces = append_interfaces,
    .prefix_offset = prefix_offset,
    .staging = staging,
};
