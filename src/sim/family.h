#pragma once
/**
 * What differs between MCU families, as data and a few operations. Everything else in sim/ is the
 * same for all boards; adding a family means adding one file.
 */
#include "base/buf.h"
#include "model/platform.h"
#include "sim/flash.h"
#include "sim/sim.h"

enum {
    LISTED_USER = 0,      /**< index in `listed`: the user part that runs, whatever its index */
    LISTED_FACTORY = 0xff /**< the factory application image */
};

/** How a family's DFU mode departs from the others. */
typedef struct dfu_manners {
    uint8_t first_alternate_string; /**< iInterface of alternate setting 0 */
    uint8_t error_string;           /**< iString of GETSTATUS when protected; 0 for none */
    uint8_t interface_string;       /**< "<Name> DFU Mode" once more; 0 for none */
    uint8_t configuration_string;
    bool silent_errors;           /**< failures do not show in status or state */
    bool erase_sets_pointer;      /**< ERASE also sets the address pointer */
    bool stray_clear_stalls;      /**< CLRSTATUS outside dfuERROR; else it only sets the error */
    bool stray_abort_stalls;      /**< ABORT where it is not legal; else it is ignored */
    bool state_always_answers;    /**< GETSTATE never stalls */
    bool upload_outside_is_zeros; /**< reads outside memory give zeros, else stall */
    uint8_t leave_state;          /**< what GETSTATUS shows when leaving: dfuMANIFEST or 5 */
    uint32_t refused_start;       /**< addresses that the bootloader itself keeps from writing */
    uint32_t refused_end;
    uint16_t settings_erase_poll_ms;
    uint16_t settings_write_poll_ms;
} dfu_manners;

/** How a family starts and updates itself. */
typedef struct boot_manners {
    uint32_t bootloader_us;    /**< from reset until the bootloader decides */
    uint32_t system_us;        /**< from there until the system is on the bus */
    uint32_t first_stage_size; /**< bytes before everything that only the factory may write */
    uint16_t safe_self_update; /**< bootloader from which replacing it survives a power cut */
} boot_manners;

typedef struct usb_cdc_endpoints {
    uint8_t interrupt, in, out; /**< addresses; bit 7 says IN */
} usb_cdc_endpoints;

typedef struct usb_manners {
    uint16_t normal_release; /**< bcdDevice */
    uint16_t dfu_release;
    bool bus_reset_drops_requests; /**< control requests end when the cable is pulled */
    bool small_send_unchecked;     /**< a wrong SEND of at most 64 bytes looks successful */
    bool security_string;          /**< normal mode answers string 0xFA too */
    uint8_t line_interface;        /**< the CDC communication interface; data is the next */
    usb_cdc_endpoints endpoints;
    uint8_t attributes; /**< of the normal configuration, as are the next three */
    uint8_t power;
    uint8_t interface_count;
    uint8_t configuration_string;
} usb_manners;

/** Flash that holds an update until it is in place. */
typedef struct staging_area {
    const char *memory;
    uint32_t address; /**< as the memory's own addresses count */
    uint32_t size;
} staging_area;

typedef struct sim_family {
    mcu_family mcu;
    flash_timing internal;
    flash_timing external;
    flash_timing settings;
    boot_manners boot;
    dfu_manners dfu;
    usb_manners usb;
    const module_slot *listed; /**< what module info lists, in this order */
    size_t listed_count;

    /** Interfaces of the normal-mode configuration, everything behind its 9-byte header. */
    void (*append_interfaces)(const usb_manners *usb, buf *descriptor);

    /** Where the module header stands in an image, by its first bytes, as the device tells. */
    uint32_t (*prefix_offset)(span image);

    /* NULL where a family needs nothing of its own: see the functions below. */
    void (*bounds)(const platform_slot *slot, uint16_t system_version, uint32_t *start,
                   uint32_t *end);
    size_t (*system_starts)(const platform_slot *slot, uint16_t bootloader_version,
                            uint32_t starts[2]);
    uint32_t (*image_start)(const platform_slot *slot, uint16_t version);
    /** Makes a synthesised body look like its kind: radio stack information, second header. */
    void (*dress)(const platform_slot *slot, uint16_t version, uint32_t start, buf *file);
    /** Offset of the factory application image; false when this board keeps none. */
    bool (*factory_image)(const sim_board *board, const flash **chip, uint32_t *offset);
    /** Where the running system keeps an update, or (`flagged`) looks for what a host staged. */
    void (*staging)(const sim_board *board, bool flagged, staging_area *area);
    /** What is wrong with the radio stack in flash; NULL when it runs. */
    const char *(*radio_fault)(const sim_board *board);
} sim_family;

const sim_family *family_of(mcu_family mcu);

/** Times of a memory by its name: "internal", "external", "dct". */
const flash_timing *family_timing(const sim_family *family, const char *memory);
/** Region that a running system allows for a slot; narrower than the platform's on old ones. */
void family_bounds(const sim_family *family, const platform_slot *slot, uint16_t system_version,
                   uint32_t *start, uint32_t *end);
/** Image addresses at which a bootloader looks for a system part: 1 or 2. */
size_t family_system_starts(const sim_family *family, const platform_slot *slot,
                            uint16_t bootloader_version, uint32_t starts[2]);
/** The address at which images of this slot and version stand. */
uint32_t family_image_start(const sim_family *family, const platform_slot *slot, uint16_t version);

extern const sim_family family_nrf52840;
extern const sim_family family_rtl872x;
extern const sim_family family_stm32f2;
