#pragma once
/**
 * The module table that a board reports, in any of its three forms, as plain data: protobuf since
 * Device OS 5.6, its older form from 0.9/1.1 on, and the JSON "describe" text before that.
 *
 * Numbers are those of module headers, whatever the form used.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"
#include "protocol/control.h"

enum {
    REPORT_MODULES_MAX = 24,
    REPORT_DEPENDENCIES_MAX = 4,
    REPORT_HASH_SIZE = 32
};

/** Validity bits (Device OS ota_flash_hal.h). */
enum report_check {
    REPORT_INTEGRITY = 0x02,
    REPORT_DEPENDENCIES = 0x04
};

typedef struct dependency_report {
    uint8_t function;
    uint8_t index;
    uint16_t version; /**< the least one that will do */
} dependency_report;

typedef struct module_report {
    uint8_t function; /**< as in module headers */
    uint8_t index;
    uint16_t version;
    uint8_t store;     /**< 0 main, 1 factory, 2 backup, 3 scratchpad */
    uint32_t size;     /**< bytes with CRC; 0 unknown */
    uint32_t max_size; /**< bytes; 0 unknown */
    bool has_hash;
    uint8_t hash[REPORT_HASH_SIZE];
    uint32_t checked; /**< validity bits that the board has looked at */
    uint32_t passed;
    size_t dependency_count; /**< the first REPORT_DEPENDENCIES_MAX; the bits cover all */
    dependency_report dependencies[REPORT_DEPENDENCIES_MAX];
} module_report;

typedef struct module_table {
    bool cut; /**< the board's text broke off: what is not listed is unknown, not absent */
    size_t count;
    module_report modules[REPORT_MODULES_MAX];
} module_table;

/** Asks the board for its modules. OSB_ERR_DEVICE with -120 where it cannot tell. */
osb_status request_module_info(const control_channel *channel, module_table *table,
                               osb_error *error) OSB_MUST_CHECK;

/** Reads the reply of that request, in whichever form. OSB_ERR_PROTOCOL for anything else. */
osb_status module_table_parse(span reply, const char *subject, module_table *table,
                              osb_error *error) OSB_MUST_CHECK;

/** Reads the JSON describe text ("m": modules). Empty places are left out. */
osb_status module_table_from_describe(span text, const char *subject, module_table *table,
                                      osb_error *error) OSB_MUST_CHECK;

/**
 * Reads the describe text as systems with raw requests give it: without the outer braces, and cut
 * where their buffer ended. As many whole modules as there are; OSB_ERR_PROTOCOL when not one is.
 */
osb_status module_table_from_legacy(span text, const char *subject, module_table *table,
                                    osb_error *error) OSB_MUST_CHECK;
