#pragma once
/**
 * What a board is: identifiers, flash layout, slots and the routes into them.
 *
 * Plain data from manifests/platforms/NAME.json; adding a board is a JSON diff. Choose by MCU
 * family, never by marketing generation.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/json.h"
#include "model/module.h"

typedef enum mcu_family {
    MCU_STM32F2,
    MCU_NRF52840,
    MCU_RTL872X
} mcu_family;

typedef enum route {
    ROUTE_NEVER,   /**< holds what belongs to that one board, or cannot be written over USB */
    ROUTE_CONTROL, /**< firmware update by control requests, applied by the bootloader */
    ROUTE_DFU,     /**< written to its flash address in DFU mode */
    ROUTE_STAGED   /**< written to the staging region in DFU mode; the next system to start, told so
                        by the update flag among its settings, puts it into its slot */
} route;

/** One place on the board that holds one module. */
typedef struct platform_slot {
    module_slot slot;
    const char *name; /**< "system-part1": as release files are named */
    uint32_t start;   /**< region [start, end) that the image with its CRC must lie in */
    uint32_t end;
    uint32_t prefix_offset; /**< where the prefix stands behind the image's start */
    const uint32_t
        *image_starts; /**< allowed image starts; none: see ends_at, else the region's start */
    size_t image_start_count;
    bool grows_left; /**< image ends exactly at the region's end, its start floats */
    route route;
    bool required;         /**< a complete release has it (user parts and MBR are not) */
    uint8_t alternate;     /**< DFU alternate setting */
    uint32_t flash_offset; /**< bytes of the file not in flash: MODULE_DROP_INFO prefix (0 or 24) */
    const char *reason;    /**< why the route is ROUTE_NEVER; NULL otherwise */
} platform_slot;

/** One DFU alternate setting, as its interface string tells it. */
typedef struct platform_memory {
    uint8_t alternate;
    const char *name;   /**< "internal", "dct", "external" */
    const char *layout; /**< "@Internal Flash   /0x08000000/2048*004Kg" */
    uint32_t start;
    uint32_t size;      /**< bytes */
    uint32_t page_size; /**< bytes; 0 where sectors differ (STM32F2) */
} platform_memory;

/** Where systems from one version on look for what is staged for them. */
typedef struct staging_region {
    uint16_t since; /**< system_part/1 version; holds up to the next region's */
    uint32_t start; /**< as DFU addresses it; 0: the first 4 KiB sector behind system part 1 */
    uint32_t size;  /**< bytes */
} staging_region;

typedef struct platform {
    uint16_t id;
    const char *name;         /**< "p2" */
    const char *display_name; /**< "P2 / Photon 2" */
    mcu_family mcu;
    uint16_t vendor_id;
    uint16_t product_id; /**< in normal mode */
    uint16_t dfu_product_id;
    const char *product_string; /**< USB product in normal mode: "P2" */
    bool wifi;
    bool cellular;
    bool control_out_needs_data;   /**< RTL872x: a vendor OUT without data hangs */
    uint8_t ncp_mcu_target;        /**< MCU target of its updatable co-processor; 0 for none */
    uint8_t staging_alternate;     /**< DFU alternate setting of the staging regions */
    const staging_region *staging; /**< oldest first; systems before the first look at none */
    size_t staging_count;
    uint32_t former_user_part; /**< page to blank before a 256K user part; 0 where there is none */
    const platform_slot *slots;
    size_t slot_count;
    const platform_memory *memories;
    size_t memory_count;
} platform;

/** All built-in platforms, ordered by id. */
typedef struct platform_list {
    const platform *items;
    size_t count;
} platform_list;

/** Reads the embedded manifests into `memory`. An error is a bug in manifests/. */
osb_status platform_load_all(arena *memory, platform_list *platforms,
                             osb_error *error) OSB_MUST_CHECK;
/** Adds a board to the list, or puts it in the place of the one with the same id. */
osb_status platform_list_add(platform_list *platforms, const platform *board, arena *memory,
                             osb_error *error) OSB_MUST_CHECK;
/** Reads one manifest. `subject` names the file in errors. */
osb_status platform_from_json(const json_t *manifest, const char *subject, arena *memory,
                              platform *board, osb_error *error) OSB_MUST_CHECK;

/** NULL when it is not there. */
const platform *platform_by_id(const platform_list *platforms, uint16_t id);
/**
 * What people call a platform that there is no manifest for, "Core" or "Bluz": modules of it can be
 * read, and boards of it are not served. NULL for a number that nobody is known to use.
 */
const char *platform_title_of_other(uint16_t id);
const platform *platform_by_name(const platform_list *platforms, const char *name);
/** By USB ids in any mode; `in_dfu` (may be NULL) says which. */
const platform *platform_by_usb(const platform_list *platforms, uint16_t vendor_id,
                                uint16_t product_id, bool *in_dfu);
const platform_slot *platform_find_slot(const platform *board, module_slot slot);
/**
 * The address from which `size` bytes may be staged for a system part of that version that ends at
 * `system_end` (exclusive, CRC included; 0 unknown). False where that system looks at no region,
 * where the address cannot be known, or where it is too small.
 */
bool platform_staging(const platform *board, uint16_t system, uint32_t system_end, uint32_t size,
                      uint32_t *start);
/** Whether [address, address + size) lies where some system looks for what is staged. */
bool platform_is_staging(const platform *board, uint8_t alternate, uint32_t address, uint64_t size);
const char *mcu_family_name(mcu_family mcu);
const char *route_name(route road);

/**
 * Whether a module may ever be flashed to this platform. The rules without override: never an
 * MBR, another platform's module, a module outside its slot, an unknown slot.
 */
osb_status platform_accepts(const platform *board, const module *candidate, const char *name,
                            osb_error *error) OSB_MUST_CHECK;
