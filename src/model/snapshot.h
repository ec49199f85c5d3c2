#pragma once
/**
 * What a board says of itself at one moment, in any mode. It keeps "unknown" apart from "absent":
 * a module that is not listed is absent only when `modules_known`.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/json.h"
#include "model/module.h"
#include "model/platform.h"
#include "model/release.h"
#include "model/setting.h"
#include "model/version.h"

enum {
    SNAPSHOT_MODULES_MAX = 24,
    SNAPSHOT_DEPENDENCIES_MAX = 4,
    DEVICE_ID_SIZE = 25 /**< 24 hex digits with NUL */
};

typedef enum device_mode {
    MODE_UNKNOWN,
    MODE_NORMAL,
    MODE_LISTENING,
    MODE_SAFE,
    MODE_DFU,
    MODE_YMODEM
} device_mode;

typedef enum protection {
    PROTECTION_UNKNOWN,
    PROTECTION_OPEN,
    PROTECTION_PROTECTED,
    PROTECTION_SERVICE
} protection;

/** Validity bits as boards report them (Device OS hal ota_flash_hal.h). */
enum module_check {
    CHECK_INTEGRITY = 0x02,
    CHECK_DEPENDENCIES = 0x04,
    CHECK_RANGE = 0x08,
    CHECK_PLATFORM = 0x10,
    CHECK_PRODUCT = 0x20,
    CHECK_FULL_DEPENDENCIES = 0x40, /**< as dependencies, with those that others have on it */
    CHECK_ALL = 0x7e
};

typedef enum module_store {
    STORE_MAIN,
    STORE_FACTORY,
    STORE_BACKUP,
    STORE_SCRATCHPAD
} module_store;

typedef struct snapshot_module {
    module_slot slot;
    uint16_t version;
    module_store store;
    uint32_t size;                 /**< bytes with CRC; 0 unknown */
    uint32_t max_size;             /**< bytes; 0 unknown */
    bool has_identity;             /**< the board reported a hash */
    uint8_t identity[SHA256_SIZE]; /**< suffix SHA-256, not the file's hash */
    uint32_t checked;              /**< enum module_check bits */
    uint32_t passed;
    size_t dependency_count;
    module_dependency dependencies[SNAPSHOT_DEPENDENCIES_MAX];
} snapshot_module;

typedef struct snapshot {
    char device_id[DEVICE_ID_SIZE]; /**< lower-case hex; empty unknown */
    const platform *board;          /**< never NULL in a filled snapshot */
    char port[40];                  /**< USB port path; empty when from a file */
    device_mode mode;
    protection guard;
    char os_version[VERSION_SIZE]; /**< empty unknown */
    setting_state settings[SETTING_COUNT];
    bool modules_known; /**< else `modules` is empty or partial */
    bool flash_unread;  /**< in DFU mode, where else what shows no header in flash is not there */
    size_t module_count;
    snapshot_module modules[SNAPSHOT_MODULES_MAX];
} snapshot;

typedef enum verdict {
    VERDICT_OK,
    VERDICT_REQUIRED, /**< an unmet need: safe mode now */
    VERDICT_DRIFT,    /**< works, but is not the release's set */
    VERDICT_UNKNOWN
} verdict;

/** The module in STORE_MAIN, or NULL. */
const snapshot_module *snapshot_find(const snapshot *state, module_slot slot);

/** Whether `need` is met by what the snapshot lists. */
bool snapshot_meets(const snapshot *state, module_dependency need);

/**
 * REQUIRED when a need of the module is unmet or a check failed; DRIFT when `target` (may be NULL)
 * holds another version for its slot; else OK.
 */
verdict snapshot_verdict(const snapshot *state, const snapshot_module *entry,
                         const release *target);

const char *device_mode_name(device_mode mode);
const char *protection_name(protection guard);
const char *verdict_name(verdict value);
const char *module_store_name(module_store store);

/** "osbundle-snapshot" of the JSON contract, both ways. `target` may be NULL. */
json_t *snapshot_to_json(const snapshot *state, const release *target);
osb_status snapshot_from_json(const json_t *document, const char *subject,
                              const platform_list *platforms, snapshot *state,
                              osb_error *error) OSB_MUST_CHECK;
