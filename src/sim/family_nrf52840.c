/*
 * nRF52840 boards: Argon, Boron, Xenon, B-SoM, B5-SoM, E-SoM-X, Tracker.
 *
 * Numbers and bounds only; facts from device-os hal/src/nRF52840, bootloader/src/nRF52840 and
 * platform/MCU/nRF52840/inc/flash_mal.h. Flash times are Nordic's maxima (85 ms a page, 41 us a
 * word) and typical ones of the QSPI chip.
 */
#include "sim/family.h"

#include "base/cursor.h"
#include "base/digest.h"
#include "sim/board.h"
#include "sim/radio.h"
#include "sim/usb_descriptors.h"

enum {
    OS_3_1_0 = 3100, /**< gave the application 256 KB */
    OS_6_1_2 = 6102, /**< moved system part 1 down to 0x28000 */
    OS_6_2_0 = 6200, /**< put a second header at 0x30200 for old bootloaders */
    BOOTLOADER_6_1_2 = 3002,
    SYSTEM_START = 0x28000,
    FORMER_SYSTEM_START = 0x30000,
    SYSTEM_END = 0xb4000,
    FORMER_SYSTEM_END = 0xd4000,
    VECTOR_TABLE_SIZE = 0x200,
    FORMER_IMAGE_SIZE = 0x400,
    FACTORY_IN_4_MB = 0x200000,
    FACTORY_IN_8_MB = 0x600000,
    SMALL_EXTERNAL = 0x400000,
    OS_1_5_3_TRACKER = 1513, /**< the first that knows chips of 8 MB */
    OS_5_5_0 = 5500,         /**< made room for assets */
    STAGING_SIZE = 1500 * 1024,
    STAGING_IN_4_MB = 0x289000,
    STAGING_IN_4_MB_WITH_ASSETS = 0x24c000,
    STAGING_IN_8_MB = 0x689000
};

static const uint32_t external_base = 0x80000000;

static const module_slot listed[] = {
    {MODULE_BOOTLOADER, 0},          {MODULE_SYSTEM_PART, 1},
    {MODULE_USER_PART, LISTED_USER}, {MODULE_USER_PART, LISTED_FACTORY},
    {MODULE_NCP_FIRMWARE, 0},        {MODULE_RADIO_STACK, 0},
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
    return (cursor_u32le(&reader) & 0x2ffc0000) == 0x20000000 ? VECTOR_TABLE_SIZE : 0;
}

static void bounds(const platform_slot *slot, uint16_t system_version, uint32_t *start,
                   uint32_t *end)
{
    *start = slot->start;
    *end = slot->end;
    if (!system_version)
        return;
    if (slot->slot.function == MODULE_SYSTEM_PART) {
        *start = system_version >= OS_6_1_2 ? SYSTEM_START : FORMER_SYSTEM_START;
        *end = system_version >= OS_3_1_0 ? SYSTEM_END : FORMER_SYSTEM_END;
    }
    if (slot->slot.function == MODULE_USER_PART && slot->slot.index == 2 &&
        system_version < OS_3_1_0)
        *end = *start;
}

static size_t system_starts(const platform_slot *slot, uint16_t bootloader_version,
                            uint32_t starts[2])
{
    (void)slot;
    size_t count = 0;
    if (bootloader_version >= BOOTLOADER_6_1_2)
        starts[count++] = SYSTEM_START;
    starts[count++] = FORMER_SYSTEM_START;
    return count;
}

static uint32_t image_start(const platform_slot *slot, uint16_t version)
{
    if (slot->slot.function != MODULE_SYSTEM_PART)
        return slot->start;
    return version >= OS_6_1_2 ? SYSTEM_START : FORMER_SYSTEM_START;
}

/** The second header that lets bootloaders of before 6.1.2 start a system part at 0x28000. */
static void add_former_header(buf *file)
{
    const size_t at = FORMER_SYSTEM_START - SYSTEM_START;
    const size_t header = at + VECTOR_TABLE_SIZE;
    if (file->overflow || file->size < at + FORMER_IMAGE_SIZE + MODULE_CRC_SIZE)
        return;
    buf_patch(file, at, span_slice(buf_span(file), 0, VECTOR_TABLE_SIZE + MODULE_PREFIX_SIZE));
    buf_patch_u32le(file, header, FORMER_SYSTEM_START);
    buf_patch_u32le(file, header + 4, FORMER_SYSTEM_START + FORMER_IMAGE_SIZE);
    uint32_t crc = crc32_of(span_slice(buf_span(file), at, FORMER_IMAGE_SIZE));
    const uint8_t stored[] = {(uint8_t)(crc >> 24), (uint8_t)(crc >> 16), (uint8_t)(crc >> 8),
                              (uint8_t)crc};
    buf_patch(file, at + FORMER_IMAGE_SIZE, (span){stored, sizeof stored});
}

static void dress(const platform_slot *slot, uint16_t version, uint32_t start, buf *file)
{
    if (slot->slot.function == MODULE_RADIO_STACK)
        radio_dress(version, file);
    if (slot->slot.function == MODULE_SYSTEM_PART && version >= OS_6_2_0 && start == SYSTEM_START)
        add_former_header(file);
}

static bool factory_image(const sim_board *board, const flash **chip, uint32_t *offset)
{
    *chip = board_memory(board, "external");
    if (!*chip)
        return false;
    *offset = (*chip)->size <= SMALL_EXTERNAL ? FACTORY_IN_4_MB : FACTORY_IN_8_MB;
    return true;
}

/** Offsets as flash_mal.h adds them up: file system, factory image, reserved room, staging. */
static void staging(const sim_board *board, bool flagged, staging_area *area)
{
    (void)flagged;
    const flash *chip = board_memory(board, "external");
    const uint16_t system = board->running.system_version;
    bool small = chip && chip->size <= SMALL_EXTERNAL;
    uint32_t offset = STAGING_IN_4_MB;
    if (small && system >= OS_5_5_0)
        offset = STAGING_IN_4_MB_WITH_ASSETS;
    if (!small && system >= OS_1_5_3_TRACKER)
        offset = STAGING_IN_8_MB;
    *area = (staging_area){"external", external_base + offset, STAGING_SIZE};
}

const sim_family family_nrf52840 = {
    .mcu = MCU_NRF52840,
    .internal = {.erase_us = 85000, .program_us_per_256 = 64 * 41},
    .external = {.erase_us = 45000, .program_us_per_256 = 600},
    .settings = {.erase_us = 0, .program_us_per_256 = 1000},
    .boot = {.bootloader_us = 350000,
             .system_us = 1150000,
             .first_stage_size = 0x1000,
             .safe_self_update = 1001},
    .dfu = {.first_alternate_string = 6,
            .error_string = 10,
            .interface_string = 5,
            .configuration_string = 4,
            .stray_clear_stalls = true,
            .stray_abort_stalls = true,
            .leave_state = DFU_MANIFEST},
    .usb = {.normal_release = 0x0102,
            .dfu_release = 0x0251,
            .bus_reset_drops_requests = true,
            .small_send_unchecked = true,
            .line_interface = 0,
            .endpoints = {.interrupt = 0x82, .in = 0x81, .out = 0x01},
            .attributes = 0xc0,
            .power = 0xfa,
            .interface_count = 3,
            .configuration_string = 4},
    .listed = listed,
    .listed_count = sizeof listed / sizeof *listed,
    .append_interfaces = append_interfaces,
    .prefix_offset = prefix_offset,
    .bounds = bounds,
    .system_starts = system_starts,
    .image_start = image_start,
    .dress = dress,
    .factory_image = factory_image,
    .staging = staging,
    .radio_fault = radio_fault,
};
