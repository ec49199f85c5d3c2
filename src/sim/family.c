/*
 * Finds a family's data, and does the plain thing where a family has nothing of its own.
 *
 * Holds no numbers: those are in family_NAME.c. Invariant: every MCU family of the model is found.
 */
#include "sim/family.h"

#include "base/text.h"

const sim_family *family_of(mcu_family mcu)
{
    switch (mcu) {
    case MCU_NRF52840:
        return &family_nrf52840;
    case MCU_RTL872X:
        return &family_rtl872x;
    case MCU_STM32F2:
        return &family_stm32f2;
    }
    return NULL;
}

const flash_timing *family_timing(const sim_family *family, const char *memory)
{
    if (text_equal(memory, "internal"))
        return &family->internal;
    return text_equal(memory, "dct") ? &family->settings : &family->external;
}

void family_bounds(const sim_family *family, const platform_slot *slot, uint16_t system_version,
                   uint32_t *start, uint32_t *end)
{
    *start = slot->start;
    *end = slot->end;
    if (family->bounds)
        family->bounds(slot, system_version, start, end);
}

size_t family_system_starts(const sim_family *family, const platform_slot *slot,
                            uint16_t bootloader_version, uint32_t starts[2])
{
    if (family->system_starts)
        return family->system_starts(slot, bootloader_version, starts);
    starts[0] = slot->start;
    return 1;
}

uint32_t family_image_start(const sim_family *family, const platform_slot *slot, uint16_t version)
{
    return family->image_start ? family->image_start(slot, version) : slot->start;
}
