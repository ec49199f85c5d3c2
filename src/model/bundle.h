#pragma once
/**
 * An application with the assets that it wants beside it, as one archive: exactly one *.bin at its
 * root, assets in assets/, environment variables in env.json where there are any (particle-cli
 * src/cmd/bundle.js, binary-version-reader lib/moduleEncoding.js). Where the files come from is not
 * known here: net/archive.h reads them from a .zip.
 */
#include "base/arena.h"
#include "base/json.h"
#include "model/module.h"
#include "model/module_asset.h"

enum {
    BUNDLE_SYSTEM_LEAST = 5500 /**< system module number from which boards keep assets */
};

/** One regular file of an archive; the name is its path there, with slashes. */
typedef struct bundle_file {
    const char *name;
    span content;
} bundle_file;

typedef enum bundle_finding_kind {
    BUNDLE_ASSET_MISSING,     /**< the application wants it, the bundle does not hold it */
    BUNDLE_ASSET_MISMATCH,    /**< the bundle holds another content than the application wants */
    BUNDLE_ASSET_SURPLUS,     /**< the application does not want it: a board would delete it */
    BUNDLE_ASSET_UNCHECKABLE, /**< wanted by a hash that this program does not know */
    BUNDLE_SYSTEM_TOO_OLD     /**< the application accepts a Device OS that keeps no assets */
} bundle_finding_kind;

typedef struct bundle_finding {
    bundle_finding_kind kind;
    const char *asset; /**< its name; NULL where the finding is about the application */
} bundle_finding;

typedef struct bundle_asset {
    const bundle_file *file;
    bool wrapped; /**< the file is an asset module already, as newer tools put the environment in */
    asset item;   /**< named as the file is */
} bundle_asset;

/** Everything points into the files that were given or into the arena. */
typedef struct bundle {
    const bundle_file *application_file;
    module application;
    size_t asset_count;
    const bundle_asset *assets;
    const bundle_file *environment; /**< NULL when there is none */
    size_t finding_count;
    const bundle_finding *findings;
} bundle;

/**
 * Sorts the files of an archive into a bundle. Dot files, what systems strew about (Thumbs.db,
 * desktop.ini) and files elsewhere are ignored.
 * @return OSB_ERR_NOT_A_MODULE when there is no application; OSB_ERR_INTEGRITY when there are two,
 *         when it is damaged or no application, when two assets have one name, or when the
 *         environment is none. Doubts about assets are findings, not errors.
 */
osb_status bundle_open(const bundle_file *files, size_t count, const char *name, arena *memory,
                       bundle *opened, osb_error *error) OSB_MUST_CHECK;

/** OSB_ERR_INTEGRITY naming the first asset that is missing, mismatched or not checkable. */
osb_status bundle_require_assets(const bundle *opened, const char *name,
                                 osb_error *error) OSB_MUST_CHECK;

/** Appends the asset module that a board is to be given. */
osb_status bundle_write_asset(const bundle_asset *item, buf *file, osb_error *error) OSB_MUST_CHECK;

/** "asset_missing" ... "system_too_old". */
const char *bundle_finding_name(bundle_finding_kind kind);

/** Whether the bytes are a JSON object of environment variables that boards would take. */
osb_status bundle_check_environment(span content, const char *name,
                                    osb_error *error) OSB_MUST_CHECK;

/** The "osbundle-application-bundle" object. `platform_name` may be NULL. */
json_t *bundle_to_json(const bundle *opened, const char *name, const char *platform_name);
