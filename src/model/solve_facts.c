/*
 * Version facts about boards that no module header states.
 *
 * Only compares numbers. Numbers are system part and bootloader versions as Device OS
 * system/system-versions.md lists them; each row of reasoning names its source.
 */
#include "model/solve_facts.h"

#include "base/text.h"

enum {
    GEN2_FIRST_CONTROL = 301,        /**< 0.8.0-rc.2: the control channel's first release */
    NRF_FIRST_CONTROL = 403,         /**< 0.9.0 */
    GEN2_FIRST_BOOTLOADER = 2000,    /**< before 2.0.0 only by staging region and flag */
    TRACKER_NCP_CLOSED = 5600,       /**< 5.6.0 took the Tracker's co-processor out of updates */
    NRF_POWER_SAFE = 1001,           /**< Device OS pull request 2151: copied by the MBR since */
    LAST_SETUP_BEFORE = 4000,        /**< device-os HAL_PLATFORM_DCT_SETUP_DONE, gone in 4.0.0 */
    FIRST_WITH_256K = 3103,          /**< 3.1.0 */
    CLEARS_FORMER_USER_PART = 1100,  /**< 3.1.0; Device OS bootloader flash_mal.c */
    FIRST_WITH_ASSETS = 5500,        /**< 5.5.0-rc.1 */
    SMALL_EXTERNAL_FLASH = 0x400000, /**< where assets and staging share 1.7 MB */
    ROOM_BELOW_ASSETS = 606208,      /**< Device OS platform/MCU/nRF52840/inc/flash_mal.h */
    FIRST_LOOKS_AT_28000 = 3002,     /**< the bootloader of 6.1.2 */
    FIRST_WITH_FORMER_HEADER = 6200, /**< what older bootloaders find at 0x30000 since 6.2.0 */
    FIRST_AT_28000 = 6102            /**< 6.1.2; Device OS pull request 2831 */
};

bool fact_takes_control(const platform *board, uint16_t system)
{
    switch (board->mcu) {
    case MCU_STM32F2:
        return !system || system >= GEN2_FIRST_CONTROL;
    case MCU_NRF52840:
        return !system || system >= NRF_FIRST_CONTROL;
    case MCU_RTL872X:
        return true;
    }
    return true;
}

bool fact_takes_bootloader(const platform *board, uint16_t system)
{
    if (board->mcu == MCU_STM32F2 && system && system < GEN2_FIRST_BOOTLOADER)
        return false;
    return fact_takes_control(board, system);
}

bool fact_is_tracker(const platform *board)
{
    return board->mcu == MCU_NRF52840 && board->wifi && board->cellular;
}

bool fact_takes_ncp(const platform *board, uint16_t system)
{
    return !fact_is_tracker(board) || system < TRACKER_NCP_CLOSED;
}

bool fact_takes_module(const platform *board, module_slot slot, uint16_t system)
{
    if (slot.function == MODULE_BOOTLOADER)
        return fact_takes_bootloader(board, system);
    if (slot.function == MODULE_NCP_FIRMWARE)
        return fact_takes_ncp(board, system);
    bool has_place = !system || slot.function != MODULE_USER_PART || slot.index != 2 ||
                     fact_finds_256k(board, system);
    return has_place && fact_takes_control(board, system);
}

bool fact_waits_for_setup(const platform *board, uint16_t system)
{
    return board->mcu == MCU_NRF52840 && system && system < LAST_SETUP_BEFORE;
}

bool fact_power_safe(const platform *board, uint16_t bootloader)
{
    switch (board->mcu) {
    case MCU_STM32F2:
        return false; /* overwritten in place by the system: there is no first stage to help */
    case MCU_NRF52840:
        return bootloader >= NRF_POWER_SAFE;
    case MCU_RTL872X:
        return true; /* the first stage copies it, again after a power cut */
    }
    return false;
}

bool fact_finds_256k(const platform *board, uint16_t system)
{
    return !board->former_user_part || system >= FIRST_WITH_256K;
}

bool fact_clears_former_user_part(uint16_t bootloader)
{
    return !bootloader || bootloader >= CLEARS_FORMER_USER_PART;
}

bool fact_spares_assets(const platform *board, uint16_t system, uint32_t bytes)
{
    bool shared = false;
    for (size_t i = 0; i < board->memory_count; i++)
        shared |= text_equal(board->memories[i].name, "external") &&
                  board->memories[i].size == SMALL_EXTERNAL_FLASH;
    return !shared || system < FIRST_WITH_ASSETS || bytes <= ROOM_BELOW_ASSETS;
}

bool fact_finds_system(const platform *board, uint16_t bootloader, uint16_t system)
{
    bool low = board->mcu == MCU_NRF52840 && system >= FIRST_AT_28000;
    return !low || system >= FIRST_WITH_FORMER_HEADER || bootloader >= FIRST_LOOKS_AT_28000;
}

uint32_t fact_system_start(const platform_slot *place, uint16_t version)
{
    if (place->slot.function != MODULE_SYSTEM_PART || !place->image_start_count)
        return 0;
    return version >= FIRST_AT_28000 ? 0x28000 : 0x30000;
}

uint32_t fact_end(const platform *board, module_slot slot, uint32_t size)
{
    const platform_slot *place = platform_find_slot(board, slot);
    bool fixed = place && size && !place->grows_left && !place->image_start_count;
    return fixed ? place->start + size : 0;
}
