#pragma once
/** The user's config file, osbundle-config(5): what holds where neither words nor variables say. */
#include "base/json.h"
#include "cli/cli.h"

struct config {
    json_t *document;       /**< what was read; it owns the texts below; NULL: there is no file */
    text_list sources;      /**< URLs, and paths made absolute */
    text_list trusted_keys; /**< public keys in minisign's form, and absolute paths of .pub files */
    text_list approved;
    bool allow_downgrade, allow_incomplete, prerelease;
};

/**
 * Reads the file; one that is not there says nothing.
 * @param home stands for "~" in paths; NULL: there is none
 * @return OSB_ERR_USAGE naming the member that is unknown or of the wrong kind, or the line that is
 *         no JSON; OSB_ERR_IO
 */
osb_status config_read(const char *path, const char *home, config *settings,
                       osb_error *error) OSB_MUST_CHECK;
void config_free(config *settings);
#define CONFIG_OWNED __attribute__((cleanup(config_free))) config
