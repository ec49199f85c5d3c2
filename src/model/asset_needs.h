#pragma once
/**
 * The assets that an application wants beside it: one ASSET_DEPENDENCY each, in the prefix of
 * RTL872x applications (which grow to the left) and in the suffix of nRF52840 ones.
 */
#include "base/arena.h"
#include "model/module.h"
#include "model/module_asset.h"

typedef struct asset_need {
    const char *name;
    bool checkable; /**< its hash is a SHA-256; else only a newer program can check it */
    uint8_t sha256[SHA256_SIZE]; /**< of the raw content */
    bool in_prefix;
} asset_need;

/**
 * Lists what an application wants, in its own order. Shape: `*count` needs in `memory`.
 * @return OSB_ERR_INTEGRITY for an entry that cannot be read
 */
osb_status asset_needs_list(const module *application, const char *file_name, arena *memory,
                            const asset_need **needs, size_t *count,
                            osb_error *error) OSB_MUST_CHECK;

/**
 * Appends the application with exactly these needs (of which only name and sha256 are read), in
 * place of those it had. An RTL872x application keeps its end and starts further to the left.
 * @return OSB_ERR_REFUSED for a module that cannot carry them; OSB_ERR_USAGE for a bad name
 */
osb_status asset_needs_write(const module *application, const asset_need *needs, size_t count,
                             buf *file, osb_error *error) OSB_MUST_CHECK;
