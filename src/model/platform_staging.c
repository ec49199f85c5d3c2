/*
 * Where a module has to be staged for the system that is to put it in place.
 *
 * The address belongs to the system that starts next, not to the platform: it moved with Device OS
 * 5.5.0, and a system that finds nothing where it looks keeps silent. Invariant: there is an
 * address only for systems of which a manifest says so.
 */
#include "model/platform.h"

enum {
    STAGING_SECTOR = 4096
};

static const staging_region *region_for(const platform *board, uint16_t system)
{
    const staging_region *found = NULL;
    for (size_t i = 0; i < board->staging_count; i++)
        if (system >= board->staging[i].since)
            found = &board->staging[i];
    return found;
}

bool platform_staging(const platform *board, uint16_t system, uint32_t system_end, uint32_t size,
                      uint32_t *start)
{
    const staging_region *region = region_for(board, system);
    if (!region || size > region->size || (!region->start && !system_end))
        return false;
    /* The next sector even where the system ends with one (device-os hal/src/rtl872x core_hal.c) */
    *start = region->start ? region->start
                           : system_end / STAGING_SECTOR * STAGING_SECTOR + STAGING_SECTOR;
    return true;
}

bool platform_is_staging(const platform *board, uint8_t alternate, uint32_t address, uint64_t size)
{
    const platform_slot *system = platform_find_slot(board, (module_slot){MODULE_SYSTEM_PART, 1});
    for (size_t i = 0; i < board->staging_count && alternate == board->staging_alternate; i++) {
        const staging_region *region = &board->staging[i];
        uint32_t start = region->start, end = region->start;
        if (!region->start && system) {
            start = system->start + STAGING_SECTOR;
            end = system->end;
        }
        if (address >= start && address + size <= (uint64_t)end + region->size)
            return true;
    }
    return false;
}
